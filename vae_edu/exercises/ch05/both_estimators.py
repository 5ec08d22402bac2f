"""Exercise 5.1: the pathwise and the score-function estimator, sample by sample."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def both_estimators(f, slope, mu, logvar, eps):
    """Gradients of E[f(z)] for z ~ N(mu, diag(exp(logvar))), one estimate per sample: four arrays (samples, latent).

    In this order: pathwise for mu, pathwise for logvar, score function for mu, score function for logvar. f(z) is (samples,) and
    slope(z), its derivative, (samples, latent) for z (samples, latent); mu and logvar (latent,); eps (samples, latent) is noise.
    """
    sigma = np.exp(logvar / 2)
    z = mu + sigma * eps
    values = f(z)[:, None]
    return slope(z), slope(z) * sigma * eps / 2, values * eps / sigma, values * (eps**2 - 1) / 2


# Functions whose value and slope differ from latent to latent, and whose latents interact. Values of both signs.


def quadratic(matrix, vector):
    """zᵀ A z + bᵀ z, and its slope (A + Aᵀ) z + b."""
    return (
        lambda z: ((z @ matrix) * z).sum(axis=-1) + z @ vector,
        lambda z: z @ (matrix + matrix.T) + vector,
    )


def wave(matrix, vector):
    """sin(bᵀ z) times the first entry of A, minus 1, and its slope."""
    return (
        lambda z: matrix[0, 0] * np.sin(z @ vector) - 1,
        lambda z: matrix[0, 0] * np.cos(z @ vector)[..., None] * vector,
    )


def draw_cases(rng: np.random.Generator):
    """Two kinds of f; several latents, one latent, one sample; as many samples as latents; logvar of both signs, and beyond ±3."""
    for kind, samples, latent in ((quadratic, 7, 3), (wave, 6, 2), (quadratic, 5, 1), (wave, 1, 3), (quadratic, 4, 4)):
        f, slope = kind(rng.uniform(0.6, 1.5, (latent, latent)), rng.uniform(0.7, 1.5, latent))
        mu = rng.uniform(0.4, 1.5, latent) * rng.choice([-1, 1], latent)
        logvar = rng.uniform(0.6, 1.6, latent) * rng.choice([-1, 1], latent)
        if latent > 1:
            logvar[0], logvar[1] = -3.3, 3.2
        else:
            logvar = np.abs(logvar)  # here √logvar and log logvar exist
        yield f, slope, mu, logvar, rng.normal(size=(samples, latent))


# Wrong answers are the right one with one part changed.


class Parts:
    """What the four estimates are made of."""

    def __init__(self, f, slope, mu, logvar, eps):
        self.f, self.slope_at, self.mu, self.logvar, self.eps = f, slope, mu, logvar, eps
        self.sigma = np.exp(logvar / 2)
        self.z = mu + self.sigma * eps
        self.value, self.slope = f(self.z)[:, None], slope(self.z)
        self.right = both_estimators(f, slope, mu, logvar, eps)


def with_change(*places: int):
    """Right but for the estimates at these places: the decorated function gets the parts and returns what stands there."""

    def of(change):
        def wrong(f, slope, mu, logvar, eps):
            parts = Parts(f, slope, mu, logvar, eps)
            with np.errstate(all="ignore"):  # a logvar used as a variance may be negative
                changed = change(parts)
            estimates = list(parts.right)
            for place, estimate in zip(places, changed if len(places) > 1 else [changed], strict=True):
                estimates[place] = estimate
            return tuple(estimates)

        return wrong

    return of


def with_samples(sample):
    """Right but for the samples: ``sample`` gets mu, logvar and eps, and returns z."""

    def wrong(f, slope, mu, logvar, eps):
        sigma = np.exp(logvar / 2)
        z = sample(mu, logvar, eps)
        values = f(z)[:, None]
        return slope(z), slope(z) * sigma * eps / 2, values * eps / sigma, values * (eps**2 - 1) / 2

    return wrong


def with_sigma(width):
    """Right but for σ, in all places: ``width`` gets logvar."""

    def wrong(f, slope, mu, logvar, eps):
        with np.errstate(all="ignore"):
            sigma = width(logvar)
            z = mu + sigma * eps
            values = f(z)[:, None]
            return slope(z), slope(z) * sigma * eps / 2, values * eps / sigma, values * (eps**2 - 1) / 2

    return wrong


def with_all(change):
    """``change`` makes the answer of the right one."""
    return lambda f, slope, mu, logvar, eps: change(both_estimators(f, slope, mu, logvar, eps))


PATH_MU, PATH_LOGVAR, SCORE_MU, SCORE_LOGVAR = range(4)
PATHWISE, BY_SCORE = "pathwise", "score function"
HALF = "with respect to logvar: σ = exp(logvar/2), and the chain rule brings down a ½"
TWICE = f"pathwise, {HALF}; yours is twice the right one"
MEAN_TAKEN = "the {} over the samples is taken already: return one row per sample"
ONE_SLOPE = (
    "pathwise, mu: z = mu + σ ε moves one to one with mu, so the estimate is the slope of f at z and nothing else"
)
NOT_LOG = "score function: the values f(z) are multiplied with {}, and need the *gradient* of log q with respect to mu or logvar"


def log_densities(parts):
    return -0.5 * (np.log(2 * np.pi) + parts.logvar + parts.eps**2)


def both(one: tuple[int, str, Callable], other: tuple[int, str, Callable]) -> Mistake:
    """Two slips at different places."""
    (first, said, change), (second, also_said, also_change) = one, other
    return Mistake(
        f"two mistakes. {said}; and {also_said}",
        with_change(first, second)(lambda p: (change(p), also_change(p))),
    )


# The commonest slips: where, what, and how. Each pair at different places is a mistake of its own.
SLIPS = (
    (PATH_LOGVAR, "pathwise, logvar: twice the right one (a ½ is missing)", lambda p: 2 * p.right[1]),
    (PATH_LOGVAR, "pathwise, logvar: the derivative with respect to σ", lambda p: p.slope * p.eps),
    (SCORE_MU, "score function, mu: the sign is wrong", lambda p: -p.right[2]),
    (SCORE_MU, "score function, mu: f(z) ε in place of f(z) ε/σ", lambda p: p.value * p.eps),
    (
        SCORE_LOGVAR,
        "score function, logvar: the normaliser −½ logvar of log q is forgotten",
        lambda p: p.value * p.eps**2 / 2,
    ),
    (SCORE_LOGVAR, "score function, logvar: the sign is wrong", lambda p: -p.right[3]),
)
TWO_SLIPS = tuple(
    both(one, other)
    for one, other in combinations(SLIPS, 2)
    if one[0] != other[0] and not one[1].endswith("sign is wrong") * other[1].endswith("sign is wrong")  # has a name
)

EXERCISE = Exercise(
    id="5.1",
    title="Two estimators of one gradient",
    minutes=20,
    difficulty=3,
    answer=both_estimators,
    cases=draw_cases,
    mistakes=(
        # z and σ
        Mistake(
            "σ is taken as exp(logvar), which is the variance: the standard deviation is exp(logvar / 2)",
            with_sigma(np.exp),
        ),
        Mistake(
            "σ is taken as logvar itself: the standard deviation is exp(logvar / 2)", with_sigma(lambda logvar: logvar)
        ),
        Mistake(
            "σ is taken as √logvar: logvar is a logarithm, and the standard deviation is exp(logvar / 2)",
            with_sigma(np.sqrt),
        ),
        Mistake(
            "the noise of the samples is multiplied with exp(logvar), the variance: z = mu + exp(logvar / 2) · eps",
            with_samples(lambda mu, logvar, eps: mu + np.exp(logvar) * eps),
        ),
        Mistake(
            "the noise of the samples is not scaled: z = mu + exp(logvar / 2) · eps",
            with_samples(lambda mu, logvar, eps: mu + eps),
        ),
        Mistake(
            "mu is missing in the samples: z = mu + exp(logvar / 2) · eps",
            with_samples(lambda mu, logvar, eps: np.exp(logvar / 2) * eps),
        ),
        Mistake("f and its slope are taken at eps: take them at z", with_samples(lambda mu, logvar, eps: eps)),
        Mistake(
            "f and its slope are taken at mu: take them at the samples z",
            with_samples(lambda mu, logvar, eps: mu + 0 * eps),
        ),
        Mistake(
            "z = mu − σ ε has the right distribution, but is not the sample that belongs to the given eps",
            with_samples(lambda mu, logvar, eps: mu - np.exp(logvar / 2) * eps),
        ),
        # pathwise, mu
        Mistake(ONE_SLOPE, with_change(PATH_MU)(lambda p: p.slope * p.eps)),
        Mistake(ONE_SLOPE, with_change(PATH_MU)(lambda p: p.slope * p.sigma)),
        Mistake(ONE_SLOPE, with_change(PATH_MU)(lambda p: p.slope * p.sigma * p.eps)),
        Mistake(
            "pathwise, mu: this is dz/dmu alone; the slope of f is missing",
            with_change(PATH_MU)(lambda p: np.ones_like(p.eps)),
        ),
        Mistake(
            "pathwise: the slope of f is taken at mu; take it at the sample z",
            with_change(PATH_MU, PATH_LOGVAR)(
                lambda p: (
                    s := p.slope_at(np.broadcast_to(p.mu, p.eps.shape)),
                    s * p.sigma * p.eps / 2,
                )
            ),
        ),
        Mistake(
            "pathwise: the slope of f is taken at eps; take it at the sample z",
            with_change(PATH_MU, PATH_LOGVAR)(
                lambda p: (p.slope_at(p.eps), p.slope_at(p.eps) * p.sigma * p.eps / 2),
            ),
        ),
        Mistake(
            "pathwise: f(z) stands where its slope belongs",
            with_change(PATH_MU, PATH_LOGVAR)(
                lambda p: (p.value + 0 * p.eps, p.value * p.sigma * p.eps / 2),
            ),
        ),
        Mistake(
            "the pathwise estimates have the wrong sign",
            with_change(PATH_MU, PATH_LOGVAR)(lambda p: (-p.right[0], -p.right[1])),
        ),
        # pathwise, logvar
        Mistake(TWICE, with_change(PATH_LOGVAR)(lambda p: p.slope * p.sigma * p.eps)),
        Mistake(
            "pathwise, logvar: this is the derivative with respect to σ; logvar is 2 log σ, so dz/dlogvar = ε · dσ/dlogvar",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.eps),
        ),
        Mistake(
            "pathwise, logvar: the derivative of exp(logvar/2) is exp(logvar/2)/2, and σ is missing",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.eps / 2),
        ),
        Mistake(
            "pathwise, logvar: ε is missing, which multiplies σ in z",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.sigma / 2),
        ),
        Mistake(
            "pathwise, logvar: the ½ multiplies the variance exp(logvar); it has to multiply σ = exp(logvar/2)",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.sigma**2 * p.eps / 2),
        ),
        Mistake(
            "pathwise, logvar: the variance stands where σ belongs, and the ½ is missing",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.sigma**2 * p.eps),
        ),
        Mistake(
            "pathwise, logvar: this is the derivative with respect to the variance; its logarithm brings another factor σ²",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.eps / (2 * p.sigma)),
        ),
        Mistake(
            "pathwise, logvar: dz/dlogvar is multiplied with the noise twice",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.sigma * p.eps**2 / 2),
        ),
        Mistake(
            "pathwise, logvar: this is dz/dlogvar alone; the slope of f is missing",
            with_change(PATH_LOGVAR)(lambda p: p.sigma * p.eps / 2),
        ),
        Mistake("pathwise, logvar: the sign is wrong", with_change(PATH_LOGVAR)(lambda p: -p.right[1])),
        Mistake(
            "pathwise, logvar: z stands where σ ε belongs, so mu counts as noise",
            with_change(PATH_LOGVAR)(lambda p: p.slope * p.z / 2),
        ),
        Mistake(
            "score function: mu is not subtracted from z in both estimates; the score holds z − mu",
            with_change(SCORE_MU, SCORE_LOGVAR)(
                lambda p: (p.value * p.z / p.sigma**2, p.value * (p.z**2 / p.sigma**2 - 1) / 2),
            ),
        ),
        Mistake(
            "score function: negative values of f are set to 0: f may be negative",
            with_change(SCORE_MU, SCORE_LOGVAR)(
                lambda p: (np.maximum(p.value, 0) * p.eps / p.sigma, np.maximum(p.value, 0) * (p.eps**2 - 1) / 2),
            ),
        ),
        # score function, mu
        Mistake(
            "score function, mu: the sign is wrong. You took the derivative of log q with respect to z, not to mu",
            with_change(SCORE_MU)(lambda p: -p.right[2]),
        ),
        Mistake(
            "score function, mu: this is f(z) ε; the score is (z − mu)/σ², which is ε/σ",
            with_change(SCORE_MU)(lambda p: p.value * p.eps),
        ),
        Mistake(
            "score function, mu: the 1/σ² is missing, since log q holds (z − mu)²/(2σ²)",
            with_change(SCORE_MU)(lambda p: p.value * p.eps * p.sigma),
        ),
        Mistake(
            "score function, mu: (z − mu)/σ² is ε/σ, and here ε is divided by σ²",
            with_change(SCORE_MU)(lambda p: p.value * p.eps / p.sigma**2),
        ),
        Mistake(
            "score function, mu: twice the right one; the 2 of the derivative of (z − mu)² cancels the ½",
            with_change(SCORE_MU)(lambda p: 2 * p.right[2]),
        ),
        Mistake(
            "score function, mu: half the right one; the 2 of the derivative of (z − mu)² cancels the ½",
            with_change(SCORE_MU)(lambda p: p.right[2] / 2),
        ),
        Mistake(
            "pathwise: the slope of f is multiplied by f(z) as well; the derivative of f(z) with respect to z is the slope alone",
            with_change(PATH_MU, PATH_LOGVAR)(
                lambda p: (p.value * p.slope, p.value * p.slope * p.sigma * p.eps / 2),
            ),
        ),
        *(
            Mistake(
                "score function, logvar: z² stands where ε² belongs; the score holds ((z − mu)/σ)²",
                with_change(SCORE_LOGVAR)(score),
            )
            for score in (
                lambda p: p.value * (p.z**2 - 1) / 2,
                lambda p: p.value * (p.z**2 / p.sigma**2 - 1) / 2,
            )
        ),
        *(
            Mistake(
                "f(z) has the shape (samples,), and is multiplied with an array (samples, latent): make it a column, f(z)[:, None]",
                lambda f, slope, mu, logvar, eps, product=product: product(f(mu + np.exp(logvar / 2) * eps), eps),
            )
            for product in (lambda values, eps: values * eps, lambda values, eps: eps * values)
        ),
        Mistake(
            "score function, mu: mu is not subtracted from z; the score is (z − mu)/σ², so that it is 0 on average",
            with_change(SCORE_MU)(lambda p: p.value * p.z / p.sigma**2),
        ),
        # score function, logvar
        Mistake(
            "score function, logvar: twice the right one. log q holds −½ logvar − ½ (z − mu)² exp(−logvar)",
            with_change(SCORE_LOGVAR)(lambda p: 2 * p.right[3]),
        ),
        Mistake(
            "score function, logvar: log q also holds −½ logvar, the normaliser; without its derivative the score is not 0 on average",
            with_change(SCORE_LOGVAR)(lambda p: p.value * p.eps**2 / 2),
        ),
        Mistake(
            "score function, logvar: the normaliser −½ logvar has the derivative −½, and yours comes to −1",
            with_change(SCORE_LOGVAR)(lambda p: p.value * (p.eps**2 / 2 - 1)),
        ),
        Mistake("score function, logvar: the sign is wrong", with_change(SCORE_LOGVAR)(lambda p: -p.right[3])),
        Mistake(
            "score function, logvar: the sign of the normaliser's part is wrong, log q holds −½ logvar",
            with_change(SCORE_LOGVAR)(lambda p: p.value * (p.eps**2 + 1) / 2),
        ),
        Mistake(
            "score function, logvar: this is the derivative with respect to σ; the derivative with respect to logvar is σ/2 times it",
            with_change(SCORE_LOGVAR)(lambda p: p.value * (p.eps**2 - 1) / p.sigma),
        ),
        Mistake(
            "score function, logvar: this is the derivative with respect to the variance; the one with respect to its logarithm is"
            " σ² times it",
            with_change(SCORE_LOGVAR)(lambda p: p.value * (p.eps**2 - 1) / (2 * p.sigma**2)),
        ),
        Mistake(
            "score function, logvar: (z − mu)² is not divided by the variance",
            with_change(SCORE_LOGVAR)(lambda p: p.value * ((p.sigma * p.eps) ** 2 - 1) / 2),
        ),
        Mistake(
            "score function, logvar: the score for mu is multiplied with dσ/dlogvar; differentiate log q with respect to logvar"
            " at a fixed z",
            with_change(SCORE_LOGVAR)(lambda p: p.value * p.eps / p.sigma * p.sigma / 2),
        ),
        Mistake(
            "score function, logvar: z moves along with logvar here. In the score, z is held fixed and only the density changes",
            with_change(SCORE_LOGVAR)(lambda p: -0.5 * p.value + 0 * p.eps),
        ),
        # score function, both
        Mistake(
            "score function: this is the gradient of log q alone; the values f(z) are missing",
            with_change(SCORE_MU, SCORE_LOGVAR)(lambda p: (p.eps / p.sigma, (p.eps**2 - 1) / 2)),
        ),
        Mistake(
            "score function: the slope of f stands where its value f(z) belongs; this estimator needs no slope",
            with_change(SCORE_MU, SCORE_LOGVAR)(
                lambda p: (p.slope * p.eps / p.sigma, p.slope * (p.eps**2 - 1) / 2),
            ),
        ),
        Mistake(
            "score function: every sample is multiplied with the mean of f; each score goes with its own value f(z)",
            with_change(SCORE_MU, SCORE_LOGVAR)(
                lambda p: (p.value.mean() * p.eps / p.sigma, p.value.mean() * (p.eps**2 - 1) / 2),
            ),
        ),
        Mistake(
            "score function: the mean of f over the samples is subtracted. That is for a later exercise; here use f(z) as it is",
            with_change(SCORE_MU, SCORE_LOGVAR)(
                lambda p: (
                    (p.value - p.value.mean()) * p.eps / p.sigma,
                    (p.value - p.value.mean()) * (p.eps**2 - 1) / 2,
                ),
            ),
        ),
        Mistake(
            "score function: f is taken at mu; take it at the sample z",
            with_change(SCORE_MU, SCORE_LOGVAR)(
                lambda p: (
                    p.f(p.mu[None])[:, None] * p.eps / p.sigma,
                    p.f(p.mu[None])[:, None] * (p.eps**2 - 1) / 2,
                ),
            ),
        ),
        Mistake(
            "score function: the scores are added up over the latents; each parameter has its own",
            with_change(SCORE_MU, SCORE_LOGVAR)(
                lambda p: (
                    p.right[2].sum(axis=1, keepdims=True) + 0 * p.eps,
                    p.right[3].sum(axis=1, keepdims=True) + 0 * p.eps,
                ),
            ),
        ),
        Mistake(
            NOT_LOG.format("log q itself"),
            with_change(SCORE_MU, SCORE_LOGVAR)(lambda p: 2 * (p.value * log_densities(p),)),
        ),
        Mistake(
            NOT_LOG.format("q itself"),
            with_change(SCORE_MU, SCORE_LOGVAR)(lambda p: 2 * (p.value * np.exp(log_densities(p)),)),
        ),
        Mistake(
            "the score-function estimates have the wrong sign",
            with_change(SCORE_MU, SCORE_LOGVAR)(lambda p: (-p.right[2], -p.right[3])),
        ),
        # two at once
        Mistake(
            "pathwise: these are the derivatives of z alone; the slope of f at z is missing",
            with_change(PATH_MU, PATH_LOGVAR)(lambda p: (np.ones_like(p.eps), p.sigma * p.eps / 2)),
        ),
        Mistake(
            "logvar is read as log σ throughout: it is log σ², so σ = exp(logvar / 2) and the derivatives change, too",
            lambda f, slope, mu, logvar, eps: tuple(
                factor * each
                for factor, each in zip((1, 2, 1, 2), both_estimators(f, slope, mu, 2 * logvar, eps), strict=True)
            ),
        ),
        Mistake(
            f"both estimates for logvar are twice the right ones. {HALF[0].upper()}{HALF[1:]}, and log q holds −½ logvar",
            with_change(PATH_LOGVAR, SCORE_LOGVAR)(lambda p: (2 * p.right[1], 2 * p.right[3])),
        ),
        Mistake(
            "both estimates for logvar are those for σ: logvar = 2 log σ",
            with_change(PATH_LOGVAR, SCORE_LOGVAR)(
                lambda p: (p.slope * p.eps, p.value * (p.eps**2 - 1) / p.sigma),
            ),
        ),
        Mistake(
            "both estimates for logvar are those for the variance: differentiate with respect to its logarithm",
            with_change(PATH_LOGVAR, SCORE_LOGVAR)(
                lambda p: (p.slope * p.eps / (2 * p.sigma), p.value * (p.eps**2 - 1) / (2 * p.sigma**2)),
            ),
        ),
        Mistake(
            "score function: log q is differentiated through z, which moves with mu and logvar. z stays fixed here",
            with_change(SCORE_MU, SCORE_LOGVAR)(lambda p: (0 * p.eps, -0.5 * p.value + 0 * p.eps)),
        ),
        *TWO_SLIPS,
        # order and reduction
        Mistake(
            "the two estimators are exchanged: first the two pathwise arrays, then the two of the score function",
            with_all(lambda e: (e[2], e[3], e[0], e[1])),
        ),
        Mistake(
            "the order is pathwise for mu, pathwise for logvar, then the score function for mu, for logvar; yours alternates",
            with_all(lambda e: (e[0], e[2], e[1], e[3])),
        ),
        Mistake(
            "mu and logvar are exchanged: first the estimate for mu, then that for logvar",
            with_all(lambda e: (e[1], e[0], e[3], e[2])),
        ),
        Mistake(MEAN_TAKEN.format("mean"), with_all(lambda e: tuple(each.mean(axis=0) for each in e))),
        Mistake(MEAN_TAKEN.format("sum"), with_all(lambda e: tuple(each.sum(axis=0) for each in e))),
        Mistake(
            "divided by the number of samples: that belongs to the mean, which is not taken here",
            with_all(lambda e: tuple(each / len(each) for each in e)),
        ),
        Mistake(
            "the estimates are added up over the latents: each entry of mu and logvar has its own",
            with_all(lambda e: tuple(each.sum(axis=1) for each in e)),
        ),
        Mistake(
            "transposed: samples are rows, latents columns",
            with_all(lambda e: tuple(each.T for each in e)),
        ),
    ),
    hints=(
        "Two derivatives of z and two of log q(z). Which of mu, logvar, eps and z is held fixed in each of them?",
        "Pathwise: slope of f at z, times dz/dmu or dz/dlogvar of z = mu + exp(logvar/2) eps. Score function: f(z) times the "
        "derivative of log q(z) = Σ_j −½ logvar_j − ½ (z_j − mu_j)² exp(−logvar_j) + constant, at a fixed z.",
        "sigma = np.exp(logvar / 2); z = mu + sigma * eps; f(z)[:, None] multiplies every latent of a row.",
    ),
)
