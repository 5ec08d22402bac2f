"""Exercise 5.3: is the noise behind the samples independent?"""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def noise_products(z, mu, logvar):
    """The mean product of the noise behind neighbouring entries of z: latents, rows, calls. Three numbers.

    z (calls, batch, latent) holds samples from N(mu, diag(exp(logvar))), with mu and logvar (batch, latent) the same in every call.
    """
    eps = (z - mu) / np.exp(logvar / 2)
    latents = (eps[:, :, 1:] * eps[:, :, :-1]).mean()
    rows = (eps[:, 1:] * eps[:, :-1]).mean()
    calls = (eps[1:] * eps[:-1]).mean()
    return latents, rows, calls


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
        while True:  # three products that rounding leaves alone, in single precision, too
            case = sample_with(rng, shape, shared, strength)
            if np.abs(noise_products(*case)).min() > 0.03:
                break
        yield case


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


def neighbours(eps, axis):
    """Products of neighbouring places along the axis: (pairs, …)."""
    eps = np.moveaxis(eps, axis, 0)
    return eps[1:] * eps[:-1]


def mean_products(eps):
    return tuple(neighbours(eps, axis).mean() for axis in AXES)


def from_noise(change):
    """Right but for the noise: ``change`` gets z, mu and logvar."""

    def wrong(z, mu, logvar):
        with np.errstate(all="ignore"):
            return mean_products(change(z, mu, logvar))

    return wrong


def from_axes(reduce):
    """Right noise: ``reduce`` gets the noise, with the axis of the pairs moved to the front, and returns a number."""
    return lambda z, mu, logvar: tuple(reduce(np.moveaxis(noise_of(z, mu, logvar), axis, 0)) for axis in AXES)


def all_pairs(eps):
    n = len(eps)
    return ((eps.sum(axis=0) ** 2 - (eps**2).sum(axis=0)) / (n * (n - 1))).mean()


def pearson(eps):
    """The correlation coefficient of all neighbouring entries."""
    return np.corrcoef(eps[1:].ravel(), eps[:-1].ravel())[0, 1]


def pearson_of_all_pairs(eps):
    """The mean correlation coefficient of two different places."""
    table = np.corrcoef(eps.reshape(len(eps), -1))
    return table[np.triu_indices(len(table), 1)].mean()


def covariance(eps):
    return np.cov(eps[1:].ravel(), eps[:-1].ravel(), bias=True)[0, 1]


NOT_AN_AVERAGE = "the products are added up: take their mean"

EXERCISE = Exercise(
    id="5.3",
    title="Are the samples independent?",
    minutes=6,
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
            "the mean over the calls is subtracted in place of mu: use the given mu",
            from_noise(lambda z, mu, logvar: (z - z.mean(axis=0)) / np.exp(logvar / 2)),
        ),
        Mistake(
            "the spread of the samples stands where the standard deviation belongs: use the given logvar",
            from_noise(lambda z, mu, logvar: (z - mu) / z.std(axis=0)),
        ),
        Mistake(
            "the mean of all noise is subtracted: subtract nothing but mu",
            from_noise(lambda z, mu, logvar: (e := noise_of(z, mu, logvar)) - e.mean()),
        ),
        Mistake(
            "the noise is squared first: multiply the entries as they are, with their signs",
            from_noise(lambda z, mu, logvar: noise_of(z, mu, logvar) ** 2),
        ),
        Mistake(
            "the mean product is divided by the mean square of the noise: return the mean product itself",
            lambda z, mu, logvar: tuple(
                np.array(noise_products(z, mu, logvar)) / (noise_of(z, mu, logvar) ** 2).mean()
            ),
        ),
        Mistake(
            "the first is paired with the last: pair each with the next",
            from_axes(lambda eps: (eps[0] * eps[-1]).mean()),
        ),
        Mistake(
            "each entry is paired with every other, not with its neighbour alone",
            from_axes(all_pairs),
        ),
        Mistake(
            "each entry is paired with every other and with itself: take neighbours alone",
            from_axes(lambda eps: (eps.mean(axis=0) ** 2).mean()),
        ),
        Mistake(
            "the last is paired with the first as well (np.roll): they are no neighbours",
            from_axes(lambda eps: (eps * np.roll(eps, 1, axis=0)).mean()),
        ),
        Mistake(
            "every place is paired with the first one: pair each with the next",
            from_axes(lambda eps: (eps[1:] * eps[:1]).mean()),
        ),
        Mistake(
            "only the first two places are paired: take all pairs of neighbours",
            from_axes(lambda eps: (eps[0] * eps[1]).mean()),
        ),
        Mistake(
            "each entry is used in one pair only (first with second, third with fourth): take all pairs of neighbours",
            from_axes(lambda eps: (eps[: len(eps) // 2 * 2 : 2] * eps[1::2]).mean()),
        ),
        Mistake(
            "these are correlation coefficients: the mean product of the noise is asked for, without subtracting its mean "
            "or dividing by its spread",
            from_axes(pearson),
        ),
        Mistake(
            "these are correlation coefficients of all pairs: the mean product of neighbours is asked for, without subtracting "
            "the mean of the noise or dividing by its spread",
            from_axes(pearson_of_all_pairs),
        ),
        Mistake(
            "the mean of the noise is subtracted (a covariance): multiply the noise as it is",
            from_axes(covariance),
        ),
        Mistake(
            "the size of the products is averaged, which is large for independent noise too: keep their sign",
            from_axes(lambda eps: np.abs(eps[1:] * eps[:-1]).mean()),
        ),
        Mistake(
            "the sign of the mean is dropped: a negative product is a finding, too",
            from_axes(lambda eps: abs((eps[1:] * eps[:-1]).mean())),
        ),
        Mistake(
            "this is the largest mean product of any two neighbours: take the mean over all of them",
            from_axes(lambda eps: (eps[1:] * eps[:-1]).mean(axis=(1, 2)).max()),
        ),
        Mistake(NOT_AN_AVERAGE, from_axes(lambda eps: (eps[1:] * eps[:-1]).sum())),
        Mistake(NOT_AN_AVERAGE, from_axes(lambda eps: (eps[1:] * eps[:-1]).sum(axis=0).mean())),
        Mistake(
            "the sum of the products is divided by n: there are n − 1 pairs of neighbours",
            from_axes(lambda eps: (eps[1:] * eps[:-1]).mean() * (len(eps) - 1) / len(eps)),
        ),
        Mistake(
            "this is the difference of neighbours: multiply them",
            from_axes(lambda eps: (eps[1:] - eps[:-1]).mean()),
        ),
        Mistake(
            "this is the mean squared difference of neighbours: multiply them",
            from_axes(lambda eps: ((eps[1:] - eps[:-1]) ** 2).mean()),
        ),
        Mistake(
            "the products are not averaged yet: return three numbers",
            lambda z, mu, logvar: tuple(neighbours(noise_of(z, mu, logvar), axis) for axis in AXES),
        ),
        Mistake(
            "this is the mean square of the noise, each entry times itself: multiply two different entries",
            from_axes(lambda eps: (eps**2).mean()),
        ),
        Mistake(
            "the order is latents, rows, calls; yours is the order of the axes: calls, rows, latents",
            lambda z, mu, logvar: mean_products(noise_of(z, mu, logvar))[::-1],
        ),
        Mistake(
            "the order is latents, rows, calls: the first two are exchanged",
            lambda z, mu, logvar: tuple(np.array(mean_products(noise_of(z, mu, logvar)))[[1, 0, 2]]),
        ),
    ),
    hints=(
        "What do you get if you undo mu and σ? Then: how do you line up an array with itself, shifted by one place?",
        "Along an axis, all entries but the first and all entries but the last have the same shape, and are neighbours.",
        "eps = (z - mu) / np.exp(logvar / 2), with axes calls, rows, latents. For latents: eps[:, :, 1:] and eps[:, :, :-1].",
    ),
)
