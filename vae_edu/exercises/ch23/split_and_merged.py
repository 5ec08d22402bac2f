"""Exercise 23.3: states that a code splits, and states that it merges."""

import itertools

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def split_and_merged(codes, states):
    """The fraction of pairs of images of one state that have different codes, and of pairs of different states that have one code: two
    numbers. codes (n,), states (n,): whole numbers."""
    first, second = np.triu_indices(len(codes), k=1)
    one_state, one_code = states[first] == states[second], codes[first] == codes[second]
    return (~one_code)[one_state].mean(), one_code[~one_state].mean()


def fractions_with(
    *,
    pairs=lambda n: np.triu_indices(n, k=1),
    split=lambda state, code: (state & ~code).sum() / state.sum(),
    merged=lambda state, code: (~state & code).sum() / (~state).sum(),
):
    """The model answer, put together from its parts."""

    def both(codes, states):
        first, second = pairs(len(codes))
        state, code = states[first] == states[second], codes[first] == codes[second]
        return split(state, code), merged(state, code)

    return both


def pair_by_pair(codes, states):
    split, merged = [], []
    for i, j in itertools.combinations(range(len(codes)), 2):
        (split if states[i] == states[j] else merged).append(codes[i] == codes[j])
    return 1 - sum(split) / len(split), sum(merged) / len(merged)


def with_matrices(codes, states):
    s, c = states[:, None] == states, codes[:, None] == codes
    np.fill_diagonal(s, False)
    off = ~np.eye(len(s), dtype=bool)
    return (s & ~c).sum() / s.sum(), (c & ~s & off).sum() / (~s & off).sum()


def from_group_sizes(codes, states):
    def pairs(labels):
        counts = np.unique(labels, return_counts=True, axis=0)[1]
        return (counts * (counts - 1) / 2).sum()

    n, of_state, of_code = len(codes), pairs(states), pairs(codes)
    of_both = pairs(np.stack([codes, states], axis=1))
    return 1 - of_both / of_state, (of_code - of_both) / (n * (n - 1) / 2 - of_state)


def draw_cases(rng: np.random.Generator):
    for n, places, size in ((12, 4, 3), (20, 6, 9), (9, 2, 2)):
        states = rng.integers(0, places, n)
        states[:3] = [0, 0, 1]
        codes = (states + rng.integers(0, 2, n)) % size
        codes[:2] = [0, 1]  # one state, two codes
        codes[2] = codes[1]  # two states, one code
        yield codes, states
    yield np.array([7, 7, 3, 4]), np.array([2, 2, 0, 5])  # nothing is split or merged
    yield np.array([1, 2, 1]), np.array([4, 4, 0])
    # Many images, and codes of 32 bits that differ in their last two.
    yield 3_000_000_000 + rng.integers(0, 4, 80), rng.integers(0, 9, 80)


def by_state(codes, states):
    """The mean over the states with two images or more."""
    first, second = np.triu_indices(len(codes), k=1)
    one_state, off = states[first] == states[second], codes[first] != codes[second]
    of = [off[one_state & (states[first] == each)] for each in np.unique(states)]
    return np.mean([each.mean() for each in of if len(each)]), split_and_merged(codes, states)[1]


def of_groups(codes, states):
    """The fraction of states with several codes, and of codes with several states."""
    return tuple(
        np.mean([len(np.unique(others[labels == each])) > 1 for each in np.unique(labels)])
        for labels, others in ((states, codes), (codes, states))
    )


everything = lambda n: tuple(each.ravel() for each in np.indices((n, n)))  # noqa: E731

EXERCISE = Exercise(
    id="23.3",
    title="States that a code splits and merges",
    minutes=10,
    difficulty=2,
    answer=split_and_merged,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "The two numbers are exchanged: pairs of one state come first", lambda c, s: split_and_merged(c, s)[::-1]
        ),
        slip(
            "`codes` and `states` are exchanged",
            fractions_with,
            split=lambda state, code: (code & ~state).sum() / max(code.sum(), 1),
            merged=lambda state, code: (~code & state).sum() / max((~code).sum(), 1),
        ),
        slip(
            "The first number is the fraction with the same code. Split pairs have different ones",
            fractions_with,
            split=lambda state, code: (state & code).sum() / state.sum(),
        ),
        slip(
            "The second number is the fraction with different codes. Merged pairs have the same one",
            fractions_with,
            merged=lambda state, code: (~state & ~code).sum() / (~state).sum(),
        ),
        slip(
            "The first number is divided by all pairs. Divide by the pairs of one state",
            fractions_with,
            split=lambda state, code: (state & ~code).mean(),
        ),
        slip(
            "The second number is divided by all pairs. Divide by the pairs of different states",
            fractions_with,
            merged=lambda state, code: (~state & code).mean(),
        ),
        *(
            slip("Each image is paired with itself as well. Take pairs of two images", fractions_with, pairs=pairs)
            for pairs in (everything, np.triu_indices)
        ),
        slip(
            "The first number is divided by the pairs with different codes. Of which pairs is it a fraction?",
            fractions_with,
            split=lambda state, code: (state & ~code).sum() / max((~code).sum(), 1),
        ),
        slip(
            "The second number is divided by the pairs with one code. Of which pairs is it a fraction?",
            fractions_with,
            merged=lambda state, code: (~state & code).sum() / max(code.sum(), 1),
        ),
        slip(
            "The first number counts pairs. It should be a fraction",
            fractions_with,
            split=lambda state, code: float((state & ~code).sum()),
        ),
        slip(
            "The second number counts pairs. It should be a fraction",
            fractions_with,
            merged=lambda state, code: float((~state & code).sum()),
        ),
        Mistake(
            "Each state weighs the same in the first number. Count pairs: a state with many images has many", by_state
        ),
        Mistake(
            "The numbers are fractions of the states that have several codes, and of the codes that have several states. "
            "They should be fractions of pairs of images",
            of_groups,
        ),
        Mistake(
            "Large codes that differ by 1 are taken as the same. Compare whole numbers with ==, not as float32 and not with isclose",
            lambda codes, states: split_and_merged(codes.astype(np.float32), states),
        ),
        slip(
            "Only neighbours in time are compared. Take all pairs",
            fractions_with,
            pairs=lambda n: (np.arange(n - 1), np.arange(1, n)),
            split=lambda state, code: (state & ~code).sum() / max(state.sum(), 1),
            merged=lambda state, code: (~state & code).sum() / max((~state).sum(), 1),
        ),
    ),
    also_right=(pair_by_pair, with_matrices, from_group_sizes, fractions_with()),
    hints=(
        "How many pairs are there among n images? Which of them belong to the first number, whatever their codes are?",
        "np.triu_indices(n, k=1) gives each pair once. Two boolean arrays over the pairs are enough.",
        "i, j = np.triu_indices(len(codes), k=1); same_state = states[i] == states[j]; same_code = codes[i] == codes[j].",
    ),
)
