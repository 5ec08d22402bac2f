"""Exercises of notebook 03: latent-variable models."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property


def evidence_on_grid(x, z, means, sigma_x):
    """p(x) for one number x, with z ~ N(0, 1) and x|z ~ N(f(z), sigma_x²), on the evenly spaced
    grid z (G,), where means (G,) holds f(z)."""
    likelihood = np.exp(-((x - means) ** 2) / (2 * sigma_x**2)) / np.sqrt(2 * np.pi * sigma_x**2)
    prior = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    step = z[1] - z[0]
    return (likelihood * prior).sum() * step


def draw_grids(rng: np.random.Generator):
    """Curves and observations away from where mistakes hide; fine and wide grids, on which every rule of quadrature agrees."""
    for points, reach, sigma_x in (
        (1601, 9.0, rng.uniform(0.5, 0.8)),
        (2002, 8.5, rng.uniform(1.3, 1.8)),
        (1401, 10.0, rng.uniform(0.35, 0.45)),
    ):
        z = np.linspace(-reach, reach, points)
        slope, bend, shift = rng.uniform(0.8, 1.6), rng.uniform(0.3, 0.6), rng.uniform(-1, 1)
        yield float(rng.uniform(1.2, 2.5)), z, slope * z + bend * np.sin(2 * z) + shift, float(sigma_x)


def normal(value, mean, sd):
    return np.exp(-((value - mean) ** 2) / (2 * sd**2)) / np.sqrt(2 * np.pi) / sd


def log_normal(value, mean, sd):
    return -((value - mean) ** 2) / (2 * sd**2) - np.log(sd) - 0.5 * np.log(2 * np.pi)


def stable_log_mean_exp(a):
    """log (1/S) Σ_s exp(a[i, s]) for each row of a (n, S), as (n,); survives entries of −1000 and of +1000."""
    largest = a.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(a - largest).mean(axis=1))


def draw_exponents(rng: np.random.Generator):
    """Small values first, where every formula gives finite numbers; then each extreme, of one sign and of both."""
    yield (rng.normal(-1, 1.5, (3, 5)),)
    yield (rng.normal(-1000, 2, (4, 7)),)
    yield (rng.normal(1000, 2, (2, 6)),)
    yield (
        np.array([-1000.0, 1000.0, 0.0])[:, None] + rng.normal(0, 2, (3, 4)),
    )  # one constant for all rows will not do
    spread = rng.normal(0, 1, (2, 5))
    spread[:, 2] = [-2000.0, 900.0]  # within a row: far below the others, and far above
    yield (spread,)


def quietly(function):
    """``function`` without NumPy's warnings: overflow is what the mistake is about."""

    def silent(*arguments):
        with np.errstate(all="ignore"):
            return function(*arguments)

    return silent


def shifted_log_mean_exp(a, shift):
    return shift + np.log(np.exp(a - shift).mean(axis=1))


def effective_draws(log_weights):
    """(Σ_s w_s)² / Σ_s w_s² for each row of log_weights (n, S), which holds log w; as (n,)."""
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return w.sum(axis=1) ** 2 / (w**2).sum(axis=1)


def draw_log_weights(rng: np.random.Generator):
    yield (rng.normal(0.7, 1.0, (3, 8)),)
    yield (rng.normal(-1000, 1.5, (4, 6)),)
    yield (rng.normal(1000, 1.5, (2, 9)),)
    yield (np.array([-1000.0, 1000.0, 0.0])[:, None] + rng.normal(0, 1, (3, 5)),)
    spread = rng.normal(0, 0.7, (2, 7))
    spread[:, 3] = [-2000.0, -1200.0]  # a weight of 0, in floating point
    yield (spread,)
    spread = rng.normal(0, 0.7, (2, 7))
    spread[:, 3] = [-2000.0, 900.0]  # and a weight beside which all others are 0
    yield (spread,)


def relative_weights(log_weights):
    return np.exp(log_weights - log_weights.max(axis=1, keepdims=True))


def effective_draws_around(log_weights, shift):
    """The size from weights relative to exp(shift), which is right where nothing overflows or vanishes."""
    w = np.exp(log_weights - shift[:, None])
    return w.sum(axis=1) ** 2 / (w**2).sum(axis=1)


def normalised_weights(log_weights):
    w = relative_weights(log_weights)
    return w / w.sum(axis=1, keepdims=True)


def entropy_size(log_weights):
    w = normalised_weights(log_weights)
    return np.exp(-(w * np.log(np.where(w > 0, w, 1))).sum(axis=1))


def ppca_log_evidence(x, weight, mean, sigma_x):
    """log p(x) in nats for each row of x (n, D), as (n,), under pPCA with weight (D, k), mean
    (D,) and noise of standard deviation sigma_x."""
    D = len(mean)
    C = weight @ weight.T + sigma_x**2 * np.eye(D)
    r = x - mean
    quadratic = (r * np.linalg.solve(C, r.T).T).sum(axis=1)
    logdet = np.linalg.slogdet(C)[1]
    return -0.5 * (D * np.log(2 * np.pi) + logdet + quadratic)


def draw_ppca(rng: np.random.Generator):
    """Models off the origin, with a noise that is not near 1, and data off the model's mean. With one latent less than data no
    wrong covariance is singular, so that every mistake gives numbers."""
    for n, data, latent, sigma_x in (
        (5, 4, 3, rng.uniform(0.5, 0.7)),
        (3, 6, 5, rng.uniform(1.5, 2.0)),
        (7, 5, 4, rng.uniform(0.3, 0.45)),
    ):
        weight, mean = rng.normal(0, 1.2, (data, latent)), rng.uniform(1, 3, data)
        x = rng.normal(size=(n, latent)) @ weight.T + mean + rng.normal(0, 1, (n, data))
        yield x, weight, mean, float(sigma_x)


def right_with_few_latents(function, rng):
    """Whether log p(x) is right where D − k = 4; in all cases D − k = 1, which hides a power of σ_x."""
    weight, mean = rng.normal(0, 1.2, (6, 2)), rng.uniform(1, 3, 6)
    x, sigma_x = rng.normal(2, 2, (3, 6)), rng.uniform(0.45, 0.65)
    try:
        got = np.asarray(function(x, weight, mean, sigma_x))
    except np.linalg.LinAlgError:  # a wrong covariance may be singular here
        return False
    return np.max(np.abs(got - ppca_log_evidence(x, weight, mean, sigma_x))) < 0.01


def evidence_by_latents(x, weight, mean, sigma_x, *, power, norm=1):
    """log p(x) with log|C| = power · log σ_x + log|M| and the quadratic form |r − W μ|² / σ_x² + norm · |μ|², where r = x − m
    and μ is the posterior mean. Right for power = 2 (D − k) and norm = 1."""
    inner, r = inner_matrix(weight, sigma_x**2), x - mean
    mu = np.linalg.solve(inner, weight.T @ r.T).T
    squares = ((r - mu @ weight.T) ** 2).sum(axis=1) / sigma_x**2 + norm * (mu**2).sum(axis=1)
    logdet = power * np.log(sigma_x) + np.linalg.slogdet(inner)[1]
    return -0.5 * (len(mean) * np.log(2 * np.pi) + logdet + squares)


def evidence_with(x, weight, mean, noise, *, constant=0.5, logdet=0.5, quadratic=0.5, covariance=None, inverse=None):
    """−constant · D log 2π − logdet · log|C| − quadratic · (x − m)ᵀ C⁻¹ (x − m) with C = W Wᵀ + noise · I, or as given."""
    D = len(mean)
    C = weight @ weight.T + noise * np.eye(D) if covariance is None else covariance
    inverse = np.linalg.inv(C) if inverse is None else inverse
    squares = np.einsum("ni,ij,nj->n", x - mean, inverse, x - mean)
    return -constant * D * np.log(2 * np.pi) - logdet * np.linalg.slogdet(C)[1] - quadratic * squares


def ppca_posterior(x, weight, mean, sigma_x):
    """The mean (n, k) and the covariance (k, k) of p(z|x) for the rows of x (n, D), under pPCA
    with weight (D, k), mean (D,) and noise of standard deviation sigma_x."""
    M = weight.T @ weight + sigma_x**2 * np.eye(weight.shape[1])
    posterior_mean = np.linalg.solve(M, weight.T @ (x - mean).T).T
    return posterior_mean, sigma_x**2 * np.linalg.inv(M)


def posterior_with(x, weight, mean, inner, scale):
    """Mean inner⁻¹ Wᵀ (x − mean) and covariance scale · inner⁻¹."""
    inverse = np.linalg.inv(inner)
    return (x - mean) @ weight @ inverse, scale * inverse


def inner_matrix(weight, noise):
    return weight.T @ weight + noise * np.eye(weight.shape[1])


EXERCISES = (
    Exercise(
        id="3.1",
        title="The evidence on a grid",
        minutes=8,
        difficulty=1,
        answer=evidence_on_grid,
        cases=draw_grids,
        mistakes=(
            Mistake(
                "the width of the rectangles is missing: multiply the sum by the distance of the grid points",
                lambda x, z, means, sigma_x: (normal(x, means, sigma_x) * normal(z, 0, 1)).sum(),
            ),
            Mistake(
                "the prior is forgotten: p(x) is the integral of p(x|z) p(z)",
                lambda x, z, means, sigma_x: normal(x, means, sigma_x).sum() * (z[1] - z[0]),
            ),
            Mistake(
                "G points have G − 1 gaps: their distance is z[1] - z[0], not the whole width over G",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) * (len(z) - 1) / len(z),
            ),
            Mistake(
                "the mean over the grid is not the integral: a sum times the distance of the grid points is",
                lambda x, z, means, sigma_x: (normal(x, means, sigma_x) * normal(z, 0, 1)).mean(),
            ),
            Mistake(
                "the mean of p(x|z) over the grid: the grid points are not draws from the prior, so weight them by p(z)",
                lambda x, z, means, sigma_x: normal(x, means, sigma_x).mean(),
            ),
            Mistake(
                "a sum of logarithms: the densities are added up, not their logarithms",
                lambda x, z, means, sigma_x: (
                    (log_normal(x, means, sigma_x) + log_normal(z, 0, 1)).sum() * (z[1] - z[0])
                ),
            ),
            Mistake(
                "a sum of logarithms: the densities are added up, not their logarithms",
                lambda x, z, means, sigma_x: (log_normal(x, means, sigma_x) + log_normal(z, 0, 1)).sum(),
            ),
            Mistake(
                "this is log p(x); asked for is p(x)",
                lambda x, z, means, sigma_x: np.log(evidence_on_grid(x, z, means, sigma_x)),
            ),
            Mistake(
                "sigma_x is taken for the variance: it is the standard deviation",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, np.sqrt(sigma_x)),
            ),
            Mistake(
                "the variance is taken for the standard deviation: sigma_x is squared once too often",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x**2),
            ),
            Mistake(
                "the 1/2 is missing in the exponent of the likelihood",
                lambda x, z, means, sigma_x: (
                    (np.exp(-(((x - means) / sigma_x) ** 2)) / np.sqrt(2 * np.pi) / sigma_x * normal(z, 0, 1)).sum()
                    * (z[1] - z[0])
                ),
            ),
            Mistake(
                "the 1/2 is missing in the exponent of the prior",
                lambda x, z, means, sigma_x: (
                    (normal(x, means, sigma_x) * np.exp(-(z**2)) / np.sqrt(2 * np.pi)).sum() * (z[1] - z[0])
                ),
            ),
            Mistake(
                "the 1/2 is missing in both exponents: a Gaussian density has exp(-(x - mean)² / (2 σ²))",
                lambda x, z, means, sigma_x: (
                    (np.exp(-(((x - means) / sigma_x) ** 2) - z**2) / (2 * np.pi * sigma_x)).sum() * (z[1] - z[0])
                ),
            ),
            Mistake(
                "both normalising constants are missing: a Gaussian density has 1 / √(2π σ²) in front",
                lambda x, z, means, sigma_x: (
                    evidence_on_grid(x, z, means, sigma_x) * np.sqrt(2 * np.pi) * sigma_x * np.sqrt(2 * np.pi)
                ),
            ),
            Mistake(
                "the normalising constant of the likelihood is missing: 1 / √(2π σ_x²)",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) * np.sqrt(2 * np.pi) * sigma_x,
            ),
            Mistake(
                "the normalising constant of the prior is missing: 1 / √(2π)",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) * np.sqrt(2 * np.pi),
            ),
            Mistake(
                "the likelihood's constant lacks σ_x: it is 1 / √(2π σ_x²)",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) * sigma_x,
            ),
            Mistake(
                "the square root is missing in the likelihood's constant: it is 1 / √(2π σ_x²)",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) / np.sqrt(2 * np.pi) / sigma_x,
            ),
            Mistake(
                "2π without its square root in one of the two constants: they are 1 / √(2π σ_x²) and 1 / √(2π)",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) / np.sqrt(2 * np.pi),
            ),
            Mistake(
                "the square root is missing in both constants: a Gaussian density has 1 / √(2π σ²) in front",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) / (2 * np.pi) / sigma_x,
            ),
            Mistake(
                "σ_x² outside of the root: the likelihood's constant is 1 / √(2π σ_x²), which is 1 / (√(2π) σ_x)",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) / sigma_x,
            ),
            Mistake(
                "σ_x under the root: the likelihood's constant is 1 / √(2π σ_x²), with the variance",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, means, sigma_x) * np.sqrt(sigma_x),
            ),
            Mistake(
                "x is compared with z itself: the decoder's mean f(z) is in means",
                lambda x, z, means, sigma_x: evidence_on_grid(x, z, z, sigma_x),
            ),
            Mistake(
                "the prior is taken at the decoder's mean f(z); it is a density of z",
                lambda x, z, means, sigma_x: (normal(x, means, sigma_x) * normal(means, 0, 1)).sum() * (z[1] - z[0]),
            ),
            Mistake(
                "the prior is taken at x; it is a density of z",
                lambda x, z, means, sigma_x: normal(x, means, sigma_x).sum() * normal(x, 0, 1) * (z[1] - z[0]),
            ),
            Mistake(
                "the prior has the standard deviation 1; sigma_x belongs to the decoder",
                lambda x, z, means, sigma_x: (normal(x, means, sigma_x) * normal(z, 0, sigma_x)).sum() * (z[1] - z[0]),
            ),
            Mistake(
                "the width of a rectangle is a distance in z: z[1] - z[0], not means[1] - means[0]",
                lambda x, z, means, sigma_x: (
                    (normal(x, means, sigma_x) * normal(z, 0, 1)).sum() * (means[1] - means[0])
                ),
            ),
            Mistake(
                "this is p(x, z) at every grid point: add it up",
                lambda x, z, means, sigma_x: normal(x, means, sigma_x) * normal(z, 0, 1) * (z[1] - z[0]),
            ),
            Mistake(
                "this is p(x, z) at every grid point: add it up",
                lambda x, z, means, sigma_x: normal(x, means, sigma_x) * normal(z, 0, 1),
            ),
            Mistake(
                "divided by its own sum, which is the evidence itself: that makes a posterior, and its integral is always 1",
                lambda x, z, means, sigma_x: 1.0,
            ),
        ),
        hints=(
            "Which two densities does the integrand multiply? Which of them uses `means`?",
            "The integral is the sum of p(x|z_g) p(z_g) over the grid, times the distance z[1] - z[0].",
            "p(x|z_g) = exp(-(x - means)² / (2 σ_x²)) / √(2π σ_x²), p(z_g) = exp(-z² / 2) / √(2π).",
        ),
    ),
    Exercise(
        id="3.2",
        title="Log-mean-exp",
        minutes=8,
        difficulty=2,
        answer=stable_log_mean_exp,
        cases=draw_exponents,
        mistakes=(
            Mistake(
                "exp(−1000) is 0 and exp(1000) is infinite: take the largest entry of each row out first",
                quietly(lambda a: np.log(np.exp(a).mean(axis=1))),
            ),
            Mistake(
                "exp(−1000) is 0 and exp(1000) is infinite: take the largest entry of each row out first",
                quietly(lambda a: np.log(np.exp(a).sum(axis=1)) - np.log(a.shape[1])),
            ),
            Mistake(
                "this is log-sum-exp: for the mean, subtract log S",
                lambda a: stable_log_mean_exp(a) + np.log(a.shape[1]),
            ),
            Mistake(
                "log S is added where it is subtracted",
                lambda a: stable_log_mean_exp(a) + 2 * np.log(a.shape[1]),
            ),
            Mistake(
                "divided by S outside of the logarithm: there, subtract log S",
                lambda a: (stable_log_mean_exp(a) + np.log(a.shape[1])) / a.shape[1],
            ),
            Mistake(
                "S is the number of columns: each row is averaged over its own entries",
                lambda a: stable_log_mean_exp(a) + np.log(a.shape[1]) - np.log(len(a)),
            ),
            Mistake(
                "S is the number of columns: each row is averaged over its own entries",
                lambda a: stable_log_mean_exp(a) + np.log(a.shape[1]) - np.log(a.size),
            ),
            Mistake("this is the mean of the entries: a mean of logs, not the log of a mean", lambda a: a.mean(axis=1)),
            Mistake("this is the largest entry: the others count, too", lambda a: a.max(axis=1)),
            Mistake(
                "the largest entry is taken out and never added back",
                lambda a: stable_log_mean_exp(a) - a.max(axis=1),
            ),
            Mistake(
                "the largest entry is subtracted a second time where it is added back",
                lambda a: stable_log_mean_exp(a) - 2 * a.max(axis=1),
            ),
            Mistake(
                "the logarithm is missing: this is the mean of exp(a − largest)",
                lambda a: np.exp(a - a.max(axis=1, keepdims=True)).mean(axis=1),
            ),
            Mistake(
                "the largest entry of the whole array is taken out: every row has a largest entry of its own",
                quietly(lambda a: shifted_log_mean_exp(a, a.max())),
            ),
            Mistake(
                "the smallest entry is taken out: where one entry is far above the others, the exponential overflows",
                quietly(lambda a: a.min(axis=1) + np.log(np.exp(a - a.min(axis=1, keepdims=True)).mean(axis=1))),
            ),
            Mistake(
                "the mean is taken out: an entry far above the mean of its row still overflows",
                quietly(lambda a: a.mean(axis=1) + np.log(np.exp(a - a.mean(axis=1, keepdims=True)).mean(axis=1))),
            ),
            Mistake(
                "a small constant inside of the logarithm hides the underflow, and changes the answer",
                quietly(lambda a: np.log(np.exp(a).mean(axis=1) + 1e-8)),
            ),
            Mistake(
                "a small constant inside of the logarithm hides the underflow, and changes the answer",
                quietly(lambda a: np.log(np.exp(a).mean(axis=1) + 1e-10)),
            ),
            Mistake(
                "a small constant inside of the logarithm hides the underflow, and changes the answer",
                quietly(lambda a: np.log(np.exp(a).mean(axis=1) + 1e-12)),
            ),
            Mistake(
                "one column too many: return shape (n,), with largest[:, 0]",
                lambda a: stable_log_mean_exp(a)[:, None],
            ),
            Mistake(
                "a table (n, n): largest is (n, 1) and the logarithms are (n,); add largest[:, 0]",
                lambda a: a.max(axis=1, keepdims=True) + (stable_log_mean_exp(a) - a.max(axis=1)),
            ),
            Mistake(
                "one number for each column: average along each row (axis=1)",
                lambda a: stable_log_mean_exp(a.T),
            ),
            Mistake(
                "one number for the whole array: average each row",
                lambda a: stable_log_mean_exp(a.reshape(1, -1))[0],
            ),
        ),
        hints=(
            "exp(a) = exp(c) · exp(a − c), whatever c is. Which c keeps every exponential at or below 1?",
            "Take out the largest entry of each row: a - a.max(axis=1, keepdims=True).",
            "largest[:, 0] + np.log(np.exp(a - largest).mean(axis=1)), with largest of shape (n, 1).",
        ),
    ),
    Exercise(
        id="3.3",
        title="Effective sample size",
        minutes=10,
        difficulty=2,
        answer=effective_draws,
        cases=draw_log_weights,
        mistakes=(
            Mistake(
                "exp(−1000) is 0 and exp(1000) is infinite: a common factor of the weights cancels, so take the largest out first",
                quietly(lambda log_weights: np.exp(log_weights).sum(axis=1) ** 2 / np.exp(2 * log_weights).sum(axis=1)),
            ),
            Mistake(
                "exp(−1000) is 0 and exp(1000) is infinite: a common factor of the weights cancels, so take the largest out first",
                quietly(
                    lambda log_weights: (
                        1 / ((np.exp(log_weights) / np.exp(log_weights).sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
                    )
                ),
            ),
            Mistake(
                "1 / Σ w² needs weights that add up to 1: these are not normalised",
                lambda log_weights: 1 / (relative_weights(log_weights) ** 2).sum(axis=1),
            ),
            Mistake(
                "1 / Σ w² needs weights that add up to 1: these are not normalised",
                quietly(lambda log_weights: 1 / np.exp(2 * log_weights).sum(axis=1)),
            ),
            Mistake(
                "1 / Σ w where Σ w² belongs: normalised weights add up to 1, whatever they are",
                lambda log_weights: np.ones(len(log_weights)),
            ),
            Mistake(
                "sum over largest weight: a similar idea, but not this one",
                lambda log_weights: relative_weights(log_weights).sum(axis=1),
            ),
            Mistake(
                "the square of the sum is missing: (Σ w)² / Σ w²",
                lambda log_weights: (
                    relative_weights(log_weights).sum(axis=1) / (relative_weights(log_weights) ** 2).sum(axis=1)
                ),
            ),
            Mistake(
                "upside down: this is Σ w² of the normalised weights, one over the size",
                lambda log_weights: 1 / effective_draws(log_weights),
            ),
            Mistake(
                "this is the share of draws that count: multiply by S",
                lambda log_weights: effective_draws(log_weights) / log_weights.shape[1],
            ),
            Mistake(
                "this is the logarithm of the size",
                lambda log_weights: np.log(effective_draws(log_weights)),
            ),
            Mistake(
                "the logarithms are used as if they were the weights: take exponentials first",
                lambda log_weights: log_weights.sum(axis=1) ** 2 / (log_weights**2).sum(axis=1),
            ),
            Mistake(
                "the square root of the size: both sums have to be squares",
                lambda log_weights: np.sqrt(effective_draws(log_weights)),
            ),
            Mistake(
                "the exponential of the entropy: another measure of how many draws count, larger than this one",
                entropy_size,
            ),
            Mistake(
                "the largest weight of the whole array is taken out: every row has a largest weight of its own",
                quietly(
                    lambda log_weights: (
                        np.exp(log_weights - log_weights.max()).sum(axis=1) ** 2
                        / np.exp(2 * (log_weights - log_weights.max())).sum(axis=1)
                    )
                ),
            ),
            Mistake(
                "the mean is taken out: a weight far above the others still overflows",
                quietly(lambda log_weights: effective_draws_around(log_weights, log_weights.mean(axis=1))),
            ),
            Mistake(
                "the smallest is taken out: where one weight is far below the others, all others overflow",
                quietly(lambda log_weights: effective_draws_around(log_weights, log_weights.min(axis=1))),
            ),
            Mistake(
                "S / (1 + variance / mean²) is right with the variance divided by S; yours is divided by S − 1",
                lambda log_weights: (
                    log_weights.shape[1]
                    / (
                        1
                        + relative_weights(log_weights).var(axis=1, ddof=1)
                        / relative_weights(log_weights).mean(axis=1) ** 2
                    )
                ),
            ),
            Mistake(
                "one number for each column: the draws of one row belong together (axis=1)",
                lambda log_weights: effective_draws(log_weights.T),
            ),
            Mistake(
                "one number for the whole array: each row has a size of its own",
                lambda log_weights: effective_draws(log_weights.reshape(1, -1))[0],
            ),
        ),
        hints=(
            "What happens to (Σ w)² / Σ w² if every weight is multiplied by the same number?",
            "So the weights may be taken relative to the largest one: w = exp(log_weights - largest), row by row.",
            "w.sum(axis=1) ** 2 / (w**2).sum(axis=1)",
        ),
    ),
    Exercise(
        id="3.4",
        title="The evidence of pPCA",
        minutes=12,
        difficulty=2,
        answer=ppca_log_evidence,
        cases=draw_ppca,
        mistakes=(
            Mistake(
                "σ_x where σ_x² belongs: the noise adds its variance to the diagonal of C",
                lambda x, weight, mean, sigma_x: ppca_log_evidence(x, weight, mean, np.sqrt(sigma_x)),
            ),
            Mistake(
                "D log 2π is left out: a density keeps its constants",
                lambda x, weight, mean, sigma_x: evidence_with(x, weight, mean, sigma_x**2, constant=0),
            ),
            Mistake(
                "log 2π only once: there is one for each of the D dimensions",
                lambda x, weight, mean, sigma_x: (
                    evidence_with(x, weight, mean, sigma_x**2, constant=0) - 0.5 * np.log(2 * np.pi)
                ),
            ),
            Mistake(
                "k log 2π where D log 2π belongs: x has D dimensions",
                lambda x, weight, mean, sigma_x: (
                    evidence_with(x, weight, mean, sigma_x**2, constant=0) - 0.5 * weight.shape[1] * np.log(2 * np.pi)
                ),
            ),
            Mistake(
                "the 1/2 is missing as a whole: this is twice the right value",
                lambda x, weight, mean, sigma_x: 2 * ppca_log_evidence(x, weight, mean, sigma_x),
            ),
            Mistake(
                "the 1/2 is missing in front of the log-determinant",
                lambda x, weight, mean, sigma_x: evidence_with(x, weight, mean, sigma_x**2, logdet=1),
            ),
            Mistake(
                "the 1/2 is missing in front of the quadratic form",
                lambda x, weight, mean, sigma_x: evidence_with(x, weight, mean, sigma_x**2, quadratic=1),
            ),
            Mistake(
                "the 1/2 is missing in front of D log 2π",
                lambda x, weight, mean, sigma_x: evidence_with(x, weight, mean, sigma_x**2, constant=1),
            ),
            Mistake(
                "the sign of the log-determinant: a wide Gaussian has a low density",
                lambda x, weight, mean, sigma_x: evidence_with(x, weight, mean, sigma_x**2, logdet=-0.5),
            ),
            Mistake(
                "the sign of the whole: this is −log p(x)",
                lambda x, weight, mean, sigma_x: -ppca_log_evidence(x, weight, mean, sigma_x),
            ),
            Mistake(
                "the log-determinant is left out",
                lambda x, weight, mean, sigma_x: evidence_with(x, weight, mean, sigma_x**2, logdet=0),
            ),
            Mistake(
                "the determinant where its logarithm belongs",
                lambda x, weight, mean, sigma_x: (
                    evidence_with(x, weight, mean, sigma_x**2, logdet=0)
                    - 0.5 * np.linalg.det(weight @ weight.T + sigma_x**2 * np.eye(len(mean)))
                ),
            ),
            Mistake(
                "x is not centred: subtract the mean",
                lambda x, weight, mean, sigma_x: ppca_log_evidence(x, weight, 0 * mean, sigma_x),
            ),
            Mistake(
                "the data's own mean is subtracted; the model has its own, `mean`",
                lambda x, weight, mean, sigma_x: ppca_log_evidence(x, weight, x.mean(axis=0), sigma_x),
            ),
            Mistake(
                "C is used where its inverse belongs",
                lambda x, weight, mean, sigma_x: evidence_with(
                    x,
                    weight,
                    mean,
                    sigma_x**2,
                    inverse=weight @ weight.T + sigma_x**2 * np.eye(len(mean)),
                ),
            ),
            Mistake(
                "the correlations are lost: only the diagonal of C is used",
                lambda x, weight, mean, sigma_x: evidence_with(
                    x, weight, mean, 0, covariance=np.diag((weight**2).sum(axis=1) + sigma_x**2)
                ),
            ),
            Mistake(
                "this is log p(x|z) at z = 0: W has to enter the covariance",
                lambda x, weight, mean, sigma_x: evidence_with(
                    x, weight, mean, 0, covariance=sigma_x**2 * np.eye(len(mean))
                ),
            ),
            Mistake(
                "σ_x² is added to every entry of W Wᵀ: it belongs on the diagonal alone, σ_x² I",
                lambda x, weight, mean, sigma_x: evidence_with(
                    x, weight, mean, 0, covariance=weight @ weight.T + sigma_x**2
                ),
            ),
            Mistake(
                "C has σ_x² on its diagonal, next to W Wᵀ, not 1",
                lambda x, weight, mean, sigma_x: evidence_with(x, weight, mean, 1),
            ),
            Mistake(
                "the factor D − k is missing: log|C| = 2 (D − k) log σ_x + log|M|",
                lambda x, weight, mean, sigma_x: evidence_by_latents(x, weight, mean, sigma_x, power=2),
            ),
            Mistake(
                "2 D log σ_x where 2 (D − k) log σ_x belongs, next to log|M|",
                lambda x, weight, mean, sigma_x: evidence_by_latents(x, weight, mean, sigma_x, power=2 * len(mean)),
            ),
            Mistake(
                "2 k log σ_x where 2 (D − k) log σ_x belongs, next to log|M|",
                lambda x, weight, mean, sigma_x: evidence_by_latents(
                    x, weight, mean, sigma_x, power=2 * weight.shape[1]
                ),
            ),
            Mistake(
                "(D − k) log σ_x where 2 (D − k) log σ_x belongs, next to log|M|: the 2 is missing",
                lambda x, weight, mean, sigma_x: evidence_by_latents(
                    x, weight, mean, sigma_x, power=len(mean) - weight.shape[1]
                ),
            ),
            Mistake(
                "log|M| alone: log|C| has 2 (D − k) log σ_x as well",
                lambda x, weight, mean, sigma_x: evidence_by_latents(x, weight, mean, sigma_x, power=0),
            ),
            Mistake(
                "|μ|² is forgotten: the quadratic form is |r − W μ|² / σ_x² + |μ|²",
                lambda x, weight, mean, sigma_x: evidence_by_latents(
                    x, weight, mean, sigma_x, power=2 * (len(mean) - weight.shape[1]), norm=0
                ),
            ),
            Mistake(
                "p(x) itself; asked for is its logarithm",
                lambda x, weight, mean, sigma_x: np.exp(ppca_log_evidence(x, weight, mean, sigma_x)),
            ),
            Mistake(
                "one number for the whole batch, its sum: one for each row is asked for",
                lambda x, weight, mean, sigma_x: ppca_log_evidence(x, weight, mean, sigma_x).sum(),
            ),
            Mistake(
                "one number for the whole batch, its mean: one for each row is asked for",
                lambda x, weight, mean, sigma_x: ppca_log_evidence(x, weight, mean, sigma_x).mean(),
            ),
            Mistake(
                "all pairs of rows, (n, n): only the diagonal of (x − m) C⁻¹ (x − m)ᵀ is meant",
                lambda x, weight, mean, sigma_x: (
                    evidence_with(x, weight, mean, sigma_x**2, quadratic=0)
                    - 0.5
                    * (x - mean)
                    @ np.linalg.inv(weight @ weight.T + sigma_x**2 * np.eye(len(mean)))
                    @ (x - mean).T
                ),
            ),
        ),
        hints=(
            "p(x) is a Gaussian in D dimensions. What are its mean and its covariance?",
            "C = weight @ weight.T + sigma_x**2 * np.eye(D). np.linalg.slogdet(C)[1] is log|C|.",
            "(r * np.linalg.solve(C, r.T).T).sum(axis=1), with r = x - mean, is each row's quadratic form. Then −½ times all three.",
        ),
        properties=(
            Property(
                "log p(x) is right where x has four dimensions more than z, too (look at the power of σ_x in |C|)",
                right_with_few_latents,
                tolerance=0.0,
                expected=1.0,
            ),
        ),
    ),
    Exercise(
        id="3.5",
        title="The posterior of pPCA",
        minutes=10,
        difficulty=2,
        answer=ppca_posterior,
        cases=draw_ppca,
        mistakes=(
            Mistake(
                "the covariance is σ_x² M⁻¹: the factor σ_x² is missing",
                lambda x, weight, mean, sigma_x: posterior_with(x, weight, mean, inner_matrix(weight, sigma_x**2), 1),
            ),
            Mistake(
                "σ_x where σ_x² belongs in front of M⁻¹",
                lambda x, weight, mean, sigma_x: posterior_with(
                    x, weight, mean, inner_matrix(weight, sigma_x**2), sigma_x
                ),
            ),
            Mistake(
                "the covariance is divided by σ_x² where it is multiplied: σ_x² M⁻¹",
                lambda x, weight, mean, sigma_x: posterior_with(
                    x, weight, mean, inner_matrix(weight, sigma_x**2), sigma_x**-2
                ),
            ),
            Mistake(
                "this is the precision, the inverse of the covariance",
                lambda x, weight, mean, sigma_x: (
                    ppca_posterior(x, weight, mean, sigma_x)[0],
                    inner_matrix(weight, sigma_x**2) / sigma_x**2,
                ),
            ),
            Mistake(
                "M is not inverted in the covariance",
                lambda x, weight, mean, sigma_x: (
                    ppca_posterior(x, weight, mean, sigma_x)[0],
                    inner_matrix(weight, sigma_x**2) * sigma_x**2,
                ),
            ),
            Mistake(
                "the prior is forgotten: without σ_x² I in M this is least squares",
                lambda x, weight, mean, sigma_x: posterior_with(x, weight, mean, inner_matrix(weight, 0), sigma_x**2),
            ),
            Mistake(
                "the prior is forgotten: without σ_x² I in M this is least squares",
                lambda x, weight, mean, sigma_x: posterior_with(x, weight, mean, inner_matrix(weight, 0), 1),
            ),
            Mistake(
                "sigma_x is taken for the variance: it is the standard deviation, so square it in M and in front of M⁻¹",
                lambda x, weight, mean, sigma_x: posterior_with(
                    x, weight, mean, inner_matrix(weight, sigma_x), sigma_x
                ),
            ),
            Mistake(
                "σ_x where σ_x² belongs in M",
                lambda x, weight, mean, sigma_x: posterior_with(
                    x, weight, mean, inner_matrix(weight, sigma_x), sigma_x**2
                ),
            ),
            Mistake(
                "M has σ_x² on its diagonal, not 1",
                lambda x, weight, mean, sigma_x: posterior_with(x, weight, mean, inner_matrix(weight, 1), sigma_x**2),
            ),
            Mistake(
                "M has σ_x² on its diagonal, not 1",
                lambda x, weight, mean, sigma_x: posterior_with(x, weight, mean, inner_matrix(weight, 1), 1),
            ),
            Mistake(
                "σ_x² is added to every entry of Wᵀ W: it belongs on the diagonal alone, σ_x² I",
                lambda x, weight, mean, sigma_x: posterior_with(
                    x, weight, mean, weight.T @ weight + sigma_x**2, sigma_x**2
                ),
            ),
            Mistake(
                "x is not centred: subtract the mean first",
                lambda x, weight, mean, sigma_x: ppca_posterior(x, weight, 0 * mean, sigma_x),
            ),
            Mistake(
                "the data's own mean is subtracted; the model has its own, `mean`",
                lambda x, weight, mean, sigma_x: ppca_posterior(x, weight, x.mean(axis=0), sigma_x),
            ),
            Mistake(
                "M⁻¹ is missing in the mean: Wᵀ (x − m) alone is a projection",
                lambda x, weight, mean, sigma_x: (
                    (x - mean) @ weight,
                    ppca_posterior(x, weight, mean, sigma_x)[1],
                ),
            ),
            Mistake(
                "the mean is scaled by σ_x² as well: only the covariance is",
                lambda x, weight, mean, sigma_x: (
                    sigma_x**2 * ppca_posterior(x, weight, mean, sigma_x)[0],
                    ppca_posterior(x, weight, mean, sigma_x)[1],
                ),
            ),
            Mistake(
                "the mean is divided by σ_x²: with M as above the two factors have cancelled already",
                lambda x, weight, mean, sigma_x: (
                    ppca_posterior(x, weight, mean, sigma_x)[0] / sigma_x**2,
                    ppca_posterior(x, weight, mean, sigma_x)[1],
                ),
            ),
            Mistake(
                "only the diagonal of the covariance, as a matrix: the latents are correlated in the posterior",
                lambda x, weight, mean, sigma_x: (
                    ppca_posterior(x, weight, mean, sigma_x)[0],
                    np.diag(np.diag(ppca_posterior(x, weight, mean, sigma_x)[1])),
                ),
            ),
            Mistake(
                "these are the variances alone: return the whole covariance, (k, k)",
                lambda x, weight, mean, sigma_x: (
                    ppca_posterior(x, weight, mean, sigma_x)[0],
                    np.diag(ppca_posterior(x, weight, mean, sigma_x)[1]).copy(),
                ),
            ),
            Mistake(
                "one covariance for each row, (n, k, k): it does not depend on x, so return it once, (k, k)",
                lambda x, weight, mean, sigma_x: (
                    ppca_posterior(x, weight, mean, sigma_x)[0],
                    np.stack([ppca_posterior(x, weight, mean, sigma_x)[1]] * len(x)),
                ),
            ),
            Mistake(
                "the means are transposed: one row for each example, (n, k)",
                lambda x, weight, mean, sigma_x: (
                    ppca_posterior(x, weight, mean, sigma_x)[0].T,
                    ppca_posterior(x, weight, mean, sigma_x)[1],
                ),
            ),
            Mistake(
                "only the mean: return the covariance as well",
                lambda x, weight, mean, sigma_x: ppca_posterior(x, weight, mean, sigma_x)[0],
            ),
            Mistake(
                "the covariance comes first: return the mean, then the covariance",
                lambda x, weight, mean, sigma_x: ppca_posterior(x, weight, mean, sigma_x)[::-1],
            ),
        ),
        hints=(
            "Which k × k matrix do the mean and the covariance share?",
            "M = weight.T @ weight + sigma_x**2 * np.eye(k). One row's mean is M⁻¹ Wᵀ (x − m).",
            "All rows at once: np.linalg.solve(M, weight.T @ (x - mean).T).T; the covariance is sigma_x**2 * np.linalg.inv(M).",
        ),
    ),
)
