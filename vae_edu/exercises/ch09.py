"""Exercises of notebook 09: the KL term."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def rate_and_distortion(x, mean, variance, mu, logvar):
    """Rate and distortion of each example in nats, a tuple of two arrays (batch,), for a decoder N(mean, variance I) and an
    encoder N(mu, diag(exp(logvar))). x, mean: (batch, data); variance: one number; mu, logvar: (batch, latent)."""
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    distortion = 0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance).sum(axis=1)
    return rate, distortion


def away_from_zero(rng: np.random.Generator, *shape):
    return rng.choice([-1, 1], shape) * rng.uniform(0.7, 2, shape)


def draw_model(rng: np.random.Generator):
    for batch, data, latent in ((4, 7, 3), (3, 9, 5), (5, 6, 2)):
        x, mean = rng.uniform(0, 1, (2, batch, data))
        variance = float(rng.choice([rng.uniform(0.05, 0.3), rng.uniform(2, 4)]))
        yield x, mean, variance, away_from_zero(rng, batch, latent), away_from_zero(rng, batch, latent)


def rate_of(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def distortion_of(x, mean, variance):
    return 0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance).sum(axis=1)


def with_rate(other):
    """A wrong answer whose distortion is right, and whose rate is ``other(mu, logvar)``."""
    return lambda x, mean, variance, mu, logvar: (other(mu, logvar), distortion_of(x, mean, variance))


def with_distortion(other):
    """A wrong answer whose rate is right, and whose distortion is ``other(x, mean, variance)``."""
    return lambda x, mean, variance, mu, logvar: (rate_of(mu, logvar), other(x, mean, variance))


def layer_sizes(n, kernel, stride, padding):
    """The side of what a convolution makes of an image of side n, and of what a transposed convolution makes of an image of
    the same side n: two whole numbers."""
    return (n + 2 * padding - kernel) // stride + 1, (n - 1) * stride - 2 * padding + kernel


def draw_layers(rng: np.random.Generator):
    # without and with a remainder; never kernel − 2·padding = stride, where a transposed convolution is n·stride
    for kernel, stride, padding, remainder in ((5, 2, 2, 0), (4, 3, 1, 1), (3, 2, 1, 1), (7, 4, 1, 3)):
        yield (
            int(rng.integers(4, 12)) * stride + kernel - 2 * padding + remainder,
            kernel,
            stride,
            padding,
        )


def with_conv(other):
    """A wrong answer whose transposed convolution is right."""
    return lambda n, k, s, p: (other(n, k, s, p), (n - 1) * s - 2 * p + k)


def with_transposed(other):
    """A wrong answer whose convolution is right."""
    return lambda n, k, s, p: ((n + 2 * p - k) // s + 1, other(n, k, s, p))


def beta_interval(rate, distortion, rates, distortions):
    """The smallest and the largest beta, a tuple of two numbers, at which a model with this rate and distortion (two numbers)
    has no larger distortion + beta·rate than any of the others, whose rates and distortions are arrays (models,). Some of
    their rates are larger, some smaller; none is equal."""
    slopes = (distortions - distortion) / (rate - rates)
    return slopes[rates > rate].max(), slopes[rates < rate].min()


def draw_curves(rng: np.random.Generator):
    for models in (7, 9, 8):
        eigenvalues = np.exp(rng.uniform(-3, 3, 12))
        eigenvalues[0] = np.exp(3)  # so no rate is 0, and no two are equal
        levels = np.geomspace(0.05, 8, models) * rng.uniform(0.8, 1.25, models)
        rates = 0.5 * np.log(np.maximum(eigenvalues / levels[:, None], 1)).sum(axis=1)
        distortions = 5 * np.minimum(eigenvalues, levels[:, None]).sum(axis=1) - 20
        own = models // 2
        for neighbour in (own - 1, own + 1):  # badly trained
            distortions[neighbour] += rng.uniform(5, 8)
        # one is worse in both: its line has a negative steepness, of a size that would be the largest of all
        distortions[0] = distortions[own] + rng.uniform(15, 30) * levels[own] * (rates[0] - rates[own])
        others = rng.permutation(np.delete(np.arange(models), own))
        yield float(rates[own]), float(distortions[own]), rates[others], distortions[others]


def steepness(rate, distortion, rates, distortions):
    """Of the lines from each other model to this one, and whether that model has the larger rate."""
    return (distortions - distortion) / (rate - rates), rates > rate


def split_by_distortion(rate, distortion, rates, distortions):
    slopes, _ = steepness(rate, distortion, rates, distortions)
    return slopes[distortions < distortion].max(), slopes[distortions > distortion].min()


def without_signs(rate, distortion, rates, distortions):
    slopes, above = steepness(rate, distortion, rates, distortions)
    return np.abs(slopes[above]).max(), np.abs(slopes[~above]).min()


def at_the_neighbours(rate, distortion, rates, distortions):
    slopes, above = steepness(rate, distortion, rates, distortions)
    return slopes[above][rates[above].argmin()], slopes[~above][rates[~above].argmax()]


def dimension_rates(mu, logvar):
    """What each latent dimension adds to the rate, in nats: KL(q(z_j|x) || N(0, 1)), mean over the batch, shape (latent,)."""
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).mean(axis=0)


def draw_encodings(rng: np.random.Generator):
    for batch, latent in ((6, 3), (4, 5), (9, 2)):
        mu = away_from_zero(rng, batch, latent) + rng.normal(size=latent)
        yield mu, away_from_zero(rng, batch, latent)


def per_entry(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)


def aggregate_log_density(z, mu, logvar):
    """log q(z) at S places z (S, latent), where q(z) is the mean of the N densities N(z; mu_i, diag(exp(logvar_i))), with mu
    and logvar (N, latent): shape (S,). It stays finite where every single density underflows."""
    squares = (z[:, None] - mu) ** 2 / np.exp(logvar)
    log_each = -0.5 * (np.log(2 * np.pi) + logvar + squares).sum(axis=2)
    largest = log_each.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(log_each - largest).mean(axis=1))


def draw_mixtures(rng: np.random.Generator):
    for places, n, latent in ((5, 7, 3), (4, 6, 2), (6, 3, 4)):
        mu, logvar = rng.normal(0, 2, (n, latent)), away_from_zero(rng, n, latent)
        # the widest two, nearly equal: far out both count
        logvar[:2] = rng.uniform(2.2, 2.4, latent)
        mu[1] = mu[0] + rng.uniform(-0.01, 0.01, latent)
        z = rng.normal(0, 2, (places, latent))
        z[0] += 150 * away_from_zero(rng, latent)  # so far out that all densities are 0 in floating point
        yield z, mu, logvar


def single_logs(z, mu, logvar):
    """log N(z_j; mu_ij, exp(logvar_ij)) of every entry: (S, N, latent)."""
    return -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar))


def log_sum_exp(values, axis):
    largest = values.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(values - largest).sum(axis=axis))


def mixture(log_each):
    return log_sum_exp(log_each, 1) - math.log(log_each.shape[1])


def underflowing(z, mu, logvar):
    with np.errstate(divide="ignore"):
        return np.log(np.exp(single_logs(z, mu, logvar).sum(axis=2)).mean(axis=1))


def largest_where_it_underflows(z, mu, logvar):
    log_each = single_logs(z, mu, logvar).sum(axis=2)
    mean = np.exp(log_each).mean(axis=1)
    return np.where(mean > 0, np.log(np.maximum(mean, 1e-300)), log_each.max(axis=1) - math.log(len(mu)))


def product_underflowing(z, mu, logvar):
    with np.errstate(divide="ignore"):
        return np.log(np.exp(single_logs(z, mu, logvar)).mean(axis=1)).sum(axis=1)


def one_gaussian(z, mu, logvar):
    variance = np.exp(logvar).mean(axis=0) + mu.var(axis=0)
    return -0.5 * (np.log(2 * np.pi * variance) + (z - mu.mean(axis=0)) ** 2 / variance).sum(axis=1)


EXERCISES = (
    Exercise(
        id="9.1",
        title="Rate and distortion from arrays",
        minutes=8,
        difficulty=1,
        answer=rate_and_distortion,
        cases=draw_model,
        mistakes=(
            Mistake(
                "the two are exchanged: the rate comes first",
                lambda x, mean, variance, mu, logvar: (distortion_of(x, mean, variance), rate_of(mu, logvar)),
            ),
            Mistake(
                "the distortion is the mean over the pixels: log p(x|z) is a sum, and its mean is what a huge β does",
                with_distortion(lambda x, m, v: distortion_of(x, m, v) / x.shape[1]),
            ),
            Mistake(
                "the rate is the mean over the latent dimensions: the KL is their sum",
                with_rate(lambda mu, logvar: rate_of(mu, logvar) / mu.shape[1]),
            ),
            Mistake(
                "both are means over the entries: the distortion is a sum over pixels, the rate a sum over latent dimensions",
                lambda x, mean, v, mu, logvar: (
                    rate_of(mu, logvar) / mu.shape[1],
                    distortion_of(x, mean, v) / x.shape[1],
                ),
            ),
            Mistake(
                "the mean over the batch is taken already: return one number for each example",
                lambda x, mean, v, mu, logvar: (rate_of(mu, logvar).mean(), distortion_of(x, mean, v).mean()),
            ),
            Mistake(
                "the sum over the batch is taken already: return one number for each example",
                lambda x, mean, v, mu, logvar: (rate_of(mu, logvar).sum(), distortion_of(x, mean, v).sum()),
            ),
            Mistake(
                "the distortion is the squared error alone: 1/(2σ_x²) and the constants are missing",
                with_distortion(lambda x, m, v: ((x - m) ** 2).sum(axis=1)),
            ),
            Mistake(
                "the distortion lacks its constants: half the number of pixels times log(2πσ_x²) belongs to it",
                with_distortion(lambda x, m, v: ((x - m) ** 2).sum(axis=1) / (2 * v)),
            ),
            Mistake(
                "the distortion lacks log σ_x²: the constant is half the number of pixels times log(2πσ_x²)",
                with_distortion(lambda x, m, v: 0.5 * (np.log(2 * np.pi) + (x - m) ** 2 / v).sum(axis=1)),
            ),
            Mistake(
                "the distortion lacks log 2π: the constant is half the number of pixels times log(2πσ_x²)",
                with_distortion(lambda x, m, v: 0.5 * (np.log(v) + (x - m) ** 2 / v).sum(axis=1)),
            ),
            Mistake(
                "the constant ½ log(2πσ_x²) is counted once: each pixel has one",
                with_distortion(lambda x, m, v: 0.5 * np.log(2 * np.pi * v) + 0.5 * ((x - m) ** 2).sum(axis=1) / v),
            ),
            Mistake(
                "the squared error is not divided by σ_x²",
                with_distortion(lambda x, m, v: 0.5 * (np.log(2 * np.pi * v) + (x - m) ** 2).sum(axis=1)),
            ),
            Mistake(
                "the 1/2 before the squared error is missing from the distortion",
                with_distortion(lambda x, m, v: (0.5 * np.log(2 * np.pi * v) + (x - m) ** 2 / v).sum(axis=1)),
            ),
            Mistake(
                "σ_x² is squared again: `variance` is σ_x² already",
                with_distortion(lambda x, m, v: distortion_of(x, m, v**2)),
            ),
            Mistake(
                "`variance` is taken for the logarithm of the variance: it is σ_x² itself",
                with_distortion(lambda x, m, v: distortion_of(x, m, np.exp(v))),
            ),
            Mistake(
                "this is log p(x|z): the distortion is its negative",
                with_distortion(lambda x, m, v: -distortion_of(x, m, v)),
            ),
            Mistake("the rate has the wrong sign: a KL is never negative", with_rate(lambda m, lv: -rate_of(m, lv))),
            Mistake("the rate is twice too large: its 1/2 is missing", with_rate(lambda m, lv: 2 * rate_of(m, lv))),
            Mistake(
                "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
                with_rate(lambda m, lv: rate_of(m, 2 * lv)),
            ),
            Mistake(
                "exp(logvar / 2) is the standard deviation: the KL holds the variance exp(logvar)",
                with_rate(lambda m, lv: 0.5 * (m**2 + np.exp(lv / 2) - 1 - lv).sum(axis=1)),
            ),
            Mistake(
                "the −1 is missing from the rate: at q = prior it has to be 0",
                with_rate(lambda m, lv: 0.5 * (m**2 + np.exp(lv) - lv).sum(axis=1)),
            ),
            Mistake(
                "mu is not squared in the rate",
                with_rate(lambda m, lv: 0.5 * (m + np.exp(lv) - 1 - lv).sum(axis=1)),
            ),
        ),
        hints=(
            "Both are sums over the entries of one example: axis 1. The batch is left as it is.",
            "rate = 1/2 Σ_j (mu_j² + exp(logvar_j) − 1 − logvar_j); distortion = −log N(x; mean, variance I), with its constants.",
            "distortion = 0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance).sum(axis=1)",
        ),
    ),
    Exercise(
        id="9.2",
        title="The sizes of convolutions",
        minutes=6,
        difficulty=1,
        answer=layer_sizes,
        cases=draw_layers,
        mistakes=(
            Mistake(
                "the two are exchanged: first the convolution, then the transposed one",
                lambda n, k, s, p: layer_sizes(n, k, s, p)[::-1],
            ),
            Mistake("the convolution's + 1 is missing", with_conv(lambda n, k, s, p: (n + 2 * p - k) // s)),
            Mistake(
                "the padding stands on both sides of the image: 2·padding in the convolution",
                with_conv(lambda n, k, s, p: (n + p - k) // s + 1),
            ),
            Mistake("the padding is left out of the convolution", with_conv(lambda n, k, s, p: (n - k) // s + 1)),
            Mistake(
                "the convolution's division is not rounded down: a last position that does not fit is left out",
                with_conv(lambda n, k, s, p: (n + 2 * p - k) / s + 1),
            ),
            Mistake(
                "the convolution's division is rounded up: a last position that does not fit is left out, so round down",
                with_conv(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
            ),
            Mistake("this is n/stride, which holds for some layers only", with_conv(lambda n, k, s, p: n // s)),
            Mistake("the stride is left out of the convolution", with_conv(lambda n, k, s, p: n + 2 * p - k + 1)),
            Mistake(
                "this is n·stride for the transposed convolution, which holds where kernel − 2·padding = stride only",
                with_transposed(lambda n, k, s, p: n * s),
            ),
            Mistake(
                "n·stride in the transposed convolution: between n pixels are n − 1 steps",
                with_transposed(lambda n, k, s, p: n * s - 2 * p + k),
            ),
            Mistake(
                "in a transposed convolution padding takes pixels off: subtract 2·padding",
                with_transposed(lambda n, k, s, p: (n - 1) * s + 2 * p + k),
            ),
            Mistake(
                "a transposed convolution takes padding off on both sides: 2·padding",
                with_transposed(lambda n, k, s, p: (n - 1) * s - p + k),
            ),
            Mistake(
                "this is the transposed convolution of what the convolution made: it too is asked for an image of side n",
                with_transposed(lambda n, k, s, p: (layer_sizes(n, k, s, p)[0] - 1) * s - 2 * p + k),
            ),
            Mistake(
                "the padding is left out of the transposed convolution",
                with_transposed(lambda n, k, s, p: (n - 1) * s + k),
            ),
            Mistake(
                "the padding is on one side only, in both: it stands on both sides",
                lambda n, k, s, p: ((n + p - k) // s + 1, (n - 1) * s - p + k),
            ),
            Mistake(
                "the transposed convolution lacks the kernel: the last pixel is spread over kernel places",
                with_transposed(lambda n, k, s, p: (n - 1) * s - 2 * p),
            ),
        ),
        hints=(
            "Count the positions of the kernel: the first lies at the left end of the padded image; how many steps fit?",
            "The kernel can move n + 2·padding − kernel further, in steps of stride, rounded down; add the first position.",
            "Transposed: n pixels, n − 1 steps of stride apart, each spread over kernel places: (n − 1)·stride + kernel, less 2·padding.",
        ),
    ),
    Exercise(
        id="9.3",
        title="The hidden β of a trained model",
        minutes=12,
        difficulty=3,
        answer=beta_interval,
        cases=draw_curves,
        mistakes=(
            Mistake(
                "both are negative: the slope of the curve is −β, so β is minus the slope",
                lambda r, d, rs, ds: tuple(-end for end in beta_interval(r, d, rs, ds)),
            ),
            Mistake(
                "the slope is upside down: β is a change of distortion over a change of rate",
                lambda r, d, rs, ds: tuple(1 / end for end in beta_interval(r, d, rs, ds)),
            ),
            Mistake(
                "the two ends are exchanged: first the smallest β",
                lambda r, d, rs, ds: beta_interval(r, d, rs, ds)[::-1],
            ),
            Mistake(
                "each other model gives a bound, and all have to hold: take the largest of the lower and the smallest of the upper bounds",
                lambda r, d, rs, ds: (
                    steepness(r, d, rs, ds)[0][rs > r].min(),
                    steepness(r, d, rs, ds)[0][rs < r].max(),
                ),
            ),
            Mistake(
                "this takes absolute values: a model that is worse in both rate and distortion gives a negative bound, which says nothing",
                without_signs,
            ),
            Mistake(
                "the others are split by their distortion: the sign of the rates' difference turns the inequality round",
                split_by_distortion,
            ),
            Mistake(
                "this looks at the two neighbours in rate only: a badly trained neighbour gives a loose bound",
                at_the_neighbours,
            ),
            Mistake(
                "the models are not sorted: this takes the first one on either side",
                lambda r, d, rs, ds: (
                    steepness(r, d, rs, ds)[0][rs > r][0],
                    steepness(r, d, rs, ds)[0][rs < r][0],
                ),
            ),
            Mistake(
                "the sides are mixed up: a model with a larger rate wins when β is small, so it bounds β from below",
                lambda r, d, rs, ds: (
                    steepness(r, d, rs, ds)[0][rs < r].max(),
                    steepness(r, d, rs, ds)[0][rs > r].min(),
                ),
            ),
            Mistake(
                "this divides the sums, not the differences, of distortion and rate",
                lambda r, d, rs, ds: (
                    ((ds + d) / (rs + r))[rs > r].max(),
                    ((ds + d) / (rs + r))[rs < r].min(),
                ),
            ),
            Mistake(
                "this is one number twice, in the middle: the other models leave an interval",
                lambda r, d, rs, ds: (float(np.sqrt(np.prod(beta_interval(r, d, rs, ds)))),) * 2,
            ),
            Mistake(
                "this is one number twice, in the middle: the other models leave an interval",
                lambda r, d, rs, ds: (float(np.mean(beta_interval(r, d, rs, ds))),) * 2,
            ),
        ),
        hints=(
            "Write down what “no larger than model i” means: distortion + β·rate ≤ distortions[i] + β·rates[i]. Solve for β.",
            "Dividing by rate − rates[i] turns the inequality round where that is negative: one side gives upper, the other lower bounds.",
            "slopes = (distortions - distortion) / (rate - rates); the largest of slopes[rates > rate], and the smallest of the others.",
        ),
    ),
    Exercise(
        id="9.4",
        title="The rate, dimension by dimension",
        minutes=6,
        difficulty=1,
        answer=dimension_rates,
        cases=draw_encodings,
        mistakes=(
            Mistake(
                "this is the rate of each example: take the mean over the batch, and keep the dimensions apart",
                lambda mu, logvar: per_entry(mu, logvar).sum(axis=1),
            ),
            Mistake(
                "the mean is over the latent dimensions: take it over the batch, axis 0",
                lambda mu, logvar: per_entry(mu, logvar).mean(axis=1),
            ),
            Mistake(
                "the sum over the batch where its mean belongs",
                lambda mu, logvar: per_entry(mu, logvar).sum(axis=0),
            ),
            Mistake("the mean over the batch is missing", lambda mu, logvar: per_entry(mu, logvar)),
            Mistake(
                "this is one number, the whole rate: keep the dimensions apart",
                lambda mu, logvar: per_entry(mu, logvar).sum(axis=1).mean(),
            ),
            Mistake(
                "this is one number, the mean over everything: keep the dimensions apart",
                lambda mu, logvar: per_entry(mu, logvar).mean(),
            ),
            Mistake(
                "also divided by the number of latent dimensions: the sum over them has to be the rate",
                lambda mu, logvar: dimension_rates(mu, logvar) / mu.shape[1],
            ),
            Mistake(
                "averaged before the formula: this is the KL of the average mu and logvar, not the average KL",
                lambda mu, logvar: per_entry(mu.mean(axis=0), logvar.mean(axis=0)),
            ),
            Mistake(
                "this is the KL of a Gaussian with the moments of all codes together, which says nothing about single examples",
                lambda mu, logvar: per_entry(mu.mean(axis=0), np.log(np.exp(logvar).mean(axis=0) + mu.var(axis=0))),
            ),
            Mistake(
                "this is the variance of the posterior means (which says which units are active): the question is the KL",
                lambda mu, logvar: mu.var(axis=0),
            ),
            Mistake("the 1/2 is missing", lambda mu, logvar: 2 * dimension_rates(mu, logvar)),
            Mistake(
                "the sign is wrong: a KL is never negative",
                lambda mu, logvar: -dimension_rates(mu, logvar),
            ),
            Mistake(
                "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
                lambda mu, logvar: dimension_rates(mu, 2 * logvar),
            ),
            Mistake(
                "exp(logvar / 2) is the standard deviation: the KL holds the variance exp(logvar)",
                lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar / 2) - 1 - logvar).mean(axis=0),
            ),
            Mistake("these are bits: divide by nothing", lambda mu, logvar: dimension_rates(mu, logvar) / np.log(2)),
            Mistake(
                "the −1 is missing: at q = prior the KL has to be 0",
                lambda mu, logvar: dimension_rates(mu, logvar) + 0.5,
            ),
            Mistake(
                "the means are left out: mu² belongs to the KL",
                lambda mu, logvar: dimension_rates(0 * mu, logvar),
            ),
        ),
        hints=(
            "The KL of a diagonal Gaussian is a sum over dimensions. Leave that sum out.",
            "1/2 (mu² + exp(logvar) − 1 − logvar) has the shape (batch, latent). Which axis is the batch?",
            "0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).mean(axis=0); its sum is the mean rate.",
        ),
    ),
    Exercise(
        id="9.5",
        title="The density of the aggregate posterior",
        minutes=10,
        difficulty=2,
        answer=aggregate_log_density,
        cases=draw_mixtures,
        mistakes=(
            Mistake(
                "log-sum-exp in each dimension has modes where coordinates of different codes cross: sum over the dimensions first",
                lambda z, mu, logvar: mixture(single_logs(z, mu, logvar)).sum(axis=1),
            ),
            Mistake(
                "the mixture is taken for each dimension, then the product; and it underflows. Sum the logs over the dimensions first",
                product_underflowing,
            ),
            Mistake(
                "it underflows: far from all codes every density is 0 in floating point. Take the largest logarithm out first",
                underflowing,
            ),
            Mistake(
                "where the sum underflows this takes the largest term alone: others may be nearly as large, so take it out of the sum",
                largest_where_it_underflows,
            ),
            Mistake(
                "−log N is missing: q(z) is the mean of the densities, not their sum",
                lambda z, mu, logvar: log_sum_exp(single_logs(z, mu, logvar).sum(axis=2), 1),
            ),
            Mistake(
                "log N is added: the mean is the sum divided by N, so its logarithm is smaller by log N",
                lambda z, mu, logvar: log_sum_exp(single_logs(z, mu, logvar).sum(axis=2), 1) + math.log(len(mu)),
            ),
            Mistake(
                "this is the mean of the logarithms: it has to be the logarithm of the mean",
                lambda z, mu, logvar: single_logs(z, mu, logvar).sum(axis=2).mean(axis=1),
            ),
            Mistake(
                "this is the largest density alone: all codes count",
                lambda z, mu, logvar: single_logs(z, mu, logvar).sum(axis=2).max(axis=1),
            ),
            Mistake(
                "this is one Gaussian with the moments of the mixture: a mean of Gaussian densities is not Gaussian",
                one_gaussian,
            ),
            Mistake(
                "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
                lambda z, mu, logvar: mixture(single_logs(z, mu, 2 * logvar).sum(axis=2)),
            ),
            Mistake(
                "the squares are divided by σ where σ² = exp(logvar) belongs",
                lambda z, mu, logvar: mixture(
                    -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar / 2)).sum(axis=2)
                ),
            ),
            Mistake(
                "log 2π is missing: each dimension of a Gaussian density has ½ log 2π",
                lambda z, mu, logvar: mixture((single_logs(z, mu, logvar) + 0.5 * np.log(2 * np.pi)).sum(axis=2)),
            ),
            Mistake(
                "logvar is missing from the normaliser: narrow densities are higher",
                lambda z, mu, logvar: mixture((single_logs(z, mu, logvar) + 0.5 * logvar).sum(axis=2)),
            ),
            Mistake(
                "mean over the latent dimensions where their sum belongs",
                lambda z, mu, logvar: mixture(single_logs(z, mu, logvar).mean(axis=2)),
            ),
            Mistake(
                "the sign is wrong: this is −log q(z)", lambda z, mu, logvar: -aggregate_log_density(z, mu, logvar)
            ),
            Mistake(
                "this is log p(z) of the prior: the mixture has one component for each row of mu",
                lambda z, mu, logvar: -0.5 * (np.log(2 * np.pi) + z**2).sum(axis=1),
            ),
        ),
        hints=(
            "For each place z and each code i: log N(z; mu_i, …), a sum over dimensions. That gives an array (S, N).",
            "Over i, take the logarithm of the mean of the exponentials, with the largest value taken out first (exercise 3.2).",
            "log_each.max(axis=1) + np.log(np.exp(log_each - largest).mean(axis=1)), with keepdims=True for the largest inside.",
        ),
    ),
)
