"""Right answers to the exercises of notebook 07, written in other ways than the model answers."""

import numpy as np
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence
from torch.utils.data import DataLoader, TensorDataset


def terms_by_distributions(model, x, eps):
    both = model.encoder(x - model.mean)
    latent = both.shape[-1] // 2
    q = Normal(both[:, :latent], torch.exp(0.5 * both[:, latent:]))
    z = q.loc + q.scale * eps
    log_likelihood = Independent(Bernoulli(logits=model.decoder(z)), 1).log_prob(x)
    return -log_likelihood, kl_divergence(q, Normal(0.0, 1.0)).sum(-1)


def terms_with_softplus(model, x, eps):
    mu, logvar = torch.tensor_split(model.encoder(x.sub(model.mean)), 2, dim=-1)
    logits = model.decoder(torch.addcmul(mu, torch.exp(logvar).sqrt(), eps))
    distortion = torch.nn.functional.softplus(torch.where(x == 1, -logits, logits)).sum(1)
    return [distortion, -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)]


def terms_by_rows(model, x, eps):
    distortions, rates = [], []
    for row, noise in zip(x, eps, strict=True):
        mu, logvar = model.encoder((row - model.mean)[None])[0].chunk(2)
        logits = model.decoder(mu + torch.exp(logvar / 2) * noise)
        distortions.append(torch.nn.functional.binary_cross_entropy_with_logits(logits, row, reduction="sum"))
        rates.append(((mu**2 + logvar.exp() - 1 - logvar) / 2).sum())
    return torch.stack(distortions), torch.stack(rates)


def train_by_index(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    history = []
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        totals = np.zeros(2)
        for start in range(0, len(x), batch_size):
            batch = torch.bernoulli(x[order[start : start + batch_size]], generator=generator)
            eps = torch.randn((batch.shape[0], model.latent), generator=generator)
            distortion, rate = terms(model, batch, eps)
            loss = distortion.mean() + rate.mean()
            model.zero_grad()
            loss.backward()
            optimizer.step()
            totals += [distortion.sum().item(), rate.sum().item()]
        history.append(totals / len(x))
    model.train(False)
    return np.array(history)


def train_with_weighted_means(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train(True)
    rows_of = []
    for _ in range(epochs):
        means, sizes = [], []
        for rows in torch.split(torch.randperm(x.shape[0], generator=generator), batch_size):
            pixels = torch.bernoulli(x[rows], generator=generator)
            both = torch.stack(terms(model, pixels, torch.randn(len(rows), model.latent, generator=generator)))
            optimizer.zero_grad(set_to_none=False)
            (both.sum() / len(rows)).backward()
            optimizer.step()
            means.append(both.mean(dim=1).tolist())
            sizes.append(len(rows))
        rows_of.append(np.average(means, axis=0, weights=sizes).tolist())
    model.eval()
    return rows_of


def train_with_a_loader(model, terms, x, optimizer, epochs, batch_size, generator):
    """A loader over the order of the epoch: it must not take random numbers from the generator itself."""
    history = torch.empty(epochs, 2, dtype=x.dtype)
    for epoch in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        loader = DataLoader(TensorDataset(x[order]), batch_size=batch_size)
        model.train()
        seen = []
        for (grey,) in loader:
            pixels = torch.bernoulli(grey, generator=generator)
            distortion, rate = terms(model, pixels, torch.randn(len(grey), model.latent, generator=generator))
            optimizer.zero_grad()
            torch.mean(distortion + rate).backward()
            optimizer.step()
            seen.append(torch.stack([distortion, rate], dim=1).detach())
        history[epoch] = torch.cat(seen).mean(dim=0)
        model.eval()
    return history


def betas_rounded():
    return [0.098, 784, 1, 0.05]


def betas_as_an_array():
    return np.array([784 * 0.00025 * 0.5, 784, 1, 0.05])


def betas_by_counting():
    pixels, latents, batch = 784, 20, 100
    weights = {
        "A": (2 / pixels, 0.00025),
        "B": (1 / pixels, 1),
        "C": (1 / pixels, batch / (batch * pixels)),
        "D": (1, 1 / latents),
    }
    return tuple(of_rate / of_distortion for of_distortion, of_rate in weights.values())


VARIANTS = {
    "7.1": [terms_by_distributions, terms_with_softplus, terms_by_rows],
    "7.2": [train_by_index, train_with_weighted_means, train_with_a_loader],
    "7.3": [betas_rounded, betas_as_an_array, betas_by_counting],
}
