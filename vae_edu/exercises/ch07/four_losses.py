"""Four losses in the style of public repositories, to be examined in exercise 7.3.

Each is called as ``loss(out, x, mu, logvar)``: the decoder's output and the images, (batch, data), mean and log-variance of q(z|x),
(batch, latent). It returns one number, which is minimised as it stands. The decoder of A outputs grey values, and its images are
grey; the others output logits of binary pixels.

Sources: A is what ``loss_function`` of github.com/AntixK/PyTorch-VAE computes (models/vanilla_vae.py, commit 2946d7a), there for
colour images of 64 × 64 pixels. C and D have the form of losses that are found in many repositories, for PyTorch (a KL divergence
that is divided by batch size · 784) and for Keras (a KL divergence that is a mean over latents).
"""

import inspect

import torch
from torch.nn import functional as F


def loss_a(recons, inputs, mu, log_var, kld_weight=0.00025):
    recons_loss = F.mse_loss(recons, inputs)
    kld_loss = torch.mean(-0.5 * torch.sum(1 + log_var - mu**2 - log_var.exp(), dim=1), dim=0)
    return recons_loss + kld_weight * kld_loss


def loss_b(logits, x, mu, logvar):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x)
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1)
    return reconstruction + kl.mean()


def loss_c(logits, x, mu, logvar):
    BCE = F.binary_cross_entropy_with_logits(logits, x)
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    KLD /= x.size(0) * x.size(1)
    return BCE + KLD


def loss_d(logits, x, mu, logvar):
    xent_loss = x.shape[1] * F.binary_cross_entropy_with_logits(logits, x, reduction="mean")
    kl_loss = -0.5 * torch.mean(1 + logvar - mu.square() - logvar.exp(), dim=-1)
    return torch.mean(xent_loss + kl_loss)


FOUR_LOSSES = {"A": loss_a, "B": loss_b, "C": loss_c, "D": loss_d}


def printed() -> str:
    """The source of the four losses."""
    return "\n\n".join(inspect.getsource(loss).rstrip() for loss in FOUR_LOSSES.values())
