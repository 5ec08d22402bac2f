"""Exercise 26.4: a project with ten defects. Of 24 suspicions, ten are right.

Do not read on before you have searched for yourself.
"""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake

# By kind, in the order of the notebook: a suspicion, and what speaks against it where it is wrong; None where it is right.
SUSPICIONS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "data": (
        ("some rows are in the training set and in the test set", None),
        ("pixels are not brought to the values that the likelihood expects", "`load` makes the pixels binary"),
        ("rows are added that do not look like the data", None),
        (
            "the rows are sorted, so training and test rows show other digits",
            "`load` shuffles the rows before the split",
        ),
    ),
    "model": (
        ("the sampler takes the variance for the standard deviation", None),
        ("all rows of a batch share their noise", None),
        (
            "the decoder's output goes through a sigmoid twice",
            "the decoder ends with a linear layer, and its loss takes logits",
        ),
        (
            "no gradient reaches the encoder through the sample",
            "nothing is detached in `sample`: z depends on mu and logvar",
        ),
        ("the decoder sees x beside z", "`log_prob` gives x to the loss, and only z to the decoder"),
    ),
    "objective": (
        (
            "the rate has the wrong sign",
            "at mu = 1, logvar = 0 the rate is positive, and it is added to the distortion",
        ),
        ("the rate is averaged over the latents", "`rate` sums over the latents"),
        ("the distortion is averaged over the pixels, so the rate has too much weight", None),
        ("the rate never gets its full weight", "β reaches 1 in epoch 8 and stays there"),
        ("a factor ½ is missing in the rate", "at mu = 1, logvar = 0 the rate is ½ for each latent, as it should be"),
    ),
    "training": (
        ("gradients of earlier steps are added to those of the present one", None),
        ("the epoch is chosen on test rows", None),
        ("the optimiser does not train the encoder", "the optimiser gets all parameters of the model"),
        ("all runs start from the same weights", "`train` sets the seed of the run before the model is made"),
    ),
    "evaluation": (
        ("dropout stays on when the model is judged", None),
        ("the importance weights leave out the prior", "`log_ratio` holds the prior"),
        ("the estimate of log p(x) is too large by the logarithm of the number of samples", None),
        (
            "the logarithms of the weights are averaged",
            "`logsumexp` averages the weights before the logarithm, up to a constant",
        ),
    ),
    "report": (
        ("of several runs, only the best is reported", None),
        ("VAE and control are fitted to different rows", "both get the same x"),
    ),
}
NUMBERED = dict(enumerate(((kind, *each) for kind, some in SUSPICIONS.items() for each in some), start=1))
RIGHT = tuple(number for number, (_, _, against) in NUMBERED.items() if against is None)


def find_defects():
    """The numbers of the ten suspicions that are right: a list of ten different whole numbers from 1 to 24, in any order."""
    return (
        1,  # split: rows 1497 to 1599 are in both
        3,  # augment: mirrored digits
        5,  # sample: exp(logvar) is the variance
        6,  # sample: one noise of shape (LATENT,)
        12,  # loss_of: mean over the pixels
        15,  # train: optimiser.zero_grad() is missing
        16,  # train: the epoch with the least nll of the test rows is kept
        19,  # nll: model.eval() is missing
        21,  # nll: log(SAMPLES) is missing
        23,  # report: min over the runs
    )


def chosen(output, *_arguments):
    """Which of the 24 are named, as zeros and ones."""
    return np.isin(np.arange(1, len(NUMBERED) + 1), np.ravel(output)).astype(float)


def how_far(output) -> str:
    """How many of the ten are found, and the kinds that the others are of."""
    given = [float(each) for each in np.ravel(output)]
    if len(set(given)) < len(given):
        return "A number occurs twice. Give ten different ones"
    if not set(given) <= set(NUMBERED):
        return "Give whole numbers from 1 to 24, as in the list above"
    found = [number for number in RIGHT if number in given]
    if len(found) == len(RIGHT) - 1:
        return one_is_not(next(int(number) for number in given if number not in RIGHT))
    left = [kind for kind in SUSPICIONS if any(NUMBERED[n][0] == kind for n in RIGHT if n not in found)]
    return f"You have found {len(found)} of 10. What is left to find is of the kinds: {', '.join(left)}"


def nine_and(wrong: int):
    """Nine of the ten and a wrong one, in place of the right one before it."""
    missing = max(number for number in RIGHT if number < wrong)
    return lambda: tuple(wrong if number == missing else number for number in RIGHT)


def one_is_not(number: int) -> str:
    return f"Nine are right. Number {number} is not: {NUMBERED[number][2]}"


EXERCISE = Exercise(
    id="26.4",
    title="Ten defects",
    minutes=20,
    difficulty=3,
    answer=find_defects,
    cases=lambda rng: [()],
    view=chosen,
    mistakes=(
        Mistake("You count from 0. The list begins with number 1", lambda: tuple(number - 1 for number in RIGHT)),
        *(Mistake(one_is_not(number), nine_and(number)) for number in NUMBERED if number not in RIGHT),
    ),
    also_right=(
        lambda: [23, 21, 19, 16, 15, 12, 6, 5, 3, 1],
        lambda: np.array([1.0, 3, 5, 6, 12, 15, 16, 19, 21, 23]),
    ),
    otherwise=how_far,
    hints=(
        "Do not only read. Call the functions: `project.split(torch.arange(1797))`, or a sample of known mu and logvar. What should "
        "come out?",
        "A number that is known beforehand is the best test: an importance-weighted estimate of a model that ignores z, twice the same "
        "evaluation, a distortion of twice as many pixels.",
        "Two defects each are in data, model, training and evaluation; one each is in the objective and the report.",
    ),
)
