"""Exercise 6.3: what is wrong with each of three programs."""

from vae_edu.exercises.record import Exercise, Mistake


def three_mistakes():
    """The numbers of the mistakes of A, B and C, in this order: three whole numbers."""
    # A: at eps = 0 its gradients are right. B: W4 and b4 are right, all that the derivative reaches later is not.
    # C: loss and gradients agree, but the loss is not ours, unless eps = 0; with one ε for all latents it is still not ours.
    return 4, 1, 7


DISTORTION_GRADIENT = "mistake 2 changes every gradient, and W4 and b4 are right"
BIASES = "mistake 6 changes the biases alone"
LOSS_IS_OURS = "its loss is that of forward, so value and derivative cannot both be wrong in the same way"
CHECKED = "finite differences find nothing in it, so its gradients are those of its own loss"

# What speaks against each number that is not right, for each program.
AGAINST = {
    "A": {
        1: "mistake 1 changes W3 and b3, which are right",
        2: DISTORTION_GRADIENT,
        3: LOSS_IS_OURS,
        5: "mistake 5 remains at eps = 0, and this one vanishes there",
        6: BIASES,
        7: LOSS_IS_OURS,
        8: LOSS_IS_OURS,
    },
    "B": {
        2: DISTORTION_GRADIENT,
        3: LOSS_IS_OURS,
        4: "mistake 4 changes the encoder alone, and W3 is wrong",
        5: "mistake 5 changes the encoder alone, and W3 is wrong",
        6: BIASES,
        7: LOSS_IS_OURS,
        8: LOSS_IS_OURS,
    },
    "C": {
        1: CHECKED,
        2: CHECKED,
        3: "with one ε for all latents of an example, mistake 3 changes nothing, and the loss is off there",
        4: CHECKED,
        5: CHECKED,
        6: CHECKED,
        8: "mistake 8 changes the loss at eps = 0 as well, and this one vanishes there",
    },
}


def near_misses():
    """Every answer in which one of the three numbers is wrong, with what speaks against it."""
    right = dict(zip("ABC", three_mistakes(), strict=True))
    for letter, against in AGAINST.items():
        for number, reason in against.items():
            yield Mistake(f"{letter}: {reason}", lambda wrong=right | {letter: number}: tuple(wrong.values()))


EXERCISE = Exercise(
    id="6.3",
    title="What is wrong with them?",
    minutes=12,
    difficulty=3,
    answer=three_mistakes,
    cases=lambda rng: [()],
    mistakes=tuple(near_misses()),
    otherwise="at least two of the three are not right. Take one program, and cross out what its column rules out",
    hints=(
        "Which parameters does each mistake change on the way back? Cross out all that the pattern of a column rules out.",
        "For what is left, find an input at which one of the mistakes changes nothing: eps = 0, the same ε for all latents.",
        "Compare the loss C(x, eps, params)[0] with that of forward, for three noises: eps, 0 * eps, and np.repeat(eps[:, :1], 4, axis=1).",
    ),
)
