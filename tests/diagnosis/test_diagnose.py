"""``diagnose`` names the fault that was planted, and raises no alarm on healthy models."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from vae_edu.diagnosis import (
    activation_statistics,
    diagnose,
    expected_loss,
    gradient_norms,
    learning_rate_range,
    logvar_range,
    overfit_one_batch,
)
from vae_edu.experiments import collapse
from vae_edu.likelihoods import DiscretisedLogistic, Gaussian, LearnedGaussian, Multinomial, OptimalGaussian
from vae_edu.models.autoencoder import LinearAutoencoder, MLPAutoencoder
from vae_edu.models.conditional import ConditionalVAE, conditional_negative_elbo
from vae_edu.models.priors import MixturePrior
from vae_edu.models.vae import VAE, ConvVAE, ResidualVAE
from vae_edu.objectives import Scheduled, free_bits, importance_weighted, negative_elbo, squared_error, warm_up
from vae_edu.training import fit

X = collapse.images()[0][:400]
BINARY = (X > 0.5).float()
MEAN = X.mean(dim=0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Own(nn.Module):
    """A reader's own VAE; each fault is a subclass or an option."""

    def __init__(self, data=64, latent=6, hidden=48):
        super().__init__()
        self.hidden = nn.Linear(data, hidden)
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, data))

    def encode(self, x):
        h = torch.relu(self.hidden(x))
        return self.mu(h), self.logvar(h)

    def reparameterize(self, mu, logvar):
        return mu + torch.exp(logvar / 2) * torch.randn_like(mu)

    def decode(self, z):
        return self.decoder(z)

    def rate(self, mu, logvar):
        return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)

    def distortion(self, x, output):
        return functional.binary_cross_entropy_with_logits(output, x, reduction="none").sum(dim=1)

    def loss(self, x):
        mu, logvar = self.encode(x)
        return (self.distortion(x, self.decode(self.reparameterize(mu, logvar))) + self.rate(mu, logvar)).mean()


class EncodeDecode(nn.Module):
    """A reader's own module with nothing but ``encode`` and ``decode``."""

    def __init__(self):
        super().__init__()
        self.e = nn.Sequential(nn.Linear(64, 40), nn.Tanh(), nn.Linear(40, 10))
        self.d = nn.Sequential(nn.Linear(5, 40), nn.Tanh(), nn.Linear(40, 64), nn.Sigmoid())

    def encode(self, x):
        return self.e(x).chunk(2, dim=1)

    def decode(self, z):
        return self.d(z)


class Normalised(Own):
    """Batch norm and dropout, as they should be."""

    def __init__(self):
        super().__init__()
        self.decoder = nn.Sequential(
            nn.Linear(6, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 64)
        )


def gaussian_vae(kind=VAE, likelihood=None, **rest):
    return kind(64, 6, mean=MEAN, likelihood=likelihood or Gaussian(0.03), **rest)


def trained():
    model = gaussian_vae()
    fit(model, negative_elbo, X, epochs=40, generator=generator(), learning_rate=2e-3)
    return model


CLASSES = functional.one_hot(torch.arange(len(X)) % 10, 10).float()
COUNTS = (X * 6).round()
HEALTHY = {
    "Bernoulli": lambda: (VAE(64, 6, mean=MEAN), X, None),
    "Gaussian": lambda: (gaussian_vae(), X, None),
    "learned Gaussian": lambda: (gaussian_vae(likelihood=LearnedGaussian(0.09)), X, None),
    "optimal Gaussian": lambda: (gaussian_vae(likelihood=OptimalGaussian()), X, None),
    "discretised logistic": lambda: (
        gaussian_vae(likelihood=DiscretisedLogistic(levels=17)),
        (X * 16).round() / 16,
        None,
    ),
    "multinomial": lambda: (VAE(64, 6, mean=COUNTS.mean(dim=0), likelihood=Multinomial()), COUNTS, None),
    "convolutional": lambda: (ConvVAE(8, 6, mean=MEAN, channels=(8, 16)), X, None),
    "residual": lambda: (gaussian_vae(ResidualVAE, width=64), X, None),
    "conditional": lambda: (
        ConditionalVAE(64, 10, 6, mean=MEAN, hidden=(64,)),
        (BINARY, CLASSES),
        conditional_negative_elbo,
    ),
    "mixture prior": lambda: (gaussian_vae(prior=MixturePrior(6, 4)), X, None),
    "autoencoder": lambda: (MLPAutoencoder(64, 6, mean=MEAN), X, squared_error),
    "linear autoencoder": lambda: (LinearAutoencoder(64, 6), X - MEAN, None),
    "importance weighted": lambda: (VAE(64, 6, mean=MEAN), X, importance_weighted(5)),
    "free bits": lambda: (gaussian_vae(), X, free_bits(0.1)),
    "beta": lambda: (gaussian_vae(), X, partial(negative_elbo, beta=4.0)),
    "scheduled": lambda: (gaussian_vae(), X, Scheduled(negative_elbo, beta=warm_up(0.5))),
    "own": lambda: (Own(), BINARY, None),
    "only encode and decode": lambda: (EncodeDecode(), X, None),
    "batch norm and dropout": lambda: (Normalised(), BINARY, None),
    "trained": lambda: (trained(), X, None),
    "two dimensions": lambda: (
        VAE(2, 2, mean=torch.zeros(2), hidden=(32,), likelihood=Gaussian(0.05)),
        torch.randn(300, 2, generator=generator()) * torch.tensor([1.0, 0.5]),
        None,
    ),
}


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_false_alarm(name, seed):
    torch.manual_seed(seed)
    model, data, objective = HEALTHY[name]()
    report = diagnose(model, data, objective, learning_rate=1e-3, seed=seed, steps=40, batch_size=32)
    assert report.faults == [], str(report)
    assert not {each.check for each in report.findings} & {"order", "output bias"}, str(report)
    assert not report.skipped or name in ("mixture prior",), str(report)


def broken(name):
    """The model, its data, its objective and other arguments."""
    model, data, objective, more = Own(), BINARY, None, {}

    def change(**methods):
        return type("Changed", (Own,), methods)()

    if name == "NaN in the data":
        data = BINARY.clone()
        data[17, 3] = math.nan
    elif name == "pixels to 255":
        model, data = EncodeDecode(), 255 * X
    elif name == "not centred":
        model, data = EncodeDecode(), 3 + 0.3 * X
    elif name == "outlier":
        model, data = gaussian_vae(), X.clone()
        data[5] *= 1e4
    elif name == "sign of the KL":
        model = change(rate=lambda self, mu, logvar: -Own.rate(self, mu, logvar))
    elif name == "half missing":
        model = change(rate=lambda self, mu, logvar: 2 * Own.rate(self, mu, logvar))
    elif name == "KL averaged over latents":
        model = change(rate=lambda self, mu, logvar: Own.rate(self, mu, logvar) / 6)
    elif name == "KL with another logvar":
        model = change(rate=lambda self, mu, logvar: 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(dim=1))
    elif name == "KL missing":
        model = change(rate=lambda self, mu, logvar: 0 * mu.sum(dim=1))
    elif name == "sign of the likelihood":
        model = change(distortion=lambda self, x, output: -Own.distortion(self, x, output))
    elif name == "mean over pixels":
        model = change(distortion=lambda self, x, output: Own.distortion(self, x, output) / x.shape[1])
    elif name == "sum over the batch":
        model = change(loss=lambda self, x: len(x) * Own.loss(self, x))
    elif name == "sum beside a mean":
        model = change(rate=lambda self, mu, logvar: Own.rate(self, mu, logvar).sum())
    elif name == "variance for standard deviation":
        model = change(reparameterize=lambda self, mu, logvar: mu + logvar.exp() * torch.randn_like(mu))
    elif name == "logvar for standard deviation":
        model = change(reparameterize=lambda self, mu, logvar: mu + logvar * torch.randn_like(mu))
    elif name == "no noise":
        model = change(reparameterize=lambda self, mu, logvar: mu)
    elif name == "shared noise":
        model = change(reparameterize=lambda self, mu, logvar: mu + (logvar / 2).exp() * torch.randn(mu.shape[1]))
    elif name == "frozen noise":
        model = change(
            reparameterize=lambda self, mu, logvar: (
                mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=generator())
            )
        )
    elif name == "uniform noise":
        model = change(reparameterize=lambda self, mu, logvar: mu + (logvar / 2).exp() * torch.rand_like(mu))
    elif name == "detached z":
        model = change(
            reparameterize=lambda self, mu, logvar: torch.distributions.Normal(mu, (logvar / 2).exp()).sample()
        )
    elif name == "detached code":
        model = change(encode=lambda self, x: [each.detach() for each in Own.encode(self, x)])
    elif name == "sigmoid twice":
        model = change(decode=lambda self, z: self.decoder(z).sigmoid())
    elif name == "sigmoid twice, grey":
        model, data = change(decode=lambda self, z: self.decoder(z).sigmoid()), X
    elif name == "logarithm of 0":
        model = change(
            decode=lambda self, z: (60 * self.decoder(z)).sigmoid(),
            distortion=lambda self, x, p: -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1),
        )
        with torch.no_grad():
            model.decoder[-1].weight *= 30
    elif name == "logits as probabilities":
        model = change(distortion=lambda self, x, p: -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1))
    elif name == "cross-entropy of centred data":
        data = X - MEAN
    elif name == "large initial weights":
        with torch.no_grad():
            model.logvar.weight *= 60
            model.hidden.weight *= 10
    elif name == "dead encoder":
        with torch.no_grad():
            model.hidden.bias -= 30
    elif name == "dead decoder":
        with torch.no_grad():
            model.decoder[0].bias -= 30
    elif name == "saturated tanh":
        model = EncodeDecode()
        data = X
        with torch.no_grad():
            model.e[0].weight *= 100
    elif name == "softplus for logvar":
        model = change(encode=lambda self, x: (Own.encode(self, x)[0], functional.softplus(Own.encode(self, x)[1])))
    elif name == "ReLU on mu":
        model = change(encode=lambda self, x: (Own.encode(self, x)[0].relu(), Own.encode(self, x)[1]))
    elif name == "clamped logvar":
        model = change(encode=lambda self, x: (Own.encode(self, x)[0], (100 * Own.encode(self, x)[1]).clamp(-1, 1)))
    elif name == "decoder ignores z":
        model = change(decode=lambda self, z: self.decoder(0 * z))
    elif name == "encoder ignores x":
        model = change(encode=lambda self, x: Own.encode(self, torch.ones_like(x)))
    elif name == "layers in a list":
        model.decoder = None
        model.layers = [nn.Linear(6, 48), nn.Linear(48, 64)]
        model.decode = lambda z: model.layers[1](model.layers[0](z).relu())
    elif name == "decoder not in the optimizer":
        more["optimizer"] = torch.optim.Adam(
            [*model.hidden.parameters(), *model.mu.parameters(), *model.logvar.parameters()]
        )
    elif name == "optimizer of another model":
        more["optimizer"] = torch.optim.Adam(Own().parameters())
    elif name == "frozen layer":
        model.mu.requires_grad_(False)
    elif name == "NaN in a weight":
        with torch.no_grad():
            model.mu.weight[0, 0] = math.nan
    elif name == "dropout always on":
        model = change(encode=lambda self, x: Own.encode(self, functional.dropout(x, 0.3)))
    elif name == "statistics of the batch":
        model.decoder.insert(1, nn.BatchNorm1d(48, track_running_stats=False))
    elif name == "running statistics that do not move":
        model.decoder.insert(1, nn.BatchNorm1d(48, momentum=0.0))
        with torch.no_grad():
            model.decoder[1].running_mean += 5
    elif name == "rows mixed":
        model = change(encode=lambda self, x: Own.encode(self, x.T.reshape(x.shape)))
    elif name == "half precision":
        model = change(
            encode=lambda self, x: [each.half() for each in Own.encode(self, x)],
            decode=lambda self, z: Own.decode(self, z.float()),
        )
    elif name == "bfloat16 weights":
        model, data = Own().bfloat16(), BINARY.bfloat16()
    elif name == "learning rate too high":
        model, data, more = gaussian_vae(hidden=(64, 64)), X, {"learning_rate": 1.0}
    elif name == "SGD too fast":
        model, data = gaussian_vae(), X
        more["optimizer"] = torch.optim.SGD(model.parameters(), lr=0.1)
    elif name == "learning rate 0":
        more["optimizer"] = torch.optim.Adam(model.parameters(), lr=0.0)
    elif name == "loss without a graph":
        model = change(loss=lambda self, x: Own.loss(self, x).detach())
    elif name == "target of other rows":
        model = change(
            loss=lambda self, x: (
                self.distortion(x[torch.randperm(len(x))], self.decode(self.reparameterize(*self.encode(x))))
                + self.rate(*self.encode(x))
            ).mean()
        )
    elif name == "KL of the mean code":
        model = change(rate=lambda self, mu, logvar: Own.rate(self, mu.mean(dim=0, keepdim=True), logvar))
    elif name == "pixels in another order":
        model = change(distortion=lambda self, x, output: Own.distortion(self, x.flip(1), output))
    elif name == "decoder sees half of z":
        model = change(decode=lambda self, z: self.decoder(torch.cat([z[:, :3], z[:, :3]], dim=1)))
    elif name == "encoder sees half of x":
        model = change(encode=lambda self, x: Own.encode(self, torch.cat([x[:, :32], x[:, :32]], dim=1)))
    elif name == "ReLU at the end of the decoder":
        model, data = EncodeDecode(), X - MEAN
        model.d[-1] = nn.ReLU()
    elif name == "dropout of 95 per cent":
        model.decoder.insert(2, nn.Dropout(0.95))
    elif name == "variance of 10 for grey pixels":
        model, data = gaussian_vae(likelihood=Gaussian(10.0)), X
    return model, data, objective, more


BROKEN = {
    "NaN in the data": "data",
    "pixels to 255": "input",
    "not centred": "input",
    "outlier": "data",
    "sign of the KL": "rate",
    "half missing": "rate",
    "KL averaged over latents": "rate",
    "KL with another logvar": "rate",
    "KL missing": "rate",
    "sign of the likelihood": "distortion",
    "mean over pixels": "distortion",
    "sum over the batch": "batch size",
    "sum beside a mean": "batch size",
    "variance for standard deviation": "noise",
    "logvar for standard deviation": "noise",
    "no noise": "noise",
    "shared noise": "noise",
    "frozen noise": "noise",
    "uniform noise": "noise",
    "detached z": "path",
    "detached code": "gradients",
    "sigmoid twice": "distortion",
    "sigmoid twice, grey": "distortion",
    "logarithm of 0": "loss",
    "logits as probabilities": "loss",
    "cross-entropy of centred data": "likelihood",
    "large initial weights": "logvar",
    "dead encoder": "dead units",
    "dead decoder": "dead units",
    "saturated tanh": "saturation",
    "softplus for logvar": "logvar",
    "ReLU on mu": "mu",
    "clamped logvar": "logvar",
    "decoder ignores z": "decoder ignores z",
    "encoder ignores x": "encoder ignores x",
    "layers in a list": "parameters",
    "decoder not in the optimizer": "optimizer",
    "optimizer of another model": "optimizer",
    "frozen layer": "parameters",
    "NaN in a weight": "parameters",
    "dropout always on": "evaluation mode",
    "statistics of the batch": "evaluation mode",
    "running statistics that do not move": "evaluation mode",
    "rows mixed": "evaluation mode",
    "half precision": "precision",
    "bfloat16 weights": "precision",
    "learning rate too high": "learning rate",
    "SGD too fast": "learning rate",
    "learning rate 0": "optimizer",
    "loss without a graph": "gradients",
    "target of other rows": "distortion",
    "KL of the mean code": "rate",
    "pixels in another order": "distortion",
    "decoder sees half of z": "decoder ignores z",
    "encoder sees half of x": "encoder ignores x",
    "ReLU at the end of the decoder": "output",
    "dropout of 95 per cent": "dropout",
    "variance of 10 for grey pixels": "overfitting",
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_planted_fault_is_named(name):
    torch.manual_seed(0)
    model, data, objective, more = broken(name)
    report = diagnose(model, data, objective, **more, steps=30, batch_size=64)
    assert BROKEN[name] in report, str(report)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("activation", "rate", "found"), [(nn.ReLU, 0.01, True), (nn.ReLU, 0.003, False), (nn.SiLU, 0.01, False)]
)
def test_a_learning_rate_at_which_units_die(activation, rate, found, seed):
    torch.manual_seed(seed)
    model = VAE(64, 8, mean=MEAN, hidden=(128, 128), activation=activation, likelihood=Gaussian(0.03))
    report = diagnose(model, X, learning_rate=rate, steps=10, batch_size=96, seed=seed)
    assert any("at 0 for every example" in each.text for each in report.faults) == found, str(report)


def test_the_model_and_the_random_numbers_are_left_as_they_are():
    torch.manual_seed(0)
    model = Own().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    diagnose(model, BINARY, steps=20)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training
    assert all(each.grad is None for each in model.parameters())
    assert "encode" not in vars(model)
    assert "decode" not in vars(model)


def test_the_single_instruments():
    torch.manual_seed(0)
    model = VAE(64, 6, mean=BINARY.mean(dim=0))
    found = expected_loss(model, BINARY)
    m = BINARY.mean(dim=0).clamp(0.01, 0.99)
    entropy = -(BINARY * m.log() + (1 - BINARY) * (1 - m).log()).sum(dim=1).mean().item()
    assert found["constant"] == pytest.approx(entropy, rel=1e-4)
    assert found["perfect"] < found["constant"] < found["now"] < 1.3 * found["constant"]
    norms = gradient_norms(model, BINARY)
    assert norms.keys() == dict(model.named_parameters()).keys()
    assert all(value > 0 for value in norms.values())
    assert overfit_one_batch(model, BINARY, steps=60)["end"] < found["constant"]
    rates, losses = learning_rate_range(model, BINARY, steps=30)
    assert len(rates) == len(losses)
    assert min(losses) < losses[0]
    rows = activation_statistics(model, lambda: model.encode(BINARY))
    assert [row["name"] for row in rows] == ["linear", "relu", "linear"]
    assert logvar_range(torch.tensor([[0.0, 2.0]]))["largest variance"] == pytest.approx(math.exp(2))


def test_what_it_refuses():
    with pytest.raises(TypeError, match="no encode and decode"):
        diagnose(nn.Linear(3, 3), BINARY)
    with pytest.raises(ValueError, match="8 or more"):
        diagnose(Own(), BINARY[:5])
