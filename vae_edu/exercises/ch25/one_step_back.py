"""Exercise 25.1: one step back, when x is known."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def one_step_back(z, x, logsnr_s, logsnr_t):
    """Mean (n, data) and variance (n, 1) of q(z_s | z_t, x) at z_t = z; tensors z and x (n, data), log-SNRs logsnr_s > logsnr_t (n,)."""
    import torch

    alpha_s, alpha_t = logsnr_s.sigmoid().sqrt()[:, None], logsnr_t.sigmoid().sqrt()[:, None]
    left = -torch.expm1(logsnr_t - logsnr_s)[:, None]  # 1 − SNR_t/SNR_s
    mean = (1 - left) * alpha_s / alpha_t * z + left * alpha_s * x
    return mean, left * (-logsnr_s).sigmoid()[:, None]


def squares(logsnr):
    """α² and σ², as columns."""
    return logsnr.sigmoid()[:, None], (-logsnr).sigmoid()[:, None]


def from_one_minus(logsnr):
    return logsnr.sigmoid()[:, None], 1 - logsnr.sigmoid()[:, None]


def from_one_minus_root(logsnr):
    alpha = logsnr.sigmoid().sqrt()[:, None]
    return alpha**2, 1 - alpha**2


def ratio(logsnr):
    return logsnr.exp()[:, None], 1 + 0 * logsnr[:, None]


def step_with(
    *,
    of=squares,
    factor=lambda a_s, a_t: (a_t / a_s).sqrt(),
    between=lambda factor, s_s, s_t, left: left * s_t,
    weight_z=lambda factor, noise, s_s, s_t: factor * s_s / s_t,
    weight_x=lambda a_s, noise, s_s, s_t: a_s.sqrt() * noise / s_t,
    variance=lambda noise, s_s, s_t: noise * s_s / s_t,
    order=lambda z, x: (z, x),
    give=lambda mean, variance: (mean, variance),
):
    """The model answer, put together from its parts: those of q(z_t|z_s) = N(factor z_s, noise I), and of the product."""

    def step(z, x, logsnr_s, logsnr_t):
        import torch

        z, x = order(z, x)
        (a_s, s_s), (a_t, s_t) = of(logsnr_s), of(logsnr_t)
        by = factor(a_s, a_t)
        noise = between(by, s_s, s_t, -torch.expm1(logsnr_t - logsnr_s)[:, None])
        mean = weight_z(by, noise, s_s, s_t) * z + weight_x(a_s, noise, s_s, s_t) * x
        return give(mean, variance(noise, s_s, s_t) + 0 * z[:, :1])

    return step


def by_precisions(z, x, logsnr_s, logsnr_t):
    """Bayes' rule: the precisions of both Gaussians in z_s add."""
    (a_s, s_s), (a_t, s_t) = squares(logsnr_s), squares(logsnr_t)
    factor, noise = (a_t / a_s).sqrt(), -(logsnr_t - logsnr_s).expm1()[:, None] * s_t
    precision = factor**2 / noise + 1 / s_s
    return (factor * z / noise + a_s.sqrt() * x / s_s) / precision, 1 / precision


def forwards(z, x, logsnr_s, logsnr_t):
    """q(z_s|x), which does not look at z."""
    a_s, s_s = squares(logsnr_s)
    return a_s.sqrt() * x + 0 * z, s_s


def draw_cases(rng: np.random.Generator):
    """Small and large steps, one row, one entry, and log-SNRs that are extreme."""
    import torch

    for n, data, high, low in ((5, 3, 3, -3), (1, 2, 2, -2), (4, 1, 6, -6), (6, 2, 32, 30.5), (3, 4, -20, -32)):
        s = rng.uniform((high + low) / 2, high, n)
        t = s - rng.uniform(0.05, 1, n) * (s - low)
        yield tuple(
            torch.from_numpy(each) for each in (rng.normal(size=(n, data)), 2 * rng.normal(size=(n, data)), s, t)
        )


EXERCISE = Exercise(
    id="25.1",
    title="One step back, when x is known",
    minutes=12,
    difficulty=2,
    answer=one_step_back,
    cases=draw_cases,
    also_right=(by_precisions, step_with()),
    mistakes=(
        Mistake("This is q(z_s|x). It does not look at z_t, which says more about z_s", forwards),
        slip(
            "1 − α² rounds to 0 where the log-SNR is large. Take σ² = sigmoid(−λ)",
            step_with,
            of=from_one_minus,
        ),
        *(
            slip(
                "1 − α² rounds to 0 where the log-SNR is large. Take σ² = sigmoid(−λ)",
                step_with,
                of=of,
                between=lambda factor, s_s, s_t, left: s_t - factor**2 * s_s,
            )
            for of in (from_one_minus, from_one_minus_root)
        ),
        slip(
            "α² is taken for the SNR and σ² for 1. Both follow from λ: α² = sigmoid(λ), σ² = sigmoid(−λ)",
            step_with,
            of=ratio,
        ),
        slip(
            "The factor in q(z_t|z_s) is α_t/α_s. Yours is its square: sigmoid(λ) is α², not α",
            step_with,
            factor=lambda a_s, a_t: a_t / a_s,
        ),
        *(
            slip(
                "The mean has α² where α belongs: sigmoid(λ) is α². Take its root",
                step_with,
                weight_z=weight_z,
                weight_x=lambda a_s, noise, s_s, s_t: a_s * noise / s_t,
                factor=factor,
            )
            for factor, weight_z in (
                (lambda a_s, a_t: (a_t / a_s).sqrt(), lambda factor, noise, s_s, s_t: s_s / s_t),
                (lambda a_s, a_t: a_t / a_s, lambda factor, noise, s_s, s_t: factor * s_s / s_t),
            )
        ),
        Mistake(
            "SNR_t/SNR_s is upside down in the weight of z",
            lambda z, x, s, t: (
                one_step_back(z, x, s, t)[0] - (1 - (2 * (s - t)).exp())[:, None] * one_step_back(z, 0 * x, s, t)[0],
                one_step_back(z, x, s, t)[1],
            ),
        ),
        Mistake(
            "s and t are exchanged: z_t, with more noise, is given, and z_s is wanted. Your variance is negative",
            lambda z, x, s, t: one_step_back(z, x, t, s),
        ),
        Mistake(
            "The log-SNR is halved: λ is the logarithm of α²/σ², not of α/σ",
            lambda z, x, s, t: one_step_back(z, x, s / 2, t / 2),
        ),
        slip(
            "z is only scaled back, to α_s/α_t z. Bayes' rule gives it the weight SNR_t/SNR_s besides",
            step_with,
            weight_z=lambda factor, noise, s_s, s_t: 1 / factor,
        ),
        slip(
            "There is one variance for each entry. All entries of a row share one: return the shape (n, 1)",
            step_with,
            give=lambda mean, variance: (mean, variance + 0 * mean),
        ),
        slip(
            "The variance of q(z_t|z_s) is not σ_t². z_s has noise already: what has to be added to it?",
            step_with,
            between=lambda factor, s_s, s_t, left: s_t,
        ),
        slip(
            "The variance of q(z_t|z_s) is not σ_t² − σ_s²: the noise in z_s shrinks by the factor as well",
            step_with,
            between=lambda factor, s_s, s_t, left: s_t - s_s,
        ),
        slip(
            "z_s and z_t are exchanged in the weight of z: it has σ_s²/σ_t²",
            step_with,
            weight_z=lambda factor, noise, s_s, s_t: factor * s_t / s_s,
        ),
        slip(
            "The weight of z lacks σ_s²/σ_t²",
            step_with,
            weight_z=lambda factor, noise, s_s, s_t: factor,
        ),
        slip(
            "z is divided by α_t/α_s. Bayes' rule multiplies by it, and by a ratio of variances",
            step_with,
            weight_z=lambda factor, noise, s_s, s_t: s_s / s_t / factor,
        ),
        slip(
            "x is used as it is. q(z_s|x) has the mean α_s x",
            step_with,
            weight_x=lambda a_s, noise, s_s, s_t: noise / s_t,
        ),
        slip(
            "The second result is the standard deviation. Return the variance",
            step_with,
            variance=lambda noise, s_s, s_t: (noise * s_s / s_t).sqrt(),
        ),
        slip(
            "The second result is the logarithm of the variance. Return the variance",
            step_with,
            variance=lambda noise, s_s, s_t: (noise * s_s / s_t).log(),
        ),
        slip(
            "The variance is that of q(z_t|z_s), a step towards more noise. We go the other way",
            step_with,
            variance=lambda noise, s_s, s_t: noise,
        ),
        slip(
            "The variance is σ_s². Knowing z_t makes it smaller",
            step_with,
            variance=lambda noise, s_s, s_t: s_s,
        ),
        slip("z and x are exchanged", step_with, order=lambda z, x: (x, z)),
        slip("The two results are exchanged: first the mean", step_with, give=lambda mean, variance: (variance, mean)),
    ),
    hints=(
        "As functions of z_s, q(z_t|z_s) and q(z_s|x) are two Gaussians. What is their product? First find q(z_t|z_s): which factor and "
        "which noise turn α_s x + σ_s ε into α_t x + σ_t ε?",
        "The factor is f = α_t/α_s, and the noise has the variance v = σ_t² − f² σ_s², which is σ_t² (1 − SNR_t/SNR_s). "
        "The precisions f²/v and 1/σ_s² add.",
        "mean = f σ_s²/σ_t² · z + α_s v/σ_t² · x, variance = v σ_s²/σ_t², with alpha squared from logsnr.sigmoid() and sigma squared from "
        "(-logsnr).sigmoid(), as columns: [:, None].",
    ),
)
