"""Exercise 26.2: the Brier score of guesses, and that of the best constant guess."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, slip


def brier(guesses, outcomes):
    """The Brier score of guesses (n,), and that of the best constant guess: two numbers. outcomes (n,) is 1 where a sentence holds, 0
    where it does not, and NaN where that is undecided."""
    decided = ~np.isnan(outcomes)
    guesses, outcomes = guesses[decided], outcomes[decided]
    fraction = outcomes.mean()
    return ((guesses - outcomes) ** 2).mean(), ((fraction - outcomes) ** 2).mean()


def scored_with(
    *,
    keep=lambda guesses, outcomes: ~np.isnan(outcomes),
    outcome=lambda outcomes: outcomes,
    apart=lambda guess, outcome: (guess - outcome) ** 2,
    over=lambda each, n: each.mean(),
    constant=lambda guesses, outcomes: outcomes.mean(),
):
    """The model answer, put together from its parts."""

    def both(guesses, outcomes):
        n, decided = len(outcomes), keep(guesses, outcomes)
        guesses, outcomes = guesses[decided], outcome(outcomes)[decided]
        best = constant(guesses, outcomes) + 0 * outcomes
        return over(apart(guesses, outcomes), n), over(apart(best, outcomes), n)

    return both


def everything(guesses, outcomes):
    return np.ones(len(outcomes), bool)


def in_closed_form(guesses, outcomes):
    pairs = [(g, o) for g, o in zip(guesses, outcomes, strict=True) if o == o]
    holds = sum(o for _, o in pairs) / len(pairs)
    return sum((g - o) ** 2 for g, o in pairs) / len(pairs), holds * (1 - holds)


def with_nanmean(guesses, outcomes):
    return np.nanmean((guesses - outcomes) ** 2), np.nanvar(outcomes)


def first_otherwise(score):
    """The first number from another score of the decided guesses; the second is right."""

    def both(guesses, outcomes):
        decided = ~np.isnan(outcomes)
        return score(guesses[decided], outcomes[decided], len(outcomes)), brier(guesses, outcomes)[1]

    return both


def spread_of_outcomes(guesses, outcomes):
    decided = outcomes[~np.isnan(outcomes)]
    return brier(guesses, outcomes)[0], decided.var(ddof=1) if len(decided) > 1 else 0.0


def draw_cases(rng: np.random.Generator):
    for n, holds, undecided in ((20, 7, 4), (9, 2, 2), (6, 4, 0), (5, 3, 2)):  # the last: all that is decided holds
        outcomes = np.zeros(n)
        outcomes[:holds], outcomes[holds : holds + undecided] = 1, np.nan
        yield rng.uniform(0.05, 0.95, n), rng.permutation(outcomes)


EXERCISE = Exercise(
    id="26.2",
    title="The score of guesses",
    minutes=6,
    difficulty=1,
    answer=brier,
    cases=draw_cases,
    mistakes=(
        Mistake("The two numbers are exchanged", lambda guesses, outcomes: brier(guesses, outcomes)[::-1]),
        Mistake(
            "NaN spreads through a sum. Leave out the sentences that are undecided",
            lambda guesses, outcomes: (((guesses - outcomes) ** 2).mean(), ((outcomes.mean() - outcomes) ** 2).mean()),
        ),
        slip(
            "Undecided sentences are counted as if they did not hold. Leave them out",
            scored_with,
            keep=everything,
            outcome=lambda outcomes: np.nan_to_num(outcomes, nan=0.0),
        ),
        slip(
            "Undecided sentences are counted as one half. Leave them out",
            scored_with,
            keep=everything,
            outcome=lambda outcomes: np.nan_to_num(outcomes, nan=0.5),
        ),
        slip(
            "Undecided sentences are counted as if they held. Leave them out",
            scored_with,
            keep=everything,
            outcome=lambda outcomes: np.nan_to_num(outcomes, nan=1.0),
        ),
        slip(
            "The sum over the decided sentences is divided by the number of all sentences",
            scored_with,
            over=lambda each, n: each.sum() / n,
        ),
        any_of(
            "The sum over the decided sentences is divided by the number of all sentences",
            first_otherwise(lambda g, o, n: ((g - o) ** 2).sum() / n),
        ),
        any_of(
            "The distances are not squared",
            first_otherwise(lambda g, o, n: np.abs(g - o).mean()),
        ),
        any_of("The second number is divided by one less than the number of sentences", spread_of_outcomes),
        slip("These are sums. Take means over the decided sentences", scored_with, over=lambda each, n: each.sum()),
        slip("The distances are not squared", scored_with, apart=lambda guess, outcome: np.abs(guess - outcome)),
        slip(
            "A root is taken of the mean square. The Brier score has none",
            scored_with,
            over=lambda each, n: np.sqrt(each.mean()),
        ),
        slip(
            "The constant guess is one half. A guess that knows what fraction holds is better",
            scored_with,
            constant=lambda guesses, outcomes: 0.5,
        ),
        slip(
            "The constant guess is the mean of the reader's guesses. The best one is the fraction of decided sentences that hold",
            scored_with,
            constant=lambda guesses, outcomes: guesses.mean(),
        ),
        slip(
            "The constant guess is 0 or 1, whichever is more frequent. The best one is the fraction that holds",
            scored_with,
            constant=lambda guesses, outcomes: np.round(outcomes.mean()),
        ),
        Mistake(
            "The guesses are rounded to 0 or 1 first. The score rewards a probability, so take it as it is",
            lambda guesses, outcomes: brier(np.round(guesses), outcomes)[:1] + brier(guesses, outcomes)[1:],
        ),
        Mistake(
            "The first number is the logarithmic score, −log of the probability of what came out. The Brier score takes squares",
            lambda guesses, outcomes: (
                -np.nanmean(np.log(np.abs(1 - outcomes - guesses))),
                brier(guesses, outcomes)[1],
            ),
        ),
        Mistake(
            "The second number is the constant guess itself. Its Brier score is asked for",
            lambda guesses, outcomes: (brier(guesses, outcomes)[0], np.nanmean(outcomes)),
        ),
    ),
    also_right=(in_closed_form, with_nanmean, scored_with()),
    hints=(
        "Which sentences can be scored at all? And which constant c makes the mean of (c − outcome)² least?",
        "decided = ~np.isnan(outcomes) selects. The best constant is the mean of the decided outcomes.",
        "f = outcomes[decided].mean(); return ((guesses[decided] - outcomes[decided]) ** 2).mean(), and the same with f.",
    ),
)
