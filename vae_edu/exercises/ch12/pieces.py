"""What several exercises of notebook 12 are made of."""

import math

import numpy as np


def log_sum_exp(values, axis):
    largest = values.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(values - largest).sum(axis=axis))


def log_mean(values, axis):
    return log_sum_exp(values, axis) - math.log(values.shape[axis])
