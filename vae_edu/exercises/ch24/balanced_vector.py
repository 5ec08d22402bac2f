"""Exercise 24.2: a balanced attribute vector."""

from itertools import product

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def balanced_vector(codes, target, others):
    """The balanced vector of an attribute, shape (latent,), and the fraction of rows that it is made of. codes (n,
    latent); target (n,): which
    rows have the attribute; others (n, k): their other attributes."""
    cells = others @ (2 ** np.arange(others.shape[1]))  # a number for each combination of the other attributes
    total, used = np.zeros(codes.shape[1]), 0
    for cell in np.unique(cells):
        with_it, without = target & (cells == cell), ~target & (cells == cell)
        rows = with_it.sum() + without.sum()
        if with_it.any() and without.any():
            total += rows * (codes[with_it].mean(axis=0) - codes[without].mean(axis=0))
            used += rows
    return total / used, used / len(codes)


def plain(codes, target, others):
    return codes[target].mean(axis=0) - codes[~target].mean(axis=0), 1.0


def vector_with(
    *,
    cells=lambda others: others @ (2 ** np.arange(others.shape[1])),
    weight=lambda ones, zeros: ones + zeros,
    difference=lambda ones, zeros: ones.mean(axis=0) - zeros.mean(axis=0),
    keep=lambda ones, zeros: min(ones, zeros) > 0,
    divide=lambda total, weights, n: total / weights,
    fraction=lambda used, n, kept, cells: used / n,
):
    """The model answer, put together from its parts."""

    def vector(codes, target, others):
        number = cells(np.asarray(others, dtype=int))
        total, weights, used, kept = np.zeros(codes.shape[1]), 0.0, 0, 0
        found = np.unique(number)
        for cell in found:
            ones, zeros = codes[target & (number == cell)], codes[~target & (number == cell)]
            if keep(len(ones), len(zeros)):
                own = weight(len(ones), len(zeros))
                total, weights = total + own * difference(ones, zeros), weights + own
                used, kept = used + len(ones) + len(zeros), kept + 1
        with np.errstate(all="ignore"):
            return divide(total, weights, len(codes)), fraction(used, len(codes), kept, len(found))

    return vector


def mean_or_zero(rows):
    return rows.sum(axis=0) / max(len(rows), 1)


def one_at_a_time(codes, target, others):
    """Balanced for each other attribute alone, and then averaged."""
    if not others.shape[1]:
        return plain(codes, target, others)
    both = [vector_with()(codes, target, others[:, [j]]) for j in range(others.shape[1])]
    return tuple(np.mean([each[i] for each in both], axis=0) for i in range(2))


def by_regression(codes, target, others):
    labels = np.column_stack([np.ones(len(codes)), target, others]).astype(float)
    return np.linalg.lstsq(labels, codes, rcond=None)[0][1], 1.0


def by_weights(codes, target, others):
    combinations, weights = product((False, True), repeat=others.shape[1]), np.zeros(len(codes))
    for combination in combinations:
        own = (others == np.array(combination, dtype=bool)).all(axis=1)
        ones, zeros = own & target, own & ~target
        if ones.sum() and zeros.sum():
            weights[ones] += own.sum() / ones.sum()
            weights[zeros] -= own.sum() / zeros.sum()
    used = weights != 0
    return weights @ codes / used.sum(), used.mean()


def with_a_dictionary(codes, target, others):
    groups = {}
    for row, has, rest in zip(codes, target, others.tolist(), strict=True):
        groups.setdefault(tuple(rest), {True: [], False: []})[bool(has)].append(row)
    kept = [group for group in groups.values() if group[True] and group[False]]
    sizes = [len(group[True]) + len(group[False]) for group in kept]
    steps = [np.mean(group[True], axis=0) - np.mean(group[False], axis=0) for group in kept]
    return np.average(steps, axis=0, weights=sizes), sum(sizes) / len(codes)


def draw_cases(rng: np.random.Generator):
    for n, latent, k in ((40, 3, 1), (90, 4, 2), (25, 2, 0), (120, 3, 3)):
        target = rng.random(n) < 0.55
        others = np.where(
            rng.random((n, k)) < 0.75, target[:, None], rng.random((n, k)) < 0.3
        )  # correlated with the target
        codes = rng.normal(size=(n, latent)) + 1.5 * target[:, None] + others @ rng.normal(0, 2, (k, latent)) + 0.4
        if k:
            target[:2], others[:2] = (True, False), False  # a cell of both groups
            codes[0] += 3
        if k == 2:  # a cell without the attribute, and a cell of two rows
            own = others[:, 0] & ~others[:, 1]
            target[own] = False
            others[2], target[2] = (True, False), False
            others[3:5], target[3:5] = (False, True), (True, False)
        yield codes, target, others
    target = np.array([True, True, True, False, True, False, False])
    others = np.array([[True], [True], [True], [False], [False], [False], [False]])  # only one of two cells is left
    yield rng.normal(size=(7, 2)) + 1, target, others


EXERCISE = Exercise(
    id="24.2",
    title="A balanced attribute vector",
    minutes=20,
    difficulty=3,
    answer=balanced_vector,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "This is the difference of the means of all rows. The other attributes differ between the two groups as "
            "well: compare inside each cell",
            plain,
        ),
        slip(
            "The rows are divided by their first other attribute alone. A cell is a combination of all of them",
            vector_with,
            cells=lambda others: others[:, 0] if others.shape[1] else np.zeros(len(others), dtype=int),
        ),
        slip(
            "The cells are told apart by how many other attributes a row has, not by which",
            vector_with,
            cells=lambda others: others.sum(axis=1),
        ),
        Mistake(
            "The rows are balanced for one other attribute at a time. Cells are combinations of all other attributes",
            one_at_a_time,
        ),
        Mistake(
            "This is a linear regression of the codes on all labels. It uses every row, and assumes that effects add up: compare inside "
            "each cell",
            by_regression,
        ),
        slip("All cells count alike. Weight each by its number of rows", vector_with, weight=lambda ones, zeros: 1.0),
        slip(
            "A cell counts with its rows that have the attribute. Count all its rows",
            vector_with,
            weight=lambda ones, zeros: ones,
        ),
        slip(
            "A cell counts with its rows that lack the attribute. Count all its rows",
            vector_with,
            weight=lambda ones, zeros: zeros,
        ),
        slip(
            "A cell counts with n₁n₀/(n₁ + n₀), as in linear regression on the target and the cells. Here it counts "
            "with its number of rows",
            vector_with,
            weight=lambda ones, zeros: ones * zeros / (ones + zeros),
        ),
        slip(
            "A cell counts with the smaller of its two groups. Count all its rows",
            vector_with,
            weight=min,
        ),
        slip(
            "The sum is divided by all rows, also by those of cells that are left out",
            vector_with,
            divide=lambda total, weights, n: total / n,
        ),
        slip(
            "The sum over the cells is not divided by the number of rows in it",
            vector_with,
            divide=lambda total, weights, n: total,
        ),
        slip(
            "The vector is scaled to length 1. Its length is what one step means: keep it",
            vector_with,
            divide=lambda total, weights, n: total / np.linalg.norm(total),
        ),
        slip(
            "The vector points the other way: subtract the codes without the attribute from those with it",
            vector_with,
            difference=lambda ones, zeros: zeros.mean(axis=0) - ones.mean(axis=0),
        ),
        slip(
            "Sums are compared in place of means: a larger group gets more weight",
            vector_with,
            difference=lambda ones, zeros: ones.sum(axis=0) - zeros.sum(axis=0),
        ),
        *(
            slip(
                "Where one group of a cell is empty, its mean is taken as 0. Leave such a cell out",
                vector_with,
                difference=lambda ones, zeros: mean_or_zero(ones) - mean_or_zero(zeros),
                keep=keep,
            )
            for keep in (lambda ones, zeros: True, lambda ones, zeros: ones > 0, lambda ones, zeros: zeros > 0)
        ),
        slip(
            "A cell with one row in one of its groups is left out. Only an empty group rules a cell out",
            vector_with,
            keep=lambda ones, zeros: min(ones, zeros) > 1,
        ),
        slip(
            "The second output is the number of rows. Divide it by that of all rows",
            vector_with,
            fraction=lambda used, n, kept, cells: used,
        ),
        slip(
            "The second output is the fraction of the cells. Count rows",
            vector_with,
            fraction=lambda used, n, kept, cells: kept / cells,
        ),
        slip(
            "The second output is the fraction that was left out",
            vector_with,
            fraction=lambda used, n, kept, cells: 1 - used / n,
        ),
        Mistake(
            "The second output is the fraction of the rows with the attribute. It counts the rows of the cells that remain",
            lambda codes, target, others: (balanced_vector(codes, target, others)[0], target.mean()),
        ),
        slip(
            "The second output is always 1. Rows of cells that are left out do not count",
            vector_with,
            fraction=lambda *_: 1.0,
        ),
    ),
    also_right=(by_weights, with_a_dictionary, vector_with()),
    hints=(
        "Take two images that agree in all other attributes, one with the attribute and one without. What does the "
        "difference of their codes hold?",
        "Number the combinations of the other attributes. For each of them, compare the two means, if both groups have rows.",
        "np.unique(others, axis=0, return_inverse=True) numbers the cells; with k = 0, all rows are in one. Add up "
        "rows × difference, and rows.",
    ),
)
