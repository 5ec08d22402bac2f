"""Right answers to the exercises of notebook 25, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy.special import expit
from torch.distributions import Normal, kl_divergence


def step_back_by_conditioning(z, x, logsnr_s, logsnr_t):
    """z_s and z_t, given x, are jointly Gaussian: condition on z_t."""
    a_s, a_t = logsnr_s.sigmoid().sqrt()[:, None], logsnr_t.sigmoid().sqrt()[:, None]
    v_s, v_t = (-logsnr_s).sigmoid()[:, None], (-logsnr_t).sigmoid()[:, None]
    covariance = a_t / a_s * v_s
    mean = a_s * x + covariance / v_t * (z - a_t * x)
    return mean, v_s * -torch.expm1(logsnr_t - logsnr_s)[:, None]


def step_back_by_noise(z, x, logsnr_s, logsnr_t):
    """In terms of the noise in z_t."""
    r = (logsnr_t - logsnr_s).exp()[:, None]
    a_s, a_t = logsnr_s.sigmoid().sqrt()[:, None], logsnr_t.sigmoid().sqrt()[:, None]
    return a_s * x + r * a_s / a_t * (z - a_t * x), (1 - r) * (-logsnr_s).sigmoid()[:, None]


def loss_by_distributions(predict, x, eps, t, logsnr):
    own = logsnr[t - 1]
    a, s = own.sigmoid().sqrt()[:, None], (-own).sigmoid().sqrt()[:, None]
    z = a * x + s * eps
    guess = (z - s * predict(z, own)) / a
    less = torch.where(t > 1, logsnr[(t - 2).clamp(min=0)], own + 1.0)
    mean, variance = step_back_by_conditioning(z, x, less, own)
    other, _ = step_back_by_conditioning(z, guess, less, own)
    kl = kl_divergence(Normal(mean, variance.sqrt()), Normal(other, variance.sqrt())).sum(dim=1)
    return torch.where(t > 1, kl, -Normal(z / a, s / a).log_prob(x).sum(dim=1))


def loss_by_ratio(predict, x, eps, t, logsnr):
    own = logsnr[t - 1]
    z = own.sigmoid().sqrt()[:, None] * x + (-own).sigmoid().sqrt()[:, None] * eps
    error = torch.linalg.vector_norm(eps - predict(z, own), dim=1) ** 2
    ratio = torch.cat([torch.ones(1, dtype=logsnr.dtype), (logsnr[:-1] - logsnr[1:]).exp()])[t - 1]
    first = 0.5 * (eps.square().sum(dim=1) + x.shape[1] * (math.log(2 * math.pi) - own))
    return (ratio - 1) / 2 * error + first * (t == 1)


def bound_by_expit(errors, logsnr, second_moment, data):
    steps = sum((np.exp(logsnr[k - 1] - logsnr[k]) - 1) / 2 * errors[k] for k in range(1, len(errors)))
    v = expit(-logsnr[-1])
    rate = (expit(logsnr[-1]) * second_moment + data * (v - 1 - np.log(v))) / 2
    return steps + rate + data * (1 + math.log(2 * math.pi) - logsnr[0]) / 2


def bound_by_roll(errors, logsnr, second_moment, data):
    weights = 0.5 * np.expm1(np.roll(logsnr, 1) - logsnr)
    weights[0] = 0
    v = np.exp(-np.logaddexp(0, logsnr[-1]))
    rate = 0.5 * ((1 - v) * second_moment + data * (v - 1 - np.log(v)))
    return np.dot(weights, errors) + rate + 0.5 * data * np.log(2 * np.pi * np.e) - 0.5 * data * logsnr[0]


VARIANTS = {
    "25.1": [step_back_by_conditioning, step_back_by_noise],
    "25.2": [loss_by_distributions, loss_by_ratio],
    "25.3": [bound_by_expit, bound_by_roll],
}
