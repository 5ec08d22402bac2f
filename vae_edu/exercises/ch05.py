"""Exercises of notebook 05: gradients through sampling."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only


def score_estimates(values, z, mu, logvar):
    """Score-function estimates of d/dmu E[f(z)], one per draw: (S, k), from values f(z) (S,) and draws z (S, k)."""
    score = (z - mu) / np.exp(logvar)
    return values[:, None] * score


def draw_values(rng: np.random.Generator):
    for draws, k in ((7, 3), (5, 2), (9, 4)):
        mu, logvar = rng.normal(0.5, 1, k), rng.choice([-1, 1], k) * rng.uniform(0.7, 2, k)
        z = mu + np.exp(logvar / 2) * rng.normal(size=(draws, k))
        yield rng.normal(2, 1, draws), z, mu, logvar


def log_densities(z, mu, logvar):
    """log N(z_j; mu_j, exp(logvar_j)) of every entry, (S, k)."""
    return -0.5 * (np.log(2 * np.pi) + logvar + (z - mu) ** 2 / np.exp(logvar))


def path_derivatives(logvar, eps):
    """dz/dmu and dz/dlogvar of z = mu + exp(logvar / 2) eps, entry by entry, both (batch, latent)."""
    return np.ones_like(eps), 0.5 * np.exp(0.5 * logvar) * eps


def draw_noise(rng: np.random.Generator):
    for batch, latent in ((4, 3), (6, 2), (3, 5)):
        yield (
            rng.choice([-1, 1], (batch, latent)) * rng.uniform(0.7, 2, (batch, latent)),
            rng.normal(size=(batch, latent)),
        )


def pathwise_gradient(f, mu, logvar, eps):
    """The gradients of the mean of f(z) over S draws, with respect to mu and logvar (k,); f takes z (S, k), gives (S,)."""
    import torch

    mu, logvar = mu.clone().requires_grad_(), logvar.clone().requires_grad_()
    z = mu + (0.5 * logvar).exp() * eps
    return torch.autograd.grad(f(z).mean(), (mu, logvar))


def curved(z):
    """A function in which the dimensions of z interact: (S, k) in, (S,) out."""
    return (z**2).sum(dim=1) + 2 * z[:, 0] * z[:, -1] + z[:, 0]


def draw_torch_noise(rng: np.random.Generator):
    import torch

    for draws, k in ((6, 3), (9, 2), (5, 4)):
        mu, logvar = rng.normal(1, 1, k), rng.choice([-1, 1], k) * rng.uniform(0.7, 2, k)
        yield curved, *map(torch.from_numpy, (mu, logvar, rng.normal(size=(draws, k))))


def gradients_of(objective, mu, logvar):
    """The gradients of objective(mu, logvar), zero where no path leads to it."""
    import torch

    leaves = mu.clone().requires_grad_(), logvar.clone().requires_grad_()
    gradients = torch.autograd.grad(objective(*leaves), leaves, allow_unused=True)
    return tuple(
        torch.zeros_like(leaf) if gradient is None else gradient
        for leaf, gradient in zip(leaves, gradients, strict=True)
    )


def leave_one_out(values, scores):
    """Score-function estimates, one per draw, (S, k): the baseline of a draw is the mean value of the other S - 1 draws.
    values: f(z), (S,); scores: the gradient of log q at each draw, (S, k)."""
    others = (values.sum() - values) / (len(values) - 1)
    return (values - others)[:, None] * scores


def draw_scores(rng: np.random.Generator):
    for draws, k in ((5, 2), (8, 3), (4, 6)):
        yield rng.normal(3, 2, draws), rng.normal(size=(draws, k))


def others_mean(values):
    return (values.sum(axis=0) - values) / (len(values) - 1)


def draw_latents(mu, logvar, rng):
    """A draw of z ~ N(mu, diag(exp(logvar))) for each row, (batch, latent); all randomness comes from rng."""
    eps = rng.normal(size=mu.shape)
    return mu + np.exp(0.5 * logvar) * eps


def draw_parameters(rng: np.random.Generator):
    for batch, latent in ((4, 3), (2, 5)):
        logvar = rng.choice([-1, 1], (batch, latent)) * rng.uniform(0.7, 2, (batch, latent))
        yield rng.normal(size=(batch, latent)), logvar, np.random.default_rng(rng.integers(2**32))


BATCH_MU = np.linspace(-3, 3, 18).reshape(6, 3)[::-1]
BATCH_LOGVAR = np.tile([-2.0, 0.8, 1.6], (6, 1)) + np.linspace(-0.2, 0.2, 6)[:, None]


def noise_behind(function, rng):
    """The noise (z - mu)/sigma behind 2000 calls for 6 rows and 3 dimensions: (2000, 6, 3)."""
    calls = [np.asarray(function(BATCH_MU.copy(), BATCH_LOGVAR.copy(), rng)) for _ in range(2000)]
    return (np.stack(calls) - BATCH_MU) / np.exp(0.5 * BATCH_LOGVAR)


def noise_mean_and_deviation(function, rng):
    """In each of three dimensions: the mean of the noise, and its standard deviation about 0."""
    noise = noise_behind(function, rng)
    return [*noise.mean(axis=(0, 1)), *np.sqrt((noise**2).mean(axis=(0, 1)))]


def pairs_of_noise(function, rng):
    """The mean product of the noise of two dimensions, of two rows, of two calls, over its mean square; the largest of
    any two entries of a call; and that of its size |e| less the mean size. Independent noise has about 0 everywhere."""
    noise = noise_behind(function, rng)
    noise = noise - noise.mean(axis=(0, 1))
    power = np.sqrt((noise**2).mean(axis=(0, 1)))
    noise = noise / np.where(power > 0, power, 1)
    size = np.abs(noise) - np.abs(noise).mean(axis=(0, 1))  # finds shared noise behind random signs
    entries = noise.reshape(len(noise), -1)
    products = entries.T @ entries / len(entries)
    np.fill_diagonal(products, 0)
    return [
        (noise[:, :, 0] * noise[:, :, 1]).mean(),
        (noise[:, :, 1] * noise[:, :, 2]).mean(),
        (noise[:, :, 0] * noise[:, :, 2]).mean(),
        (noise[:, 1:] * noise[:, :-1]).mean(),
        (noise[:, 3:] * noise[:, :-3]).mean(),
        (noise[1:] * noise[:-1]).mean(),
        np.abs(products).max(),
        (size[:, :, 1:] * size[:, :, :-1]).mean(),
        (size[:, 1:] * size[:, :-1]).mean(),
        (size[1:] * size[:-1]).mean(),
    ]


def fourth_moment(function, rng):
    """E[e⁴] / E[e²]² of the noise about its mean: 3 for a Gaussian."""
    noise = noise_behind(function, rng)
    squares = (noise - noise.mean(axis=(0, 1))) ** 2
    power = squares.mean(axis=(0, 1))
    return ((squares**2).mean(axis=(0, 1)) / np.where(power > 0, power, 1) ** 2).mean()


def repeated(function, rng):
    """1 if two generators with the same seed lead to the same draw, else 0."""
    seed = int(rng.integers(2**32))
    draws = [np.asarray(function(BATCH_MU.copy(), BATCH_LOGVAR.copy(), np.random.default_rng(seed))) for _ in range(2)]
    return float(np.array_equal(*draws))


def drawn_with(mu, logvar, eps):
    return mu + np.exp(0.5 * logvar) * eps


EXERCISES = (
    Exercise(
        id="5.1",
        title="The score-function estimator",
        minutes=8,
        difficulty=2,
        answer=score_estimates,
        cases=draw_values,
        mistakes=(
            Mistake(
                "the sign is wrong: you took the derivative of log q with respect to z; with respect to mu it is (z − mu)/σ²",
                lambda values, z, mu, logvar: -score_estimates(values, z, mu, logvar),
            ),
            Mistake(
                "the 1/σ² is missing from the gradient of log q",
                lambda values, z, mu, logvar: values[:, None] * (z - mu),
            ),
            Mistake(
                "divided by σ where the variance σ² belongs: this is f(z) ε, and the score is ε/σ",
                lambda values, z, mu, logvar: values[:, None] * (z - mu) / np.exp(logvar / 2),
            ),
            Mistake(
                "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
                lambda values, z, mu, logvar: values[:, None] * (z - mu) / np.exp(2 * logvar),
            ),
            Mistake(
                "logvar itself is used as the variance: take its exponential",
                lambda values, z, mu, logvar: values[:, None] * (z - mu) / logvar,
            ),
            Mistake(
                "mu is not subtracted: the score is (z − mu)/σ², so that it is 0 on average",
                lambda values, z, mu, logvar: values[:, None] * z / np.exp(logvar),
            ),
            Mistake(
                "twice what it should be: the factor 2 of the derivative of (z − mu)² cancels against the 1/2",
                lambda values, z, mu, logvar: 2 * score_estimates(values, z, mu, logvar),
            ),
            Mistake(
                "divided by S: the 1/S belongs to the mean, which is not taken here",
                lambda values, z, mu, logvar: score_estimates(values, z, mu, logvar) / len(values),
            ),
            Mistake(
                "half of what it should be: the derivative of (z − mu)² brings a factor 2 that cancels the 1/2",
                lambda values, z, mu, logvar: 0.5 * score_estimates(values, z, mu, logvar),
            ),
            Mistake(
                "this multiplies f(z) with log q itself: it has to be the gradient of log q with respect to mu",
                lambda values, z, mu, logvar: values[:, None] * log_densities(z, mu, logvar),
            ),
            Mistake(
                "this multiplies f(z) with q itself: it has to be the gradient of log q with respect to mu",
                lambda values, z, mu, logvar: values[:, None] * np.exp(log_densities(z, mu, logvar)),
            ),
            Mistake(
                "this is the gradient of log q alone: the values f(z) are missing",
                lambda values, z, mu, logvar: (z - mu) / np.exp(logvar),
            ),
            Mistake(
                "the score is summed over the dimensions: each mu_j has its own derivative, (z_j − mu_j)/σ_j²",
                lambda values, z, mu, logvar: np.repeat(
                    score_estimates(values, z, mu, logvar).sum(axis=1, keepdims=True), len(mu), axis=1
                ),
            ),
            Mistake(
                "this is the estimate for logvar, f(z) (ε² − 1)/2: the question is the derivative with respect to mu",
                lambda values, z, mu, logvar: values[:, None] * 0.5 * ((z - mu) ** 2 / np.exp(logvar) - 1),
            ),
            Mistake(
                "every score is multiplied with the mean of f: each draw goes with its own value f(z)",
                lambda values, z, mu, logvar: values.mean() * (z - mu) / np.exp(logvar),
            ),
            Mistake(
                "the mean over the draws is taken already: return one row per draw",
                lambda values, z, mu, logvar: score_estimates(values, z, mu, logvar).mean(axis=0),
            ),
            Mistake(
                "the sum over the draws is taken already: return one row per draw",
                lambda values, z, mu, logvar: score_estimates(values, z, mu, logvar).sum(axis=0),
            ),
        ),
        hints=(
            "Each draw contributes f(z) times the gradient of log q(z) with respect to mu. No derivative of f comes up.",
            "log q(z) = Σ_j −(z_j − mu_j)²/(2σ_j²) + terms without mu. Differentiate it by mu_j, and watch the sign.",
            "The score is (z − mu) / np.exp(logvar), shape (S, k); values[:, None] multiplies each of its rows.",
        ),
    ),
    Exercise(
        id="5.2",
        title="The derivatives of a reparameterised draw",
        minutes=5,
        difficulty=1,
        answer=path_derivatives,
        cases=draw_noise,
        mistakes=(
            Mistake(
                "dz/dlogvar is twice the right one: σ = exp(logvar/2), and the chain rule brings down the 1/2",
                lambda logvar, eps: (np.ones_like(eps), np.exp(0.5 * logvar) * eps),
            ),
            Mistake(
                "dz/dlogvar is four times the right one: the factor is 1/2, not 2",
                lambda logvar, eps: (np.ones_like(eps), 2 * np.exp(0.5 * logvar) * eps),
            ),
            Mistake("dz/dlogvar is missing: ε is the derivative dz/dσ", lambda logvar, eps: (np.ones_like(eps), eps)),
            Mistake(
                "dz/dlogvar lacks the σ: the derivative of exp(logvar/2) is exp(logvar/2)/2",
                lambda logvar, eps: (np.ones_like(eps), 0.5 * eps),
            ),
            Mistake(
                "dz/dlogvar lacks the ε, which multiplies σ in z",
                lambda logvar, eps: (np.ones_like(eps), 0.5 * np.exp(0.5 * logvar)),
            ),
            Mistake(
                "σ is taken as exp(logvar): that is the variance; logvar is log σ², not log σ",
                lambda logvar, eps: (np.ones_like(eps), np.exp(logvar) * eps),
            ),
            Mistake(
                "the 1/2 is there, but multiplies the variance exp(logvar): it has to multiply σ = exp(logvar/2)",
                lambda logvar, eps: (np.ones_like(eps), 0.5 * np.exp(logvar) * eps),
            ),
            Mistake(
                "this is dz/dvariance, ε/(2σ): the derivative with respect to the logarithm has another factor σ²",
                lambda logvar, eps: (np.ones_like(eps), 0.5 * eps / np.exp(0.5 * logvar)),
            ),
            Mistake(
                "the sign of dz/dlogvar is wrong",
                lambda logvar, eps: (np.ones_like(eps), -0.5 * np.exp(0.5 * logvar) * eps),
            ),
            Mistake(
                "dz/dmu is 0 in yours: z = mu + σ ε moves along with mu, so it is 1",
                lambda logvar, eps: (np.zeros_like(eps), 0.5 * np.exp(0.5 * logvar) * eps),
            ),
            Mistake(
                "dz/dmu does not depend on ε or σ: mu stands in z alone",
                lambda logvar, eps: (eps, 0.5 * np.exp(0.5 * logvar) * eps),
            ),
            Mistake(
                "dz/dmu does not depend on ε or σ: mu stands in z alone",
                lambda logvar, eps: (np.exp(0.5 * logvar) * eps, 0.5 * np.exp(0.5 * logvar) * eps),
            ),
            Mistake(
                "the two are exchanged: first dz/dmu, then dz/dlogvar",
                lambda logvar, eps: (0.5 * np.exp(0.5 * logvar) * eps, np.ones_like(eps)),
            ),
            Mistake(
                "dz/dmu is a single 1: it is 1 for every entry, so return an array of the shape of eps",
                lambda logvar, eps: (1.0, 0.5 * np.exp(0.5 * logvar) * eps),
            ),
        ),
        hints=(
            "ε is a number that was drawn: it moves neither with mu nor with logvar.",
            "z = mu + exp(logvar / 2) ε. The derivative of exp(a logvar) with respect to logvar is a exp(a logvar).",
            "The first is np.ones_like(eps); the second is a half times σ times ε, with σ = np.exp(logvar / 2).",
        ),
    ),
    Exercise(
        id="5.3",
        title="The pathwise estimator by autograd",
        minutes=10,
        difficulty=2,
        answer=pathwise_gradient,
        cases=draw_torch_noise,
        mistakes=(
            Mistake(
                "both gradients are 0: the path from z back to mu and logvar is cut (a sampler that does not differentiate, or detach)",
                lambda f, mu, logvar, eps: gradients_of(lambda m, v: 0 * (m.sum() + v.sum()), mu, logvar),
            ),
            Mistake(
                "the gradient of logvar is 0: the path through σ is cut (detach, .data or no_grad), or z is the mean",
                lambda f, mu, logvar, eps: gradients_of(
                    lambda m, _: f(m + (0.5 * logvar).exp() * eps).mean(), mu, logvar
                ),
            ),
            Mistake(
                "the gradient of mu is 0: the path through mu is cut (detach, .data or no_grad)",
                lambda f, mu, logvar, eps: gradients_of(lambda _, v: f(mu + (0.5 * v).exp() * eps).mean(), mu, logvar),
            ),
            Mistake(
                "the gradient is that of f at the mean: the noise is not used",
                lambda f, mu, logvar, eps: gradients_of(lambda m, _: f(m[None]).mean(), mu, logvar),
            ),
            Mistake(
                "the gradient of the sum over the draws: take the mean",
                lambda f, mu, logvar, eps: gradients_of(lambda m, v: f(m + (0.5 * v).exp() * eps).sum(), mu, logvar),
            ),
            Mistake(
                "the noise is multiplied with exp(logvar), the variance: its standard deviation is exp(logvar / 2)",
                lambda f, mu, logvar, eps: gradients_of(lambda m, v: f(m + v.exp() * eps).mean(), mu, logvar),
            ),
            Mistake(
                "the noise is multiplied with logvar itself: its standard deviation is exp(logvar / 2)",
                lambda f, mu, logvar, eps: gradients_of(lambda m, v: f(m + v * eps).mean(), mu, logvar),
            ),
            Mistake(
                "the second gradient is that of σ, not of logvar",
                lambda f, mu, logvar, eps: gradients_of(lambda m, s: f(m + s * eps).mean(), mu, (0.5 * logvar).exp()),
            ),
            Mistake(
                "the second gradient is that of log σ, not of logvar = 2 log σ",
                lambda f, mu, logvar, eps: gradients_of(lambda m, v: f(m + v.exp() * eps).mean(), mu, 0.5 * logvar),
            ),
            Mistake(
                "z = mu − σ ε has the right distribution, but is not the draw that belongs to the given eps",
                lambda f, mu, logvar, eps: gradients_of(lambda m, v: f(m - (0.5 * v).exp() * eps).mean(), mu, logvar),
            ),
            Mistake(
                "f of the mean draw, where the mean of f over the draws belongs",
                lambda f, mu, logvar, eps: gradients_of(
                    lambda m, v: f((m + (0.5 * v).exp() * eps).mean(dim=0, keepdim=True)).mean(), mu, logvar
                ),
            ),
            Mistake(
                "only the first draw is used: take the mean over all rows of eps",
                lambda f, mu, logvar, eps: gradients_of(
                    lambda m, v: f(m + (0.5 * v).exp() * eps[:1]).mean(), mu, logvar
                ),
            ),
            Mistake(
                "one noise for all dimensions: every entry of eps goes with its own entry of z",
                lambda f, mu, logvar, eps: gradients_of(
                    lambda m, v: f(m + (0.5 * v).exp() * eps[:, :1]).mean(), mu, logvar
                ),
            ),
            Mistake(
                "the two are exchanged: first the gradient of mu, then that of logvar",
                lambda f, mu, logvar, eps: pathwise_gradient(f, mu, logvar, eps)[::-1],
            ),
        ),
        hints=(
            "Make mu and logvar copies that require a gradient, and build z from them and eps.",
            "z = mu + exp(logvar / 2) eps has shape (S, k). f(z) has one value per draw; average them.",
            "torch.autograd.grad(f(z).mean(), (mu, logvar)) returns both gradients, where mu and logvar are the copies.",
        ),
    ),
    Exercise(
        id="5.4",
        title="A baseline that helps and does not bias",
        minutes=10,
        difficulty=2,
        answer=leave_one_out,
        cases=draw_scores,
        mistakes=(
            Mistake(
                "the baseline contains the draw's own value: the estimate is too small by the factor (S − 1)/S on average",
                lambda values, scores: (values - values.mean())[:, None] * scores,
            ),
            Mistake(
                "the sum over the others is divided by S: they are S − 1",
                lambda values, scores: (values - (values.sum() - values) / len(values))[:, None] * scores,
            ),
            Mistake(
                "the sum over the others is not divided at all: their mean is the sum over S − 1",
                lambda values, scores: (values - (values.sum() - values))[:, None] * scores,
            ),
            Mistake(
                "the own value is still in the sum, which is divided by S − 1: take it out first",
                lambda values, scores: (values - values.sum() / (len(values) - 1))[:, None] * scores,
            ),
            Mistake(
                "this is the median of all values, and the own one counts in it: take the mean of the others",
                lambda values, scores: (values - np.median(values))[:, None] * scores,
            ),
            Mistake(
                "the baseline is added: it has to be subtracted from f(z)",
                lambda values, scores: (values + others_mean(values))[:, None] * scores,
            ),
            Mistake(
                "the sign is wrong: f(z) minus baseline, not baseline minus f(z)",
                lambda values, scores: (others_mean(values) - values)[:, None] * scores,
            ),
            Mistake(
                "no baseline is subtracted",
                lambda values, scores: values[:, None] * scores,
            ),
            Mistake(
                "this is the baseline times the score: f(z) itself is missing",
                lambda values, scores: others_mean(values)[:, None] * scores,
            ),
            Mistake(
                "the scores are not used: subtract the baseline from f(z), then multiply with the score",
                lambda values, scores: np.repeat((values - others_mean(values))[:, None], scores.shape[1], axis=1),
            ),
            Mistake(
                "the baseline is subtracted after f(z) is multiplied with the score, and shifts every estimate: subtract it before",
                lambda values, scores: values[:, None] * scores - others_mean(values)[:, None],
            ),
            Mistake(
                "the mean of the other *estimates* is subtracted: what is left is 0 on average. Subtract the mean of the other values",
                lambda values, scores: values[:, None] * scores - others_mean(values[:, None] * scores),
            ),
            Mistake(
                "the values are also divided by their standard deviation: that changes the length of the gradient",
                lambda values, scores: ((values - values.mean()) / values.std())[:, None] * scores,
            ),
            Mistake(
                "the values are also divided by their standard deviation: that changes the length of the gradient",
                lambda values, scores: ((values - values.mean()) / values.std(ddof=1))[:, None] * scores,
            ),
            Mistake(
                "the values are also divided by their standard deviation: that changes the length of the gradient",
                lambda values, scores: ((values - others_mean(values)) / values.std())[:, None] * scores,
            ),
            Mistake(
                "the values are also divided by their standard deviation: that changes the length of the gradient",
                lambda values, scores: ((values - others_mean(values)) / values.std(ddof=1))[:, None] * scores,
            ),
            Mistake(
                "only one other draw is used: that does not bias, but the mean of all S − 1 others is less noisy",
                lambda values, scores: (values - np.roll(values, 1))[:, None] * scores,
            ),
            Mistake(
                "only one other draw is used: that does not bias, but the mean of all S − 1 others is less noisy",
                lambda values, scores: (values - np.roll(values, -1))[:, None] * scores,
            ),
            Mistake(
                "the correction for the own value is upside down: S/(S − 1), not (S − 1)/S",
                lambda values, scores: ((values - values.mean()) * (len(values) - 1) / len(values))[:, None] * scores,
            ),
            Mistake(
                "the mean over the draws is taken already: return one row per draw",
                lambda values, scores: leave_one_out(values, scores).mean(axis=0),
            ),
        ),
        hints=(
            "A baseline may depend on anything but the draw it is used for.",
            "The sum of all values minus the own one, divided by S − 1, is the mean of the others.",
            "others = (values.sum() - values) / (len(values) - 1); subtract it from values, then multiply row by row with scores.",
        ),
    ),
    Exercise(
        id="5.5",
        title="Find the broadcasting bug",
        minutes=10,
        difficulty=2,
        answer=draw_latents,
        cases=draw_parameters,
        view=shape_only,
        properties=(
            Property(
                "the noise (z − mu)/σ has mean 0 and standard deviation 1 in each of three dimensions",
                noise_mean_and_deviation,
                tolerance=0.15,
                expected=[0, 0, 0, 1, 1, 1],
            ),
            Property(
                "the noise of two dimensions, of two rows, of two calls is uncorrelated, and so is its size",
                pairs_of_noise,
                tolerance=0.15,
                expected=[0] * 10,
            ),
            Property(
                "the fourth moment of the noise is 3 times its squared variance, as for a Gaussian",
                fourth_moment,
                tolerance=0.6,
                expected=3.0,
            ),
            Property("the same rng gives the same draw", repeated, tolerance=0.0, expected=1.0),
        ),
        mistakes=(
            Mistake(
                "all dimensions of a row share one ε: every entry of z needs its own",
                lambda mu, logvar, rng: drawn_with(mu, logvar, rng.normal(size=(len(mu), 1))),
            ),
            Mistake(
                "all rows share one ε per dimension: every entry of z needs its own",
                lambda mu, logvar, rng: drawn_with(mu, logvar, rng.normal(size=mu.shape[1])),
            ),
            Mistake(
                "a single ε for everything: every entry of z needs its own",
                lambda mu, logvar, rng: drawn_with(mu, logvar, rng.normal()),
            ),
            Mistake(
                "all rows share one ε per dimension, behind a random sign: every entry of z needs its own",
                lambda mu, logvar, rng: drawn_with(
                    mu, logvar, rng.normal(size=mu.shape[1]) * rng.choice([-1, 1], (len(mu), 1))
                ),
            ),
            Mistake(
                "all dimensions of a row share one ε, behind a random sign: every entry of z needs its own",
                lambda mu, logvar, rng: drawn_with(
                    mu, logvar, rng.normal(size=(len(mu), 1)) * rng.choice([-1, 1], mu.shape)
                ),
            ),
            Mistake(
                "the second half of the rows repeats the noise of the first: every entry of z needs its own",
                lambda mu, logvar, rng: drawn_with(
                    mu, logvar, np.resize(rng.normal(size=((len(mu) + 1) // 2, mu.shape[1])), mu.shape)
                ),
            ),
            Mistake(
                "every call draws the same ε: use the given rng, do not make one with a fixed seed",
                lambda mu, logvar, rng: drawn_with(mu, logvar, np.random.default_rng(0).normal(size=mu.shape)),
            ),
            Mistake(
                "the given rng is not used: the same rng has to give the same draw",
                lambda mu, logvar, rng: drawn_with(mu, logvar, np.random.default_rng().normal(size=mu.shape)),
            ),
            Mistake(
                "the noise is multiplied with exp(logvar), the variance: its standard deviation is exp(logvar / 2)",
                lambda mu, logvar, rng: mu + np.exp(logvar) * rng.normal(size=mu.shape),
            ),
            Mistake(
                "all dimensions of a row still share one ε, and the noise is multiplied with the variance",
                lambda mu, logvar, rng: mu + np.exp(logvar) * rng.normal(size=(len(mu), 1)),
            ),
            Mistake(
                "ε is uniform on [0, 1): its mean is not even 0. Draw it from N(0, 1)",
                lambda mu, logvar, rng: drawn_with(mu, logvar, rng.random(mu.shape)),
            ),
            Mistake(
                "ε is uniform, though with mean 0 and variance 1: draw it from N(0, 1)",
                lambda mu, logvar, rng: drawn_with(mu, logvar, rng.uniform(-np.sqrt(3), np.sqrt(3), mu.shape)),
            ),
            Mistake(
                "ε is uniform on [−1, 1]: draw it from N(0, 1)",
                lambda mu, logvar, rng: drawn_with(mu, logvar, rng.uniform(-1, 1, mu.shape)),
            ),
            Mistake(
                "ε is only ever −1 or 1: draw it from N(0, 1)",
                lambda mu, logvar, rng: drawn_with(mu, logvar, rng.choice([-1.0, 1.0], mu.shape)),
            ),
            Mistake("nothing is drawn: this is the mean", lambda mu, logvar, rng: mu.copy()),
        ),
        hints=(
            "How many independent numbers does a draw of shape (batch, latent) need, and how many does the code draw?",
            "size=(len(mu), 1) gives one number per row, and broadcasting copies it over the dimensions without a word.",
            "rng.normal(size=mu.shape) draws one number for each entry; the rest of the line was right.",
        ),
    ),
)
