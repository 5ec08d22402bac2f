"""Exercise 10.4: which latents collapse."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


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


EXERCISE = Exercise(
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
)
