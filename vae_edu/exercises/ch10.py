"""Exercises of notebook 10: posterior collapse."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def kl_in_three_parts(mu, logvar):
    """Spread, offset and width of each latent, a tuple of three arrays (latent,) in nats: the parts of the mean over the
    batch of KL(N(mu_j, exp(logvar_j)) || N(0, 1)). mu, logvar: (batch, latent); the variance over the data is divided
    by n, not by n − 1."""
    spread = 0.5 * mu.var(axis=0)
    offset = 0.5 * mu.mean(axis=0) ** 2
    width = 0.5 * (np.exp(logvar) - 1 - logvar).mean(axis=0)
    return spread, offset, width


def away_from_zero(rng: np.random.Generator, *shape):
    return rng.choice([-1, 1], shape) * rng.uniform(0.7, 2, shape)


def draw_encodings(rng: np.random.Generator):
    for batch, latent in ((6, 3), (4, 5), (7, 2)):
        offset = away_from_zero(rng, latent)
        yield offset + rng.normal(0, 1.3, (batch, latent)), away_from_zero(rng, batch, latent)


def parts_with(spread=None, offset=None, width=None):
    """A wrong answer: ``kl_in_three_parts`` with one of its parts computed otherwise."""

    def wrong(mu, logvar):
        right = kl_in_three_parts(mu, logvar)
        others = (spread and spread(mu), offset and offset(mu), width and width(logvar))
        return tuple(own if other is None else other for own, other in zip(right, others, strict=True))

    return wrong


def kl_from_the_prior(mu, logvar):
    precision = np.exp(-logvar)
    centred = mu - mu.mean(axis=0)
    width = 0.5 * (precision - 1 + logvar).mean(axis=0)
    return 0.5 * (centred**2 * precision).mean(axis=0), 0.5 * (mu.mean(axis=0) ** 2 * precision).mean(axis=0), width


def active_mask(mu, logvar, threshold):
    """Which latents are active, an array of True and False (latent,): those whose posterior mean has a variance over the
    data above threshold. mu, logvar: (batch, latent)."""
    return mu.var(axis=0) > threshold


def draw_units(rng: np.random.Generator):
    for batch, latent, threshold in (
        (40, 8, rng.uniform(0.02, 0.04)),
        (30, 11, rng.uniform(0.002, 0.004)),
        (60, 9, rng.uniform(0.02, 0.04)),
    ):
        # The first four are dead: one like the prior, one by its offset only, one narrow, one with widths that differ
        # between the images. Then two active ones, narrow and as wide as the prior.
        sizes = np.concatenate([[0.65, 1e-3, 0.45, 1e-3, 1.5, 30.0], rng.uniform(2, 40, latent - 6)]) * threshold
        means = rng.choice([-1, 1], latent) * rng.uniform(1, 2, latent)
        means[[0, 2, 3]] = 0
        logvar = np.log(rng.uniform(0.3, 0.8, latent))
        logvar[[0, 2, 4, 5]] = 0, math.log(0.35), math.log(threshold / 10), 0
        standard = rng.normal(size=(batch, latent))
        standard = (standard - standard.mean(axis=0)) / standard.std(axis=0)
        widths = np.full(latent, 0.02)
        widths[3] = 0.8
        mu, logvar = means + np.sqrt(sizes) * standard, logvar + widths * rng.normal(size=(batch, latent))
        order = rng.permutation(latent)
        yield mu[:, order], logvar[:, order], float(threshold)


def kl_of_each(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).mean(axis=0)


def information_estimate(z, mu, logvar):
    """The estimate of I(x; z) in nats, one number, from one draw z_i ~ N(mu_i, exp(logvar_i)) for each of N images; z, mu,
    logvar: (N, latent). The mixture is over all N, the own one among them."""
    log_q = -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar)).sum(axis=2)  # log q(z_i|x_l)
    largest = log_q.max(axis=1, keepdims=True)  # so that no sum of exponentials is 0
    log_mixture = largest[:, 0] + np.log(np.exp(log_q - largest).mean(axis=1))
    return (np.diag(log_q) - log_mixture).mean()


def draw_codes(rng: np.random.Generator):
    # in 900 dimensions every density is 0 in floating point
    for n, latent, size in ((6, 2, 1.2), (9, 3, 1.2), (5, 4, 1.2), (7, 900, 0.05)):
        mu, logvar = rng.normal(0, size, (n, latent)), rng.uniform(-1.5, 0.6, (n, latent))
        if latent == 900:  # widths near 1, the same for all images but for a little
            logvar = rng.uniform(0.1, 0.3) + 0.05 * rng.normal(size=(n, latent))
        yield mu + np.exp(logvar / 2) * rng.normal(size=(n, latent)), mu, logvar


def single_logs(z, mu, logvar):
    """log N(z_ij; mu_lj, exp(logvar_lj)) of every entry: (N, N, latent)."""
    return -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar))


def log_sum_exp(values, axis):
    largest = values.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(values - largest).sum(axis=axis))


def own_and_mixture(z, mu, logvar):
    """log q(z_i|x_i) and log of the mixture, each (N,)."""
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return np.diag(log_q), log_sum_exp(log_q, 1) - math.log(len(mu))


def estimate_from(combine):
    """A wrong answer: ``combine(own, mixture)`` in place of the mean of their differences."""
    return lambda z, mu, logvar: float(combine(*own_and_mixture(z, mu, logvar)))


def without_the_own(z, mu, logvar, divisor=None):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    own = np.diag(log_q).copy()
    np.fill_diagonal(log_q, -np.inf)
    return float((own - log_sum_exp(log_q, 1) + math.log(divisor or len(mu) - 1)).mean())


def dimension_by_dimension(z, mu, logvar):
    single = single_logs(z, mu, logvar)
    mixture = (log_sum_exp(single, 1) - math.log(len(mu))).sum(axis=1)
    return float((np.diag(single.sum(axis=2)) - mixture).mean())


def over_the_draws(z, mu, logvar):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return float((np.diag(log_q) - log_sum_exp(log_q, 0) + math.log(len(mu))).mean())


def against_the_prior(z, mu, logvar):
    own, _ = own_and_mixture(z, mu, logvar)
    return float((own + 0.5 * (np.log(2 * np.pi) + z**2).sum(axis=1)).mean())


def aggregate_against_the_prior(z, mu, logvar):
    _, mixture = own_and_mixture(z, mu, logvar)
    return float((mixture + 0.5 * (np.log(2 * np.pi) + z**2).sum(axis=1)).mean())


def against_one_gaussian(z, mu, logvar):
    own, _ = own_and_mixture(z, mu, logvar)
    variance = np.exp(logvar).mean(axis=0) + mu.var(axis=0)
    pooled = -0.5 * (np.log(2 * np.pi * variance) + (z - mu.mean(axis=0)) ** 2 / variance).sum(axis=1)
    return float((own - pooled).mean())


def mean_of_logs(z, mu, logvar):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return float((np.diag(log_q) - log_q.mean(axis=1)).mean())


def underflowing(z, mu, logvar, extra=0.0):
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.exp(single_logs(z, mu, logvar).sum(axis=2))
        return float((np.log(np.diag(density) + extra) - np.log(density.mean(axis=1) + extra)).mean())


def underflowing_in_the_mixture(z, mu, logvar, extra=1e-300):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return float((np.diag(log_q) - np.log(np.exp(log_q).mean(axis=1) + extra)).mean())


def latent_rates(eigenvalues, variance, latent):
    """The KL in nats of each latent of the optimal linear VAE with this many latents and decoder variance, largest first,
    shape (latent,); 0 where a latent has collapsed. eigenvalues: of the covariance of the data, (data,), in any order."""
    largest = np.sort(eigenvalues)[::-1][:latent]
    return 0.5 * np.log(np.maximum(largest / variance, 1))


def draw_spectra(rng: np.random.Generator):
    # the last with more directions above the noise than latents
    for data, latent, scale in ((12, 7, 1.0), (9, 5, 0.2), (10, 6, 4.0), (14, 3, 1.0)):
        above = 5 if latent == 3 else latent - 2
        variance = scale * float(rng.uniform(0.4, 0.7))
        high, low = rng.uniform(1.4, 9, above), rng.uniform(0.15, 0.8, data - above - 1)
        if above < latent:
            low[0] = 1.005  # above the noise, below the threshold of active units
        yield rng.permutation(variance * np.concatenate([high, low, [0.0]])), variance, latent


def sorted_spectrum(eigenvalues, latent):
    return np.sort(eigenvalues)[::-1][:latent]


EXERCISES = (
    Exercise(
        id="10.1",
        title="The KL of a latent, in three parts",
        minutes=8,
        difficulty=2,
        answer=kl_in_three_parts,
        cases=draw_encodings,
        mistakes=(
            Mistake(
                "spread and offset are exchanged: first what differs between images",
                lambda mu, logvar: tuple(kl_in_three_parts(mu, logvar)[part] for part in (1, 0, 2)),
            ),
            Mistake(
                "the width comes first here: the order is spread, offset, width",
                lambda mu, logvar: tuple(kl_in_three_parts(mu, logvar)[part] for part in (2, 0, 1)),
            ),
            Mistake(
                "offset and width are exchanged: the order is spread, offset, width",
                lambda mu, logvar: tuple(kl_in_three_parts(mu, logvar)[part] for part in (0, 2, 1)),
            ),
            Mistake(
                "this is the KL the other way round, from the prior to q: divided by the variances",
                kl_from_the_prior,
            ),
            Mistake(
                "the width is that of the KL from the prior to q: it is ½(exp(logvar) − 1 − logvar)",
                parts_with(width=lambda logvar: 0.5 * (np.exp(-logvar) - 1 + logvar).mean(axis=0)),
            ),
            Mistake(
                "the spread is the mean of mu², which holds the offset too: the offset is counted twice",
                parts_with(spread=lambda mu: 0.5 * (mu**2).mean(axis=0)),
            ),
            Mistake(
                "the spread is divided by n − 1: the mean of mu² is variance + mean² with n",
                parts_with(spread=lambda mu: 0.5 * mu.var(axis=0, ddof=1)),
            ),
            Mistake(
                "the spread is a standard deviation: it is half the variance",
                parts_with(spread=lambda mu: 0.5 * mu.std(axis=0)),
            ),
            Mistake(
                "the 1/2 is missing from the spread",
                parts_with(spread=lambda mu: mu.var(axis=0)),
            ),
            Mistake(
                "the 1/2 is missing from the offset",
                parts_with(offset=lambda mu: mu.mean(axis=0) ** 2),
            ),
            Mistake(
                "the offset is the mean of the squares: it is the square of the mean",
                parts_with(offset=lambda mu: 0.5 * (mu**2).mean(axis=0)),
            ),
            Mistake(
                "the mean is not squared in the offset",
                parts_with(offset=lambda mu: 0.5 * mu.mean(axis=0)),
            ),
            Mistake(
                "the 1/2 is missing from all three parts",
                lambda mu, logvar: tuple(2 * part for part in kl_in_three_parts(mu, logvar)),
            ),
            Mistake(
                "the 1/2 is missing from the width",
                parts_with(width=lambda logvar: (np.exp(logvar) - 1 - logvar).mean(axis=0)),
            ),
            Mistake(
                "the −1 is missing from the width: at variance 1 it has to be 0",
                parts_with(width=lambda logvar: 0.5 * (np.exp(logvar) - logvar).mean(axis=0)),
            ),
            Mistake(
                "the sign of the width is wrong: no part of the KL is negative",
                parts_with(width=lambda logvar: -0.5 * (np.exp(logvar) - 1 - logvar).mean(axis=0)),
            ),
            Mistake(
                "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
                parts_with(width=lambda logvar: 0.5 * (np.exp(2 * logvar) - 1 - 2 * logvar).mean(axis=0)),
            ),
            Mistake(
                "exp(logvar / 2) is the standard deviation: the width holds the variance exp(logvar)",
                parts_with(width=lambda logvar: 0.5 * (np.exp(logvar / 2) - 1 - logvar).mean(axis=0)),
            ),
            Mistake(
                "the width is that of the mean logvar: take the mean over the batch last",
                parts_with(width=lambda logvar: 0.5 * (np.exp(logvar.mean(axis=0)) - 1 - logvar.mean(axis=0))),
            ),
            Mistake(
                "the width is summed over the batch: it is the mean",
                parts_with(width=lambda logvar: 0.5 * (np.exp(logvar) - 1 - logvar).sum(axis=0)),
            ),
            Mistake(
                "the parts are taken over the latents of each image: take them over the batch, axis 0",
                lambda mu, logvar: kl_in_three_parts(mu.T, logvar.T),
            ),
            Mistake(
                "the latents are summed already: return one value for each of them",
                lambda mu, logvar: tuple(part.sum() for part in kl_in_three_parts(mu, logvar)),
            ),
            Mistake(
                "the latents are averaged already: return one value for each of them",
                lambda mu, logvar: tuple(part.mean() for part in kl_in_three_parts(mu, logvar)),
            ),
        ),
        hints=(
            "The KL of one image is ½(mu² + exp(logvar) − 1 − logvar). Only the first term is split.",
            "The mean of mu² over the batch is its variance plus the square of its mean, with the variance divided by n.",
            "spread = 0.5 * mu.var(axis=0); offset = 0.5 * mu.mean(axis=0) ** 2; the width is the mean of the other terms.",
        ),
    ),
    Exercise(
        id="10.2",
        title="Active units",
        minutes=6,
        difficulty=1,
        answer=active_mask,
        cases=draw_units,
        mistakes=(
            Mistake(
                "this is the variance of draws of z, the variance of the means plus the mean of the variances: dead units have it too",
                lambda mu, logvar, t: mu.var(axis=0) + np.exp(logvar).mean(axis=0) > t,
            ),
            Mistake(
                "this counts: return True or False for each latent",
                lambda mu, logvar, t: int((mu.var(axis=0) > t).sum()),
            ),
            Mistake(
                "these are the variances: compare them with the threshold",
                lambda mu, logvar, t: mu.var(axis=0),
            ),
            Mistake(
                "the other way round: a unit is active above the threshold",
                lambda mu, logvar, t: mu.var(axis=0) < t,
            ),
            Mistake(
                "this compares the standard deviation of the means with the threshold, or the variance with its square",
                lambda mu, logvar, t: mu.std(axis=0) > t,
            ),
            Mistake(
                "this is the mean of mu²: an offset that all images share is no activity, so take the variance",
                lambda mu, logvar, t: (mu**2).mean(axis=0) > t,
            ),
            Mistake(
                "this is the mean of the posterior variances, which is near 1 for a dead unit: take the variance of the means",
                lambda mu, logvar, t: np.exp(logvar).mean(axis=0) > t,
            ),
            Mistake(
                "this compares the KL with the threshold: an offset or a width makes a KL without any activity",
                lambda mu, logvar, t: kl_of_each(mu, logvar) > t,
            ),
            Mistake(
                "this compares half the variance, the spread of the KL, with the threshold: it is for the whole variance",
                lambda mu, logvar, t: 0.5 * mu.var(axis=0) > t,
            ),
            Mistake(
                "this compares twice the variance with the threshold",
                lambda mu, logvar, t: 2 * mu.var(axis=0) > t,
            ),
            Mistake(
                "this adds the variance of the posterior variances: a width that differs between images is not a mean that does",
                lambda mu, logvar, t: mu.var(axis=0) + np.exp(logvar).var(axis=0) > t,
            ),
            Mistake(
                "this asks for a narrow posterior too: a unit is active by the variance of its means alone",
                lambda mu, logvar, t: (mu.var(axis=0) > t) & (np.exp(logvar).mean(axis=0) < 0.9),
            ),
            Mistake(
                "the threshold is fixed at 0.01: it is an argument",
                lambda mu, logvar, t: mu.var(axis=0) > 0.01,
            ),
            Mistake(
                "this is the variance over the latents of each image: take it over the data, axis 0",
                lambda mu, logvar, t: mu.var(axis=1) > t,
            ),
            Mistake(
                "the variance of the posterior means is not divided by the mean posterior variance: compare it as it is",
                lambda mu, logvar, t: mu.var(axis=0) / np.exp(logvar).mean(axis=0) > t,
            ),
        ),
        hints=(
            "A latent that says nothing has the same posterior for every image. What then is the variance of its mean?",
            "logvar is not needed: the mean of the posterior variances is near 1 for a dead unit.",
            "mu.var(axis=0) has one variance for each latent.",
        ),
    ),
    Exercise(
        id="10.3",
        title="Mutual information from below",
        minutes=10,
        difficulty=2,
        answer=information_estimate,
        cases=draw_codes,
        mistakes=(
            Mistake(
                "log N is missing: the mixture is the mean, not the sum, of the N densities",
                estimate_from(lambda own, mixture: (own - mixture).mean() - math.log(len(own))),
            ),
            Mistake(
                "log N has the wrong sign: log of the mean is log of the sum − log N",
                estimate_from(lambda own, mixture: (own - mixture).mean() - 2 * math.log(len(own))),
            ),
            Mistake(
                "log N is added twice: the estimate can exceed log N",
                estimate_from(lambda own, mixture: (own - mixture).mean() + math.log(len(own))),
            ),
            Mistake(
                "the own density is left out of the mixture: this bounds from above, and can exceed log N",
                without_the_own,
            ),
            Mistake(
                "the own density is left out of the sum, which is still divided by N: this can exceed log N",
                lambda z, mu, logvar: without_the_own(z, mu, logvar, len(mu)),
            ),
            Mistake(
                "log-sum-exp in each dimension alone mixes the codes: sum over dimensions first",
                dimension_by_dimension,
            ),
            Mistake(
                "the sum over the images is taken: the estimate is their mean",
                estimate_from(lambda own, mixture: (own - mixture).sum()),
            ),
            Mistake(
                "the mean over the images is not taken: return one number",
                lambda z, mu, logvar: np.subtract(*own_and_mixture(z, mu, logvar)),
            ),
            Mistake(
                "the sign is wrong: the own density stands first",
                estimate_from(lambda own, mixture: (mixture - own).mean()),
            ),
            Mistake(
                "the mixture runs over the draws: for each draw, average over the encodings of all images",
                over_the_draws,
            ),
            Mistake(
                "this compares with the prior, and is the rate: compare with the mixture of all posteriors",
                against_the_prior,
            ),
            Mistake(
                "this is the other part of the rate, KL(q(z) || p(z)): compare the own density with the mixture",
                aggregate_against_the_prior,
            ),
            Mistake(
                "the aggregate posterior is a mixture of N Gaussians, not one Gaussian with their moments",
                against_one_gaussian,
            ),
            Mistake(
                "this is a mean of logs: the mixture is the log of the mean density",
                mean_of_logs,
            ),
            Mistake(
                "the densities are those at mu: take them at the draws z",
                lambda z, mu, logvar: information_estimate(mu, mu, logvar),
            ),
            Mistake(
                "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
                lambda z, mu, logvar: information_estimate(z, mu, 2 * logvar),
            ),
            Mistake(
                "the latents are averaged: log q is their sum",
                lambda z, mu, logvar: float(
                    (
                        np.diag(single_logs(z, mu, logvar).mean(axis=2))
                        - log_sum_exp(single_logs(z, mu, logvar).mean(axis=2), 1)
                        + math.log(len(mu))
                    ).mean()
                ),
            ),
            Mistake(
                "logvar is missing from the log-density: it cancels only where all encodings have the same width",
                lambda z, mu, logvar: float(
                    (
                        np.diag((single_logs(z, mu, logvar) + 0.5 * logvar).sum(axis=2))
                        - log_sum_exp((single_logs(z, mu, logvar) + 0.5 * logvar).sum(axis=2), 1)
                        + math.log(len(mu))
                    ).mean()
                ),
            ),
            Mistake(
                "in bits: use the natural logarithm",
                estimate_from(lambda own, mixture: (own - mixture).mean() / math.log(2)),
            ),
            Mistake(
                "in many dimensions the exponentials underflow: take the largest log-density out first",
                underflowing,
            ),
            Mistake(
                "in many dimensions the exponentials underflow, and adding a small number does not bring them back",
                lambda z, mu, logvar: underflowing(z, mu, logvar, 1e-300),
            ),
            Mistake(
                "in many dimensions the mixture underflows, and adding a small number does not bring it back",
                underflowing_in_the_mixture,
            ),
        ),
        hints=(
            "Make a table log_q with log q(z_i | x_l) in row i and column l: each entry is a sum over the latents.",
            "The diagonal holds the own densities. The mixture is log-sum-exp along a row, minus log N.",
            "z[:, None] - mu has shape (N, N, latent). Take log_q.max(axis=1) out before np.exp, and add it after np.log.",
        ),
    ),
    Exercise(
        id="10.4",
        title="Which latents collapse",
        minutes=6,
        difficulty=1,
        answer=latent_rates,
        cases=draw_spectra,
        mistakes=(
            Mistake(
                "a collapsed latent costs 0, not less: cut off at eigenvalue = variance",
                lambda e, v, k: 0.5 * np.log(np.maximum(sorted_spectrum(e, k), 1e-12) / v),
            ),
            Mistake(
                "the 1/2 is missing",
                lambda e, v, k: 2 * latent_rates(e, v, k),
            ),
            Mistake(
                "in bits: use the natural logarithm",
                lambda e, v, k: latent_rates(e, v, k) / math.log(2),
            ),
            Mistake(
                "0.01 is the convention of active units; the theorem's edge is λ = σ²",
                lambda e, v, k: np.where(sorted_spectrum(e, k) > v / 0.99, latent_rates(e, v, k), 0),
            ),
            Mistake(
                "½ log(1 + λ/σ²) never is 0: λ is the variance of the data, noise included",
                lambda e, v, k: 0.5 * np.log1p(sorted_spectrum(e, k) / v),
            ),
            Mistake(
                "this is the variance of the posterior mean, 1 − σ²/λ, not the KL",
                lambda e, v, k: np.maximum(1 - v / np.maximum(sorted_spectrum(e, k), 1e-12), 0),
            ),
            Mistake(
                "the square root of the variance is taken: eigenvalues are variances, compare them with σ²",
                lambda e, v, k: latent_rates(e, v**0.5, k),
            ),
            Mistake(
                "`variance` is squared: it is σ² already",
                lambda e, v, k: latent_rates(e, v**2, k),
            ),
            Mistake(
                "the eigenvalues are not sorted: the latents go to the largest of them",
                lambda e, v, k: 0.5 * np.log(np.maximum(e[:k] / v, 1)),
            ),
            Mistake(
                "these are the smallest eigenvalues: np.sort begins with them",
                lambda e, v, k: 0.5 * np.log(np.maximum(np.sort(e)[:k] / v, 1)),
            ),
            Mistake(
                "the smallest rate comes first: the largest should",
                lambda e, v, k: latent_rates(e, v, k)[::-1],
            ),
            Mistake(
                "this gives a rate to every direction: there are only so many latents",
                lambda e, v, k: latent_rates(e, v, len(e)),
            ),
            Mistake(
                "this leaves the collapsed latents out: their rate is 0, and there is one for each latent",
                lambda e, v, k: latent_rates(e, v, k)[: max(1, int((latent_rates(e, v, k) > 0).sum()))],
            ),
            Mistake(
                "½(λ/σ² − 1 − log(λ/σ²)) is what the latent gains: its KL is ½ log(λ/σ²)",
                lambda e, v, k: 0.5 * (np.maximum(sorted_spectrum(e, k) / v, 1) - 1) - latent_rates(e, v, k),
            ),
            Mistake(
                "the noise is taken off the eigenvalue: the KL is ½ log(λ/σ²), with all of λ",
                lambda e, v, k: 0.5 * np.log(np.maximum((sorted_spectrum(e, k) - v) / v, 1)),
            ),
        ),
        hints=(
            "The latents serve the largest eigenvalues. Which of these are above σ²?",
            "R = ½ log(λ/σ²) where λ > σ², and 0 elsewhere: that is ½ log max(λ/σ², 1).",
            "np.sort(eigenvalues)[::-1][:latent] are the ones that are served.",
        ),
    ),
)
