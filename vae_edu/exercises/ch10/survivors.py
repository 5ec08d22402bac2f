"""Exercise 10.2: which latents survive a loss as people write it."""

import numpy as np
import torch

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, any_guard, slip


def survivors(x, latent, weight):
    """How many of ``latent`` latents are not collapsed at the optimum of a linear VAE with the loss weight · ‖x − x̂‖² + rate, and the
    rate there, in nats: two numbers. x: (rows, columns)."""
    covariance = np.cov(x.T, bias=True)
    used = np.linalg.eigvalsh(covariance)[::-1][:latent]
    used = used[used > 1 / (2 * weight)]
    return len(used), 0.5 * np.log(2 * weight * used).sum()


def draw_tables(rng: np.random.Generator):
    """Columns with means far from 0; more directions above the noise than latents; none above it; fewer rows than columns; more
    latents than columns."""
    for rows, columns, latent, above, weight in (
        (40, 7, 5, 3, 0.5),
        (30, 9, 3, 6, 1.0),
        (25, 6, 4, 0, 1 / 64),
        (6, 11, 8, 3, 2.3),
        (35, 8, 8, 5, 12.0),
        (28, 4, 9, 2, 3.0),
    ):
        noise = 1 / (2 * weight)
        eigenvalues = np.zeros(columns)
        eigenvalues[:above] = noise * rng.uniform(3.1, 14, above)
        rest = min(columns, rows - 1) - above
        eigenvalues[above : above + rest] = noise * rng.uniform(0.06, 0.22, rest)
        left = rng.normal(size=(rows, columns))
        left = np.linalg.svd(left - left.mean(axis=0), full_matrices=False)[0]  # orthonormal, each with mean 0
        right = np.linalg.qr(rng.normal(size=(columns, columns)))[0]
        mean = 4 * np.sqrt(noise) * rng.choice([-1, 1], columns) * rng.uniform(1, 2, columns)
        size = left.shape[1]  # of which, with fewer rows than columns, rows − 1 are orthogonal to the constant
        yield mean + np.sqrt(rows) * (left * np.sqrt(eigenvalues[:size])) @ right.T[:size], latent, weight


def spectrum_of(x):
    return np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]


def survivors_with(
    spectrum=spectrum_of,
    noise=lambda weight, x: 1 / (2 * weight),
    first=lambda eigenvalues, latent: eigenvalues[:latent],
    keep=lambda eigenvalues, noise: eigenvalues[eigenvalues > noise],
    rate=lambda eigenvalues, noise: 0.5 * np.log(eigenvalues / noise).sum(),
    give=lambda count, rate: (count, rate),
):
    """``survivors`` with some of its parts exchanged."""

    def find(x, latent, weight):
        own = noise(weight, x)
        used = keep(first(spectrum(x), latent), own)
        return give(len(used), rate(used, own))

    return find


def correlation(x):
    return np.linalg.eigvalsh(np.corrcoef(x.T))[::-1]


def uncentred(x):
    return np.linalg.eigvalsh(x.T @ x / len(x))[::-1]


def squares_of(x):
    """The eigenvalues by the singular values of the centred table."""
    return np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2 / len(x)


def rate_of_all(ratio, spectrum=spectrum_of):
    """Collapsed latents count in the rate; those of no variance in one way or another."""

    def wrong(x, latent, weight):
        with np.errstate(all="ignore"):
            return survivors(x, latent, weight)[0], 0.5 * np.log(ratio(2 * weight * spectrum(x)[:latent])).sum()

    return wrong


def guarded_eigenvalues(guard):
    """The guard against log 0 is applied to the eigenvalues, before they are divided by σ_x²."""

    def with_least(least):
        return rate_of_all(lambda ratio: ratio, lambda x: guard(spectrum_of(x), least))

    return with_least


def rate_of_variances(variances, squares):
    """The sum of ½(μ² + σ² − 1 − log σ²) with these σ² and averages of μ²."""
    return 0.5 * (squares + variances - 1 - np.log(variances)).sum()


def index_each(of):
    """A loop over the latents, each of which is looked up in the spectrum."""

    def wrong(x, latent, weight):
        eigenvalues = of(spectrum_of(x))
        used = [2 * weight * float(eigenvalues[j]) for j in range(latent)]
        return sum(each > 1 for each in used), 0.5 * sum(np.log(each) for each in used if each > 1)

    return wrong


NEGATIVE = "collapsed latents add negative rates: theirs is 0"

CONTEXT = r"""
A linear VAE has a prior $\mathcal N(0, I)$, a decoder $\mathcal N(Wz + m, \sigma_x^2 I)$, and a Gaussian $q(z|x)$ whose mean is
linear in $x$. At its optimum, each latent belongs to one principal direction of the data, the largest variances $\lambda_j$ first. It
collapses where $\lambda_j \le \sigma_x^2$: then $q(z_j|x)$ is the prior. Otherwise $q(z_j|x)$ has the variance
$\sigma_j^2 = \sigma_x^2/\lambda_j$, and $\operatorname{Var}(\mu_j) = 1 - \sigma_x^2/\lambda_j$ over the data.
"""


EXERCISE = Exercise(
    context=CONTEXT,
    id="10.2",
    title="What survives your loss?",
    minutes=10,
    difficulty=2,
    answer=survivors,
    cases=draw_tables,
    mistakes=(
        slip(
            "the ½ is missing: −log p(x|z) holds ‖x − x̂‖²/(2σ_x²). Which σ_x² makes that weight · ‖x − x̂‖²?",
            survivors_with,
            noise=lambda weight, x: 1 / weight,
        ),
        slip(
            "σ_x² is not the weight: compare weight · ‖x − x̂‖² with the squared error in −log p(x|z)",
            survivors_with,
            noise=lambda weight, x: weight,
        ),
        any_of(
            "σ_x² grows when the weight falls: compare weight · ‖x − x̂‖² with ‖x − x̂‖²/(2σ_x²)",
            survivors_with(noise=lambda weight, x: 2 * weight),
            survivors_with(noise=lambda weight, x: weight / 2),
        ),
        slip(
            "this is half of σ_x²: weight = 1/(2σ_x²)",
            survivors_with,
            noise=lambda weight, x: 1 / (4 * weight),
        ),
        slip(
            "the weight is divided by the number of columns: the loss has the sum over the columns already",
            survivors_with,
            noise=lambda weight, x: x.shape[1] / (2 * weight),
        ),
        slip(
            "you compare eigenvalues with σ_x: they are variances, so compare them with σ_x²",
            survivors_with,
            noise=lambda weight, x: 1 / (2 * weight) ** 0.5,
        ),
        slip(
            "the mean of all entries is subtracted: each column has a mean of its own, x.mean(axis=0)",
            survivors_with,
            spectrum=lambda x: np.linalg.eigvalsh((x - x.mean()).T @ (x - x.mean()) / len(x))[::-1],
        ),
        slip("the mean of the columns is not subtracted: take the covariance", survivors_with, spectrum=uncentred),
        slip(
            "this is the covariance of the rows: np.cov takes a variable per row, so give it x.T",
            survivors_with,
            spectrum=lambda x: np.linalg.eigvalsh(np.cov(x, bias=True))[::-1],
        ),
        slip(
            "these are eigenvalues of the correlation matrix: the loss sees the columns in their own units",
            survivors_with,
            spectrum=correlation,
        ),
        slip(
            "these are the variances of the columns: a latent may use any direction, so take the eigenvalues of the covariance",
            survivors_with,
            spectrum=lambda x: np.sort(x.var(axis=0))[::-1],
        ),
        slip(
            "the covariance is divided by rows − 1: the text asks for rows",
            survivors_with,
            spectrum=lambda x: np.linalg.eigvalsh(np.cov(x.T))[::-1],
        ),
        any_of(
            "these are singular values of the centred table: their squares, divided by the rows, are the eigenvalues",
            survivors_with(spectrum=lambda x: np.linalg.svd(x - x.mean(axis=0), compute_uv=False)),
            survivors_with(spectrum=lambda x: np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2),
            survivors_with(spectrum=lambda x: np.sqrt(squares_of(x))),
            survivors_with(spectrum=lambda x: np.linalg.svd(x - x.mean(axis=0), compute_uv=False) / len(x)),
        ),
        slip(
            "you count every direction above the noise: there are only so many latents",
            survivors_with,
            first=lambda eigenvalues, latent: eigenvalues,
        ),
        slip(
            "you take the smallest eigenvalues: eigvalsh begins with them, and latents serve the largest",
            survivors_with,
            first=lambda eigenvalues, latent: eigenvalues[::-1][:latent],
        ),
        slip(
            "0.01 is the threshold of active units: at the optimum, a latent has collapsed where the eigenvalue is at most σ_x²",
            survivors_with,
            keep=lambda eigenvalues, noise: eigenvalues[eigenvalues > 0.01],
        ),
        any_of(
            NEGATIVE,
            *(rate_of_all(each) for each in (lambda ratio: ratio, np.abs)),
            *(rate_of_all(lambda ratio: ratio[ratio > 0], of) for of in (spectrum_of, squares_of)),
            rate_of_all(lambda ratio: ratio, squares_of),
        ),
        any_guard(NEGATIVE, lambda least: rate_of_all(lambda ratio: np.maximum(ratio, least))),
        any_guard(NEGATIVE, lambda least: rate_of_all(lambda ratio: ratio + least)),
        any_guard(NEGATIVE, guarded_eigenvalues(np.maximum)),
        any_guard(NEGATIVE, guarded_eigenvalues(np.add)),
        any_of(
            "there may be more latents than columns: then there is no eigenvalue for each of them, and the rest collapse",
            index_each(lambda eigenvalues: eigenvalues),
            index_each(lambda eigenvalues: eigenvalues.tolist()),
            index_each(lambda eigenvalues: torch.from_numpy(eigenvalues.copy())),
        ),
        slip(
            "the ½ in front of the logarithm is missing from the rate",
            survivors_with,
            rate=lambda eigenvalues, noise: np.log(eigenvalues / noise).sum(),
        ),
        slip(
            "½ log(1 + λ/σ_x²) is not the rate: λ is the variance of the data, noise included, and nothing is to be added to it",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.5 * np.log1p(eigenvalues / noise).sum(),
        ),
        slip(
            "you subtract σ_x² from λ in the logarithm. Average ½(μ² + σ² − 1 − log σ²) over the rows, with σ² = σ_x²/λ",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.5 * np.log((eigenvalues - noise) / noise).sum(),
        ),
        slip(
            "μ² is missing from the rate: over the rows, its average is Var(μ_j)",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.5 * (noise / eigenvalues - 1 + np.log(eigenvalues / noise)).sum(),
        ),
        slip(
            "the average of μ² is Var(μ_j) itself, and not its square",
            survivors_with,
            rate=lambda eigenvalues, noise: (
                0.5 * ((1 - noise / eigenvalues) ** 2 + noise / eigenvalues - 1 + np.log(eigenvalues / noise)).sum()
            ),
        ),
        slip(
            "σ_x²/λ is the variance σ_j², and not the standard deviation: it is not squared in the rate",
            survivors_with,
            rate=lambda eigenvalues, noise: (
                0.5
                * ((1 - noise / eigenvalues) + (noise / eigenvalues) ** 2 - 1 + 2 * np.log(eigenvalues / noise)).sum()
            ),
        ),
        any_of(
            "λ_j/σ_x² stands in the rate where σ_j² belongs: the variance of q is σ_x²/λ_j",
            survivors_with(rate=lambda eigenvalues, noise: rate_of_variances(eigenvalues / noise, 0.0)),
            survivors_with(
                rate=lambda eigenvalues, noise: rate_of_variances(eigenvalues / noise, 1 - noise / eigenvalues)
            ),
        ),
        slip(
            "the rate is multiplied by `weight`: that is the weight of the squared error, and the rate itself is asked for",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.25 / noise * np.log(eigenvalues / noise).sum(),
        ),
        slip(
            "this is the logarithm of Var(μ_j): in the KL divergence stands that of σ_j²",
            survivors_with,
            rate=lambda eigenvalues, noise: -0.5 * np.log(1 - noise / eigenvalues).sum(),
        ),
        slip(
            "this is the sum of the variances of the means, 1 − σ_x²/λ, and not the rate",
            survivors_with,
            rate=lambda eigenvalues, noise: (1 - noise / eigenvalues).sum(),
        ),
        slip(
            "this is a rate for each latent: return their sum",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.5 * np.log(eigenvalues / noise),
        ),
        slip(
            "the rate is in bits: use the natural logarithm",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.5 * np.log2(eigenvalues / noise).sum(),
        ),
        slip(
            "the mean of no numbers is not a number: where all latents have collapsed, the rate is 0",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.5 * np.log(eigenvalues / noise).sum() if len(eigenvalues) else np.nan,
        ),
        slip(
            "this is the mean rate of the latents that survive: return the sum",
            survivors_with,
            rate=lambda eigenvalues, noise: 0.5 * np.log(eigenvalues / noise).mean() if len(eigenvalues) else 0.0,
        ),
        Mistake(
            "the first number is `latent`: count the latents that have not collapsed",
            lambda x, latent, weight: (latent, survivors(x, latent, weight)[1]),
        ),
        Mistake(
            "you count the latents that collapse: count those that do not",
            lambda x, latent, weight: (latent - survivors(x, latent, weight)[0], survivors(x, latent, weight)[1]),
        ),
        Mistake(
            "the two results are exchanged: first how many, then the rate",
            survivors_with(give=lambda count, rate: (rate, count)),
        ),
    ),
    hints=(
        "Write −log p(x|z) of a Gaussian decoder. What must σ_x² be, so that its squared error has the factor `weight`?",
        "The theorem needs the eigenvalues of the covariance, the largest `latent` of them, and σ_x². For the rate, average "
        "½(μ_j² + σ_j² − 1 − log σ_j²) over the rows: what are the averages of μ_j and of μ_j²?",
        "np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1] are the eigenvalues, the largest first.",
    ),
)
