"""Exercises of notebook 04: the ELBO."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only


def kl_to_standard_normal(mu, logvar):
    """KL(N(mu, diag(exp(logvar))) || N(0, I)) of each example, in nats: mu and logvar (batch, latent), result (batch,)."""
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def draw_codes(rng: np.random.Generator):
    """Means away from 0 and variances away from 1; in the last case every logvar is positive, so that its log exists."""
    for batch, latent in ((4, 3), (5, 2)):
        yield away_from_zero(rng, batch, latent), away_from_zero(rng, batch, latent)
    yield away_from_zero(rng, 3, 5), rng.uniform(0.4, 1.6, (3, 5))


def away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.uniform(0.4, 2, shape) * rng.choice([-1, 1], shape)


def kl_terms(mu, logvar, square=0.5, variance=0.5, one=0.5, log=0.5):
    """The four terms of the KL per dimension, each with a factor of its own; summed over the latents."""
    return (square * mu**2 + variance * np.exp(logvar) - one - log * logvar).sum(axis=1)


def kl_of_variance(mu, variance):
    """The right formula for a variance that is given as such; NaN where it is negative."""
    with np.errstate(invalid="ignore"):
        return 0.5 * (mu**2 + variance - 1 - np.log(variance)).sum(axis=1)


def kl_of_std(mu, std):
    """The right formula for a standard deviation, with 2 log std; NaN where it is negative."""
    with np.errstate(invalid="ignore"):
        return 0.5 * (mu**2 + std**2 - 1 - 2 * np.log(std)).sum(axis=1)


def monte_carlo_kl(mu, logvar, other_mu, other_logvar, draws, rng):
    """The Monte Carlo estimate of KL(q || p) from that many independent draws of q, and its standard error: two numbers in
    nats. q = N(mu, diag(exp(logvar))), p = N(other_mu, diag(exp(other_logvar))); each of the four has shape (latent,)."""

    def log_prob(z, mean, logvar):
        return -0.5 * (np.log(2 * np.pi) + logvar + (z - mean) ** 2 / np.exp(logvar)).sum(axis=1)

    z = mu + np.exp(logvar / 2) * rng.normal(size=(draws, len(mu)))
    log_ratio = log_prob(z, mu, logvar) - log_prob(z, other_mu, other_logvar)
    return log_ratio.mean(), log_ratio.std() / np.sqrt(draws)


def draw_pairs(rng: np.random.Generator):
    for latent, draws in ((3, 200), (2, 50)):
        four = [away_from_zero(rng, latent) for _ in range(4)]
        yield *four, draws, np.random.default_rng(rng.integers(2**32))


# Two Gaussians in two dimensions, chosen so that each mistake changes the mean estimate or the standard error by far more than
# chance does.
PAIR = np.array([0.8, 1.6]), np.array([0.6, 0.3]), np.array([0.8, 2.0]), np.array([-0.6, -1.0])
CALLS, DRAWS = 600, 50


def exact_kl_and_spread(mu, logvar, other_mu, other_logvar):
    """KL(q || p), and the standard deviation of log q(z) − log p(z) for z ~ q: with z = mu + std eps, each dimension is a
    constant + slope eps + curve eps², whose variance is slope² + 2 curve²."""
    ratio = np.exp(logvar - other_logvar)
    kl = 0.5 * ((mu - other_mu) ** 2 / np.exp(other_logvar) + ratio - 1 - np.log(ratio)).sum()
    slope = np.exp(logvar / 2) * (mu - other_mu) / np.exp(other_logvar)
    return kl, np.sqrt((slope**2 + 2 * (0.5 * ratio - 0.5) ** 2).sum())


EXACT_KL, EXACT_SPREAD = exact_kl_and_spread(*PAIR)


def many_estimates(function, rng):
    """(calls, 2): the estimate and the standard error of each call."""
    return np.array([[float(number) for number in function(*PAIR, DRAWS, rng)] for _ in range(CALLS)])


def mean_estimate(function, rng):
    return many_estimates(function, rng)[:, 0].mean()


def log_of_standard_error(function, rng):
    """The log of the mean standard error times √draws: on this scale a tolerance is a relative error."""
    return np.log(max(many_estimates(function, rng)[:, 1].mean() * np.sqrt(DRAWS), 1e-9))


def log_of_spread(function, rng):
    """The log of the spread of the estimates from call to call, times √draws."""
    return np.log(max(many_estimates(function, rng)[:, 0].std() * np.sqrt(DRAWS), 1e-9))


def repeated(function, rng):
    """1 if two generators with the same seed lead to the same answer, else 0."""
    seed = int(rng.integers(2**32))
    first, second = (np.asarray(function(*PAIR, 20, np.random.default_rng(seed)), float) for _ in range(2))
    return float(np.array_equal(first, second))


def log_normal(z, mean, logvar):
    return -0.5 * (np.log(2 * np.pi) + logvar + (z - mean) ** 2 / np.exp(logvar))


def log_ratios(mu, logvar, other_mu, other_logvar, draws, rng, std=None, density=log_normal):
    """log q − log p per draw and dimension, (draws, latent), for draws of q with a given standard deviation."""
    std = np.exp(logvar / 2) if std is None else std
    z = mu + std * rng.normal(size=(draws, len(mu)))
    return density(z, mu, logvar) - density(z, other_mu, other_logvar)


def mean_and_error(values):
    return values.mean(), values.std() / np.sqrt(len(values))


def pca_elbo(x, weight, mean, variance, mu, covariance):
    """ELBO of each example under probabilistic PCA for q = N(mu, covariance), in nats, shape (batch,). x (batch, data), weight
    (data, latent), mean (data,), variance the decoder's σ_x², mu (batch, latent), covariance (latent, latent)."""
    data, latent = weight.shape
    squares = ((x - mean - mu @ weight.T) ** 2).sum(axis=1) + np.trace(weight.T @ weight @ covariance)
    distortion = 0.5 * data * np.log(2 * np.pi * variance) + squares / (2 * variance)
    rate = 0.5 * (np.trace(covariance) + (mu**2).sum(axis=1) - latent - np.linalg.slogdet(covariance)[1])
    return -distortion - rate


def draw_models(rng: np.random.Generator):
    """x, W, m, σ_x² with σ_x far from 1, W neither square nor with orthogonal columns."""
    for batch, data, latent, std in ((4, 5, 2, 0.6), (3, 6, 3, 1.7), (5, 4, 2, 0.4)):
        weight, mean = rng.normal(0, 1, (data, latent)), rng.uniform(1, 3, data)
        weight[:, 1] += 0.7 * weight[:, 0]
        z, std = rng.normal(size=(batch, latent)), std * rng.uniform(0.9, 1.1)
        yield z @ weight.T + mean + std * rng.normal(size=(batch, data)), weight, mean, std**2


def draw_models_and_qs(rng: np.random.Generator):
    for x, weight, mean, variance in draw_models(rng):
        latent = weight.shape[1]
        factor = np.tril(rng.uniform(0.3, 0.6, (latent, latent))) + 0.2 * np.eye(latent)
        yield x, weight, mean, variance, away_from_zero(rng, len(x), latent), factor @ factor.T


def draw_models_and_codes(rng: np.random.Generator):
    for x, weight, mean, variance in draw_models(rng):
        shape = len(x), weight.shape[1]
        yield x, weight, mean, variance, away_from_zero(rng, *shape), -rng.uniform(0.4, 2, shape)


def elbo_pieces(x, weight, mean, variance, mu, covariance):
    """What the ELBO of pPCA is made of: data log(2π), squared error, trace term, rate."""
    data, latent = weight.shape
    squared_error = ((x - mean - mu @ weight.T) ** 2).sum(axis=1)
    trace = np.trace(weight.T @ weight @ covariance)
    rate = 0.5 * (np.trace(covariance) + (mu**2).sum(axis=1) - latent - np.linalg.slogdet(covariance)[1])
    return data, squared_error, trace, rate


def elbo_with(change):
    """A wrong ELBO: ``change`` gets data, squared error, trace term, rate, σ_x² and covariance, and returns the value."""

    def wrong(x, weight, mean, variance, mu, covariance):
        return change(*elbo_pieces(x, weight, mean, variance, mu, covariance), variance, covariance)

    return wrong


def log_normaliser(data, variance):
    return 0.5 * data * np.log(2 * np.pi * variance)


def evidence(x, weight, mean, variance, mu, covariance):
    """log p(x) of each example, whatever q is: the ELBO of the posterior."""
    return pca_elbo(x, weight, mean, variance, *posterior_of(x, weight, mean, variance))


def best_diagonal_q(x, weight, mean, variance):
    """mu and logvar, both (batch, latent), of the Gaussian q with diagonal covariance that has the largest ELBO under
    probabilistic PCA. x (batch, data), weight (data, latent), mean (data,), variance the decoder's σ_x²."""
    m = weight.T @ weight + variance * np.eye(weight.shape[1])
    mu = np.linalg.solve(m, weight.T @ (x - mean).T).T
    logvar = np.log(variance / np.diag(m))
    return mu, np.tile(logvar, (len(x), 1))


def posterior_of(x, weight, mean, variance):
    """The posterior's mean (batch, latent) and covariance (latent, latent)."""
    m = weight.T @ weight + variance * np.eye(weight.shape[1])
    return (x - mean) @ weight @ np.linalg.inv(m), variance * np.linalg.inv(m)


def rows_like(x, row):
    return np.tile(row, (len(x), 1))


def best_with(inner):
    """The same wrong M in the mean and in logvar: ``inner`` gets Wᵀ W and σ_x²."""

    def wrong(x, weight, mean, variance):
        m = inner(weight.T @ weight, variance)
        return (x - mean) @ weight @ np.linalg.inv(m), rows_like(x, np.log(variance / np.diag(m)))

    return wrong


def diagonal_with(change):
    """The right mean, and a wrong logvar: ``change`` gets σ_x², M and the posterior's covariance."""

    def wrong(x, weight, mean, variance):
        mu, covariance = posterior_of(x, weight, mean, variance)
        m = weight.T @ weight + variance * np.eye(weight.shape[1])
        return mu, rows_like(x, change(variance, m, covariance))

    return wrong


def diagonal_with_mean(change):
    """The right logvar, and a wrong mean: ``change`` gets x, W, m and σ_x²."""

    def wrong(x, weight, mean, variance):
        return change(x, weight, mean, variance), best_diagonal_q(x, weight, mean, variance)[1]

    return wrong


def elbo_gap(x, weight, mean, variance, mu, logvar):
    """log p(x) − ELBO of each example under probabilistic PCA for q = N(mu, diag(exp(logvar))), in nats, shape (batch,).
    x (batch, data), weight (data, latent), mean (data,), variance the decoder's σ_x², mu and logvar (batch, latent)."""
    precision = (weight.T @ weight + variance * np.eye(weight.shape[1])) / variance
    posterior_mean = (x - mean) @ weight @ np.linalg.inv(precision) / variance
    away = mu - posterior_mean
    trace = (np.diag(precision) * np.exp(logvar)).sum(axis=1)
    mahalanobis = (away @ precision * away).sum(axis=1)
    logdets = logvar.sum(axis=1) + np.linalg.slogdet(precision)[1]
    return 0.5 * (trace + mahalanobis - weight.shape[1] - logdets)


def gap_pieces(x, weight, mean, variance, mu, logvar):
    """What the gap is made of: trace, Mahalanobis distance, latent, log det of q's covariance, log det of the precision."""
    posterior_mean, covariance = posterior_of(x, weight, mean, variance)
    precision, away = np.linalg.inv(covariance), mu - posterior_mean
    trace = (np.diag(precision) * np.exp(logvar)).sum(axis=1)
    mahalanobis = np.einsum("bi,ij,bj->b", away, precision, away)
    return trace, mahalanobis, weight.shape[1], logvar.sum(axis=1), np.linalg.slogdet(precision)[1]


def gap_with(change):
    """A wrong gap from the right pieces."""

    def wrong(x, weight, mean, variance, mu, logvar):
        return change(*gap_pieces(x, weight, mean, variance, mu, logvar))

    return wrong


def gap_with_distance_on_the_diagonal(x, weight, mean, variance, mu, logvar):
    t, _, k, q, p = gap_pieces(x, weight, mean, variance, mu, logvar)
    posterior_mean, covariance = posterior_of(x, weight, mean, variance)
    distance = ((mu - posterior_mean) ** 2) @ np.diag(np.linalg.inv(covariance))
    return 0.5 * (t + distance - k - q - p)


def gap_with_logvar_in_the_trace(x, weight, mean, variance, mu, logvar):
    _, h, k, q, p = gap_pieces(x, weight, mean, variance, mu, logvar)
    precision = np.linalg.inv(posterior_of(x, weight, mean, variance)[1])
    return 0.5 * (logvar @ np.diag(precision) + h - k - q - p)


def gap_of_the_best_q(x, weight, mean, variance, mu, logvar):
    return elbo_gap(x, weight, mean, variance, *best_diagonal_q(x, weight, mean, variance))


def gap_to(change):
    """KL from q to a Gaussian that is not the posterior: ``change`` gets the posterior's mean and covariance and σ_x²."""

    def wrong(x, weight, mean, variance, mu, logvar):
        other_mean, other_covariance = change(*posterior_of(x, weight, mean, variance), variance)
        return kl_to_gaussian(mu, logvar, other_mean, other_covariance)

    return wrong


def kl_to_gaussian(mu, logvar, mean, covariance):
    precision, away = np.linalg.inv(covariance), mu - mean
    trace = (np.diag(precision) * np.exp(logvar)).sum(axis=1)
    mahalanobis = np.einsum("bi,ij,bj->b", away, precision, away)
    return 0.5 * (trace + mahalanobis - len(covariance) - logvar.sum(axis=1) + np.linalg.slogdet(covariance)[1])


def gap_reversed(x, weight, mean, variance, mu, logvar):
    """KL from the posterior to q."""
    posterior_mean, covariance = posterior_of(x, weight, mean, variance)
    squares = (mu - posterior_mean) ** 2 + np.diag(covariance)
    terms = (squares / np.exp(logvar) + logvar - 1).sum(axis=1)
    return 0.5 * (terms - np.linalg.slogdet(covariance)[1])


def elbo_of_codes(x, weight, mean, variance, mu, logvar):
    """The ELBO itself, of a q with diagonal covariance."""
    return np.array(
        [
            pca_elbo(x[i : i + 1], weight, mean, variance, mu[i : i + 1], np.diag(np.exp(logvar[i])))[0]
            for i in range(len(x))
        ]
    )


EXERCISES = (
    Exercise(
        id="4.1",
        title="The KL from a Gaussian to N(0, I)",
        minutes=8,
        difficulty=1,
        answer=kl_to_standard_normal,
        cases=draw_codes,
        mistakes=(
            Mistake("the sign is reversed: a KL is never negative", lambda mu, logvar: -kl_terms(mu, logvar)),
            Mistake(
                "your KL is exactly twice the right one: the 1/2 is missing",
                lambda mu, logvar: 2 * kl_terms(mu, logvar),
            ),
            Mistake("the 1/2 is missing in front of mu²", lambda mu, logvar: kl_terms(mu, logvar, square=1)),
            Mistake("the 1/2 is missing in front of the variance", lambda mu, logvar: kl_terms(mu, logvar, variance=1)),
            Mistake("the 1/2 is missing in front of the 1", lambda mu, logvar: kl_terms(mu, logvar, one=1)),
            Mistake("the 1/2 is missing in front of logvar", lambda mu, logvar: kl_terms(mu, logvar, log=1)),
            Mistake(
                "the 1/2 reaches only the first term: a pair of brackets is missing",
                lambda mu, logvar: kl_terms(mu, logvar, variance=1, one=1, log=1),
            ),
            Mistake(
                "the 1/2 reaches only the first term: a pair of brackets is missing",
                lambda mu, logvar: kl_terms(mu, logvar, square=1, variance=1, one=0.5, log=1),
            ),
            Mistake(
                "logvar is read as the log of the standard deviation: it is the log of the variance, so exp(logvar) is the variance",
                lambda mu, logvar: kl_terms(mu, 2 * logvar),
            ),
            Mistake(
                "logvar is read as the variance itself: the variance is exp(logvar)",
                lambda mu, logvar: kl_of_variance(mu, logvar),
            ),
            Mistake(
                "logvar is read as the standard deviation: the variance is exp(logvar)",
                lambda mu, logvar: kl_of_std(mu, logvar),
            ),
            Mistake(
                "logvar is read as the standard deviation: the variance is exp(logvar)",
                lambda mu, logvar: kl_of_variance(mu, logvar**2),
            ),
            Mistake(
                "exp(logvar / 2) is the standard deviation: here belongs the variance",
                lambda mu, logvar: kl_terms(mu, logvar) + 0.5 * (np.exp(logvar / 2) - np.exp(logvar)).sum(axis=1),
            ),
            Mistake(
                "exp(2 logvar) is the square of the variance: the variance is exp(logvar)",
                lambda mu, logvar: kl_terms(mu, logvar) + 0.5 * (np.exp(2 * logvar) - np.exp(logvar)).sum(axis=1),
            ),
            Mistake(
                "this is the KL the other way round, from N(0, I) to q",
                lambda mu, logvar: 0.5 * ((1 + mu**2) / np.exp(logvar) - 1 + logvar).sum(axis=1),
            ),
            Mistake(
                "the mean over the latents: the KL of independent dimensions is their sum",
                lambda mu, logvar: kl_terms(mu, logvar) / mu.shape[1],
            ),
            Mistake(
                "one number for the whole batch: return one KL per example, the sum over the latents alone",
                lambda mu, logvar: kl_terms(mu, logvar).mean(),
            ),
            Mistake(
                "one number for the whole batch: return one KL per example, the sum over the latents alone",
                lambda mu, logvar: kl_terms(mu, logvar).sum(),
            ),
            Mistake(
                "one number for the whole batch: return one KL per example, the sum over the latents alone",
                lambda mu, logvar: kl_terms(mu, logvar).mean() / mu.shape[1],
            ),
            Mistake(
                "the sum over the batch: sum over the latents, axis 1",
                lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=0),
            ),
            Mistake(
                "the dimensions are not added up: sum over the latents, axis 1",
                lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar),
            ),
            Mistake(
                "mu is not squared",
                lambda mu, logvar: kl_terms(mu, logvar, square=0) + 0.5 * mu.sum(axis=1),
            ),
            Mistake(
                "the 1 is missing: the KL from N(0, I) to itself must be 0",
                lambda mu, logvar: kl_terms(mu, logvar, one=0),
            ),
            Mistake(
                "the 1 is subtracted once for the whole example: once for each latent",
                lambda mu, logvar: kl_terms(mu, logvar, one=0) - 0.5,
            ),
            Mistake(
                "the 1 is added: it is subtracted",
                lambda mu, logvar: kl_terms(mu, logvar, one=-0.5),
            ),
            Mistake("the variance has the wrong sign", lambda mu, logvar: kl_terms(mu, logvar, variance=-0.5)),
            Mistake("logvar has the wrong sign", lambda mu, logvar: kl_terms(mu, logvar, log=-0.5)),
            Mistake("the term with logvar is missing", lambda mu, logvar: kl_terms(mu, logvar, log=0)),
            Mistake("the term with mu² is missing", lambda mu, logvar: kl_terms(mu, logvar, square=0)),
        ),
        hints=(
            "What must come out for mu = 0 and logvar = 0, where q is N(0, I) itself? Your formula should say so.",
            "One dimension gives 1/2 (mu² + variance − 1 − log variance). What are variance and log variance in terms of logvar?",
            "np.exp(logvar) is the variance. Put one pair of brackets behind the 1/2, and sum over axis 1.",
        ),
    ),
    Exercise(
        id="4.2",
        title="A Monte Carlo KL with its standard error",
        minutes=12,
        difficulty=2,
        answer=monte_carlo_kl,
        cases=draw_pairs,
        view=shape_only,
        properties=(
            Property("the estimates average to KL(q || p)", mean_estimate, tolerance=0.12, expected=EXACT_KL),
            Property(
                "the standard error is that of the mean of so many draws (log of it, times √draws)",
                log_of_standard_error,
                tolerance=0.1,
                expected=np.log(EXACT_SPREAD),
            ),
            Property(
                "from call to call, the estimates spread as the standard error says (log of it, times √draws)",
                log_of_spread,
                tolerance=0.15,
                expected=np.log(EXACT_SPREAD),
            ),
            Property("the same rng gives the same answer", repeated, tolerance=0.0, expected=1.0),
        ),
        mistakes=(
            Mistake(
                "the standard error is not divided by √draws: this is the spread of a single draw, not that of their mean",
                lambda *given: (lambda values: (values.mean(), values.std()))(log_ratios(*given).sum(axis=1)),
            ),
            Mistake(
                "the standard error is divided by draws where √draws belongs",
                lambda *given: (lambda values: (values.mean(), values.std() / len(values)))(
                    log_ratios(*given).sum(axis=1)
                ),
            ),
            Mistake(
                "the square root is missing: variance / draws is the square of the standard error",
                lambda *given: (lambda values: (values.mean(), values.var() / len(values)))(
                    log_ratios(*given).sum(axis=1)
                ),
            ),
            Mistake(
                "the variance where the standard deviation belongs: the standard error is std / √draws",
                lambda *given: (lambda values: (values.mean(), values.var() / np.sqrt(len(values))))(
                    log_ratios(*given).sum(axis=1)
                ),
            ),
            Mistake(
                "the log-ratio is upside down: log q − log p, not log p − log q",
                lambda *given: mean_and_error(-log_ratios(*given).sum(axis=1)),
            ),
            Mistake(
                "the draws come from p: KL(q || p) is an average over draws of q",
                lambda mu, logvar, other_mu, other_logvar, draws, rng: mean_and_error(
                    -log_ratios(other_mu, other_logvar, mu, logvar, draws, rng).sum(axis=1)
                ),
            ),
            Mistake(
                "this is KL(p || q): draws of p, and log p − log q",
                lambda mu, logvar, other_mu, other_logvar, draws, rng: mean_and_error(
                    log_ratios(other_mu, other_logvar, mu, logvar, draws, rng).sum(axis=1)
                ),
            ),
            Mistake(
                "the draws have the variance for their standard deviation: multiply eps by exp(logvar / 2)",
                lambda mu, logvar, *rest: mean_and_error(log_ratios(mu, logvar, *rest, std=np.exp(logvar)).sum(axis=1)),
            ),
            Mistake(
                "the draws are spread by logvar itself: multiply eps by exp(logvar / 2)",
                lambda mu, logvar, *rest: mean_and_error(log_ratios(mu, logvar, *rest, std=logvar).sum(axis=1)),
            ),
            Mistake(
                "the draws all have standard deviation 1: multiply eps by exp(logvar / 2)",
                lambda *given: mean_and_error(log_ratios(*given, std=1.0).sum(axis=1)),
            ),
            Mistake(
                "the densities are not normalised: −½ logvar is missing in log q and log p",
                lambda *given: mean_and_error(
                    log_ratios(*given, density=lambda z, mean, logvar: -0.5 * (z - mean) ** 2 / np.exp(logvar)).sum(
                        axis=1
                    )
                ),
            ),
            Mistake(
                "the densities divide by the standard deviation where the variance belongs",
                lambda *given: mean_and_error(
                    log_ratios(
                        *given, density=lambda z, mean, logvar: -0.5 * (logvar + (z - mean) ** 2 / np.exp(logvar / 2))
                    ).sum(axis=1)
                ),
            ),
            Mistake(
                "logvar is counted whole where ½ logvar belongs: the density divides by the standard deviation",
                lambda *given: mean_and_error(
                    log_ratios(
                        *given, density=lambda z, mean, logvar: -logvar - 0.5 * (z - mean) ** 2 / np.exp(logvar)
                    ).sum(axis=1)
                ),
            ),
            Mistake(
                "the 1/2 in the exponents of the densities is missing",
                lambda *given: mean_and_error(
                    log_ratios(
                        *given, density=lambda z, mean, logvar: -0.5 * logvar - (z - mean) ** 2 / np.exp(logvar)
                    ).sum(axis=1)
                ),
            ),
            Mistake(
                "the mean over the dimensions: the log-density of independent dimensions is their sum",
                lambda *given: mean_and_error(log_ratios(*given).mean(axis=1)),
            ),
            Mistake(
                "only the log-ratio's sign-free size is averaged: it may be negative for single draws, so take no absolute value",
                lambda *given: mean_and_error(np.abs(log_ratios(*given).sum(axis=1))),
            ),
            Mistake(
                "the standard deviations of the dimensions are added: variances add up, so take the std of the summed log-ratio",
                lambda *given: (lambda v: (v.sum(axis=1).mean(), v.std(axis=0).sum() / np.sqrt(len(v))))(
                    log_ratios(*given)
                ),
            ),
            Mistake(
                "one eps for all dimensions: each dimension needs its own",
                lambda mu, logvar, other_mu, other_logvar, draws, rng: mean_and_error(
                    (lambda z: (log_normal(z, mu, logvar) - log_normal(z, other_mu, other_logvar)).sum(axis=1))(
                        mu + np.exp(logvar / 2) * rng.normal(size=(draws, 1))
                    )
                ),
            ),
            Mistake(
                "the same draws at every call: draw from the rng that you are given, do not seed a new one",
                lambda mu, logvar, other_mu, other_logvar, draws, rng: mean_and_error(
                    log_ratios(mu, logvar, other_mu, other_logvar, draws, np.random.default_rng(0)).sum(axis=1)
                ),
            ),
        ),
        hints=(
            "A KL is an average over q of log q(z) − log p(z). Which distribution do the draws come from?",
            "z = mu + np.exp(logvar / 2) * rng.normal(size=(draws, len(mu))); then one number per draw: log q(z) − log p(z).",
            "The estimate is the mean of these numbers, its standard error their standard deviation divided by np.sqrt(draws).",
        ),
    ),
    Exercise(
        id="4.3",
        title="The ELBO of probabilistic PCA",
        minutes=15,
        difficulty=3,
        answer=pca_elbo,
        cases=draw_models_and_qs,
        mistakes=(
            Mistake(
                "the trace term tr(Wᵀ W Σ) / (2 σ_x²) is missing: the spread of q costs distortion, too",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - e / (2 * v) - r),
            ),
            Mistake(
                "the trace term is not divided by 2 σ_x²",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - e / (2 * v) - t - r),
            ),
            Mistake(
                "the trace term is not divided by 2 σ_x²",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - e / (2 * v) - t / 2 - r),
            ),
            Mistake(
                "the 1/2 is missing in the trace term",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - e / (2 * v) - t / v - r),
            ),
            Mistake(
                "the trace term has the wrong sign: a wider q makes the distortion larger",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e - t) / (2 * v) - r),
            ),
            Mistake(
                "the trace term takes tr(Σ) alone: the spread of q reaches x through W, so it is tr(Wᵀ W Σ)",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + np.trace(s)) / (2 * v) - r),
            ),
            Mistake(
                "the trace term uses the diagonals alone: tr(Wᵀ W Σ) is the trace of the matrix product",
                lambda x, weight, mean, variance, mu, covariance: elbo_with(
                    lambda d, e, t, r, v, s: (
                        -log_normaliser(d, v) - (e + ((weight**2).sum(axis=0) * np.diag(s)).sum()) / (2 * v) - r
                    )
                )(x, weight, mean, variance, mu, covariance),
            ),
            Mistake(
                "log 2π is missing in the normaliser of log p(x|z)",
                elbo_with(lambda d, e, t, r, v, s: -0.5 * d * np.log(v) - (e + t) / (2 * v) - r),
            ),
            Mistake(
                "log σ_x² is missing in the normaliser of log p(x|z)",
                elbo_with(lambda d, e, t, r, v, s: -0.5 * d * np.log(2 * np.pi) - (e + t) / (2 * v) - r),
            ),
            Mistake(
                "the normaliser of log p(x|z) is missing: −(data/2) log(2π σ_x²)",
                elbo_with(lambda d, e, t, r, v, s: -(e + t) / (2 * v) - r),
            ),
            Mistake(
                "the normaliser is counted once per example: it belongs to each of the data dimensions",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(1, v) - (e + t) / (2 * v) - r),
            ),
            Mistake(
                "the normaliser counts the latent dimensions: it belongs to each of the data dimensions",
                lambda x, weight, mean, variance, mu, covariance: elbo_with(
                    lambda d, e, t, r, v, s: -log_normaliser(len(s), v) - (e + t) / (2 * v) - r
                )(x, weight, mean, variance, mu, covariance),
            ),
            Mistake(
                "the 1/2 is missing in front of data log(2π σ_x²)",
                elbo_with(lambda d, e, t, r, v, s: -2 * log_normaliser(d, v) - (e + t) / (2 * v) - r),
            ),
            Mistake(
                "σ_x where σ_x² belongs: divide by the variance as it is given",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * np.sqrt(v)) - r),
            ),
            Mistake(
                "variance is already σ_x²: you square it again",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v**2) - (e + t) / (2 * v**2) - r),
            ),
            Mistake(
                "variance is already σ_x²: you square it again",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * v**2) - r),
            ),
            Mistake(
                "the squared error is not divided by 2 σ_x²",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) - r),
            ),
            Mistake(
                "the squared error is divided by σ_x²; it should be 2 σ_x²",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / v - r),
            ),
            Mistake(
                "the KL is added: the ELBO is −distortion − rate",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * v) + r),
            ),
            Mistake(
                "the KL is missing: this is minus the distortion alone",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * v)),
            ),
            Mistake(
                "this is the negative ELBO: the sign is reversed",
                elbo_with(lambda d, e, t, r, v, s: log_normaliser(d, v) + (e + t) / (2 * v) + r),
            ),
            Mistake(
                "the 1/2 of the KL is missing",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * v) - 2 * r),
            ),
            Mistake(
                "the KL lacks |mu|²",
                lambda x, weight, mean, variance, mu, covariance: (
                    pca_elbo(x, weight, mean, variance, mu, covariance) + 0.5 * (mu**2).sum(axis=1)
                ),
            ),
            Mistake(
                "the KL lacks tr Σ",
                elbo_with(
                    lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * v) - r + 0.5 * np.trace(s),
                ),
            ),
            Mistake(
                "the mean over the entries of x: the squared error is their sum",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e / d + t) / (2 * v) - r),
            ),
            Mistake(
                "the mean over the entries of x: the squared error is their sum",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / d / (2 * v) - r),
            ),
            Mistake("this is log p(x): the ELBO of this q lies below it", evidence),
            Mistake(
                "the KL lacks log det Σ",
                elbo_with(
                    lambda d, e, t, r, v, s: (
                        -log_normaliser(d, v) - (e + t) / (2 * v) - r - 0.5 * np.linalg.slogdet(s)[1]
                    )
                ),
            ),
            Mistake(
                "log det Σ has the wrong sign in the KL",
                elbo_with(
                    lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * v) - r - np.linalg.slogdet(s)[1]
                ),
            ),
            Mistake(
                "log det Σ is taken over the diagonal alone: q's dimensions are correlated",
                elbo_with(
                    lambda d, e, t, r, v, s: (
                        -log_normaliser(d, v)
                        - (e + t) / (2 * v)
                        - r
                        - 0.5 * (np.linalg.slogdet(s)[1] - np.log(np.diag(s)).sum())
                    )
                ),
            ),
            Mistake(
                "the number of latents is not subtracted in the KL",
                elbo_with(lambda d, e, t, r, v, s: -log_normaliser(d, v) - (e + t) / (2 * v) - r - 0.5 * len(s)),
            ),
            Mistake(
                "the mean m is not subtracted from x",
                lambda x, weight, mean, variance, mu, covariance: pca_elbo(
                    x, weight, 0 * mean, variance, mu, covariance
                ),
            ),
            Mistake(
                "one number for the whole batch: return one ELBO per example",
                lambda *given: pca_elbo(*given).mean(),
            ),
            Mistake(
                "one number for the whole batch: return one ELBO per example",
                lambda *given: pca_elbo(*given).sum(),
            ),
        ),
        hints=(
            "Take the expectation of |x − m − W z|² with z = mu + (z − mu): the square of the first part, and what is left over.",
            "E|x − m − W z|² = |x − m − W mu|² + tr(Wᵀ W Σ). The rate is ½ (tr Σ + |mu|² − latent − log det Σ).",
            "−½ data log(2π variance) − (|x − m − W mu|² + np.trace(weight.T @ weight @ covariance)) / (2 variance) − rate.",
        ),
    ),
    Exercise(
        id="4.4",
        title="The best q with a diagonal covariance",
        minutes=10,
        difficulty=2,
        answer=best_diagonal_q,
        cases=draw_models,
        mistakes=(
            Mistake(
                "these are the posterior's own variances, the diagonal of its covariance: the best ones are 1 over the diagonal of"
                " its *precision*",
                diagonal_with(lambda v, m, s: np.log(np.diag(s))),
            ),
            Mistake(
                "this is ½ log variance, the log of the standard deviation: logvar is the log of the variance",
                diagonal_with(lambda v, m, s: 0.5 * np.log(v / np.diag(m))),
            ),
            Mistake("these are the variances: their log is missing", diagonal_with(lambda v, m, s: v / np.diag(m))),
            Mistake(
                "these are the standard deviations: logvar is the log of the variance",
                diagonal_with(lambda v, m, s: np.sqrt(v / np.diag(m))),
            ),
            Mistake(
                "this is the log of the precision: the variance is 1 over it, so the sign changes",
                diagonal_with(lambda v, m, s: np.log(np.diag(m) / v)),
            ),
            Mistake(
                "the posterior's precision is M / σ_x²: σ_x² is missing",
                diagonal_with(lambda v, m, s: -np.log(np.diag(m))),
            ),
            Mistake(
                "these are the diagonals of M⁻¹: the inverse comes after taking the diagonal, and σ_x² is missing",
                diagonal_with(lambda v, m, s: np.log(np.diag(s) / v)),
            ),
            Mistake(
                "M is Wᵀ W + σ_x² I: σ_x² I is missing in the variances",
                diagonal_with(lambda v, m, s: np.log(v / (np.diag(m) - v))),
            ),
            Mistake(
                "M is Wᵀ W + σ_x² I: you add I without σ_x²",
                lambda x, weight, mean, variance: (
                    (x - mean) @ weight @ np.linalg.inv(weight.T @ weight + np.eye(weight.shape[1])),
                    rows_like(x, np.log(variance / (1 + (weight**2).sum(axis=0)))),
                ),
            ),
            Mistake("M is Wᵀ W + σ_x² I: σ_x² I is missing", best_with(lambda w, v: w)),
            Mistake("variance is already σ_x²: you square it again", best_with(lambda w, v: w + v**2 * np.eye(len(w)))),
            Mistake("σ_x where σ_x² belongs in M", best_with(lambda w, v: w + np.sqrt(v) * np.eye(len(w)))),
            Mistake(
                "one variance for all latents: each latent has its own",
                diagonal_with(lambda v, m, s: np.full(len(m), np.log(v / np.diag(m).mean()))),
            ),
            Mistake(
                "the mean is computed from the diagonal of M alone: the best mean is the posterior's own, M⁻¹ Wᵀ (x − m)",
                diagonal_with_mean(
                    lambda x, weight, mean, variance: (x - mean) @ weight / ((weight**2).sum(axis=0) + variance)
                ),
            ),
            Mistake(
                "m is not subtracted from x",
                diagonal_with_mean(lambda x, weight, mean, variance: posterior_of(x, weight, 0 * mean, variance)[0]),
            ),
            Mistake(
                "this is the least-squares z: σ_x² I is missing in M, which pulls the mean towards 0",
                diagonal_with_mean(lambda x, weight, mean, variance: (x - mean) @ np.linalg.pinv(weight).T),
            ),
            Mistake(
                "the mean is divided by σ_x² once too often",
                diagonal_with_mean(
                    lambda x, weight, mean, variance: posterior_of(x, weight, mean, variance)[0] / variance
                ),
            ),
            Mistake(
                "M⁻¹ is missing in the mean",
                diagonal_with_mean(lambda x, weight, mean, variance: (x - mean) @ weight),
            ),
            Mistake(
                "logvar has one row; it should have one row per example, (batch, latent)",
                lambda x, weight, mean, variance: (
                    posterior_of(x, weight, mean, variance)[0],
                    best_diagonal_q(x, weight, mean, variance)[1][0],
                ),
            ),
        ),
        hints=(
            "The gap is KL(q || posterior). Write it for q = N(mu, diag(v)) and ask which v_j makes it smallest.",
            "The derivative with respect to v_j is ½ (Λ_jj − 1/v_j), with Λ = M / σ_x² the posterior's precision.",
            "mu = M⁻¹ Wᵀ (x − m), and logvar_j = log(σ_x² / M_jj), repeated for every example (np.tile).",
        ),
    ),
    Exercise(
        id="4.5",
        title="How loose the bound is",
        minutes=12,
        difficulty=2,
        answer=elbo_gap,
        cases=draw_models_and_codes,
        mistakes=(
            Mistake(
                "this is the KL the other way round, from the posterior to q: the gap is KL(q || posterior)",
                gap_reversed,
            ),
            Mistake(
                "the sign is reversed: the ELBO lies below log p(x), so the gap is not negative",
                gap_with(lambda t, h, k, q, p: -0.5 * (t + h - k - q - p)),
            ),
            Mistake(
                "your gap is exactly twice the right one: the 1/2 is missing",
                gap_with(lambda t, h, k, q, p: t + h - k - q - p),
            ),
            Mistake(
                "the number of latents is not subtracted: the gap of the posterior itself must be 0",
                gap_with(lambda t, h, k, q, p: 0.5 * (t + h - q - p)),
            ),
            Mistake(
                "the distance of the means is missing",
                gap_with(lambda t, h, k, q, p: 0.5 * (t - k - q - p)),
            ),
            Mistake(
                "the trace term is missing",
                gap_with(lambda t, h, k, q, p: 0.5 * (h - k - q - p)),
            ),
            Mistake(
                "the log-determinants have the wrong sign",
                gap_with(lambda t, h, k, q, p: 0.5 * (t + h - k + q + p)),
            ),
            Mistake(
                "q's log-determinant has the wrong sign",
                gap_with(lambda t, h, k, q, p: 0.5 * (t + h - k + q - p)),
            ),
            Mistake(
                "the posterior's log-determinant has the wrong sign: log det of a covariance is minus that of its precision",
                gap_with(lambda t, h, k, q, p: 0.5 * (t + h - k - q + p)),
            ),
            Mistake("q's log-determinant is missing", gap_with(lambda t, h, k, q, p: 0.5 * (t + h - k - p))),
            Mistake(
                "the posterior's log-determinant is missing", gap_with(lambda t, h, k, q, p: 0.5 * (t + h - k - q))
            ),
            Mistake(
                "the posterior's correlations are lost: you take its variances alone, but its precision is a full matrix",
                gap_to(lambda mean, covariance, variance: (mean, np.diag(np.diag(covariance)))),
            ),
            Mistake(
                "the posterior's precision is taken on its diagonal alone; it is a full matrix",
                gap_to(lambda mean, covariance, variance: (mean, np.diag(1 / np.diag(np.linalg.inv(covariance))))),
            ),
            Mistake(
                "the distance of the means takes the diagonal of Λ alone; Λ is a full matrix",
                gap_with_distance_on_the_diagonal,
            ),
            Mistake("logvar is read as the variance in the trace: it is exp(logvar)", gap_with_logvar_in_the_trace),
            Mistake(
                "this is the gap of the *best* q, the approximation gap: the q given here is another",
                gap_of_the_best_q,
            ),
            Mistake(
                "this is the gap of the *best* q, the approximation gap: the q given here is another",
                lambda *given: gap_of_the_best_q(*given)[0],
            ),
            Mistake(
                "covariance and precision are exchanged: trace and distance take the inverse of the posterior's covariance",
                lambda x, weight, mean, variance, mu, logvar: (
                    lambda posterior: (
                        0.5
                        * (
                            (np.diag(posterior[1]) * np.exp(logvar)).sum(axis=1)
                            + np.einsum("bi,ij,bj->b", mu - posterior[0], posterior[1], mu - posterior[0])
                            - len(posterior[1])
                            - logvar.sum(axis=1)
                            + np.linalg.slogdet(posterior[1])[1]
                        )
                    )
                )(posterior_of(x, weight, mean, variance)),
            ),
            Mistake(
                "σ_x² is missing: the posterior's covariance is σ_x² M⁻¹",
                gap_to(lambda mean, covariance, variance: (mean, covariance / variance)),
            ),
            Mistake(
                "logvar is read as the log of the standard deviation: exp(logvar) is the variance",
                lambda x, weight, mean, variance, mu, logvar: elbo_gap(x, weight, mean, variance, mu, 2 * logvar),
            ),
            Mistake(
                "this is the rate, KL(q || p(z)): the gap is the KL to the *posterior*, not to the prior",
                lambda x, weight, mean, variance, mu, logvar: kl_to_standard_normal(mu, logvar),
            ),
            Mistake("this is the ELBO: subtract it from log p(x)", elbo_of_codes),
            Mistake(
                "this is log p(x): subtract the ELBO from it",
                lambda *given: elbo_of_codes(*given) + elbo_gap(*given),
            ),
            Mistake(
                "the mean m is not subtracted from x",
                lambda x, weight, mean, variance, mu, logvar: elbo_gap(x, weight, 0 * mean, variance, mu, logvar),
            ),
            Mistake(
                "the mean over the latents: a KL is not divided by their number",
                lambda x, weight, mean, variance, mu, logvar: (
                    elbo_gap(x, weight, mean, variance, mu, logvar) / weight.shape[1]
                ),
            ),
            Mistake(
                "one number for the whole batch: return one gap per example", lambda *given: elbo_gap(*given).mean()
            ),
            Mistake(
                "one number for the whole batch: return one gap per example", lambda *given: elbo_gap(*given).sum()
            ),
        ),
        hints=(
            "By the identity the gap is a KL. From what to what? Both are Gaussians here.",
            "The posterior is N(M⁻¹ Wᵀ (x − m), Λ⁻¹) with the precision Λ = M / σ_x². Put it into the KL between two Gaussians.",
            "½ (Σ_j Λ_jj exp(logvar_j) + (mu − mean)ᵀ Λ (mu − mean) − latent − Σ_j logvar_j − log det Λ).",
        ),
    ),
)
