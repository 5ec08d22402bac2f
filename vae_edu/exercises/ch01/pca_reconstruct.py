"""Exercise 1.1: PCA as an encoder and a decoder."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def pca_reconstruct(train, x, k):
    """What PCA with k directions makes of the rows of x (m, data): an array (m, data). The mean and the directions come from
    the rows of train (n, data)."""
    mean = train.mean(axis=0)
    directions = np.linalg.svd(train - mean, full_matrices=False)[2][:k]  # (k, data)
    codes = (x - mean) @ directions.T  # (m, k)
    return mean + codes @ directions


def draw_cases(rng: np.random.Generator):
    """Several directions; one example alone; no direction at all; as many directions as numbers; values far outside of [0, 1]."""
    for n, m, data, k in ((30, 7, 6, 2), (25, 1, 5, 3), (20, 4, 5, 0), (24, 5, 4, 4), (40, 6, 8, 5)):
        mixing = rng.normal(size=(data, data)) * np.geomspace(3, 0.4, data)[:, None]
        mean = rng.uniform(1, 4, data) * rng.choice([-1, 1], data)
        train = rng.normal(size=(n, data)) @ mixing + mean
        yield train, rng.normal(size=(m, data)) @ mixing + mean + rng.uniform(0.5, 1.5, data), k


def rows_of_vt(a):
    return np.linalg.svd(a, full_matrices=False)[2]


def with_directions(choose):
    """Right but for the directions: ``choose`` gets the centred training data and k, and returns rows."""

    def wrong(train, x, k):
        mean = train.mean(axis=0)
        v = choose(train - mean, k)
        return mean + (x - mean) @ v.T @ v

    return wrong


def with_means(subtracted, added):
    """Right directions; ``subtracted`` and ``added`` get train and x, and return what takes the place of the mean."""

    def wrong(train, x, k):
        v = rows_of_vt(train - train.mean(axis=0))[:k]
        return added(train, x) + (x - subtracted(train, x)) @ v.T @ v

    return wrong


def with_center(center):
    """Another mean everywhere: ``center`` gets train and returns it."""

    def wrong(train, x, k):
        mean = center(train)
        v = rows_of_vt(train - mean)[:k]
        return mean + (x - mean) @ v.T @ v

    return wrong


def with_codes(change):
    """Right but for the codes: ``change`` gets them, the singular values and the number of training examples."""

    def wrong(train, x, k):
        mean = train.mean(axis=0)
        _, s, v = np.linalg.svd(train - mean, full_matrices=False)
        return mean + change((x - mean) @ v[:k].T, s[:k], len(train)) @ v[:k]

    return wrong


def train_mean(train, x):
    return train.mean(axis=0)


def nothing(train, x):
    return np.zeros(train.shape[1])


def mean_of_x(train, x):
    return x.mean(axis=0)


def codes_alone(train, x, k):
    mean = train.mean(axis=0)
    return (x - mean) @ rows_of_vt(train - mean)[:k].T


def standardised(train, x, k):
    mean, std = train.mean(axis=0), train.std(axis=0)
    v = rows_of_vt((train - mean) / std)[:k]
    return mean + std * ((x - mean) / std @ v.T @ v)


def divided_by_std(train, x, k):
    mean, std = train.mean(axis=0), train.std(axis=0)
    v = rows_of_vt((train - mean) / std)[:k]
    return mean + (x - mean) @ v.T @ v


def uncentred(train, x, k):
    v = rows_of_vt(train)[:k]
    return x @ v.T @ v


def uncentred_directions(train, x, k):
    v, mean = rows_of_vt(train)[:k], train.mean(axis=0)
    return mean + (x - mean) @ v.T @ v


def learned_from_x(train, x, k):
    return pca_reconstruct(x, x, k)


def directions_from_x(train, x, k):
    mean, v = train.mean(axis=0), rows_of_vt(x - x.mean(axis=0))[:k]
    return mean + (x - mean) @ v.T @ v


def left_vectors(a, k):
    u = np.linalg.svd(a, full_matrices=False)[0]
    return u[: a.shape[1], :k].T


EXERCISE = Exercise(
    id="1.1",
    title="PCA as an encoder and a decoder",
    minutes=10,
    difficulty=2,
    answer=pca_reconstruct,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "nothing is centred: subtract the mean of train before the SVD and before encoding, and add it again in the decoder",
            uncentred,
        ),
        Mistake("the SVD is of train as it is: its first direction then points at the mean", uncentred_directions),
        Mistake(
            "the decoder does not add the mean: these are reconstructions of x − mean",
            with_means(train_mean, nothing),
        ),
        Mistake("x is encoded without subtracting the mean", with_means(nothing, train_mean)),
        Mistake(
            "the directions are right, but x is encoded and decoded without the mean",
            with_means(nothing, nothing),
        ),
        Mistake(
            "the mean of x is used: everything is learned from train, and x is only encoded and decoded",
            with_means(mean_of_x, mean_of_x),
        ),
        Mistake("x is centred with its own mean: subtract the mean of train", with_means(mean_of_x, train_mean)),
        Mistake("the mean of x is added in the decoder: add the mean of train", with_means(train_mean, mean_of_x)),
        Mistake("mean and directions come from x: both have to be learned from train", learned_from_x),
        Mistake("the directions come from x: they have to be learned from train", directions_from_x),
        Mistake(
            "the mean is taken over all entries at once: each column has a mean of its own",
            with_center(lambda train: train.mean()),
        ),
        Mistake(
            "each row is centred by its own mean: the mean to subtract is over the rows, one for each column",
            lambda train, x, k: (
                x.mean(axis=1, keepdims=True)
                + with_directions(lambda a, k: rows_of_vt(a - a.mean(axis=1, keepdims=True))[:k])(
                    train - train.mean(axis=0), x - x.mean(axis=1, keepdims=True), k
                )
            ),
        ),
        Mistake("these are the codes, (m, k): decode them as well, back to (m, data)", codes_alone),
        Mistake(
            "these are reconstructions of train: reconstruct the rows of x",
            lambda train, x, k: pca_reconstruct(train, train, k),
        ),
        Mistake(
            "this is x minus its reconstruction: return the reconstruction",
            lambda train, x, k: x - pca_reconstruct(train, x, k),
        ),
        Mistake(
            "these are the k directions of smallest variance: the largest comes first",
            with_directions(lambda a, k: rows_of_vt(a)[a.shape[1] - k :]),
        ),
        Mistake(
            "these are the k directions of smallest variance: the largest comes first",
            with_directions(lambda a, k: rows_of_vt(a)[-k:]),  # all of them for k = 0
        ),
        Mistake(
            "k = 0 keeps no direction at all, and the reconstruction is the mean",
            with_directions(lambda a, k: rows_of_vt(a)[: max(k, 1)]),
        ),
        Mistake(
            "where k is 0, the last k of something are all of it: a[:, -0:] is a. Turn the order first, and take the first k",
            with_directions(lambda a, k: np.linalg.eigh(a.T @ a)[1][:, -k:].T),
        ),
        Mistake(
            "np.linalg.eigh returns its eigenvectors in columns, smallest eigenvalue first: these are rows of that matrix",
            with_directions(lambda a, k: np.linalg.eigh(a.T @ a)[1][:k]),
        ),
        Mistake(
            "one direction too many: k = 0 keeps none of them",
            with_directions(lambda a, k: rows_of_vt(a)[: k + 1]),
        ),
        Mistake(
            "one direction too few: rows[:k] holds the first k",
            with_directions(lambda a, k: rows_of_vt(a)[: max(k - 1, 0)]),
        ),
        Mistake(
            "the first direction is left out: Python counts from 0",
            with_directions(lambda a, k: rows_of_vt(a)[1 : k + 1]),
        ),
        Mistake(
            "only the k-th direction is used: all from the first to the k-th belong to the code",
            with_directions(lambda a, k: rows_of_vt(a)[max(k - 1, 0) : k]),
        ),
        Mistake(
            "columns of the third array are used: the directions are its rows",
            with_directions(lambda a, k: rows_of_vt(a)[:, :k].T),
        ),
        Mistake(
            "this uses the first array of the SVD, which belongs to the examples: the directions are the rows of the third",
            with_directions(left_vectors),
        ),
        Mistake(
            "every direction is kept, whatever k is: the reconstruction is x itself",
            lambda train, x, k: x + 0.0,
        ),
        Mistake(
            "the codes are divided by the singular values: a code is just how far x lies along a direction of length 1",
            with_codes(lambda codes, s, n: codes / s),
        ),
        Mistake(
            "the codes are multiplied by the singular values: a code is just how far x lies along a direction of length 1",
            with_codes(lambda codes, s, n: codes * s),
        ),
        Mistake(
            "the codes are divided by their standard deviations (whitening): the decoder has to undo it",
            with_codes(lambda codes, s, n: codes / (s / np.sqrt(n))),
        ),
        Mistake(
            "each column is divided by its standard deviation: that is PCA of other data",
            standardised,
        ),
        Mistake(
            "each column is divided by its standard deviation before the SVD: that is PCA of other data",
            divided_by_std,
        ),
        Mistake(
            "the reconstruction is cut off at 0 and 1: PCA does not do that, and x may lie anywhere",
            lambda train, x, k: np.clip(pca_reconstruct(train, x, k), 0, 1),
        ),
    ),
    hints=(
        "Look at the picture. What does the encoder measure, from which point on? And where does the decoder start to walk?",
        "A code is an inner product: of x minus the mean with a direction of length 1. The decoder adds up code times direction.",
        "mean = train.mean(axis=0), and directions = np.linalg.svd(train - mean, full_matrices=False)[2][:k], one in each row.",
    ),
)
