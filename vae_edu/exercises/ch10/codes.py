"""What the reports of exercise 10.1 are checked on: codes of a batch, an order of its rows, and a decoder."""

import math

import numpy as np
import torch


def decoder(x, weight, variance):
    """log p(x|z) of each row of these x under means tanh(W z) and Gaussian noise. It insists on one z for each of them."""

    def log_prob(z):
        if z.ndim != 2 or len(z) != len(x):
            raise ValueError(f"log_prob takes z of shape {(len(x), weight.shape[1])}, one row for each x")
        squares = (x - torch.tanh(z.to(weight) @ weight.T)) ** 2
        return -0.5 * (math.log(2 * math.pi * variance) + squares / variance).sum(dim=1)

    return log_prob


def permutation(rows, rng: np.random.Generator):
    """No row keeps its place, nor gets a neighbour all over, and it is not its own inverse; of two rows, the only one without that."""
    places = np.arange(rows)
    order = np.roll(places, 1)
    while rows > 2:
        order = rng.permutation(rows)
        usual = (places[::-1], np.roll(places, 1), np.roll(places, -1))
        if not (
            np.any(order == places) or np.all(order[order] == places) or any(np.all(order == each) for each in usual)
        ):
            break
    return order


def draw_codes(rng: np.random.Generator):
    """Dead latents of four kinds among active ones; two rows and one latent; 500 latents, where every density is 0 in floating
    point, and again where one row lies far below the others; and a sample for which information and sensitivities are negative."""
    for rows, latent in ((9, 6), (2, 1), (7, 500), (6, 500), (5, 3)):
        # Variances over the data away from 0.01 by a factor of two and more, standard deviations from it too.
        spread = np.sqrt(rng.choice([0.0011, 0.003, 0.004], latent)) if latent == 500 else rng.uniform(0.7, 1.4, latent)
        offset = np.zeros(latent)
        logvar = rng.uniform(0.4, 1.3, latent) * rng.choice([-1, 1], latent) * np.ones((rows, 1))
        if latent == 6:  # offset; width; widths that differ; the prior, but for 0.003; two active
            spread[:4], spread[4] = (0, 0, 0, 0.055), 0.18
            offset[0], logvar[:, 0], logvar[:, 1] = 1.2, 0, 0.9
            logvar[:, 2], logvar[:, 3] = rng.uniform(-1.5, 1.0, rows), 0
        if latent == 500:
            logvar = 0.6 + 0.05 * rng.normal(size=(rows, latent))
            if rows == 6:
                logvar[rng.integers(rows)] += 3.4  # its log-density lies more than 745 below those of the others
        standard = rng.permuted(np.linspace(-1, 1, rows)[:, None] * np.ones(latent), axis=0)
        standard = standard / standard.std(axis=0, ddof=1)
        mu = offset + spread * standard
        order = permutation(rows, rng)
        z = mu + np.exp(logvar / 2) * rng.normal(size=mu.shape)
        if latent == 3:  # the z of row order[i] is near the mean of row i, so that an exchange helps
            logvar -= 1.0
            z[order] = mu + 0.1 * rng.normal(size=mu.shape)
        mu, logvar, z = map(torch.from_numpy, (mu, logvar, z))
        weight = torch.from_numpy(rng.normal(size=(4, latent)) / math.sqrt(latent))
        if latent == 6:
            weight[:, 5] = 0  # an active latent that the decoder ignores
        x = torch.tanh(mu @ weight.T)
        yield mu, logvar, z, torch.from_numpy(order), decoder(x, weight, float(rng.uniform(0.2, 0.5)))
