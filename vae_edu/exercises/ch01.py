"""Exercises of notebook 01: autoencoders."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only


def tilted_data(rng: np.random.Generator, n: int, data: int) -> np.ndarray:
    """Data far from the origin, whose variance falls from direction to direction; the directions are not the axes."""
    spread = 3.0 * 0.6 ** np.arange(data)
    basis, _ = np.linalg.qr(rng.normal(size=(data, data)))
    return rng.normal(size=(n, data)) * spread @ basis + rng.uniform(3, 6, data)


def pca_directions(x, k):
    """The k directions of largest variance of x (n, data), as orthonormal rows (k, data), largest first."""
    centred = x - x.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return directions[:k]


def draw_data_and_size(rng: np.random.Generator):
    for n, data, k in ((40, 6, 2), (25, 5, 3), (60, 7, 1)):
        yield tilted_data(rng, n, data), k


def up_to_sign(directions, *_arguments):
    """Rows with their largest entry made positive: a direction is free in sign."""
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1, keepdims=True), axis=1)
    return directions * np.sign(largest)


def explained_variance(x, k):
    """The share of the total variance of x (n, data) that lies along its k principal directions."""
    singular = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return (singular[:k] ** 2).sum() / (singular**2).sum()


def singular_values(x, centre=True):
    return np.linalg.svd(x - x.mean(axis=0) if centre else x, compute_uv=False)


def principal_angles(a, b):
    """The angles in degrees, smallest first, between the column spaces of a and b, both (data, k)."""
    q_a, _ = np.linalg.qr(a)
    q_b, _ = np.linalg.qr(b)
    cosines = np.linalg.svd(q_a.T @ q_b, compute_uv=False)
    return np.degrees(np.arccos(np.clip(cosines, -1, 1)))


def draw_bases(rng: np.random.Generator):
    for data, k in ((6, 2), (9, 3), (12, 4)):
        yield rng.normal(size=(data, k)), rng.normal(size=(data, k)) * rng.uniform(0.5, 3, k)


def angles_by_direction(a, b):
    """The angle between the first columns, the second columns, and so on."""
    cosines = (a * b).sum(axis=0) / np.linalg.norm(a, axis=0) / np.linalg.norm(b, axis=0)
    return np.sort(np.degrees(np.arccos(cosines)))


def angles_from(cosines):
    with np.errstate(invalid="ignore"):
        return np.degrees(np.arccos(cosines))


def angles_without_qr(a, b):
    """Columns scaled to length one, but not made orthogonal."""
    a, b = a / np.linalg.norm(a, axis=0), b / np.linalg.norm(b, axis=0)
    return np.degrees(np.arccos(np.clip(np.linalg.svd(a.T @ b, compute_uv=False), -1, 1)))


def mask_pixels(x, share, rng):
    """Set each entry of x (n, data) to 0 with probability share, independently, and scale the rest so that the mean is kept."""
    kept = rng.random(x.shape) >= share
    return x * kept / (1 - share)


def draw_images_and_share(rng: np.random.Generator):
    for n, data, share in ((4, 6, 0.25), (3, 8, 0.7)):
        yield rng.uniform(0.2, 1, (n, data)), share, np.random.default_rng(rng.integers(2**32))


def many_masks(function, rng):
    """The same images masked at 2,000 calls, divided by what they were: (calls, rows, columns)."""
    x = rng.uniform(0.5, 1.0, (4, 5))
    return np.stack([np.asarray(function(x, 0.3, rng)) for _ in range(2_000)]) / x


def share_of_zeros(function, rng):
    return (many_masks(function, rng) == 0).mean()


def kept_mean(function, rng):
    return many_masks(function, rng).mean()


def masked_together(function, rng):
    """How often two neighbouring rows, columns and calls both lose an entry."""
    zero = many_masks(function, rng) == 0
    pairs = (zero[:, :-1] & zero[:, 1:], zero[:, :, :-1] & zero[:, :, 1:], zero[:-1] & zero[1:])
    return [both.mean() for both in pairs]


def repeated(function, rng):
    """1 if two generators with the same seed lead to the same output, else 0."""
    x, seed = rng.uniform(0.5, 1.0, (6, 7)), int(rng.integers(2**32))
    first, second = (np.asarray(function(x, 0.3, np.random.default_rng(seed))) for _ in range(2))
    return float(np.array_equal(first, second))


def smallest_adequate_size(sizes, errors, margin):
    """The smallest of the latent sizes whose test error is at most (1 + margin) times the lowest test error."""
    adequate = errors <= (1 + margin) * errors.min()
    return sizes[adequate].min()


def draw_curve(rng: np.random.Generator):
    sizes = np.array([64, 32, 1, 2, 4, 8, 16])
    for lowest, order in (
        (rng.uniform(5, 20), [0, 1, 2, 3, 4, 5, 6]),
        (rng.uniform(0.35, 0.45), [1, 4, 6, 5, 0, 2, 3]),
    ):
        times_lowest = np.array(
            [1.05, 1.0, 4.0, 3.0, 2.0, 1.18, rng.uniform(1.06, 1.09)]
        )  # the largest overfits a little
        yield sizes[order], (lowest * times_lowest)[order], 0.1
    # Exact in binary: 10 lies on the limit of 8 and a quarter, 10.5 above it; the two smallest differ by less than 0.25 %.
    yield np.array([2, 4, 8, 32, 16, 64]), np.array([30.0, 10.5, 10.0, 8.015625, 9.0, 8.0]), 0.25


EXERCISES = (
    Exercise(
        id="1.1",
        title="PCA by singular value decomposition",
        minutes=10,
        difficulty=2,
        answer=pca_directions,
        cases=draw_data_and_size,
        view=up_to_sign,
        mistakes=(
            Mistake(
                "the data are not centred: the first direction points at the mean",
                lambda x, k: np.linalg.svd(x, full_matrices=False)[2][:k],
            ),
            Mistake(
                "these are the directions of smallest variance: the singular values come largest first",
                lambda x, k: np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][-k:],
            ),
            Mistake(
                "the right directions in the wrong order: the largest variance comes first",
                lambda x, k: pca_directions(x, k)[::-1],
            ),
            Mistake(
                "the mean of all entries is subtracted: each column has a mean of its own, x.mean(axis=0)",
                lambda x, k: np.linalg.svd(x - x.mean(), full_matrices=False)[2][:k],
            ),
            Mistake(
                "each column is divided by its standard deviation: that is PCA of other data",
                lambda x, k: np.linalg.svd((x - x.mean(axis=0)) / x.std(axis=0), full_matrices=False)[2][:k],
            ),
            Mistake(
                "rows of the eigenvectors' matrix: np.linalg.eigh returns them as columns, smallest eigenvalue first",
                lambda x, k: np.linalg.eigh(np.cov(x.T))[1][:k],
            ),
            Mistake(
                "rows of the eigenvectors' matrix: np.linalg.eigh returns them as columns, smallest eigenvalue first",
                lambda x, k: np.linalg.eigh(np.cov(x.T))[1][::-1][:k],
            ),
            Mistake(
                "the smallest eigenvalues come first in np.linalg.eigh: these are the directions of smallest variance",
                lambda x, k: np.linalg.eigh(np.cov(x.T))[1][:, :k].T,
            ),
            Mistake(
                "transposed: one direction is one row, so the shape is (k, data)",
                lambda x, k: np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:k].T,
            ),
            Mistake(
                "this is U, which belongs to the examples; the directions are the rows of Vᵀ, the third array",
                lambda x, k: np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[0][:, :k].T,
            ),
            Mistake(
                "columns of Vᵀ where its rows belong",
                lambda x, k: np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:, :k].T,
            ),
            Mistake(
                "the directions are scaled by the singular values: each should have length 1",
                lambda x, k: singular_values(x)[:k, None] * pca_directions(x, k),
            ),
            Mistake(
                "each image is centred by its own mean: the mean to subtract is the mean image, over the rows (axis=0)",
                lambda x, k: np.linalg.svd(x - x.mean(axis=1, keepdims=True), full_matrices=False)[2][:k],
            ),
        ),
        hints=(
            "PCA looks at how the data vary around their mean. Which mean, over which axis?",
            "np.linalg.svd(centred, full_matrices=False) returns U, the singular values and Vᵀ. Which of them has rows of length `data`?",
            "Subtract x.mean(axis=0), take the third array that np.linalg.svd returns, and keep its first k rows.",
        ),
    ),
    Exercise(
        id="1.2",
        title="Explained variance",
        minutes=5,
        difficulty=1,
        answer=explained_variance,
        cases=draw_data_and_size,
        mistakes=(
            Mistake(
                "the singular values are not squared: a variance is a squared length",
                lambda x, k: singular_values(x)[:k].sum() / singular_values(x).sum(),
            ),
            Mistake(
                "the data are not centred: the mean counts as variance",
                lambda x, k: (singular_values(x, False)[:k] ** 2).sum() / (singular_values(x, False) ** 2).sum(),
            ),
            Mistake(
                "this is the share that is lost, one minus the share explained",
                lambda x, k: (singular_values(x)[k:] ** 2).sum() / (singular_values(x) ** 2).sum(),
            ),
            Mistake(
                "the share of the k-th direction alone: add those of all directions up to k",
                lambda x, k: singular_values(x)[k - 1] ** 2 / (singular_values(x) ** 2).sum(),
            ),
            Mistake(
                "one direction too many: Python counts from 0, so cumsum[k] holds k + 1 of them",
                lambda x, k: (singular_values(x)[: k + 1] ** 2).sum() / (singular_values(x) ** 2).sum(),
            ),
            Mistake(
                "the smallest k: np.linalg.eigvalsh returns the smallest eigenvalue first",
                lambda x, k: (singular_values(x)[-k:] ** 2).sum() / (singular_values(x) ** 2).sum(),
            ),
            Mistake("in per cent: a share lies between 0 and 1", lambda x, k: 100 * explained_variance(x, k)),
            Mistake(
                "one share per direction: add the first k up to one number",
                lambda x, k: singular_values(x)[:k] ** 2 / (singular_values(x) ** 2).sum(),
            ),
            Mistake(
                "a variance, not a share: divide by the total variance",
                lambda x, k: (singular_values(x)[:k] ** 2).sum() / len(x),
            ),
            Mistake(
                "a variance, not a share: divide by the total variance",
                lambda x, k: (singular_values(x)[:k] ** 2).sum() / (len(x) - 1),
            ),
        ),
        hints=(
            "The variance along a principal direction is its singular value squared, divided by n. Does the n matter for a share?",
            "Centre x, take the singular values s, and compare the sum of the first k squares with the sum of all squares.",
            "np.linalg.svd(..., compute_uv=False) returns the singular values alone, largest first.",
        ),
    ),
    Exercise(
        id="1.3",
        title="Angles between two subspaces",
        minutes=10,
        difficulty=2,
        answer=principal_angles,
        cases=draw_bases,
        mistakes=(
            Mistake(
                "these are radians: np.degrees turns them into degrees", lambda a, b: np.radians(principal_angles(a, b))
            ),
            Mistake(
                "these are the cosines; the angles are their arccos",
                lambda a, b: np.cos(np.radians(principal_angles(a, b))),
            ),
            Mistake(
                "the largest angle comes first: sort them, smallest first", lambda a, b: principal_angles(a, b)[::-1]
            ),
            Mistake("only the largest angle: return all k of them", lambda a, b: principal_angles(a, b)[-1]),
            Mistake(
                "angles between the columns one by one: a subspace has no first column, any basis of it is as good",
                angles_by_direction,
            ),
            Mistake(
                "arcsin where arccos belongs: these are 90° minus the angles", lambda a, b: 90 - principal_angles(a, b)
            ),
            Mistake(
                "arcsin where arccos belongs: these are 90° minus the angles",
                lambda a, b: 90 - principal_angles(a, b)[::-1],
            ),
            Mistake(
                "a and b are used as they are: their columns are not orthonormal, take Q from np.linalg.qr first",
                lambda a, b: angles_from(np.linalg.svd(a.T @ b, compute_uv=False)),
            ),
            Mistake(
                "a and b are used as they are: their columns are not orthonormal, take Q from np.linalg.qr first",
                lambda a, b: angles_from(np.clip(np.linalg.svd(a.T @ b, compute_uv=False), -1, 1)),
            ),
            Mistake(
                "the columns have length one but are not orthogonal: np.linalg.qr makes them so", angles_without_qr
            ),
        ),
        hints=(
            "The columns of a and b are just one basis of each space. Which basis has inner products that are cosines?",
            "With orthonormal bases Q_a and Q_b (np.linalg.qr), the singular values of Q_aᵀ Q_b are the cosines of the angles.",
            "np.degrees(np.arccos(cosines)); clip the cosines to [-1, 1] first, since rounding can carry them over 1.",
        ),
    ),
    Exercise(
        id="1.4",
        title="A corruption that keeps the mean",
        minutes=8,
        difficulty=2,
        answer=mask_pixels,
        cases=draw_images_and_share,
        view=shape_only,
        properties=(
            Property("entries are set to 0 in the given share of cases", share_of_zeros, tolerance=0.03, expected=0.3),
            Property("the mean of an entry is kept, as a multiple of it", kept_mean, tolerance=0.03, expected=1.0),
            Property(
                "two rows, two columns and two calls are masked together as often as chance has it",
                masked_together,
                tolerance=0.03,
                expected=[0.09, 0.09, 0.09],
            ),
            Property("the same rng gives the same mask", repeated, tolerance=0.0, expected=1.0),
        ),
        mistakes=(
            Mistake(
                "the mean is not kept: what is left has to be divided by 1 − share",
                lambda x, share, rng: x * (rng.random(x.shape) >= share),
            ),
            Mistake(
                "share is the probability of being set to 0, not of being kept",
                lambda x, share, rng: x * (rng.random(x.shape) < share) / share,
            ),
            Mistake(
                "share is the probability of being set to 0, not of being kept",
                lambda x, share, rng: x * (rng.random(x.shape) < share) / (1 - share),
            ),
            Mistake(
                "divided by share where 1 − share belongs: the mean is not kept",
                lambda x, share, rng: x * (rng.random(x.shape) >= share) / share,
            ),
            Mistake(
                "one mask for all images: the same pixels are lost in every row",
                lambda x, share, rng: x * (rng.random(x.shape[1]) >= share) / (1 - share),
            ),
            Mistake(
                "one draw for each image: a whole row is lost or kept",
                lambda x, share, rng: x * (rng.random((len(x), 1)) >= share) / (1 - share),
            ),
            Mistake(
                "the same mask at every call: draw from the rng that you are given, do not seed a new one",
                lambda x, share, rng: x * (np.random.default_rng(0).random(x.shape) >= share) / (1 - share),
            ),
        ),
        hints=(
            "If an entry is kept with probability 1 − share, what is the expected value of x · mask? What has to be done to get x back?",
            "rng.random(x.shape) gives one uniform number per entry. Below share: set to 0.",
            "Multiply x by the mask and divide by (1 − share).",
        ),
    ),
    Exercise(
        id="1.5",
        title="Choosing the latent size",
        minutes=6,
        difficulty=1,
        answer=smallest_adequate_size,
        cases=draw_curve,
        mistakes=(
            Mistake(
                "this is the size with the lowest error; asked for is the smallest one that is nearly as good",
                lambda sizes, errors, margin: sizes[errors.argmin()],
            ),
            Mistake(
                "the largest adequate size where the smallest is asked for",
                lambda sizes, errors, margin: sizes[errors <= (1 + margin) * errors.min()].max(),
            ),
            Mistake(
                "the first adequate size in the list: the sizes do not come in order",
                lambda sizes, errors, margin: sizes[np.argmax(errors <= (1 + margin) * errors.min())],
            ),
            Mistake(
                "strictly below the limit: a size exactly at it is adequate, too",
                lambda sizes, errors, margin: sizes[errors < (1 + margin) * errors.min()].min(),
            ),
            Mistake(
                "the margin is above the lowest error, not below each error: compare with (1 + margin) times the lowest",
                lambda sizes, errors, margin: sizes[errors * (1 - margin) <= errors.min()].min(),
            ),
            Mistake(
                "the margin is a share, not per cent: 0.1 means 10 %",
                lambda sizes, errors, margin: sizes[errors <= (1 + margin / 100) * errors.min()].min(),
            ),
            Mistake(
                "the margin is relative: at most (1 + margin) times the lowest error",
                lambda sizes, errors, margin: sizes[errors <= errors.min() + margin].min(),
            ),
            Mistake(
                "this is the position in the list, not the size",
                lambda sizes, errors, margin: np.flatnonzero(sizes == smallest_adequate_size(sizes, errors, margin))[0],
            ),
        ),
        hints=(
            "Which error is the reference? And which sizes come close enough to it?",
            "errors <= (1 + margin) * errors.min() is a mask of the adequate sizes.",
            "Take the minimum of sizes[mask].",
        ),
    ),
)
