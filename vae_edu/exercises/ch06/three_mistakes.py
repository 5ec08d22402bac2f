"""Exercise 6.3: what is wrong with each of three programs."""

import itertools

from vae_edu.exercises.record import Exercise, Mistake


def three_mistakes():
    """The numbers of the mistakes of A, B and C, in this order: three whole numbers."""
    # A: at eps = 0 its gradients are right. B: W4 and b4 are right, all that the derivative reaches later is not, and remains
    # wrong where a large b3 keeps every ReLU of the decoder open.
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
        9: "mistake 9 changes W3 and b3, which are right",
    },
    "B": {
        2: DISTORTION_GRADIENT,
        3: LOSS_IS_OURS,
        4: "mistake 4 changes the encoder alone, and W3 is wrong",
        5: "mistake 5 changes the encoder alone, and W3 is wrong",
        6: BIASES,
        7: LOSS_IS_OURS,
        8: LOSS_IS_OURS,
        9: "mistake 9 does no harm where a large b3 keeps every ReLU of the decoder open, and this one does",
    },
    "C": {
        1: CHECKED,
        2: CHECKED,
        3: "with one ε for all latents of an example, mistake 3 changes nothing, and the loss is off there",
        4: CHECKED,
        5: CHECKED,
        6: CHECKED,
        8: "mistake 8 leaves the gradients of the decoder right, W3 to b4, and the independent program finds them wrong",
        9: CHECKED,
    },
}
# What the figure alone does not rule out.
DOUBTFUL = {"A": (4, 5), "B": (1, 9), "C": (3, 7)}


def near_misses():
    """Answers with what speaks against them: one of the three numbers is wrong; two or three are, and the figure alone does not
    rule them out; the right numbers in another order, or counted from 0."""
    right = dict(zip("ABC", three_mistakes(), strict=True))
    for letter, against in AGAINST.items():
        for number, reason in against.items():
            yield Mistake(f"{letter}: {reason}", lambda wrong=right | {letter: number}: tuple(wrong.values()))
    for answer in itertools.product(*DOUBTFUL.values()):
        wrong = {letter: number for letter, number in zip("ABC", answer, strict=True) if number != right[letter]}
        if len(wrong) > 1:
            reasons = "; ".join(f"{letter}: {AGAINST[letter][number]}" for letter, number in wrong.items())
            yield Mistake(reasons, lambda answer=answer: answer)
    for answer in set(itertools.permutations(right.values())) - {tuple(right.values())}:
        yield Mistake("each number belongs to one of the programs, but not in this order", lambda answer=answer: answer)
    yield Mistake("you count from 0: the list starts at 1", lambda: tuple(number - 1 for number in right.values()))


CONTEXT = r"""
The three programs compute the loss and the eight gradients of the VAE of exercise 6.2. `forward(x, eps, params)["loss"]` is
the right loss, and `gradient_check` compares a program's gradients with central differences of its own loss:
$\big(L(w + h) - L(w - h)\big) / 2h$ for each weight $w$.
"""
GIVEN = '''
# A small VAE of 64 pixels, 16 hidden units and 4 latents, a batch of twelve images, and what you may call.
from vae_edu.exercises.ch06.three_programs import THREE_PROGRAMS, forward

NAMES = ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]
rng = np.random.default_rng(0)
shapes = {"W1": (64, 16), "W2": (16, 8), "W3": (4, 16), "W4": (16, 64)}
params = {"mean": np.full(64, 0.3)}
for name, shape in shapes.items():
    params[name] = rng.normal(0, 1 / np.sqrt(shape[0]), shape)
    params[name.replace("W", "b")] = rng.normal(0, 0.1, shape[1])
x = (rng.random((12, 64)) < 0.3).astype(float)
eps = rng.standard_normal((12, 4))
A, B, C = THREE_PROGRAMS.values()


def gradient_check(program, x, eps, params, h=1e-5):
    """For each parameter: the relative distance of the program's gradient from central differences of its own loss."""
    errors = {}
    for name, claimed in zip(NAMES, program(x, eps, params)[1]):
        numerical, array = np.zeros_like(claimed), params[name].copy()
        for index in np.ndindex(array.shape):
            losses = []
            for step in (h, -h):
                array[index] += step
                losses.append(program(x, eps, params | {name: array})[0])
                array[index] = params[name][index]
            numerical[index] = (losses[0] - losses[1]) / (2 * h)
        errors[name] = np.linalg.norm(numerical - claimed) / np.linalg.norm(numerical)
    return errors
'''


EXERCISE = Exercise(
    context=CONTEXT,
    given=GIVEN,
    id="6.3",
    title="What is wrong with them?",
    minutes=12,
    difficulty=3,
    answer=three_mistakes,
    cases=lambda rng: [()],
    mistakes=tuple(near_misses()),
    otherwise="at least two of the three are not right, or one is not on the list. Take one program; cross out what its column rules out",
    hints=(
        "Which parameters does each mistake change on the way back? Cross out all that the pattern of a column rules out.",
        "For what is left, find an input at which one of the mistakes changes nothing: eps = 0; the same ε for all latents; a b3 so "
        "large that no ReLU of the decoder is closed.",
        "Compare the loss C(x, eps, params)[0] with that of forward, for three noises: eps, 0 * eps, and np.repeat(eps[:, :1], 4, axis=1).",
    ),
)
