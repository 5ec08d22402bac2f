"""What several exercises of notebook 09 are made of."""

import numpy as np


def away_from_zero(rng: np.random.Generator, *shape):
    return rng.choice([-1, 1], shape) * rng.uniform(0.7, 2, shape)
