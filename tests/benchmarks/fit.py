"""``fit`` beside a bare loop, PyTorch's example VAE and, where it is installed, pythae's VAE: ``make bench``.

Prints two tables and writes ``build/fit.json``. First examples per second: all train a VAE 784-400-20 at batch 128 on the
same binary pixels, drawn afresh from the embedded Fashion-MNIST, three epochs each in turn, the making of the optimizer
with it; the medians, and the median ratios to the two bare loops over rounds. Then the test −ELBO after the same minute of
training, on the full Fashion-MNIST where it is found: of the same binary test images, one draw each.

The bare loops have the model and objective of ``fit``, and nothing else: no history, guard, clipping, bar or checkpoint.
One has Adam as PyTorch gives it where nothing is asked for, the other the fused Adam of ``fit``.
PyTorch's example is written after the description in its repository (pytorch/examples, vae): one hidden layer, sigmoid,
summed binary cross-entropy, Adam at 1e-3, a DataLoader.
"""

import importlib.util
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from vae_edu.data import DataNotFound, load_fashion_mnist
from vae_edu.densities import gaussian_kl, reparameterise
from vae_edu.files import replacing
from vae_edu.likelihoods import binarise
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, evaluate, fit

DATA, HIDDEN, LATENT, BATCH = 784, 400, 20, 128
ROUNDS = {"warm-up": 1, "measured": 15}
EPOCHS = 3  # in a round
MINUTE = 60.0
RESULTS = Path("build/fit.json")


class ExampleVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.mu, self.logvar = (
            nn.Linear(DATA, HIDDEN),
            nn.Linear(HIDDEN, LATENT),
            nn.Linear(HIDDEN, LATENT),
        )
        self.back, self.out = nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, DATA)

    def encode(self, x):
        hidden = functional.relu(self.hidden(x))
        return self.mu(hidden), self.logvar(hidden)

    def probabilities(self, z):
        return torch.sigmoid(self.out(functional.relu(self.back(z))))

    def loss(self, x):
        mu, logvar = self.encode(x)
        p = self.probabilities(mu + (0.5 * logvar).exp() * torch.randn_like(mu))
        distortion = functional.binary_cross_entropy(p, x, reduction="sum")
        return distortion - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()


def pythae_vae():
    """pythae's VAE with the layers of the example, trained on the sum over a batch as it is."""
    from pythae.models import VAE as PythaeVAE
    from pythae.models import VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.hidden, self.mu, self.logvar = (
                ExampleVAE().hidden,
                nn.Linear(HIDDEN, LATENT),
                nn.Linear(HIDDEN, LATENT),
            )

        def forward(self, x):
            hidden = functional.relu(self.hidden(x))
            return ModelOutput(embedding=self.mu(hidden), log_covariance=self.logvar(hidden))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.back, self.out = nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, DATA)

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.out(functional.relu(self.back(z)))))

    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
    model = PythaeVAE(config, Encoder(), Decoder())
    model.loss = lambda x: model({"data": x}).loss
    model.encode = lambda x: (model.encoder(x).embedding, model.encoder(x).log_covariance)
    model.probabilities = lambda z: model.decoder(z)["reconstruction"]
    return model


class Ours:
    """What the bare loops and ``fit`` train."""

    def __init__(self, x, **adam):
        self.x, self.adam, self.generator = x, adam, torch.Generator().manual_seed(0)
        self.model = VAE(DATA, LATENT, mean=x.mean(dim=0), hidden=(HIDDEN,))

    def fit(self, epochs, learning_rate=1e-3):
        options = {"generator": self.generator, "batch_size": BATCH, "learning_rate": learning_rate}
        fit(self.model, negative_elbo, self.x, epochs=epochs, **options)

    def loop(self, epochs, stop=math.inf):
        optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, **self.adam)
        for _ in range(epochs):
            for rows in torch.randperm(len(self.x), generator=self.generator).split(BATCH):
                loss = negative_elbo(self.model, self.x[rows], self.generator)["loss"].mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if time.perf_counter() > stop:
                    return

    def test(self, x):
        return -evaluate(self.model, negative_elbo, x, generator=torch.Generator().manual_seed(1))["elbo"]


class Theirs:
    """A model with a loss of its own, in the example's loop."""

    def __init__(self, model, x):
        self.model, self.loader = model, DataLoader(TensorDataset(x), batch_size=BATCH, shuffle=True)

    def loop(self, epochs, stop=math.inf):
        optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        for _ in range(epochs):
            for (x,) in self.loader:
                optimizer.zero_grad()
                self.model.loss(binarise(x)).backward()
                optimizer.step()
                if time.perf_counter() > stop:
                    return

    @torch.no_grad()
    def test(self, x):
        mu, logvar = self.model.encode(x)
        p = self.model.probabilities(reparameterise(mu, logvar, generator=torch.Generator().manual_seed(1)))
        distortion = functional.binary_cross_entropy(p, x, reduction="none").sum(dim=1)
        return (distortion + gaussian_kl(mu, logvar)).mean().item()


def candidates(x):
    torch.manual_seed(0)
    bare, fused, ours, example = Ours(x), Ours(x, fused=True), Ours(x), Theirs(ExampleVAE(), x)
    trained = {
        "bare loop": (bare, bare.loop),
        "bare, fused Adam": (fused, fused.loop),
        "fit": (ours, ours.fit),
        "PyTorch's example": (example, example.loop),
    }
    if importlib.util.find_spec("pythae"):
        pythae = Theirs(pythae_vae(), x)
        trained["pythae"] = (pythae, pythae.loop)
    return trained


def speed(x):
    trained, seconds = candidates(x), []
    for round_ in range(sum(ROUNDS.values())):
        row = {}
        for name in np.random.default_rng(round_).permutation(list(trained)):
            start = time.perf_counter()
            trained[name][1](EPOCHS)
            row[name] = time.perf_counter() - start
        seconds.append(row)
    seconds = seconds[ROUNDS["warm-up"] :]
    return {
        name: {
            "examples_per_second": round(EPOCHS * len(x) / np.median([row[name] for row in seconds])),
            **{
                f"time / {bare}": round(float(np.median([row[name] / row[bare] for row in seconds])), 3)
                for bare in ("bare loop", "bare, fused Adam")
            },
        }
        for name in trained
    }


def minute(x, test_x, examples_per_second):
    observed = binarise(test_x, generator=torch.Generator().manual_seed(0))
    scores = {}
    for name, (holder, train) in candidates(x).items():
        start = time.perf_counter()
        if name == "fit":
            train(max(1, int(MINUTE * examples_per_second["fit"] / len(x))), learning_rate=cosine(2e-3))
        else:
            train(sys.maxsize, stop=start + MINUTE)
        scores[name] = {
            "seconds": round(time.perf_counter() - start, 1),
            "test_negative_elbo": round(holder.test(observed), 2),
        }
    return scores


def main():
    embedded = load_fashion_mnist()
    rates = speed(torch.from_numpy(embedded.train_x))
    print(" " * 20 + "".join(f"{column:>26}" for column in rates["fit"]))
    for name, row in rates.items():
        print(f"{name:20}" + "".join(f"{value:>26,}" for value in row.values()), flush=True)
    try:
        images = load_fashion_mnist("full")
    except DataNotFound:
        images = embedded
    per_second = {name: row["examples_per_second"] for name, row in rates.items()}
    scores = minute(torch.from_numpy(images.train_x), torch.from_numpy(images.test_x), per_second)
    print(f"\n{f'{len(images.train_x):,} images':20}{'seconds':>20}{'test −ELBO, nats':>20}")
    for name, row in scores.items():
        print(f"{name:20}{row['seconds']:>20}{row['test_negative_elbo']:>20}", flush=True)
    result = {"threads": torch.get_num_threads(), "images": len(images.train_x), "speed": rates, "minute": scores}
    with replacing(RESULTS) as path:
        path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    sys.exit(main())
