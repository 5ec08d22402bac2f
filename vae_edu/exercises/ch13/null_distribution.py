"""Exercise 13.2: what a score says where nothing is to be found."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def null_distribution(score, rows, n, repeats, rng):
    """The values of score(a, b) for ``repeats`` pairs of n real rows and n others, an array (repeats,)."""
    values = []
    for _ in range(repeats):
        order = rng.permutation(len(rows))
        values.append(score(rows[order[:n]], rows[order[n : 2 * n]]))
    return np.array(values)


def shifted_means(a, b):
    """A score that tells its two arguments apart, and sees every row."""
    return float(a.mean() - 2 * b.mean() + 0.3 * (a**2).mean())


def spread_of_first(a, b):
    return float(np.asarray(a).std() + np.asarray(b).sum())


def draw_pools(rng: np.random.Generator):
    for score, rows, features, n, repeats in (
        (shifted_means, 23, 2, 8, 6),
        (spread_of_first, 31, 3, 5, 4),
        (shifted_means, 12, 2, 6, 5),  # every row is used
        (shifted_means, 17, 1, 1, 3),  # one row on each side
        (spread_of_first, 20, 2, 7, 1),  # one value
    ):
        pool = np.exp(rng.normal(size=(rows, features))) + np.linspace(0, 3, rows)[:, None]
        yield score, pool, n, repeats, rng


def null_with(pick, *, combine=np.array):
    """A wrong answer: the right one with other rows in a pair, or with something else made of the values."""

    def wrong(score, rows, n, repeats, rng):
        return combine([score(*pick(rows, n, rng)) for _ in range(repeats)])

    return wrong


def right_pair(rows, n, rng):
    order = rng.permutation(len(rows))
    return rows[order[:n]], rows[order[n : 2 * n]]


def one_order(score, rows, n, repeats, rng):
    order = rng.permutation(len(rows))
    return np.array([score(rows[order[:n]], rows[order[n : 2 * n]])] * repeats)


def blocks_of_one_order(score, rows, n, repeats, rng):
    order = rng.permutation(len(rows))
    starts = [(2 * n * each) % (len(rows) - 2 * n + 1) for each in range(repeats)]
    return np.array([score(rows[order[s : s + n]], rows[order[s + n : s + 2 * n]]) for s in starts])


def two_orders(rows, n, rng):
    return tuple(rows[rng.permutation(len(rows))[:n]] for _ in range(2))


def with_replacement(rows, n, rng):
    return tuple(rows[rng.integers(len(rows), size=n)] for _ in range(2))


def exchanged(rows, n, rng):
    return right_pair(rows, n, rng)[::-1]


def against_all(rows, n, rng):
    return rows[rng.permutation(len(rows))[:n]], rows


def against_the_rest(rows, n, rng):
    order = rng.permutation(len(rows))
    return rows[order[:n]], rows[order[n:]]


def halves(rows, n, rng):
    order = rng.permutation(len(rows))
    return np.array_split(rows[order], 2)


def with_itself(rows, n, rng):
    order = rng.permutation(len(rows))
    return rows[order[:n]], rows[order[:n]]


def from_the_end(rows, n, rng):
    order = rng.permutation(len(rows))
    return rows[order[:n]], rows[order[-n:]]


def in_turns(rows, n, rng):
    order = rng.permutation(len(rows))[: 2 * n]
    return rows[order[::2]], rows[order[1::2]]


def first_rows_kept(rows, n, rng):
    return rows[:n], rows[rng.permutation(len(rows))[:n]]


def first_rows_kept_apart(rows, n, rng):
    return rows[:n], rows[n:][rng.permutation(len(rows) - n)[:n]]


def not_shuffled(rows, n, rng):
    return rows[:n], rows[n : 2 * n]


EXERCISE = Exercise(
    id="13.2",
    title="The null distribution of a score",
    minutes=10,
    difficulty=2,
    answer=null_distribution,
    cases=draw_pools,
    mistakes=(
        Mistake(
            "your two sets may share rows, since you permute once for each: take both from one permutation",
            null_with(two_orders),
        ),
        Mistake(
            "you sample rows with replacement, so that a row may stand in both sets: take them from a permutation",
            null_with(with_replacement),
        ),
        Mistake(
            "all your values are the same split of the rows: permute again in each repeat",
            one_order,
        ),
        Mistake(
            "all repeats use one permutation: permute again in each of them",
            blocks_of_one_order,
        ),
        Mistake(
            "your rows are not shuffled: the order of the rows may mean something, so permute them in each repeat",
            null_with(not_shuffled),
        ),
        *(
            Mistake(
                "the first n rows are one of your sets in each repeat: take both sets from the permutation",
                null_with(pick),
            )
            for pick in (first_rows_kept, first_rows_kept_apart)
        ),
        Mistake("the two sets are exchanged: the first n rows are the first argument of score", null_with(exchanged)),
        Mistake(
            "you compare n rows with all rows, their own copies among them: take n others",
            null_with(against_all),
        ),
        Mistake(
            "you compare n rows with all the others: the second set has n rows too",
            null_with(against_the_rest),
        ),
        Mistake(
            "you split all rows into halves: a score depends on the number of rows, so each set has n of them",
            null_with(halves),
        ),
        Mistake(
            "the second set comes from the end of the permutation: take the n places that follow those of the first",
            null_with(from_the_end),
        ),
        Mistake(
            "you deal the places out in turns: the first n are for the first set, the next n for the second",
            null_with(in_turns),
        ),
        Mistake("you compare n rows with themselves: take n others", null_with(with_itself)),
        Mistake(
            "you return the mean of the values: return all of them",
            null_with(right_pair, combine=lambda values: float(np.mean(values))),
        ),
        Mistake(
            "you return the standard deviation of the values: return all of them",
            null_with(right_pair, combine=lambda values: float(np.std(values))),
        ),
        Mistake(
            "your values are sorted: leave them in the order of the repeats",
            null_with(right_pair, combine=lambda values: np.sort(values)),
        ),
    ),
    also_right=(
        lambda score, rows, n, repeats, rng: [
            score(*np.split(rows[rng.permutation(len(rows))[: 2 * n]], 2)) for _ in range(repeats)
        ],
        lambda score, rows, n, repeats, rng: np.fromiter(
            (score(p[:n], p[n : n + n]) for p in (rows[rng.permutation(len(rows))] for _ in range(repeats))), float
        ),
    ),
    hints=(
        "Which rows may the second set hold, if it has to be new data for the first?",
        "One permutation of all places gives both sets. What has to happen again in each repeat?",
        "order = rng.permutation(len(rows)) inside the loop; the first set is rows[order[:n]].",
    ),
)
