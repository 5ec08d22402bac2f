"""Exercise 22.1: how long a plan is survived."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def expected_steps(end_logits):
    """How many steps of each plan are survived on average, (plans,). end_logits (plans, horizon): logit of the probability that the episode
    ends at a step, if it has not ended before."""
    log_survive = -np.logaddexp(0, end_logits)  # log(1 − sigmoid(logit))
    return np.exp(np.cumsum(log_survive, axis=1)).sum(axis=1)


def sigmoid(logits):
    return np.exp(-np.logaddexp(0, -logits))


def steps_with(
    *,
    survive=lambda logits: sigmoid(-logits),
    together=lambda each: np.cumprod(each, axis=1),
    total=lambda each: each.sum(axis=1),
):
    """The model answer, put together from its parts."""
    return lambda end_logits: total(together(survive(end_logits)))


def step_by_step(end_logits):
    alive, total = np.ones(len(end_logits)), np.zeros(len(end_logits))
    for logit in end_logits.T:
        alive = alive * (1 - sigmoid(logit))
        total = total + alive
    return total


def from_the_last_step(end_logits):
    rest = np.zeros(len(end_logits))
    for logit in end_logits.T[::-1]:  # E_t = (1 − p_t) (1 + E_{t+1})
        rest = sigmoid(-logit) * (1 + rest)
    return rest


def ended_so_far(end_logits):
    ends = np.cumsum(sigmoid(end_logits), axis=1)
    return (1 - np.minimum(ends, 1)).sum(axis=1)


def with_infinity(end_logits):
    with np.errstate(all="ignore"):
        p = np.exp(end_logits) / (1 + np.exp(end_logits))
    return np.cumprod(1 - p, axis=1).sum(axis=1)


def draw_cases(rng: np.random.Generator):
    for plans, horizon in ((4, 6), (1, 5), (3, 1)):
        yield (rng.normal(-1, 1.5, (plans, horizon)),)
    logits = rng.normal(-2, 1, (3, 4))
    logits[0, 2], logits[1] = 1000, -1000  # an end that is certain, and a plan without one
    yield (logits,)


EXERCISE = Exercise(
    id="22.1",
    title="How long a plan is survived",
    minutes=8,
    difficulty=2,
    answer=expected_steps,
    cases=draw_cases,
    mistakes=(
        slip(
            "The steps are treated as if each were reached for certain: Σ (1 − p). A step is survived only if those before were",
            steps_with,
            together=lambda each: each,
        ),
        slip(
            "This is the probability to survive the whole plan. A plan that fails late is better than one that fails at once",
            steps_with,
            total=lambda each: each[:, -1],
        ),
        slip(
            "This is the mean over the steps. The expected number of steps is a sum",
            steps_with,
            total=lambda each: each.mean(axis=1),
        ),
        slip(
            "The first step counts as survived for certain, and the last is missing: the product runs up to and with step t",
            steps_with,
            together=lambda each: np.cumprod(np.column_stack([np.ones(len(each)), each[:, :-1]]), axis=1),
        ),
        slip(
            "This counts a step at which the plan starts as well: it is one too large",
            steps_with,
            total=lambda each: 1 + each.sum(axis=1),
        ),
        slip(
            "The probability of the end is taken for that of going on: survival is 1 − sigmoid(logit)",
            steps_with,
            survive=sigmoid,
        ),
        slip(
            "The logits are taken for probabilities. Apply the sigmoid first",
            steps_with,
            survive=lambda logits: 1 - logits,
        ),
        slip(
            "The product runs over the plans (axis 0). It runs along the steps of one plan",
            steps_with,
            together=lambda each: np.cumprod(each, axis=0),
        ),
        slip(
            "The product starts at the last step and runs backwards. The first step comes first",
            steps_with,
            together=lambda each: np.cumprod(each[:, ::-1], axis=1),
        ),
        slip(
            "Each step ends or not by whether its logit is above 0. Use the probabilities",
            steps_with,
            survive=lambda logits: (logits <= 0) * 1.0,
        ),
        Mistake(
            "The probabilities of the end are added up. That of an end by step t is 1 minus a product",
            ended_so_far,
        ),
        Mistake(
            "A logit of 1000 gives NaN: exp(1000) is infinite. Write the sigmoid so that this cannot happen",
            with_infinity,
        ),
    ),
    also_right=(step_by_step, from_the_last_step, steps_with()),
    hints=(
        "What is the probability that step 3 is survived? Which steps have to be survived before?",
        "The number of survived steps is a sum of indicators, one for each step. The expectation of an indicator is a probability.",
        "survive = 1 / (1 + np.exp(end_logits)); np.cumprod along the steps gives the probability to be alive after each of them.",
    ),
)
