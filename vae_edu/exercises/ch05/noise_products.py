"""Exercise 5.3: is the noise behind the samples independent?"""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def noise_products(z, mu, logvar):
    """The mean product of the noise behind two samples: of two latents, of two rows, of two calls. Three numbers.

    z (calls, batch, latent) holds samples from N(mu, diag(exp(logvar))), with mu and logvar (batch, latent) the same in every call.
    """
    eps = (z - mu) / np.exp(logvar / 2)

    def mean_product(axis):
        n = eps.shape[axis]
        all_pairs = eps.sum(axis) ** 2 - (eps**2).sum(axis)  # each pair counts twice
        return all_pairs.mean() / (n * (n - 1))

    return mean_product(2), mean_product(1), mean_product(0)


def draw_cases(rng: np.random.Generator):
    """Independent noise; noise that is shared along one axis, in part, or mirrored; two of each; more rows than calls and fewer."""
    for shape, shared, strength in (
        ((6, 4, 3), None, 0.0),
        ((5, 7, 4), 2, 1.0),
        ((9, 5, 2), 1, 0.7),
        ((4, 3, 6), 0, 0.8),
        ((2, 2, 2), None, 0.0),
        ((7, 2, 3), 1, -1.0),  # two rows with opposite noise: a negative product
    ):
        yield sample_with(rng, shape, shared, strength)


def sample_with(rng: np.random.Generator, shape: tuple[int, int, int], shared: int | None, strength: float):
    eps = rng.normal(0.1, 1, shape)
    if shared is not None:
        first = np.take(eps, [0], axis=shared)
        eps = strength * first + np.sqrt(1 - strength**2) * eps
        eps = np.concatenate([first, np.delete(eps, 0, axis=shared)], axis=shared)
    mu = rng.uniform(0.5, 3, shape[1:]) * rng.choice([-1, 1], shape[1:])
    logvar = rng.uniform(0.5, 1.8, shape[1:]) * rng.choice([-1, 1], shape[1:])
    return mu + np.exp(logvar / 2) * eps, mu, logvar


AXES = (2, 1, 0)  # latents, rows, calls


def noise_of(z, mu, logvar):
    return (z - mu) / np.exp(logvar / 2)


def pairs_of(eps, axis):
    """Products of all ordered pairs of different places along the axis: (pairs, …)."""
    eps = np.moveaxis(eps, axis, 0)
    return np.stack([a * b for i, a in enumerate(eps) for j, b in enumerate(eps) if i != j])


def mean_products(eps):
    return tuple(pairs_of(eps, axis).mean() for axis in AXES)


def from_noise(change):
    """Right but for the noise: ``change`` gets z, mu and logvar."""

    def wrong(z, mu, logvar):
        with np.errstate(all="ignore"):
            return mean_products(change(z, mu, logvar))

    return wrong


def from_pairs(reduce):
    """Right noise: ``reduce`` gets the noise and the axis, and returns a number."""
    return lambda z, mu, logvar: tuple(reduce(noise_of(z, mu, logvar), axis) for axis in AXES)


def pearson(eps, axis):
    """The mean correlation coefficient of two places along the axis."""
    rows = np.moveaxis(eps, axis, 0).reshape(eps.shape[axis], -1)
    correlations = np.corrcoef(rows)
    return correlations[~np.eye(len(rows), dtype=bool)].mean()


def covariance(eps, axis):
    rows = np.moveaxis(eps, axis, 0).reshape(eps.shape[axis], -1)
    return np.cov(rows, bias=True)[~np.eye(len(rows), dtype=bool)].mean()


def neighbours(eps, axis):
    eps = np.moveaxis(eps, axis, 0)
    return (eps[1:] * eps[:-1]).mean()


def rounded(eps, axis):
    eps = np.moveaxis(eps, axis, 0)
    return (eps * np.roll(eps, 1, axis=0)).mean()


def first_and_others(eps, axis):
    eps = np.moveaxis(eps, axis, 0)
    return (eps[1:] * eps[:1]).mean()


def first_two(eps, axis):
    eps = np.moveaxis(eps, axis, 0)
    return (eps[0] * eps[1]).mean()


NOT_AN_AVERAGE = "the products are added up over the pairs: take their mean over all pairs and all other places"

EXERCISE = Exercise(
    id="5.3",
    title="Are the samples independent?",
    minutes=12,
    difficulty=2,
    answer=noise_products,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "exp(logvar) is the variance: the noise is (z − mu) over the standard deviation, exp(logvar / 2)",
            from_noise(lambda z, mu, logvar: (z - mu) / np.exp(logvar)),
        ),
        Mistake(
            "logvar is used as the standard deviation, which is exp(logvar / 2)",
            from_noise(lambda z, mu, logvar: (z - mu) / logvar),
        ),
        Mistake(
            "these are products of z − mu: divide by the standard deviation first, so that the noise is standard normal",
            from_noise(lambda z, mu, logvar: z - mu),
        ),
        Mistake(
            "(z − mu) is multiplied with the standard deviation: divide by it",
            from_noise(lambda z, mu, logvar: (z - mu) * np.exp(logvar / 2)),
        ),
        Mistake(
            "mu is not subtracted: the noise is (z − mu) over the standard deviation",
            from_noise(lambda z, mu, logvar: z / np.exp(logvar / 2)),
        ),
        Mistake(
            "these are products of the samples themselves: recover the noise first, (z − mu) over the standard deviation",
            from_noise(lambda z, mu, logvar: z),
        ),
        Mistake(
            "the noise is recovered from the samples' own mean and spread: use the given mu and logvar",
            from_noise(lambda z, mu, logvar: (z - z.mean(axis=0)) / z.std(axis=0)),
        ),
        Mistake(
            "each entry is paired with itself as well, which adds its square: pairs are of two *different* places",
            from_pairs(lambda eps, axis: (eps.mean(axis) ** 2).mean()),
        ),
        Mistake(
            "the squares are taken out, but the divisor still counts the pairs with itself: there are n (n − 1) ordered pairs",
            from_pairs(lambda eps, axis: ((eps.sum(axis) ** 2 - (eps**2).sum(axis)) / eps.shape[axis] ** 2).mean()),
        ),
        Mistake(
            "the products are twice the right ones: a sum over ordered pairs counts each pair twice",
            from_pairs(lambda eps, axis: 2 * pairs_of(eps, axis).mean()),
        ),
        Mistake(
            "the products are half the right ones: a pair counts once in the sum and once in the number of pairs",
            from_pairs(lambda eps, axis: pairs_of(eps, axis).mean() / 2),
        ),
        Mistake(
            "these are correlation coefficients: the mean product of the noise is asked for, without subtracting its mean "
            "or dividing by its spread",
            from_pairs(pearson),
        ),
        Mistake(
            "the mean of the noise is subtracted (a covariance): multiply the noise as it is",
            from_pairs(covariance),
        ),
        Mistake("only neighbours are paired: take all pairs", from_pairs(neighbours)),
        Mistake("only neighbours are paired: take all pairs", from_pairs(rounded)),
        Mistake("every place is paired with the first one only: take all pairs", from_pairs(first_and_others)),
        Mistake("only the first two places are paired: take all pairs", from_pairs(first_two)),
        Mistake(
            "the size of the products is averaged, which is large for independent noise too: keep their sign",
            from_pairs(lambda eps, axis: np.abs(pairs_of(eps, axis)).mean()),
        ),
        Mistake(
            "the sign of the mean is dropped: a negative product is a finding, too",
            from_pairs(lambda eps, axis: abs(pairs_of(eps, axis).mean())),
        ),
        Mistake(
            "this is the largest mean product of any pair: take the mean over all pairs",
            from_pairs(lambda eps, axis: np.abs(pairs_of(eps, axis).mean(axis=(1, 2))).max()),
        ),
        Mistake(NOT_AN_AVERAGE, from_pairs(lambda eps, axis: pairs_of(eps, axis).sum())),
        Mistake(NOT_AN_AVERAGE, from_pairs(lambda eps, axis: pairs_of(eps, axis).sum() / 2)),
        Mistake(NOT_AN_AVERAGE, from_pairs(lambda eps, axis: pairs_of(eps, axis).sum(axis=0).mean())),
        Mistake(NOT_AN_AVERAGE, from_pairs(lambda eps, axis: pairs_of(eps, axis).sum(axis=0).mean() / 2)),
        Mistake(
            "n is subtracted in place of the sum of the squares, which is n only on average",
            from_pairs(
                lambda eps, axis: (
                    ((eps.sum(axis) ** 2).mean() - eps.shape[axis]) / (eps.shape[axis] * (eps.shape[axis] - 1))
                )
            ),
        ),
        Mistake(
            "this is the mean square of the noise, each entry times itself: multiply two different entries",
            from_pairs(lambda eps, axis: (eps**2).mean()),
        ),
        Mistake(
            "the order is latents, rows, calls; yours is the order of the axes, calls, rows, latents",
            lambda z, mu, logvar: mean_products(noise_of(z, mu, logvar))[::-1],
        ),
        Mistake(
            "the order is latents, rows, calls: the first two are exchanged",
            lambda z, mu, logvar: tuple(np.array(mean_products(noise_of(z, mu, logvar)))[[1, 0, 2]]),
        ),
    ),
    hints=(
        "What do you get if you undo mu and σ? And how many pairs of different latents are there for k latents?",
        "(Σ_j ε_j)² = Σ_j ε_j² + the products of all ordered pairs, of which there are n (n − 1). Or loop over the pairs.",
        "eps = (z - mu) / np.exp(logvar / 2); its axes are calls, rows, latents.",
    ),
)
