"""Five proposals q for one x, to be examined in exercise 3.3. Look at what their weights do, not at this file.

Each is called as ``log_weights(samples, rng)`` and returns log w = log p(x|z) + log p(z) − log q(z) at samples of q, (samples,).
The mean of w estimates the same p(x) for all five.
"""

import numpy as np


def _log_normal(z, mean, std):
    return -0.5 * (np.log(2 * np.pi * std**2) + ((z - mean) / std) ** 2)


def _from(*parts):
    """log w for a mixture q, given as (probability, mean, standard deviation) of each part."""
    probabilities, means, stds = map(np.array, zip(*parts, strict=True))

    def log_weights(samples, rng):
        chosen = rng.choice(len(parts), samples, p=probabilities)
        z = rng.normal(means[chosen], stds[chosen])
        log_q = np.logaddexp.reduce(np.log(probabilities) + _log_normal(z[:, None], means, stds), axis=1)
        return _log_normal(3.0, z**2 + z / 2, 0.5) + _log_normal(z, 0, 1) - log_q

    return log_weights


FIVE_LOG_WEIGHTS = {
    "A": _from((1.0, 1.45, 0.18)),
    "B": _from((1.0, -0.3, 6.0)),
    "C": _from((0.7, 1.45, 0.05), (0.3, -1.94, 0.05)),
    "D": _from((1.0, 0.0, 1.0)),
    "E": _from((1.0, 3.2, 0.35)),
}
