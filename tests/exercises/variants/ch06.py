"""Right answers to the exercises of notebook 06, written in other ways than the model answers."""

import numpy as np
import torch
from scipy.special import expit


def affine_by_einsum(x, weight, dy):
    return np.einsum("nj,ij->ni", dy, weight), np.einsum("ni,nj->ij", x, dy), np.einsum("nj->j", dy)


def affine_by_loops(x, weight, dy):
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros(weight.shape[1])
    for n in range(len(x)):
        dx[n] = weight @ dy[n]
        dweight += np.outer(x[n], dy[n])
        dbias += dy[n]
    return dx, dweight, dbias


def affine_by_autograd(x, weight, dy):
    x, weight = (torch.tensor(each, requires_grad=True) for each in (x, weight))
    bias = torch.zeros(weight.shape[1], dtype=weight.dtype, requires_grad=True)
    (x @ weight + bias).backward(torch.tensor(dy))
    return [x.grad, weight.grad, bias.grad]


def sampler_gradient_by_sigma(logvar, eps, dz):
    sigma = np.sqrt(np.exp(logvar))
    dsigma = dz * eps
    return 1.0 * dz, dsigma * sigma * 0.5


def sampler_gradient_in_single_precision(logvar, eps, dz):
    logvar, eps, dz = (each.astype(np.float32) for each in (logvar, eps, dz))
    return dz, 0.5 * dz * eps * np.exp(0.5 * logvar)


def sampler_gradient_by_autograd(logvar, eps, dz):
    logvar = torch.tensor(logvar, requires_grad=True)
    mu = torch.zeros_like(logvar, requires_grad=True)
    (mu + (logvar / 2).exp() * torch.tensor(eps)).backward(torch.tensor(dz))
    return mu.grad, logvar.grad


def kl_gradient_by_expm1(mu, logvar):
    return mu.copy(), 0.5 * np.expm1(logvar)


def kl_gradient_by_variance(mu, logvar):
    variance = np.exp(logvar)
    return mu, 0.5 * (1 - 1 / variance) * variance


def kl_gradient_by_autograd(mu, logvar):
    mu, logvar = (torch.tensor(each, requires_grad=True) for each in (mu, logvar))
    (0.5 * (mu**2 + logvar.exp() - 1 - logvar)).sum().backward()
    return mu.grad, logvar.grad


def bernoulli_gradient_by_expit(x, logits):
    return expit(logits) - x


def bernoulli_gradient_by_cases(x, logits):
    e = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1 / (1 + e), e / (1 + e)) - x


def bernoulli_gradient_by_clipping(x, logits):
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500))) - x


def bernoulli_gradient_in_torch(x, logits):
    return torch.sigmoid(torch.tensor(logits)) - torch.tensor(x)


def hidden_layer_by_where(x, weight, bias, dy):
    s = x @ weight + bias
    y = np.where(s > 0, s, 0)
    ds = np.where(s > 0, dy, 0)
    return y, np.einsum("ni,nj->ij", x, ds), ds.sum(0)


def hidden_layer_by_autograd(x, weight, bias, dy):
    weight, bias = (torch.tensor(each, requires_grad=True) for each in (weight, bias))
    y = torch.relu(torch.tensor(x) @ weight + bias)
    y.backward(torch.tensor(dy))
    return y, weight.grad, bias.grad


def mean_loss_by_expit(x, logits):
    loss = -np.sum(x * np.log(expit(logits)) + (1 - x) * np.log(expit(-logits))) / x.shape[0]
    return loss, (expit(logits) - x) / x.shape[0]


def mean_loss_by_autograd(x, logits):
    logits = torch.tensor(logits, requires_grad=True)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(x), reduction="sum") / len(x)
    loss.backward()
    return loss.item(), logits.grad


def sampler_by_square_root(mu, logvar, dz, rng):
    sigma = np.exp(logvar) ** 0.5
    eps = rng.standard_normal(logvar.shape)
    return mu + eps * sigma, dz.copy(), 0.5 * sigma * eps * dz


def sampler_by_normal(mu, logvar, dz, rng):
    z = rng.normal(mu, np.exp(0.5 * logvar))
    return [z, 1.0 * dz, 0.5 * (z - mu) * dz]


def sampler_by_autograd(mu, logvar, dz, rng):
    eps = torch.tensor(rng.normal(size=mu.shape))
    mu, logvar = (torch.tensor(each, requires_grad=True) for each in (mu, logvar))
    z = mu + (0.5 * logvar).exp() * eps
    z.backward(torch.tensor(dz))
    return z, mu.grad, logvar.grad


def sampler_in_single_precision(mu, logvar, dz, rng):
    mu, logvar, dz = (each.astype(np.float32) for each in (mu, logvar, dz))
    noise = np.exp(logvar / 2) * rng.standard_normal(mu.shape, dtype=np.float32)
    return mu + noise, dz, dz * noise / 2


VARIANTS = {
    "6.1": [affine_by_einsum, affine_by_loops, affine_by_autograd],
    "6.2": [sampler_gradient_by_sigma, sampler_gradient_in_single_precision, sampler_gradient_by_autograd],
    "6.3": [kl_gradient_by_expm1, kl_gradient_by_variance, kl_gradient_by_autograd],
    "6.4": [
        bernoulli_gradient_by_expit,
        bernoulli_gradient_by_cases,
        bernoulli_gradient_by_clipping,
        bernoulli_gradient_in_torch,
    ],
    "6.5": [hidden_layer_by_where, hidden_layer_by_autograd],
    "6.6": [mean_loss_by_expit, mean_loss_by_autograd],
    "6.7": [sampler_by_square_root, sampler_by_normal, sampler_by_autograd, sampler_in_single_precision],
}
