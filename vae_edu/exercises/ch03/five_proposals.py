"""Five proposals q for one x, to be examined in exercise 3.3. Look at what their weights do, not at this file.

The model is x = z² + z/2 + noise with σ_x = 0.5, and x = 3. Each of ``FIVE_LOG_WEIGHTS`` is called as
``log_weights(samples, rng)`` and returns log w = log p(x|z) + log p(z) − log q(z|x) at samples of q, (samples,).
The mean of w estimates the same p(x) for all five.
"""

import numpy as np

# Each q is a mixture of Gaussians: (probability, mean, standard deviation) of each part.
FIVE_PROPOSALS = {
    "A": ((1.0, 1.45, 0.18),),
    "B": ((1.0, -0.3, 6.0),),
    "C": ((0.7, 1.45, 0.05), (0.3, -1.94, 0.05)),
    "D": ((1.0, 0.0, 1.0),),
    "E": ((1.0, 3.2, 0.35),),
}


def _log_normal(z, mean, std):
    return -0.5 * (np.log(2 * np.pi * std**2) + ((z - mean) / std) ** 2)


def log_density(z, parts):
    """log q(z|x) of a mixture of Gaussians at each z, (samples,)."""
    probabilities, means, stds = map(np.array, zip(*parts, strict=True))
    return np.logaddexp.reduce(np.log(probabilities) + _log_normal(z[:, None], means, stds), axis=1)


def sample(parts, samples, rng):
    """Samples of z from a mixture of Gaussians, (samples,)."""
    probabilities, means, stds = map(np.array, zip(*parts, strict=True))
    chosen = rng.choice(len(parts), samples, p=probabilities)
    return rng.normal(means[chosen], stds[chosen])


def with_prior(parts, fraction):
    """The defensive mixture: this fraction of prior, and q for the rest."""
    return (*((probability * (1 - fraction), mean, std) for probability, mean, std in parts), (fraction, 0.0, 1.0))


def log_weights_of(parts):
    """The function ``log_weights(samples, rng)`` of this q."""

    def log_weights(samples, rng):
        z = sample(parts, samples, rng)
        return _log_normal(3.0, z**2 + z / 2, 0.5) + _log_normal(z, 0, 1) - log_density(z, parts)

    return log_weights


FIVE_LOG_WEIGHTS = {letter: log_weights_of(parts) for letter, parts in FIVE_PROPOSALS.items()}
