"""Exercise 22.2: the step of the cross-entropy method."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, slip


def refit(plans, scores, elite):
    """The probability of action 1 at each time in the next round, (horizon,). plans (plans, horizon) of 0 and 1; scores (plans,)."""
    best = plans[np.argsort(-scores, kind="stable")[:elite]]
    return best.mean(axis=0).clip(0.05, 0.95)


def refit_with(
    *,
    order=lambda scores: np.argsort(-scores, kind="stable"),
    how_many=lambda elite: elite,
    mean=lambda best: best.mean(axis=0),
    keep=lambda p: p.clip(0.05, 0.95),
):
    """The model answer, put together from its parts."""
    return lambda plans, scores, elite: keep(mean(plans[order(scores)[: how_many(elite)]]))


unstable = refit_with(order=lambda scores: np.argsort(-scores))


def by_a_sorted_list(plans, scores, elite):
    chosen = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:elite]
    return np.minimum(np.maximum(sum(plans[i] for i in chosen) / elite, 0.05), 0.95)


def by_a_rank(plans, scores, elite):
    before = np.arange(len(scores))[:, None] > np.arange(len(scores))
    rank = ((scores > scores[:, None]) | ((scores == scores[:, None]) & before)).sum(axis=1)
    return np.clip(plans[rank < elite].sum(axis=0) / elite, 0.05, 0.95)


def weighted(plans, scores, elite):
    return (scores @ plans / scores.sum()).clip(0.05, 0.95)


def weighted_elite(weights):
    def refit(plans, scores, elite):
        best = np.argsort(-scores, kind="stable")[:elite]
        return np.average(plans[best], axis=0, weights=weights(scores)[best]).clip(0.05, 0.95)

    return refit


def all_above(plans, scores, elite):
    return plans[scores >= np.sort(scores)[-elite]].mean(axis=0).clip(0.05, 0.95)


def draw_cases(rng: np.random.Generator):
    for n, horizon, elite in ((9, 4, 3), (6, 5, 2), (7, 3, 1)):
        plans = rng.integers(2, size=(n, horizon))
        scores = rng.uniform(1, 9, n)
        last = np.argsort(-scores)[elite - 1 : elite + 1]  # the first plan inside and the first outside
        plans[last[1]] = 1 - plans[last[0]]
        yield plans, scores, elite
    # equal scores at the border: the plan that comes first belongs to the elite
    plans = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]])
    yield plans, np.array([3.0, 8.0, 5.0, 5.0, 5.0]), 3
    # Many plans with few scores: a sort that is not stable takes others.
    n, horizon, elite = 60, 5, 12
    while True:
        plans, scores = rng.integers(2, size=(n, horizon)), rng.integers(3, 6, n).astype(float)
        if np.abs(refit(plans, scores, elite) - unstable(plans, scores, elite)).max() > 0.05:
            break
    yield plans, scores, elite


EXERCISE = Exercise(
    id="22.2",
    title="The step of the cross-entropy method",
    minutes=6,
    difficulty=1,
    answer=refit,
    cases=draw_cases,
    mistakes=(
        slip(
            "The plans with the lowest scores are kept",
            refit_with,
            order=lambda scores: np.argsort(scores, kind="stable"),
        ),
        slip("The plans with the lowest scores are kept", refit_with, order=np.argsort),
        slip("All plans are averaged, good and bad", refit_with, how_many=lambda elite: None),
        slip("One plan too many is kept", refit_with, how_many=lambda elite: elite + 1),
        slip(
            "The probabilities may reach 0 and 1 here: then an action can never be tried again. Keep them in [0.05, 0.95]",
            refit_with,
            keep=lambda p: p,
        ),
        slip(
            "The probabilities are kept from 0 but not from 1",
            refit_with,
            keep=lambda p: np.maximum(p, 0.05),
        ),
        slip(
            "0.05 is added or mixed in. Cut the probabilities off at 0.05 and 0.95",
            refit_with,
            keep=lambda p: 0.05 + 0.9 * p,
        ),
        slip("This is the sum over the elite. Divide by their number", refit_with, mean=lambda best: best.sum(axis=0)),
        slip(
            "This is the best plan itself. The elite has more than one member",
            refit_with,
            how_many=lambda elite: 1,
        ),
        slip(
            "Of plans with equal scores, those that come last are taken. Take those that come first",
            refit_with,
            order=lambda scores: np.argsort(scores, kind="stable")[::-1],
        ),
        slip(
            "Of plans with equal scores, those that come last are taken. Take those that come first",
            refit_with,
            order=lambda scores: np.argsort(scores)[::-1],
        ),
        Mistake(
            "Of plans with equal scores, any are taken: np.argsort keeps their order only with kind='stable'",
            unstable,
            refit_with,
            {"order": lambda scores: np.argsort(-scores)},
        ),
        slip(
            "The mean is taken over the times of each plan (axis 1). Take it over the elite (axis 0)",
            refit_with,
            mean=lambda best: best.mean(axis=1),
        ),
        any_of(
            "The elite is weighted by its scores. Each plan of the elite counts equally",
            weighted_elite(lambda scores: scores),
            weighted_elite(lambda scores: np.exp(scores - scores.max())),
            *(
                weighted_elite(lambda scores, least=least: scores - scores.min() + least)
                for least in (0.0, 1e-3, 1e-6, 1e-8, 1.0)
            ),
        ),
        Mistake("Plans that tie with the last of the elite are all kept. Keep exactly `elite` plans", all_above),
        Mistake("The plans are weighted by their scores. The elite counts equally, the rest not at all", weighted),
    ),
    also_right=(by_a_sorted_list, by_a_rank, refit_with()),
    hints=(
        "Which rows of `plans` belong to the elite? np.argsort sorts upwards.",
        "The probability of action 1 at a time is the fraction of the elite that took it.",
        "best = plans[np.argsort(-scores, kind='stable')[:elite]]",
    ),
)
