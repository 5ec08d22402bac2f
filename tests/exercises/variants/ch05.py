"""Right answers to the exercises of notebook 05, written in other ways than the model answers."""

import numpy as np
import torch


def score_by_a_loop(values, z, mu, logvar):
    estimates = np.empty_like(z)
    for s in range(len(z)):
        for j in range(len(mu)):
            estimates[s, j] = values[s] * (z[s, j] - mu[j]) * np.exp(-logvar[j])
    return estimates


def score_by_autograd(values, z, mu, logvar):
    rows = torch.tensor(np.tile(mu, (len(z), 1)), requires_grad=True)
    log_q = torch.distributions.Normal(rows, torch.tensor(np.exp(logvar / 2))).log_prob(torch.tensor(z))
    (torch.tensor(values)[:, None] * log_q).sum().backward()
    return rows.grad


def score_in_single_precision(values, z, mu, logvar):
    values, z, mu, logvar = (array.astype(np.float32) for array in (values, z, mu, logvar))
    eps = (z - mu) / np.exp(logvar / 2)
    return np.einsum("s,sk->sk", values, eps / np.exp(logvar / 2))


def path_by_autograd(logvar, eps):
    mu, v = torch.zeros(eps.shape, requires_grad=True), torch.tensor(logvar, requires_grad=True)
    z = mu + torch.exp(v / 2) * torch.tensor(eps)
    return torch.autograd.grad(z.sum(), (mu, v))


def path_by_differences(logvar, eps):
    h = 1e-5
    return [eps * 0 + 1, (np.exp((logvar + h) / 2) - np.exp((logvar - h) / 2)) * eps / (2 * h)]


def path_in_single_precision(logvar, eps):
    logvar, eps = logvar.astype(np.float32), eps.astype(np.float32)
    return np.full(eps.shape, 1, dtype=int), np.sqrt(np.exp(logvar)) * eps / 2


def pathwise_by_backward(f, mu, logvar, eps):
    mu, logvar = mu.clone().requires_grad_(True), logvar.clone().requires_grad_(True)
    sigma = torch.exp(logvar) ** 0.5
    f(torch.addcmul(mu, sigma, eps)).mean().backward()
    return mu.grad, logvar.grad


def pathwise_by_the_chain_rule(f, mu, logvar, eps):
    sigma = torch.exp(0.5 * logvar)
    z = (mu + sigma * eps).requires_grad_()
    (slope,) = torch.autograd.grad(f(z).sum(), z)
    return slope.mean(dim=0), (slope * 0.5 * sigma * eps).mean(dim=0)


def pathwise_draw_by_draw(f, mu, logvar, eps):
    mu, logvar = (torch.nn.Parameter(tensor.detach().clone()) for tensor in (mu, logvar))
    loss = sum(f((mu + torch.exp(logvar / 2) * row)[None])[0] for row in eps) / len(eps)
    loss.backward()
    return [mu.grad.numpy(), logvar.grad.numpy()]


def pathwise_in_single_precision(f, mu, logvar, eps):
    grad = torch.func.grad(lambda m, v: f(m + (v / 2).exp() * eps.float()).mean(), argnums=(0, 1))
    return grad(mu.float(), logvar.float())


def baseline_by_the_factor(values, scores):
    size = len(values)
    return size / (size - 1) * (values - values.mean())[:, None] * scores


def baseline_by_a_loop(values, scores):
    return np.stack([(v - np.delete(values, s).mean()) * scores[s] for s, v in enumerate(values)])


def baseline_in_torch(values, scores):
    values, scores = torch.as_tensor(values, dtype=torch.float32), torch.as_tensor(scores, dtype=torch.float32)
    weights = (1 - torch.eye(len(values))) / (len(values) - 1)
    return (values - weights @ values).unsqueeze(1) * scores


def latents_by_normal(mu, logvar, rng):
    return rng.normal(mu, np.sqrt(np.exp(logvar)))


def latents_row_by_row(mu, logvar, rng):
    rows = [m + np.exp(v / 2) * rng.standard_normal(len(m)) for m, v in zip(mu, logvar, strict=True)]
    return np.array(rows, dtype=np.float32)


def latents_in_torch(mu, logvar, rng):
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    eps = torch.randn(mu.shape, generator=generator, dtype=torch.float64)
    return torch.from_numpy(mu.copy()) + (torch.from_numpy(logvar.copy()) / 2).exp() * eps


def latents_mirrored(mu, logvar, rng):
    return mu - np.exp(0.5 * logvar) * rng.standard_normal(mu.shape[::-1]).T


VARIANTS = {
    "5.1": [score_by_a_loop, score_by_autograd, score_in_single_precision],
    "5.2": [path_by_autograd, path_by_differences, path_in_single_precision],
    "5.3": [
        pathwise_by_backward,
        pathwise_by_the_chain_rule,
        pathwise_draw_by_draw,
        pathwise_in_single_precision,
    ],
    "5.4": [baseline_by_the_factor, baseline_by_a_loop, baseline_in_torch],
    "5.5": [latents_by_normal, latents_row_by_row, latents_in_torch, latents_mirrored],
}
