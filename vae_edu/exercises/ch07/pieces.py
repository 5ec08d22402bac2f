"""What several exercises of notebook 07 are made of."""

import numpy as np


def sigmoid(logits):
    return (1 + np.tanh(logits / 2)) / 2
