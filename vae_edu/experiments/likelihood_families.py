"""More runs of notebook 08: what wins, the family of the likelihood or what it is trained on?

Two bells, Gaussian and logistic, each trained in three ways: on the density of the grey values, on the density of grey values with uniform
noise, and on the probabilities of levels, with open bins at both ends. And three wider families, all trained on probabilities of levels:
a logistic whose scale the decoder outputs, too, a mixture of five of these for each pixel, and a softmax over the 256 levels.

The network, the images and the epochs are those of ``five_likelihoods``, and so is the choice of the learning rate for the bells. The wider
families have more outputs for each pixel, so the last layer of their decoder is larger. They use the learning rate of one logistic. Two
others are tried, too, but not with the softmax, which costs minutes; nor is it trained for longer.
"""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

from vae_edu.densities import gaussian_kl, reparameterise
from vae_edu.experiments import five_likelihoods as sweep
from vae_edu.grey_levels import gaussian_level_log_prob
from vae_edu.likelihoods import DiscretisedLogistic, OptimalGaussian, discretised_logistic_log_prob
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, fit

__all__ = [
    "BELLS",
    "CHEAP",
    "CHOSEN",
    "RUNS",
    "SETTINGS",
    "WIDE",
    "DequantisedGaussian",
    "DequantisedLogistic",
    "LogisticDensity",
    "LogisticMixture",
    "Softmax",
    "likelihood",
    "row",
    "train",
]

BELLS = {
    ("Gaussian", "density"): "Gaussian, optimal σ_x²",
    ("Gaussian", "noise"): "Gaussian, dequantised",
    ("Gaussian", "bins"): "Gaussian, trained on bins",
    ("logistic", "density"): "logistic, trained on its density",
    ("logistic", "noise"): "logistic, dequantised",
    ("logistic", "bins"): "discretised logistic",
}
WIDE = ("logistic, a scale for each pixel", "mixture of 5 logistics", "softmax over 256 levels")
KNOWN = tuple(name for name in BELLS.values() if name in sweep.LIKELIHOODS)  # their learning rates were chosen there
CHOSEN = tuple(name for name in BELLS.values() if name not in KNOWN)  # and theirs here
CHEAP = (*CHOSEN, *WIDE[:2])  # several learning rates are tried with these, and they are trained for longer
FEW = 8  # images whose 256 logits of each pixel are computed together
EDGES = [round(-2.5 + 0.1 * k, 1) for k in range(33)]  # of the histogram of centres
GROUPS = {"zero": (0, 0), "faint": (1, 9), "middle": (10, 254), "full": (255, 255)}  # of levels
SHOWN = (BELLS["logistic", "bins"], *WIDE)
PIXELS = ((16, 5), (16, 7), (16, 13))  # of the first test image: beside a shirt, on its edge, and in its middle
SETTINGS = {
    "latent": sweep.SETTINGS["latent"],
    "hidden": sweep.SETTINGS["hidden"],
    "batch_size": sweep.SETTINGS["batch_size"],
    "epochs": sweep.SETTINGS["epochs"],
    "times": [1, 4],  # the budget; the second at one seed
    "candidates": [0.004, 0.008, 0.016],
    "held_out": sweep.SETTINGS["held_out"],
    "peaks": {name: sweep.SETTINGS["peaks"][name] for name in KNOWN} | dict.fromkeys((*CHOSEN, *WIDE), 0.008),
    "seeds": [0, 1, 2],
    "noise": sweep.SETTINGS["noise"],
    "components": 5,
    "features": 16,  # numbers for each pixel from which the softmax is made
    "least_log_scale": -7.0,
    "prior": 100,  # images of the pooled histogram, which smooth that of each pixel
}


def _runs():
    for name in CHEAP:
        for peak in SETTINGS["candidates"]:
            yield {"name": f"chosen on held-out images: {name}", "epochs": SETTINGS["epochs"], "peak": peak, "seed": 0}
    for name in (*BELLS.values(), *WIDE):
        for seed in SETTINGS["seeds"]:
            yield {"name": name, "epochs": SETTINGS["epochs"], "peak": SETTINGS["peaks"][name], "seed": seed}
    for name in CHEAP:
        yield {
            "name": name,
            "epochs": SETTINGS["times"][1] * SETTINGS["epochs"],
            "peak": SETTINGS["peaks"][name],
            "seed": 0,
        }


RUNS = list(_runs())


def _levels(x: Tensor) -> Tensor:
    return (255 * x).round()


def _dequantised(x: Tensor, generator: torch.Generator | None) -> Tensor:
    return (255 * x + torch.rand(x.shape, generator=generator, dtype=x.dtype)) / 256


def _recentred(output: Tensor) -> Tensor:
    """Where the bins from l/256 to (l + 1)/256 have their places when they are moved and stretched to be centred on l/255."""
    return (256 * output - 0.5) / 255


class LogisticDensity(DiscretisedLogistic):
    """A logistic that is trained on its density of the grey values, and judged by its open bins: centre o, one learned scale a.

    log p = Σ_d [−u_d − 2 log(1 + exp(−u_d)) − log a],  u_d = (x_d − o_d)/a.
    """

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        u = (x - output) * (-self.log_scale).exp()
        return (-u - 2 * nn.functional.softplus(-u) - self.log_scale).sum(dim=1)

    def level_log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        return discretised_logistic_log_prob(x, output, self.log_scale)


class DequantisedLogistic(LogisticDensity):
    """The same for y = (level + u)/256, with u uniform in [0, 1). Its bins are those of y; the first and the last are open."""

    def observe(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return _dequantised(x, generator)

    def level_log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        return discretised_logistic_log_prob(x, _recentred(output), self.log_scale + math.log(256 / 255))


class DequantisedGaussian(OptimalGaussian):
    """A Gaussian with the optimal variance, of y = (level + u)/256, with u uniform in [0, 1). Its bins are those of y; the first and
    the last are open."""

    def observe(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return _dequantised(x, generator)

    def level_log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        logvar = self._logvar(output).double() + 2 * math.log(256 / 255)
        return gaussian_level_log_prob(x, _recentred(output.double()), logvar)


class LogisticMixture(nn.Module):
    """Grey levels under a mixture of discretised logistics, with open bins. The decoder outputs, for each pixel, a centre, the logarithm
    of a scale and the logit of a weight for each component: output (batch, data · 3 · components).

    log P = Σ_d log Σ_k w_dk P(x_d; o_dk, a_dk).

    Source: Salimans, Karpathy, Chen and Kingma 2017, arXiv:1701.05517, equations 1 and 2, without the colours.
    """

    def __init__(self, components: int, *, scale: float = 0.1):
        super().__init__()
        self.components, self.outputs, self.scale = components, 3 * components, scale

    def observe(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return x

    def output_for(self, mean: Tensor) -> Tensor:
        """Centres spread around the mean, equal scales and weights; what an untrained decoder starts from."""
        parts = mean.new_zeros(len(mean), 3, self.components)
        spread = torch.linspace(-0.5, 0.5, self.components) if self.components > 1 else torch.zeros(1)
        parts[:, 0] = mean[:, None] + spread
        parts[:, 1] = math.log(self.scale)
        return parts.flatten()

    def each(self, x: Tensor, output: Tensor) -> Tensor:
        """log P of each pixel: (batch, data)."""
        centre, log_scale, logit = output.view(*x.shape, 3, self.components).unbind(dim=2)
        log_scale = log_scale.clamp(min=SETTINGS["least_log_scale"])
        level = x[..., None].expand_as(centre).reshape(-1, 1)
        log_p = discretised_logistic_log_prob(level, centre.reshape(-1, 1), log_scale.reshape(-1, 1))
        return (log_p.view_as(centre) + logit.log_softmax(dim=2)).logsumexp(dim=2)

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        return self.each(x, output).sum(dim=1)

    level_log_prob = log_prob


class Softmax(nn.Module):
    """Grey levels as 256 categories: any probability for any level.

    The decoder outputs some features h for each pixel. One matrix, shared by all pixels, turns them into 256 logits, and each pixel
    adds its own: W h + b_d. With h = 0 this is a histogram of each pixel, which b starts from.

    histogram: probabilities of the levels, (data, 256). features: how many numbers h has.
    """

    def __init__(self, histogram: Tensor, features: int):
        super().__init__()
        self.outputs, start = features, 1 / math.sqrt(features)
        self.shared = nn.Parameter(start * torch.randn(features, 256))
        self.own = nn.Parameter(histogram.log())

    def observe(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return x

    def output_for(self, mean: Tensor) -> Tensor:
        return mean.new_zeros(len(mean) * self.outputs)

    def each(self, x: Tensor, output: Tensor) -> Tensor:
        """log P of each pixel: (batch, data)."""
        level, features = _levels(x).long(), output.view(*x.shape, self.outputs)
        parts = []
        for few, of_few in zip(level.split(FEW), features.split(FEW), strict=True):  # all logits at once are 100 MB
            logits = of_few @ self.shared + self.own
            cost = nn.functional.cross_entropy(logits.flatten(0, 1), few.flatten(), reduction="none")
            parts.append(-cost.view_as(few))
        return torch.cat(parts)

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        return self.each(x, output).sum(dim=1)

    level_log_prob = log_prob


def histogram(x: Tensor) -> Tensor:
    """How often each level occurs at each pixel, (data, 256), plus ``prior`` images of the pooled histogram."""
    levels = _levels(x).long()
    pooled = torch.bincount(levels.flatten(), minlength=256) / levels.numel()
    counts = torch.zeros(x.shape[1], 256).scatter_add_(1, levels.T, torch.ones(levels.T.shape))
    return (counts + SETTINGS["prior"] * pooled) / (len(x) + SETTINGS["prior"])


def likelihood(name: str, x: Tensor) -> nn.Module:
    """A new likelihood with this name: of ``BELLS`` or ``WIDE``. ``x``: the training images, of which the softmax takes the histograms."""
    made = {
        "Gaussian, dequantised": DequantisedGaussian,
        "logistic, trained on its density": LogisticDensity,
        "logistic, dequantised": DequantisedLogistic,
        WIDE[0]: lambda: LogisticMixture(1),
        WIDE[1]: lambda: LogisticMixture(SETTINGS["components"]),
        WIDE[2]: lambda: Softmax(histogram(x), SETTINGS["features"]),
    }
    return made[name]() if name in made else sweep.likelihood(name)


class _Wide(VAE):
    """A VAE whose decoder has ``likelihood.outputs`` numbers for each pixel."""

    def __init__(self, mean: Tensor, hidden: tuple[int, ...], likelihood: nn.Module):
        super().__init__(len(mean), SETTINGS["latent"], mean=mean, hidden=hidden)
        self.likelihood = likelihood
        self.decoder[-1] = nn.Linear(hidden[0], len(mean) * likelihood.outputs)
        with torch.no_grad():
            self.decoder[-1].bias.copy_(likelihood.output_for(mean))


def train(name: str, *, epochs: int, peak: float, seed: int, x: Tensor | None = None) -> VAE:
    """A VAE with this likelihood, in evaluation mode. ``x``: all training images where it is not given."""
    x = sweep.images()[0] if x is None else x
    if name in KNOWN:
        return sweep.train(name, epochs=epochs, peak=peak, seed=seed, x=x)
    torch.manual_seed(seed)
    hidden, made = (SETTINGS["hidden"],), likelihood(name, x)
    if name in WIDE:
        model = _Wide(x.mean(dim=0), hidden, made)
    else:
        model = VAE(x.shape[1], SETTINGS["latent"], mean=x.mean(dim=0), hidden=hidden, likelihood=made)
    options = {"batch_size": SETTINGS["batch_size"], "learning_rate": cosine(peak)}
    fit(model, negative_elbo, x, epochs=epochs, generator=torch.Generator().manual_seed(seed), **options)
    return model.eval()


def _each(likelihood: nn.Module, x: Tensor, output: Tensor) -> Tensor:
    """log P of the level of each pixel, (batch, data), in nats."""
    if hasattr(likelihood, "each"):
        return likelihood.each(x, output)
    return likelihood.level_log_prob(x.reshape(-1, 1), output.reshape(-1, 1)).view_as(x)


@torch.no_grad()
def judged(model: VAE, x: Tensor) -> dict[str, Tensor]:
    """What there is to say of each image, (images,), and of each pixel, (images, pixels).

    own: the model's own −ELBO, in nats. bits: −ELBO per pixel of the 256 levels, in bits. rate: in nats. pixels: bits of each pixel,
    without the rate. output: of the decoder.
    """
    generator, found = torch.Generator().manual_seed(SETTINGS["noise"]), []
    for batch in x.split(250):
        observed = model.observe(batch, generator=generator)
        mu, logvar = model.encode(observed)
        out = model.decode(reparameterise(mu, logvar, generator=generator))
        rate, log_p = gaussian_kl(mu, logvar), _each(model.likelihood, batch, out)
        own = rate - model.likelihood.log_prob(observed, out)
        bits = (rate - log_p.sum(dim=1)) / (x.shape[1] * math.log(2))
        pixels = -log_p / math.log(2)
        found.append({"own": own, "bits": bits, "rate": rate, "pixels": pixels, "output": out})
    return {name: torch.cat([each[name] for each in found]) for name in found[0]}


def row(name: str, epochs: int, peak: float, seed: int) -> dict:
    """One row of the results: means over the test images of own, bits and rate of ``judged``, and the bits of each of ten parts of the
    images (``tenths``). train: the bits of as many training images. zero, faint, middle, full: the mean bits of the pixels of each of
    the ``GROUPS``, without the rate. centres: of the two bells, the fractions of the pixels that are 0 whose centre lies between two
    ``EDGES``. pixels: of some, the probabilities of the 256 levels at the three ``PIXELS``. A choice on held-out images has
    ``held_out``, their mean −ELBO, and their bits alone.
    """
    start, result = time.process_time(), {"name": name, "epochs": epochs, "peak": peak, "seed": seed}
    x, test, _ = sweep.images()
    kind, _, rest = name.partition(": ")
    if kind == "chosen on held-out images":
        kept, held_out = x[: -SETTINGS["held_out"]], x[-SETTINGS["held_out"] :]
        found = judged(train(rest, epochs=epochs, peak=peak, seed=seed, x=kept), held_out)
        result |= {"held_out": round(found["own"].mean().item(), 3), "bits": round(found["bits"].mean().item(), 5)}
        return result | {"seconds": round(time.process_time() - start, 1)}
    model = train(name, epochs=epochs, peak=peak, seed=seed)
    found = judged(model, test)
    result |= {each: round(found[each].mean().item(), 5) for each in ("own", "bits", "rate")}
    result["tenths"] = [round(part.mean().item(), 5) for part in found["bits"].chunk(10)]
    result["train"] = round(judged(model, x[: len(test)])["bits"].mean().item(), 5)
    for group, (low, high) in GROUPS.items():
        where = (_levels(test) >= low) & (_levels(test) <= high)
        result[group] = round(found["pixels"][where].mean().item(), 4)
    if name in BELLS.values():
        black = test == 0
        counts = torch.histogram(found["output"][black].float(), torch.tensor(EDGES)).hist
        result["centres"] = [round(each, 4) for each in (counts / black.sum()).tolist()]
    if name in SHOWN and seed == 0 and epochs == SETTINGS["epochs"]:
        with torch.no_grad():
            every = torch.linspace(0, 1, 256)[:, None].expand(256, test.shape[1])
            p = _each(model.likelihood, every, found["output"][:1].expand(256, -1)).exp()
        result["pixels"] = [[round(each, 5) for each in p[:, 28 * down + across].tolist()] for down, across in PIXELS]
    return result | {"seconds": round(time.process_time() - start, 1)}
