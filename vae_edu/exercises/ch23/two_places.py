"""Exercise 23.1: a place that is counted, and a television."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def two_places(n, b, gamma, steps):
    """What staying for some steps is worth at a place seen n times already, and in front of a television that pays b: two numbers."""
    discounts = gamma ** np.arange(steps)
    visits = n + 1 + np.arange(steps)
    return (discounts / np.sqrt(visits)).sum(), b * discounts.sum()


def places_with(
    *,
    visits=lambda n, steps: n + 1 + np.arange(steps),
    pay=lambda visits: 1 / np.sqrt(visits),
    discount=lambda gamma, steps: gamma ** np.arange(steps),
    television=lambda b, gamma, discounts: b * discounts.sum(),
):
    """The model answer, put together from its parts."""

    def both(n, b, gamma, steps):
        discounts = discount(gamma, steps)
        return (discounts * pay(visits(n, steps))).sum(), television(b, gamma, discounts)

    return both


def in_a_loop(n, b, gamma, steps):
    place = television = 0.0
    factor = 1.0
    for _ in range(steps):
        n += 1
        place += factor * n**-0.5
        television += factor * b
        factor *= gamma
    return place, television


def by_closed_form(n, b, gamma, steps):
    television = b * steps if gamma == 1 else b * (1 - gamma**steps) / (1 - gamma)
    return sum(gamma**t / (n + t + 1) ** 0.5 for t in range(steps)), television


def from_behind(n, b, gamma, steps):
    place = television = 0.0
    for t in reversed(range(steps)):
        place, television = 1 / np.sqrt(n + t + 1) + gamma * place, b + gamma * television
    return [place, television]


def from_visit_n(n, b, gamma, steps):
    with np.errstate(divide="ignore"):
        return places_with(visits=lambda n, steps: n + np.arange(steps, dtype=float))(n, b, gamma, steps)


def from_visit_n_in_a_loop(n, b, gamma, steps):
    return sum(gamma**t / (n + t) ** 0.5 for t in range(steps)), sum(b * gamma**t for t in range(steps))


def for_ever_or_all_steps(n, b, gamma, steps):
    return two_places(n, b, gamma, steps)[0], b / (1 - gamma) if gamma < 1 else b * steps


def for_ever(n, b, gamma, steps):
    return two_places(n, b, gamma, steps)[0], b / (1 - gamma)


def geometric_sum(n, b, gamma, steps):
    return two_places(n, b, gamma, steps)[0], b * (1 - gamma**steps) / (1 - gamma)


def geometric_sum_of_arrays(n, b, gamma, steps):
    with np.errstate(all="ignore"):
        return geometric_sum(n, b, np.float64(gamma), steps)


def draw_cases(rng: np.random.Generator):
    for n, gamma, steps in ((0, 0.9, 12), (7, 0.95, 30), (3, 1.0, 9), (20, 0.8, 1)):
        yield n, float(rng.uniform(0.2, 0.9)), gamma, steps


EXERCISE = Exercise(
    id="23.1",
    title="Stay, or watch television",
    minutes=8,
    difficulty=2,
    answer=two_places,
    cases=draw_cases,
    mistakes=(
        Mistake("The two numbers are exchanged: the counted place comes first", lambda *a: two_places(*a)[::-1]),
        slip(
            "The counted place pays as if nothing were counted while you stay. Each step is one more visit",
            places_with,
            visits=lambda n, steps: np.full(steps, n + 1.0),
        ),
        slip(
            "The count starts at n + 2. The first step is visit number n + 1",
            places_with,
            visits=lambda n, steps: n + 2 + np.arange(steps),
        ),
        slip(
            "The count starts at n. The first step is visit number n + 1",
            places_with,
            visits=lambda n, steps: np.maximum(n + np.arange(steps), 1),
        ),
        Mistake("The count starts at n. The first step is visit number n + 1", from_visit_n),
        Mistake("The count starts at n. The first step is visit number n + 1", from_visit_n_in_a_loop),
        Mistake(
            "There is one step too many: t runs from 0 to steps − 1",
            lambda n, b, gamma, steps: two_places(n, b, gamma, steps + 1),
        ),
        Mistake(
            "There is one step too few: t runs from 0 to steps − 1",
            lambda n, b, gamma, steps: two_places(n, b, gamma, steps - 1),
        ),
        slip(
            "The count starts at 1. The place has been seen n times already",
            places_with,
            visits=lambda n, steps: 1 + np.arange(steps),
        ),
        slip("The bonus is 1/n. It decays with the root, 1/√n", places_with, pay=lambda visits: 1 / visits),
        slip("The bonus grows with the visits: √n in place of 1/√n", places_with, pay=np.sqrt),
        slip("The bonus is 1/n². It decays with the root, 1/√n", places_with, pay=lambda visits: 1.0 / visits**2),
        slip(
            "The first step is discounted already. Its factor is γ⁰ = 1",
            places_with,
            discount=lambda gamma, steps: gamma ** (1 + np.arange(steps)),
        ),
        slip(
            "All steps have the same weight. The bonus in t steps counts γᵗ",
            places_with,
            discount=lambda gamma, steps: np.ones(steps),
        ),
        slip(
            "The discount of step t is γ·t. It is γ to the power of t",
            places_with,
            discount=lambda gamma, steps: gamma * np.arange(steps),
        ),
        slip(
            "The television's sum runs on for ever, b/(1 − γ). The agent stays for `steps` steps",
            places_with,
            television=lambda b, gamma, discounts: b / (1 - gamma) if gamma < 1 else np.inf,
        ),
        *(
            Mistake("The television's sum runs on for ever, b/(1 − γ). The agent stays for `steps` steps", wrong)
            for wrong in (for_ever_or_all_steps, for_ever)
        ),
        *(
            Mistake(
                "(1 − γⁿ)/(1 − γ) divides by 0 where γ is 1. There each of the steps counts 1, or add up the powers of γ",
                wrong,
            )
            for wrong in (geometric_sum, geometric_sum_of_arrays)
        ),
        slip(
            "The television is not discounted: its factors are γᵗ as well",
            places_with,
            television=lambda b, gamma, discounts: b * len(discounts),
        ),
        slip(
            "The television's bonus decays here. Its images never repeat, so it pays b at each step",
            places_with,
            television=lambda b, gamma, discounts: b * (discounts / np.sqrt(1 + np.arange(len(discounts)))).sum(),
        ),
    ),
    also_right=(in_a_loop, by_closed_form, from_behind, places_with()),
    hints=(
        "How often has the place been seen after the first step? And after the second?",
        "Both are sums over t = 0, …, steps − 1 of γᵗ times what step t pays.",
        "t = np.arange(steps); the first number is (gamma**t / np.sqrt(n + 1 + t)).sum().",
    ),
)
