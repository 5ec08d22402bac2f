"""Exercise 11.1: the β of each batch."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def betas_of_batches(is_training, warm_up_steps):
    """The beta of each batch that a program meets, in order, an array (batches,). is_training: (batches,), True for a batch
    of training, False for one of evaluation. Step t of training, counted from 0, has beta t / warm_up_steps, at most 1;
    evaluation is at beta 1."""
    step = np.cumsum(is_training) - 1  # of a training batch: how many came before it
    return np.where(is_training, np.minimum(step / warm_up_steps, 1.0), 1.0)


def draw_batches(rng: np.random.Generator):
    for epochs, batches, unseen, warm in ((4, 7, 3, 17), (3, 10, 2, 12), (5, 4, 4, 9)):
        one = [True] * batches + [False] * unseen
        if rng.random() < 0.5:
            one = one[::-1]  # evaluation comes first
        yield np.array(one * epochs + [True] * int(rng.integers(1, 4))), warm


def betas_with(step=None, ramp=None, evaluation=None):
    """A wrong answer: ``betas_of_batches`` with the step, the ramp or the beta of evaluation of another kind."""

    def wrong(is_training, warm_up_steps):
        own = (np.cumsum(is_training) - 1) if step is None else step(is_training)
        share = own / warm_up_steps
        betas = np.minimum(share, 1.0) if ramp is None else ramp(own, warm_up_steps)
        return np.where(is_training, betas, 1.0 if evaluation is None else evaluation(betas, share))

    return wrong


def count_all(is_training):
    return np.arange(len(is_training))


EXERCISE = Exercise(
    id="11.1",
    title="The β of each batch",
    minutes=8,
    difficulty=2,
    answer=betas_of_batches,
    cases=draw_batches,
    mistakes=(
        Mistake(
            "evaluation advances the warm-up: count training batches alone",
            betas_with(step=count_all),
        ),
        Mistake(
            "evaluation advances the warm-up, and is itself at the annealed β",
            betas_with(step=count_all, evaluation=lambda betas, share: betas),
        ),
        Mistake(
            "evaluation is at the annealed β of training: two such numbers are not of the same quantity. It is at 1",
            lambda is_training, warm: np.minimum(np.maximum(np.cumsum(is_training) - 1, 0) / warm, 1.0),
        ),
        Mistake(
            "evaluation is at the β of the training step that comes next: it is at 1",
            lambda is_training, warm: np.minimum((np.cumsum(is_training) - is_training) / warm, 1.0),
        ),
        Mistake("evaluation is at β = 0, so its loss is the distortion alone", betas_with(evaluation=lambda *_: 0.0)),
        Mistake(
            "off by one: the first step has β above 0. Steps are counted from 0",
            betas_with(step=np.cumsum),
        ),
        Mistake(
            "off by one: β is 1 one step too early, as after linspace(0, 1, warm_up_steps)",
            betas_with(ramp=lambda step, warm: np.minimum(step / (warm - 1), 1.0)),
        ),
        Mistake(
            "off by one: β is 1 one step too late",
            betas_with(ramp=lambda step, warm: np.minimum(step / (warm + 1), 1.0)),
        ),
        Mistake(
            "β goes on rising above 1 after the warm-up",
            betas_with(ramp=lambda step, warm: step / warm),
        ),
        Mistake(
            "β jumps from 0 to 1 at the end of the warm-up: it rises linearly",
            betas_with(ramp=lambda step, warm: (step >= warm) * 1.0),
        ),
        Mistake("β falls from 1 to 0: it rises", betas_with(ramp=lambda step, warm: np.maximum(1 - step / warm, 0))),
        Mistake(
            "the warm-up takes all of training: it takes warm_up_steps",
            lambda is_training, warm: np.where(is_training, (np.cumsum(is_training) - 1) / np.sum(is_training), 1.0),
        ),
        Mistake(
            "training is at β = 1 throughout",
            lambda is_training, warm: np.ones(len(is_training)),
        ),
    ),
    hints=(
        "How many training batches came before each batch? Evaluation must not count.",
        "np.cumsum(is_training) counts the training batches up to and with each one; a step counted from 0 is one less.",
        "np.where(is_training, np.minimum(step / warm_up_steps, 1), 1)",
    ),
)
