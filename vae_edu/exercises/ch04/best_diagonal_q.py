"""Exercise 4.5: the best q with a diagonal covariance."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Family, Mistake


def best_diagonal_q(x, weight, mean, variance):
    """mu and logvar, both (batch, latent), of the Gaussian q with diagonal covariance that has the largest ELBO under
    probabilistic PCA. x (batch, data), weight (data, latent), mean (data,), variance the decoder's σ_x²."""
    M = weight.T @ weight + variance * np.eye(weight.shape[1])
    mu = np.linalg.solve(M, weight.T @ (x - mean).T).T
    logvar = np.log(variance / np.diag(M))
    return mu, np.tile(logvar, (len(x), 1))


def draw_models(rng: np.random.Generator):
    """x, W, m, σ_x² with σ_x far from 1, W neither square nor with orthogonal columns; a batch of one; little noise, and so a
    logvar below −9."""
    for batch, data, latent, std in ((4, 5, 2, 0.6), (3, 6, 3, 1.7), (5, 4, 2, 0.4), (1, 5, 3, 0.7), (2, 4, 2, 0.01)):
        weight, mean = rng.normal(0, 1, (data, latent)), rng.uniform(1, 3, data)
        weight[:, 1] += 0.7 * weight[:, 0]
        weight = well_conditioned(weight)
        z, std = rng.normal(size=(batch, latent)), std * rng.uniform(0.9, 1.1)
        yield z @ weight.T + mean + std * rng.normal(size=(batch, data)), weight, mean, std**2


def well_conditioned(weight: np.ndarray) -> np.ndarray:
    """The same with singular values between 0.6 and 2.5, so that single precision loses few digits in M⁻¹."""
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    return left * np.clip(sizes, 0.6, 2.5) @ right


def posterior_of(x, weight, mean, variance):
    """The posterior's mean (batch, latent) and covariance (latent, latent)."""
    m = weight.T @ weight + variance * np.eye(weight.shape[1])
    return (x - mean) @ weight @ np.linalg.inv(m), variance * np.linalg.inv(m)


def rows_like(x, row):
    return np.tile(row, (len(x), 1))


def each_row(x, mu, covariance):
    """mu, and the covariance once for each example."""
    return mu, np.tile(covariance, (len(x), 1, 1))


def first_row(mu, logvar, place):
    return mu, logvar[place]


def best_with(inner, numerator=lambda variance: variance):
    """The same wrong M in the mean and in logvar: ``inner`` gets Wᵀ W and σ_x². ``numerator`` replaces σ_x² in σ_x² / M_jj."""

    def wrong(x, weight, mean, variance):
        m = inner(weight.T @ weight, variance)
        return (x - mean) @ weight @ np.linalg.inv(m), rows_like(x, np.log(numerator(variance) / np.diag(m)))

    return wrong


def with_power(power):
    """σ_x² to this power in M, in the numerator of σ_x² / M_jj, and in both."""

    def inner(product, variance):
        return product + variance**power * np.eye(len(product))

    def numerator(variance):
        return variance**power

    return (
        best_with(inner),
        best_with(lambda product, variance: product + variance * np.eye(len(product)), numerator),
        best_with(inner, numerator),
    )


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


EXERCISE = Exercise(
    id="4.5",
    title="The best q with a diagonal covariance",
    minutes=10,
    difficulty=2,
    answer=best_diagonal_q,
    cases=draw_models,
    mistakes=(
        Family(
            "your logvar is limited to a range: with little noise, the variances of q are as small as they have to be",
            lambda limit: (
                lambda *model: (best_diagonal_q(*model)[0], np.clip(best_diagonal_q(*model)[1], -limit, limit))
            ),
            (2, 3, 4, 5, 6, 7, 8),
            any_between=(0.5, 9),
        ),
        Mistake(
            "these are the posterior's own variances, the diagonal of its covariance. They minimise the forward KL. Which entries "
            "of Λ are left when you differentiate KL(q || posterior) with respect to v_j?",
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
            "this is the log of the precision: the variance is 1 over the precision, so change the sign",
            diagonal_with(lambda v, m, s: np.log(np.diag(m) / v)),
        ),
        Mistake(
            "the posterior's precision is M / σ_x²: σ_x² is missing",
            diagonal_with(lambda v, m, s: -np.log(np.diag(m))),
        ),
        Mistake(
            "your variances are the diagonal of M⁻¹, and σ_x² is missing. Differentiate KL(q || posterior) with respect to v_j: is M "
            "inverted before its diagonal is taken, or after?",
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
        Mistake(
            "σ_x² is added to every entry of Wᵀ W: M is Wᵀ W + σ_x² I, with the identity",
            best_with(lambda w, v: w + v),
        ),
        any_of("variance is already σ_x²: you square it again", *with_power(2)),
        any_of("you use σ_x where σ_x² belongs: variance is σ_x², take no root of it", *with_power(0.5)),
        Mistake(
            "you use σ_x² = 0.25, the value of the text: use the argument variance",
            lambda x, weight, mean, variance: best_diagonal_q(x, weight, mean, 0.25),
        ),
        any_of(
            "one variance for all latents: each latent has its own",
            diagonal_with(lambda v, m, s: np.full(len(m), np.log(v / np.diag(m).mean()))),
            diagonal_with(lambda v, m, s: np.full(len(m), np.log(np.diag(s).mean()))),
            diagonal_with(lambda v, m, s: np.full(len(m), np.log((v / np.diag(m)).mean()))),
        ),
        Mistake(
            "your variances come from the eigenvalues of M: v_j belongs to the axis of latent j, not to an eigenvector",
            diagonal_with(lambda v, m, s: np.log(v / np.linalg.eigvalsh(m))),
        ),
        any_of(
            "you return a covariance matrix: q is diagonal, so return the logarithms of its variances, (batch, latent)",
            lambda x, weight, mean, variance: posterior_of(x, weight, mean, variance),
            lambda x, weight, mean, variance: each_row(x, *posterior_of(x, weight, mean, variance)),
        ),
        Mistake(
            "the mean is computed from the diagonal of M alone. Which μ makes (μ − a)ᵀ Λ (μ − a) smallest, when Λ has entries off the "
            "diagonal?",
            diagonal_with_mean(
                lambda x, weight, mean, variance: (x - mean) @ weight / ((weight**2).sum(axis=0) + variance)
            ),
        ),
        Mistake(
            "m is not subtracted from x",
            diagonal_with_mean(lambda x, weight, mean, variance: posterior_of(x, weight, 0 * mean, variance)[0]),
        ),
        Mistake(
            "your mean is the least-squares z: M lacks σ_x² I, the term that pulls the mean towards 0",
            diagonal_with_mean(lambda x, weight, mean, variance: (x - mean) @ np.linalg.pinv(weight).T),
        ),
        Mistake(
            "your mean contains a factor 1/σ_x² too many",
            diagonal_with_mean(lambda x, weight, mean, variance: posterior_of(x, weight, mean, variance)[0] / variance),
        ),
        Mistake(
            "your mean lacks the factor 1/σ_x²: the posterior's covariance times Wᵀ(x − m) has to be divided by σ_x²",
            diagonal_with_mean(lambda x, weight, mean, variance: posterior_of(x, weight, mean, variance)[0] * variance),
        ),
        any_of(
            "a ½ is missing in one of the two derivatives with respect to v_j: ½ Λ_jj and ½ · 1/v_j both have one",
            diagonal_with(lambda v, m, s: np.log(2 * v / np.diag(m))),
            diagonal_with(lambda v, m, s: np.log(v / np.diag(m) / 2)),
        ),
        Mistake(
            "logvar is 0 everywhere, the prior's: q should be close to the posterior",
            diagonal_with(lambda v, m, s: np.zeros(len(m))),
        ),
        Mistake(
            "these are the posterior's own variances, without their log. And which entries of Λ are left when you differentiate "
            "KL(q || posterior) with respect to v_j?",
            diagonal_with(lambda v, m, s: np.diag(s)),
        ),
        Mistake(
            "M is Wᵀ W + σ_x² I: in the variances you add I without σ_x²",
            diagonal_with(lambda v, m, s: np.log(v / (np.diag(m) - v + 1))),
        ),
        Mistake(
            "M⁻¹ is missing in the mean",
            diagonal_with_mean(lambda x, weight, mean, variance: (x - mean) @ weight),
        ),
        Mistake(
            "mu and logvar are exchanged: first mu, then logvar",
            lambda x, weight, mean, variance: best_diagonal_q(x, weight, mean, variance)[::-1],
        ),
        Mistake(
            "m is replaced by the mean of the batch: use the argument mean",
            diagonal_with_mean(lambda x, weight, mean, variance: posterior_of(x, weight, x.mean(axis=0), variance)[0]),
        ),
        any_of(
            "logvar has one row; it should have one row per example, (batch, latent)",
            lambda x, weight, mean, variance: first_row(*best_diagonal_q(x, weight, mean, variance), np.s_[:1]),
            lambda x, weight, mean, variance: first_row(*best_diagonal_q(x, weight, mean, variance), 0),
        ),
    ),
    hints=(
        "The gap is KL(q || posterior). Write it for q = N(mu, diag(v)) and ask which v_j makes it smallest.",
        "The derivative with respect to v_j is ½ (Λ_jj − 1/v_j), with Λ = M / σ_x² the posterior's precision.",
        "M = weight.T @ weight + variance * np.eye(weight.shape[1]). Repeat logvar for every example (np.tile).",
    ),
)
