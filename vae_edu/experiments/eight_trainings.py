"""Train the eight models of exercises 14.3 and 14.4: ``python -m vae_edu.experiments.eight_trainings`` writes the file that the
exercises read. Most of them are broken on purpose."""

import json
import math

import torch
from torch import nn

from vae_edu.densities import gaussian_kl, reparameterise
from vae_edu.exercises.ch14.eight_trainings import FILE
from vae_edu.experiments import collapse
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE

__all__ = ["KINDS", "run"]

KINDS = {
    "A": "mean over pixels",
    "B": "no noise",
    "C": "sign of the KL",
    "D": "sound",
    "E": "encoder not trained",
    "F": "one noise for all",
    "G": "dead encoder",
    "H": "dropout left on",
}
STEPS, BATCH, LATENT, VARIANCE = 600, 128, 8, 0.03
EVERY = 20


def run(kind: str, seed: int = 0) -> dict:
    """Curves and instruments of one training; see ``vae_edu.exercises.ch14.eight_trainings``."""
    x, test = collapse.images()
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = VAE(64, LATENT, mean=x.mean(dim=0), hidden=(128,), likelihood=Gaussian(VARIANCE))
    if kind == "dropout left on":
        model.decoder.insert(2, nn.Dropout(0.5))
    if kind == "dead encoder":
        with torch.no_grad():
            model.encoder[0].bias -= 8
    trained = model.decoder.parameters() if kind == "encoder not trained" else model.parameters()
    optimizer = torch.optim.Adam(trained, lr=2e-3)

    def sample(mu, logvar):
        if kind == "no noise":
            return mu
        eps = torch.randn(mu.shape, generator=generator)
        return mu + (logvar / 2).exp() * (eps[:1] if kind == "one noise for all" else eps)

    def loss_of(batch):
        mu, logvar = model.encode(batch)
        distortion, rate = -model.log_prob(batch, sample(mu, logvar)), gaussian_kl(mu, logvar)
        if kind == "mean over pixels":
            return (distortion / 64 + rate).mean(), rate, logvar
        return (distortion + (-0.2 * rate if kind == "sign of the KL" else rate)).mean(), rate, logvar

    @torch.no_grad()
    def held_out():
        model.train(kind == "dropout left on")
        mu, logvar = model.encode(test)
        z = reparameterise(mu, logvar, generator=generator)
        value = (gaussian_kl(mu, logvar) - model.log_prob(test, z)).mean().item()
        twice = (model.decode(z) - model.decode(z)).abs().mean().item()
        model.train()
        return value, twice

    before = {name: value.clone() for name, value in model.named_parameters()}
    curves = {name: [] for name in ("step", "loss", "held_out", "rate", "logvar", "gradient")}
    for step in range(STEPS + 1):
        batch = x[torch.randint(len(x), (BATCH,), generator=generator)]
        loss, rate, logvar = loss_of(batch)
        model.zero_grad()
        loss.backward()
        length = math.sqrt(sum(p.grad.square().sum().item() for p in model.parameters() if p.grad is not None))
        if step % EVERY == 0 or not math.isfinite(loss.item()):
            row = (step, loss.item(), held_out()[0], rate.mean().item(), logvar.max().item(), length)
            for name, value in zip(curves, row, strict=True):
                curves[name].append(value if math.isfinite(value) else None)
        if not math.isfinite(loss.item()) or not math.isfinite(length):
            break
        optimizer.step()
    return {
        "curves": {name: [_short(v) for v in values] for name, values in curves.items()},
        "instruments": _instruments(model, before, loss_of, sample, held_out, test),
    }


def _instruments(model, before, loss_of, sample, held_out, test) -> dict[str, float]:
    loss, _, _ = loss_of(test)
    model.zero_grad()
    loss.backward()
    found = {}
    for part in ("encoder", "decoder"):
        named = [(f"{part}.{name}", value) for name, value in getattr(model, part).named_parameters()]
        found[f"{part}: length of the gradient"] = math.sqrt(
            sum(v.grad.square().sum().item() for _, v in named if v.grad is not None)
        )
        found[f"{part}: change by training"] = math.sqrt(sum((v - before[n]).square().sum().item() for n, v in named))
    with torch.no_grad():
        mu, logvar = model.eval().encode(test)
        noise = (sample(mu, logvar) - mu) / (logvar / 2).exp()
        found["μ: spread over x"] = mu.std(dim=0).mean().item()
        found["(z − μ)/σ: spread over x"] = noise.std(dim=0).mean().item()
        z = torch.randn(len(test), LATENT, generator=torch.Generator().manual_seed(1))
        found["output: spread over z"] = model.decode(z).std(dim=0).mean().item()
        model.train()
    found["output: difference, same z twice"] = held_out()[1]
    return {name: _short(value) for name, value in found.items()}


def _short(value):
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")


if __name__ == "__main__":
    measured = {letter: run(kind) for letter, kind in KINDS.items()}
    for letter, each in measured.items():
        print(letter, {n: v[-1] for n, v in each["curves"].items()}, each["instruments"], flush=True)
    FILE.write_text(json.dumps(measured) + "\n", encoding="utf-8")
