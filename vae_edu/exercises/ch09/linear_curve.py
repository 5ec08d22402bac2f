"""Exercise 9.1: the rate–distortion curve of a linear VAE, in closed form."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import GUARDS, Exercise, Family, slip


def linear_curve(eigenvalues, latent, variance, betas):
    """Rates and distortions of the best linear VAEs at these betas, in nats: two arrays (betas,)."""
    # In one direction, (a, w, s²) = (w/λ, √(λ − δ), δ/λ) leave the error δ at the rate ½ log(λ/δ); the best δ is min(βσ_x², λ).
    ordered = np.sort(eigenvalues)[::-1]
    levels = np.asarray(betas)[:, None] * variance
    coded, left_out = ordered[:latent], ordered[latent:].sum()
    rates = 0.5 * np.log(np.maximum(coded / levels, 1)).sum(axis=1)
    errors = np.minimum(coded, levels).sum(axis=1) + left_out
    return rates, errors / (2 * variance) + len(ordered) / 2 * np.log(2 * np.pi * variance)


def descending(eigenvalues):
    return np.sort(eigenvalues)[::-1]


def floor(values, levels):
    return np.maximum(values / levels, 1)


def smaller(values, levels):
    return np.minimum(values, levels)


def halves_of_logs(ratios):
    return 0.5 * np.log(ratios)


def constant(ordered, latent, variance, betas):
    return len(ordered) / 2 * np.log(2 * np.pi * variance)


def constant_of(count):
    """The constant of ``count(ordered, latent)`` dimensions."""
    return lambda ordered, latent, variance, betas: count(ordered, latent) / 2 * np.log(2 * np.pi * variance)


def curve_with(
    *,
    order=descending,
    coded=lambda ordered, latent: ordered[:latent],
    left=lambda ordered, latent: ordered[latent:].sum(),
    level=lambda betas, variance: betas * variance,
    ratio=floor,
    log=halves_of_logs,
    error=smaller,
    scale=lambda betas, variance: 1 / (2 * variance),
    constant=constant,
    give=lambda rates, distortions, betas: (rates, distortions),
):
    """The model answer, put together from its parts."""

    def curve(eigenvalues, latent, variance, betas):
        ordered, betas = order(np.asarray(eigenvalues, float)), np.asarray(betas, float)
        levels = level(betas, variance)[:, None]
        own = coded(ordered, latent)
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = log(ratio(own, levels)).sum(axis=1)
            errors = error(own, levels).sum(axis=1) + left(ordered, latent)
        distortions = errors * scale(betas, variance) + constant(ordered, latent, variance, betas)
        return give(rates, distortions, betas)

    return curve


def without_noise(own, levels):
    """The error at the mean of q, without what the noise of z adds."""
    return np.where(own > levels, smaller(own, levels) ** 2 / np.where(own > 0, own, 1), own)


def with_variance(change):
    """The model answer with another variance everywhere."""
    return lambda eigenvalues, latent, variance, betas: linear_curve(eigenvalues, latent, change(variance), betas)


def betas_alone(own, betas, variance):
    """What is left of each variance, with β for the level."""
    return np.minimum(own, betas)


def variance_alone(own, betas, variance):
    return np.minimum(own, np.full_like(betas, variance))


def with_levels_of(rates=None, errors=None):
    """What is left in the directions with a latent is ``rates(own, betas, variance)`` in the rates, or ``errors(…)`` in the errors."""

    def curve(eigenvalues, latent, variance, betas):
        right = linear_curve(eigenvalues, latent, variance, betas)
        ordered = descending(eigenvalues)
        own, column = ordered[:latent], betas[:, None]
        found = list(right)
        if rates is not None:
            left = rates(own, column, variance)
            found[0] = 0.5 * np.log(np.where(left > 0, own / np.where(left > 0, left, 1), 1)).sum(axis=1)
        if errors is not None:
            error = errors(own, column, variance).sum(axis=1) + ordered[latent:].sum()
            found[1] = error / (2 * variance) + constant(ordered, latent, variance, betas)
        return tuple(found)

    return curve


def right_level(betas, variance):
    return betas * variance


def coded_by(least=right_level, rate=right_level, error=right_level):
    """Directions whose variance is above ``least(betas, variance)`` are coded, and ``rate`` and ``error`` are what is left of them in the
    one and in the other."""

    def curve(eigenvalues, latent, variance, betas):
        ordered, column = descending(eigenvalues), betas[:, None]
        own = ordered[:latent]
        coded = own > least(column, variance)
        rates = np.where(coded, 0.5 * np.log(np.where(coded, own, 1) / rate(column, variance)), 0).sum(axis=1)
        errors = np.where(coded, error(column, variance), own).sum(axis=1) + ordered[latent:].sum()
        return rates, errors / (2 * variance) + constant(ordered, latent, variance, betas)

    return curve


def with_error_of_spare_latents(eigenvalues, latent, variance, betas):
    rates, distortions = linear_curve(eigenvalues, latent, variance, betas)
    return rates, distortions + max(latent - len(eigenvalues), 0) * betas / 2


def with_unsorted_rest(eigenvalues, latent, variance, betas):
    rates, distortions = linear_curve(eigenvalues, latent, variance, betas)
    return rates, distortions + (eigenvalues[latent:].sum() - descending(eigenvalues)[latent:].sum()) / (2 * variance)


def with_decoder_of_length_one(eigenvalues, latent, variance, betas):
    """The best a and s² for w = 1."""
    ordered, levels = descending(eigenvalues), betas[:, None] * variance
    coded, a, s2 = ordered[:latent], 1 / (1 + levels), levels / (1 + levels)
    rates = 0.5 * (a**2 * coded + s2 - 1 - np.log(s2)).sum(axis=1)
    errors = ((1 - a) ** 2 * coded + s2).sum(axis=1) + ordered[latent:].sum()
    return rates, errors / (2 * variance) + constant(ordered, latent, variance, betas)


def not_negative(rates, distortions, betas):
    return np.maximum(rates, 0), distortions


NEGATIVE_INSIDE = (
    "the sum of the rates is cut off at 0, and some directions in it are still negative: "
    "each direction has a rate of 0 or more"
)

EARLY_BREAK = (
    "directions that are not worth coding are missing from the error, although a latent is left for them: "
    "each leaves its whole variance λ. Does a loop end too early?"
)


def draw_cases(rng: np.random.Generator):
    """Unsorted eigenvalues; fewer and more latents than directions above the level; one latent, as many as directions, and more; zeros;
    β so large that nothing is coded; βσ_x² equal to an eigenvalue; a single β."""
    for data, latent, variance, number in (
        (6, 3, 0.3, 5),
        (9, 4, 2.0, 4),
        (5, 1, 0.05, 6),
        (4, 4, 0.7, 3),
        (4, 7, 0.2, 4),
    ):
        eigenvalues = rng.permutation(np.geomspace(0.04, 12, data) * rng.uniform(0.8, 1.25, data))
        yield (
            eigenvalues,
            latent,
            variance,
            rng.permutation(np.geomspace(0.03, 4, number) * rng.uniform(0.7, 1.4, number)),
        )
    yield rng.permutation([5.0, 2.0, 0.0, 0.0, 1.0]), 4, 0.25, np.array([0.5, 4.0, 8.0, 20.0, 21.0, 60.0])
    yield rng.permutation([3.0, 3.0, 0.5]), 2, 1.5, np.array([2.0])


EXERCISE = Exercise(
    id="9.1",
    title="The rate–distortion curve of a linear VAE",
    minutes=25,
    difficulty=3,
    answer=linear_curve,
    cases=draw_cases,
    mistakes=(
        slip(
            "the eigenvalues come in any order: the largest ones get the latents",
            curve_with,
            order=lambda eigenvalues: eigenvalues,
        ),
        slip(
            "the eigenvalues are sorted from the smallest: the largest ones get the latents",
            curve_with,
            order=np.sort,
        ),
        slip(
            "all directions are coded: there are only `latent` latents, and each codes one direction",
            curve_with,
            coded=lambda ordered, latent: ordered,
            left=lambda ordered, latent: 0.0,
        ),
        slip(
            "the directions without a latent are forgotten: all of their variance is left as error",
            curve_with,
            left=lambda ordered, latent: 0.0,
        ),
        slip(
            "beta has no effect on what is coded, as λ is compared with σ_x² alone: β weighs the rate when you look for the best a and w",
            curve_with,
            level=lambda betas, variance: np.full_like(betas, variance),
        ),
        slip(
            "the variance has no effect on what is coded, as λ is compared with β alone: multiply error/(2σ_x²) + β·rate by 2σ_x² first",
            curve_with,
            level=lambda betas, variance: betas,
        ),
        any_of(
            "β stands alone in one place where βσ_x² belongs: multiply error/(2σ_x²) + β·rate by 2σ_x² first",
            with_levels_of(rates=betas_alone),
            with_levels_of(errors=betas_alone),
            coded_by(least=lambda betas, variance: betas),
            coded_by(rate=lambda betas, variance: betas),
            coded_by(error=lambda betas, variance: betas),
        ),
        any_of(
            "σ_x² stands alone in one place where βσ_x² belongs: multiply error/(2σ_x²) + β·rate by 2σ_x² first",
            with_levels_of(rates=variance_alone),
            with_levels_of(errors=variance_alone),
            coded_by(least=lambda betas, variance: variance),
            coded_by(rate=lambda betas, variance: variance),
        ),
        slip(
            "β divides σ_x²: the larger β is, the dearer the rate, so the error that is left grows with β",
            curve_with,
            level=lambda betas, variance: variance / betas,
        ),
        slip(
            "β and the variance enter as β/σ_x²: minimise error/(2σ_x²) + β·rate once more, and multiply it by 2σ_x² first",
            curve_with,
            level=lambda betas, variance: betas / variance,
        ),
        any_of(
            "`variance` is σ_x² already, and is squared here",
            curve_with(level=lambda betas, variance: betas * variance**2),
            with_variance(np.square),
        ),
        any_of(
            "`variance` is σ_x² already: no root",
            curve_with(level=lambda betas, variance: betas * np.sqrt(variance)),
            with_variance(np.sqrt),
        ),
        slip(
            "the error that is left is twice too large, or half: −log p(x|z) has the squared error over 2σ_x², and the rate a ½ too",
            curve_with,
            level=lambda betas, variance: 2 * betas * variance,
        ),
        slip(
            "the error that is left is twice too large, or half: −log p(x|z) has the squared error over 2σ_x², and the rate a ½ too",
            curve_with,
            level=lambda betas, variance: betas * variance / 2,
        ),
        slip(
            "a rate is negative: a direction with little variance is not worth coding, and its rate is 0",
            curve_with,
            ratio=lambda own, levels: own / levels,
        ),
        Family(
            "a rate is negative: a direction with little variance is not worth coding, and its rate is 0",
            lambda least: curve_with(ratio=lambda own, levels: np.maximum(own, least) / levels),
            GUARDS,
            any_between=(1e-307, 0.01),
        ),
        Family(
            "a rate is negative: a direction with little variance is not worth coding, and its rate is 0",
            lambda added: curve_with(ratio=lambda own, levels: own / levels + added),
            GUARDS,
        ),
        Family(
            NEGATIVE_INSIDE,
            lambda least: curve_with(ratio=lambda own, levels: np.maximum(own, least) / levels, give=not_negative),
            (0.0, *GUARDS),
        ),
        Family(
            NEGATIVE_INSIDE,
            lambda added: curve_with(ratio=lambda own, levels: own / levels + added, give=not_negative),
            GUARDS,
        ),
        slip(
            "one latent too few is used: ordered[:latent] has `latent` of them",
            curve_with,
            coded=lambda ordered, latent: ordered[: latent - 1],
            left=lambda ordered, latent: ordered[latent - 1 :].sum(),
        ),
        any_of(
            "latents without a direction add to the error: where there are more latents than directions, the others do nothing",
            with_error_of_spare_latents,
        ),
        slip(
            "the rate is ½ log(1 + λ/(βσ_x²)): that is the capacity of a channel. Here w² is not λ; derive the best w as well",
            curve_with,
            ratio=lambda own, levels: 1 + own / levels,
        ),
        Family(
            "every latent codes a direction here, even where the variance λ is below the error that is left: there the best rate is 0, "
            "and the error λ",
            lambda least: curve_with(
                ratio=lambda own, levels: np.maximum(own, least) / levels,
                error=lambda own, levels: np.broadcast_to(levels, np.broadcast_shapes(own.shape, levels.shape)),
            ),
            (0.0, *GUARDS),
            any_between=(1e-307, 0.01),
        ),
        slip(
            "every latent codes a direction here, even where the variance λ is below the error that is left: there the best rate is 0, "
            "and the error λ",
            curve_with,
            ratio=lambda own, levels: np.where(own > 0, own, levels) / levels,
            error=lambda own, levels: np.where(own > 0, levels, 0),
        ),
        any_of(
            "coded directions have the error σ_x² whatever β is: insert the best w, a and s² into (1 − wa)²λ + w²s²",
            coded_by(error=lambda betas, variance: variance),
        ),
        any_of("this is the best a and s² for w = 1: find the best w as well", with_decoder_of_length_one),
        any_of(
            "what is left without a latent is summed before the eigenvalues are sorted: it is the smallest ones",
            with_unsorted_rest,
        ),
        slip(
            "the error in a direction cannot be larger than its variance: what happens where that is smaller than the level?",
            curve_with,
            error=lambda own, levels: np.broadcast_to(levels, np.broadcast_shapes(own.shape, levels.shape)),
        ),
        slip(
            EARLY_BREAK,
            curve_with,
            error=lambda own, levels: np.where(own > levels, levels, 0.0),
        ),
        any_of(
            EARLY_BREAK,
            curve_with(error=lambda own, levels: np.where(own > levels, levels, 0.0), left=lambda ordered, latent: 0.0),
        ),
        slip(
            "the eigenvalues are variances already, and are squared here",
            curve_with,
            order=lambda eigenvalues: descending(eigenvalues**2),
        ),
        slip(
            "the eigenvalues are variances already: no root",
            curve_with,
            order=lambda eigenvalues: descending(np.sqrt(eigenvalues)),
        ),
        slip(
            "this is the error at the mean of q: the noise of z, w²s², adds to it",
            curve_with,
            error=without_noise,
        ),
        slip(
            "coded directions have no error here: s² is not 0, and the decoder shrinks",
            curve_with,
            error=lambda own, levels: np.where(own > levels, 0.0, own),
        ),
        slip(
            "the rate lacks its ½",
            curve_with,
            log=np.log,
        ),
        slip(
            "log s² is missing from the rate: the rest, a²λ + s² − 1, is 0 at the best a and s²",
            curve_with,
            log=np.zeros_like,
        ),
        slip(
            "the rate has log s in place of log s²: KL to N(0, 1) has −½ log s²",
            curve_with,
            log=lambda ratios: 0.25 * np.log(ratios),
        ),
        slip(
            "the sign of log s² in the rate is wrong: KL to N(0, 1) has −½ log s²",
            curve_with,
            log=lambda ratios: -0.5 * np.log(ratios),
        ),
        slip("the rate is in bits: use the natural logarithm", curve_with, log=lambda ratios: 0.5 * np.log2(ratios)),
        slip(
            "the squared error is divided by σ_x²: −log p(x|z) has 2σ_x²",
            curve_with,
            scale=lambda betas, variance: 1 / variance,
        ),
        slip(
            "the squared error is divided by 2βσ_x²: β weighs the rate in the loss, and the distortion is that of σ_x²",
            curve_with,
            scale=lambda betas, variance: 1 / (2 * betas * variance),
        ),
        slip(
            "the squared error is halved, and not divided by σ_x²",
            curve_with,
            scale=lambda betas, variance: 0.5,
        ),
        slip(
            "the squared error is not divided by 2σ_x²",
            curve_with,
            scale=lambda betas, variance: 1.0,
        ),
        slip(
            "the constant ½ log(2πσ_x²) of each data dimension is missing",
            curve_with,
            constant=lambda ordered, latent, variance, betas: 0.0,
        ),
        slip(
            "the constant ½ log(2πσ_x²) is counted once: it belongs to each data dimension",
            curve_with,
            constant=constant_of(lambda ordered, latent: 1),
        ),
        slip(
            "the constant is data/2 · log 2π: σ_x² belongs into the logarithm",
            curve_with,
            constant=lambda ordered, latent, variance, betas: len(ordered) / 2 * np.log(2 * np.pi),
        ),
        slip(
            "the constant has the wrong sign: −log p(x|z) has +½ log(2πσ_x²) for each data dimension",
            curve_with,
            constant=lambda *arguments: -constant(*arguments),
        ),
        slip(
            "the constant lacks its ½",
            curve_with,
            constant=constant_of(lambda ordered, latent: 2 * len(ordered)),
        ),
        any_of(
            "the constant is counted for the latents: ½ log(2πσ_x²) belongs to each data dimension",
            curve_with(constant=constant_of(lambda ordered, latent: latent)),
            curve_with(constant=constant_of(lambda ordered, latent: min(latent, len(ordered)))),
        ),
        slip(
            "the constant is counted for the directions without a latent alone: it belongs to each data dimension",
            curve_with,
            constant=constant_of(lambda ordered, latent: len(ordered[latent:])),
        ),
        slip(
            "directions whose eigenvalue is 0 are left out of the constant: they are data dimensions, too",
            curve_with,
            constant=constant_of(lambda ordered, latent: (ordered > 0).sum()),
        ),
        slip(
            "β is in the constant: it weighs the rate alone, and log p(x|z) has σ_x²",
            curve_with,
            constant=lambda ordered, latent, variance, betas: len(ordered) / 2 * np.log(2 * np.pi * betas * variance),
        ),
        slip(
            "the constant lacks 2π: it is ½ log(2πσ_x²) for each data dimension",
            curve_with,
            constant=lambda ordered, latent, variance, betas: len(ordered) / 2 * np.log(variance),
        ),
        any_of(
            "the two results are exchanged: first the rates, then the distortions",
            curve_with(give=lambda rates, distortions, betas: (distortions, rates)),
        ),
        any_of(
            "the second result is the loss, distortion + β·rate: return the distortion alone",
            curve_with(give=lambda rates, distortions, betas: (rates, distortions + betas * rates)),
        ),
        any_of(
            "the second result is the negative ELBO: return the distortion alone",
            curve_with(give=lambda rates, distortions, betas: (rates, distortions + rates)),
        ),
        any_of(
            "the rate is multiplied by β: β weighs it in the loss; the rate itself is a KL divergence",
            curve_with(give=lambda rates, distortions, betas: (betas * rates, distortions)),
        ),
    ),
    hints=(
        "Multiply error/(2σ_x²) + β·rate by 2σ_x². Which single number decides about the best a, w and s²?",
        "For a fixed w, a = w/(w² + τ) and s² = τ/(w² + τ), where τ is your single number. Insert both, and look for w² + τ. Express the "
        "error that is left, and the rate, by λ and τ. What if λ is the smaller of the two?",
        "levels = betas[:, None] * variance, and the eigenvalues sorted by np.sort(eigenvalues)[::-1].",
    ),
)
