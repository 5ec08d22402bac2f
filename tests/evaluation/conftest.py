"""A model whose log p(x), posterior and information are known exactly."""

import math

import pytest
import torch
from torch import nn

from vae_edu.likelihoods import Gaussian
from vae_edu.models.ppca import PPCA
from vae_edu.models.priors import StandardNormal


class LinearVAE(nn.Module):
    """A pPCA model with an encoder: the mean of the exact posterior, and its best diagonal variances times a factor."""

    def __init__(self, factor=1.0, columns=((2.0, 0.0, 1.0, 0.5), (0.0, 1.0, 0.0, 0.0))):
        super().__init__()
        self.factor = math.log(factor)
        self.exact = PPCA(torch.tensor(columns).double().T, torch.tensor([1.0, 0, -1, 2]).double(), 0.3)
        self.likelihood, self.prior = Gaussian(0.3), StandardNormal(2)

    def encode(self, x):
        mu, logvar = self.exact.best_diagonal(x)
        return mu, logvar + self.factor

    def decode(self, z):
        return z @ self.exact.weight.T + self.exact.mean

    def observe(self, x, *, generator=None):
        return self.likelihood.observe(x, generator=generator)

    def log_prob(self, x, z):
        return self.likelihood.log_prob(x, self.decode(z))

    def draw(self, n):
        return self.exact.sample(n, generator=torch.Generator().manual_seed(11))[0]


@pytest.fixture
def linear_vae():
    return LinearVAE
