"""Five codes to be examined in exercise 17.4. Look at the measurements, not at this file."""

import numpy as np

from vae_edu.evaluation.disentanglement import (
    disentanglement_completeness,
    mutual_information_gap,
    random_rotation,
    separated_predictability,
)

__all__ = ["FIVE_CODES", "measure"]

# For each letter: MIG of samples, of the means, and of samples after random rotations of the active latents (of all where none is active;
# mean), the null of the first, SAP, disentanglement, R² of forests, and the MIG of samples on new images whose factors are independent.
FIVE_CODES: dict[str, list[float]] = {
    "P": [0.005, 0.0, 0.006, 0.007, 0.03, 0.063, -0.213, 0.001],
    "Q": [0.524, 0.811, 0.306, 0.001, 0.972, 0.482, 0.971, 0.274],
    "R": [0.546, 0.977, 0.126, 0.001, 0.977, 0.962, 0.976, 0.544],
    "S": [0.0, 0.977, 0.001, 0.001, 0.001, 0.003, -0.056, 0.001],
    "T": [0.067, 0.076, 0.12, 0.001, 0.235, 0.29, 0.945, 0.068],
}


def measure(letter: str) -> list[float]:
    """The measurements of one code, simulated anew from four factors."""
    rng = np.random.default_rng(17)
    n = 60 if letter == "P" else 3000
    test, new = (_simulated(letter, rng, rows, fresh) for rows, fresh in ((n, False), (3000, True)))
    means, samples, factors = test
    null = np.mean([mutual_information_gap(samples, rng.permutation(factors)).score for _ in range(10)])
    active = means.std(axis=0) > 0.1
    own = samples[:, active] if active.any() else samples
    turned = [mutual_information_gap(own @ random_rotation(own.shape[1], rng), factors).score for _ in range(10)]
    importances = disentanglement_completeness(samples, factors)
    found = [
        mutual_information_gap(samples, factors).score,
        mutual_information_gap(means, factors).score,
        np.mean(turned),
        null,
        separated_predictability(samples, factors),
        importances.disentanglement,
        importances.informativeness,
        mutual_information_gap(new[1], new[2]).score,
    ]
    return [round(float(each), 3) for each in found]


def _simulated(letter: str, rng: np.random.Generator, n: int, fresh: bool):
    """Means, samples and factors. The factors are uniform; latents 5 and 6 are noise."""
    factors = rng.uniform(-1.7, 1.7, (n, 4))
    if letter == "Q" and not fresh:  # the size moves with the position
        factors[:, 1] = factors[:, 0] + 0.1 * factors[:, 1]
        factors[:, 3] = factors[:, 2] + 0.1 * factors[:, 3]
    means = np.column_stack([factors, np.zeros((n, 2))])
    sd = np.full(6, 0.15)
    sd[4:] = 1.0
    if letter == "T":  # every factor is there, along no axis
        means[:, :4] = means[:, :4] @ random_rotation(4, np.random.default_rng(5))
    elif letter == "P":  # nothing is there
        means, sd = 0 * means, np.ones(6)
    elif letter == "S":  # the means tell, the samples do not
        means, sd = 0.01 * means, np.ones(6)
    elif letter == "Q":  # one latent for two factors
        means[:, 1] = means[:, 3] = 0
        sd[[1, 3]] = 1.0
    return means, means + sd * rng.normal(size=(n, 6)), factors
