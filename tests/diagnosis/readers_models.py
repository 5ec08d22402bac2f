"""Models as readers write them, each with one fault, and sound ones: what ``diagnose`` is tried on. Each entry is a function that
returns the arguments of ``diagnose``."""

import functools

import torch
from torch import nn
from torch.nn import functional

from vae_edu.data.digits import load_digits
from vae_edu.data.tables import load_breast_cancer
from vae_edu.likelihoods import Bernoulli, Gaussian
from vae_edu.models.conditional import ConditionalVAE, conditional_negative_elbo
from vae_edu.models.priors import MixturePrior
from vae_edu.models.vae import VAE, ConvVAE, ResidualVAE
from vae_edu.objectives import Scheduled, importance_weighted, negative_elbo

LATENT = 4


@functools.cache
def digits():
    """Grey digits in [0, 1], (512, 64), and their labels."""
    data = load_digits()
    pixels = torch.as_tensor(data.train_x[:512], dtype=torch.float32).reshape(512, -1)
    return pixels, torch.as_tensor(data.train_labels[:512]).long()


@functools.cache
def table():
    """The 30 columns of the breast cancer table, as they are measured."""
    return torch.as_tensor(load_breast_cancer().x, dtype=torch.float32)


def one_hot():
    x, labels = digits()
    return x, functional.one_hot(labels, 10).float()


def kl(mu, logvar):
    return -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1)


class Plain(nn.Module):
    """The VAE of a hundred web pages: two heads, a sigmoid at the end."""

    def __init__(self, data=64, latent=LATENT, hidden=64):
        super().__init__()
        self.fc1 = nn.Linear(data, hidden)
        self.fc_mu = nn.Linear(hidden, latent)
        self.fc_logvar = nn.Linear(hidden, latent)
        self.fc3 = nn.Linear(latent, hidden)
        self.fc4 = nn.Linear(hidden, data)

    def encode(self, x):
        h = torch.relu(self.fc1(x))
        return self.fc_mu(h), self.fc_logvar(h)

    def reparameterize(self, mu, logvar):
        return mu + torch.randn_like(mu) * (0.5 * logvar).exp()

    def decode(self, z):
        return torch.sigmoid(self.fc4(torch.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def bce_loss(model, x):
    """Sum over pixels and latents, mean over the batch."""
    recon, mu, logvar = model(x)
    return functional.binary_cross_entropy(recon, x, reduction="sum") / len(x) + kl(mu, logvar).mean()


def mse_loss(model, x):
    """A unit-variance Gaussian, without its constant."""
    recon, mu, logvar = model(x)
    return 0.5 * ((recon - x) ** 2).sum(dim=1) + kl(mu, logvar)


class PlainConv(nn.Module):
    """Convolutions on images (batch, 1, 8, 8), with batch normalisation and dropout."""

    def __init__(self, latent=LATENT, channels=8):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, channels, 4, stride=2, padding=1),
            nn.BatchNorm2d(channels),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(channels * 16, 2 * latent),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, channels * 16),
            nn.Unflatten(1, (channels, 4, 4)),
            nn.BatchNorm2d(channels),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(channels, 1, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=1)

    def decode(self, z):
        return self.decoder(z)

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(mu + torch.randn_like(mu) * (0.5 * logvar).exp()), mu, logvar


# ---------------------------------------------------------------- broken


def unscaled_pixels():
    """Grey levels 0 to 16 are handed to a cross-entropy."""

    class Logits(Plain):
        def decode(self, z):
            return self.fc4(torch.relu(self.fc3(z)))

    def loss(model, x):
        recon, mu, logvar = model(x)
        return functional.binary_cross_entropy_with_logits(recon, x, reduction="none").sum(1) + kl(mu, logvar)

    return {"model": Logits(), "data": digits()[0] * 16, "objective": loss}


def two_sigmoids():
    """The decoder ends in a sigmoid, the loss takes its output for logits."""

    def loss(model, x):
        recon, mu, logvar = model(x)
        bce = functional.binary_cross_entropy_with_logits(recon, x, reduction="none").sum((1, 2, 3))
        return bce + kl(mu, logvar)

    return {"model": PlainConv(), "data": digits()[0].reshape(-1, 1, 8, 8), "objective": loss}


def mean_error_summed_kl():
    """The squared error is a mean over pixels, the KL a sum over latents."""

    def loss(model, x):
        recon, mu, logvar = model(x)
        return functional.mse_loss(recon, x) + kl(mu, logvar).mean()

    return {"model": Plain(), "data": digits()[0], "objective": loss}


def kl_without_the_square():
    """mu in the KL is not squared."""

    def loss(model, x):
        recon, mu, logvar = model(x)
        bce = functional.binary_cross_entropy(recon, x, reduction="none").sum(1)
        return bce - 0.5 * (1 + logvar - mu - logvar.exp()).sum(1)

    return {"model": Plain(), "data": digits()[0], "objective": loss}


def layers_in_a_list():
    """The hidden layers are kept in a Python list, so ``parameters()`` does not see them."""

    class Listed(Plain):
        def __init__(self):
            super().__init__()
            self.hidden = [nn.Linear(64, 64), nn.Linear(64, 64)]

        def encode(self, x):
            h = torch.relu(self.fc1(x))
            for layer in self.hidden:
                h = torch.relu(layer(h))
            return self.fc_mu(h), self.fc_logvar(h)

    return {"model": Listed(), "data": digits()[0], "objective": bce_loss}


def drawn_with_torch_normal():
    """``torch.normal`` passes no gradient to the mean and the deviation."""

    class Normal(Plain):
        def reparameterize(self, mu, logvar):
            return torch.normal(mu, (0.5 * logvar).exp())

    model = Normal()
    return {
        "model": model,
        "data": digits()[0],
        "objective": bce_loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=1e-3),
    }


def conditional_decoder_without_z():
    """The decoder of a conditional VAE reads the label, and not z."""

    class Conditional(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(74, 64), nn.ReLU(), nn.Linear(64, 2 * LATENT))
            self.embed = nn.Linear(10, LATENT)
            self.decoder = nn.Sequential(nn.Linear(2 * LATENT, 64), nn.ReLU(), nn.Linear(64, 64))

        def encode(self, x, c):
            return self.encoder(torch.cat([x, c], 1)).chunk(2, 1)

        def decode(self, z, c):
            z = self.embed(c)
            return self.decoder(torch.cat([z, self.embed(c)], 1))

    def loss(model, batch):
        x, c = batch
        mu, logvar = model.encode(x, c)
        logits = model.decode(mu + torch.randn_like(mu) * (logvar / 2).exp(), c)
        return functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1) + kl(mu, logvar)

    return {"model": Conditional(), "data": one_hot(), "objective": loss}


def heads_behind_a_relu():
    """A ReLU behind the last layer of the encoder: neither mean nor log-variance is ever negative."""

    class Relu(Plain):
        def encode(self, x):
            mu, logvar = super().encode(x)
            return torch.relu(mu), torch.relu(logvar)

    return {"model": Relu(), "data": digits()[0], "objective": bce_loss}


def code_of_the_batch():
    """The code is standardised with the moments of the batch that it comes in, in evaluation too."""

    class Batchwise(Plain):
        def encode(self, x):
            mu, logvar = super().encode(x)
            return (mu - mu.mean(0)) / mu.std(0), logvar

    return {"model": Batchwise(), "data": digits()[0], "objective": bce_loss}


def dropout_in_evaluation():
    """``functional.dropout`` drops in evaluation as well, unless it is told not to."""

    class Dropping(Plain):
        def encode(self, x):
            h = functional.dropout(torch.relu(self.fc1(x)), 0.5)
            return self.fc_mu(h), self.fc_logvar(h)

    return {"model": Dropping(), "data": digits()[0], "objective": bce_loss}


def learning_rate_of_sgd():
    """Adam with a learning rate that would suit SGD."""
    x = digits()[0]
    model = ConvVAE(8, LATENT, mean=x.mean(0), channels=(8, 16), likelihood=Bernoulli())
    return {
        "model": model,
        "data": x,
        "objective": negative_elbo,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.3),
    }


def half_precision():
    """All in float16: where the squared gradient underflows, Adam divides by 0."""
    model = Plain().half()
    return {
        "model": model,
        "data": digits()[0].half(),
        "objective": mse_loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=1e-3),
    }


def kl_without_gradient():
    """The KL is computed of detached tensors."""

    def loss(model, x):
        recon, mu, logvar = model(x)
        bce = functional.binary_cross_entropy(recon, x, reduction="none").sum(1)
        return bce + kl(mu.detach(), logvar.detach())

    return {"model": Plain(), "data": digits()[0], "objective": loss}


def root_of_the_squared_error():
    """The root of the squared error stands for −log p(x|z)."""

    def loss(model, x):
        recon, mu, logvar = model(x)
        return ((recon - x) ** 2).sum(dim=1).sqrt() + kl(mu, logvar)

    return {"model": Plain(), "data": digits()[0], "objective": loss}


def heads_behind_a_tanh():
    """A tanh behind both heads of the encoder."""

    class Tanh(Plain):
        def encode(self, x):
            mu, logvar = super().encode(x)
            return mu.tanh(), logvar.tanh()

    return {"model": Tanh(), "data": digits()[0], "objective": bce_loss}


def features_past_z():
    """The decoder adds the encoder's hidden layer, as a U-Net does."""

    class Skip(Plain):
        def encode(self, x):
            self.h = torch.relu(self.fc1(x))
            return self.fc_mu(self.h), self.fc_logvar(self.h)

        def decode(self, z):
            return torch.sigmoid(self.fc4(torch.relu(self.fc3(z)) + self.h))

    return {"model": Skip(), "data": digits()[0], "objective": bce_loss}


def decoder_without_the_label():
    """The decoder of a conditional VAE gets z alone."""
    x, c = one_hot()

    class Unconditional(ConditionalVAE):
        def decode(self, z, c):
            return self.decoder(torch.cat([z, torch.zeros_like(c)], dim=1))

    return {
        "model": Unconditional(64, 10, LATENT, mean=x.mean(0), hidden=(64,)),
        "data": (x, c),
        "objective": conditional_negative_elbo,
    }


def constant_weights():
    """All weights start at the same number."""
    model = Plain()
    for value in model.parameters():
        nn.init.constant_(value, 0.02)
    return {"model": model, "data": digits()[0], "objective": bce_loss}


def table_as_measured():
    """The columns of a table are not standardised."""
    x = table()
    model = VAE(30, LATENT, mean=x.mean(0), hidden=(64,), likelihood=Gaussian(1.0))
    return {"model": model, "data": x, "objective": negative_elbo}


def mean_error_of_images():
    """As ``mean_error_summed_kl``, of images (batch, 1, 8, 8)."""

    def loss(model, x):
        recon, mu, logvar = model(x)
        return functional.mse_loss(recon, x) + kl(mu, logvar).mean()

    return {"model": PlainConv(), "data": digits()[0].reshape(-1, 1, 8, 8), "objective": loss}


def logarithm_of_a_probability():
    """x log p + (1 − x) log(1 − p), of probabilities."""

    def loss(model, x):
        p, mu, logvar = model(x)
        return -(x * p.log() + (1 - x) * (1 - p).log()).sum(1) + kl(mu, logvar)

    return {"model": Plain(), "data": digits()[0], "objective": loss}


def wrong_sign_beside_a_variance():
    """The decoder returns a mean and a log-variance, and the sign of log p(x|z) is wrong."""
    given = sound_table()

    def loss(model, x):
        (mean, logvar_x), mu, logvar = model(x)
        return 0.5 * kl(mu, logvar) - 0.5 * (logvar_x + (x - mean) ** 2 / logvar_x.exp()).sum(1)

    return given | {"objective": loss}


def learning_rate_of_a_millionth():
    """Adam at 1e-6."""
    model = Plain()
    return {
        "model": model,
        "data": digits()[0],
        "objective": bce_loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=1e-6),
    }


# ---------------------------------------------------------------- broken, written after the diagnosis was mended


def new_layer_at_each_call():
    """A layer is made inside ``encode``, so it is a new one at each call."""

    class Lazy(Plain):
        def encode(self, x):
            h = torch.relu(nn.Linear(64, 64)(torch.relu(self.fc1(x))))
            return self.fc_mu(h), self.fc_logvar(h)

    return {"model": Lazy(), "data": digits()[0], "objective": bce_loss}


def variance_without_its_logarithm():
    """The decoder returns a mean and a log-variance, and the density lacks the log-variance: the widest is the best."""

    def loss(model, x):
        (mean, logvar_x), mu, logvar = model(x)
        return 0.5 * kl(mu, logvar) + 0.5 * ((x - mean) ** 2 / logvar_x.exp()).sum(1)

    return sound_table() | {"objective": loss}


def learned_variance_without_its_logarithm():
    """One log-variance for all pixels, a parameter of the model, and a density that lacks it."""

    class Learned(Plain):
        def __init__(self):
            super().__init__()
            self.logvar_x = nn.Parameter(torch.zeros(()))

    def loss(model, x):
        recon, mu, logvar = model(x)
        return 0.5 * ((x - recon) ** 2 / model.logvar_x.exp()).sum(1) + kl(mu, logvar)

    return {"model": Learned(), "data": digits()[0], "objective": loss}


def softmax_over_rows_of_pixels():
    """Images whose softmax is taken along the last axis, so that each row of pixels has the sum 1; with a cross-entropy."""
    model = PlainConv()
    model.decoder[-1] = nn.Softmax(dim=-1)
    return {"model": model, "data": digits()[0].reshape(-1, 1, 8, 8), "objective": bce_loss}


def softmax_over_pixels():
    """An autoencoder of pixels in [0, 1] that ends in a softmax, so that all pixels together have the sum 1."""

    class Softmax(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, LATENT))
            self.up = nn.Sequential(nn.Linear(LATENT, 32), nn.ReLU(), nn.Linear(32, 64), nn.Softmax(dim=1))

        def encode(self, x):
            return self.down(x)

        def decode(self, z):
            return self.up(z)

    def loss(model, x):
        return ((model.decode(model.encode(x)) - x) ** 2).sum(dim=1)

    return {"model": Softmax(), "data": digits()[0], "objective": loss}


def missing_entries_as_999():
    """Four per cent of the entries of a standardised table are missing, and −999 stands for them."""
    given = sound_table()
    x = given["data"].clone()
    x[torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.04] = -999.0
    return given | {"data": x}


def kl_summed_over_the_batch():
    """A conditional VAE whose KL is summed over the batch (dim=0), and averaged over latents."""
    given = sound_prior_of_the_label()

    def loss(model, batch):
        x, c = batch
        mu, logvar = model.encode(x, c)
        logits = model.decode(mu + torch.randn_like(mu) * (logvar / 2).exp(), c)
        rate = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(0).mean()
        return functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean() + rate

    return given | {"objective": loss}


def warm_up_backwards():
    """The weight of the KL falls from 1 to 0."""
    x = digits()[0]
    model = VAE(64, LATENT, mean=x.mean(0), hidden=(64,))
    return {"model": model, "data": x, "objective": Scheduled(negative_elbo, beta=lambda done: 1 - done)}


def an_axis_too_many():
    """decode returns images (batch, 1, 8, 8), and x is (batch, 8, 8): each output is compared with every example."""

    class Images(Plain):
        def encode(self, x):
            return super().encode(x.flatten(1))

        def decode(self, z):
            return super().decode(z).view(-1, 1, 8, 8)

    def loss(model, x):
        recon, mu, logvar = model(x)
        return functional.mse_loss(recon, x, reduction="sum") / len(x) / 0.1 + kl(mu, logvar).mean()

    return {"model": Images(), "data": digits()[0].reshape(-1, 8, 8), "objective": loss}


def an_axis_too_many_in_a_difference():
    def loss(model, x):
        recon, mu, logvar = model(x)
        return ((x - recon.unsqueeze(1)) ** 2).sum(-1).mean() / 0.1 + kl(mu, logvar).mean()

    return {"model": Plain(), "data": digits()[0], "objective": loss}


def rows_sorted_by_label():
    x, labels = digits()
    order = labels.argsort()
    return {
        "model": Plain(),
        "data": (x[order], labels[order]),
        "objective": lambda model, batch: bce_loss(model, batch[0]),
    }


def rows_sorted_without_labels():
    x, labels = digits()
    return {"model": Plain(), "data": x[labels.argsort()], "objective": bce_loss}


def no_bias_at_the_end():
    model = Plain()
    model.fc4 = nn.Linear(64, 64, bias=False)
    return {"model": model, "data": digits()[0], "objective": bce_loss}


# ---------------------------------------------------------------- sound


def sound_convolutions():
    """Own convolutions with batch normalisation and dropout, and a loss that is one number."""
    model = PlainConv()
    return {
        "model": model,
        "data": digits()[0].reshape(-1, 1, 8, 8),
        "objective": lambda model, x: bce_loss(model, x),
        "optimizer": torch.optim.Adam(model.parameters(), lr=1e-3),
    }


def sound_conditional():
    """The course's conditional VAE with real-valued pixels."""
    x, c = one_hot()
    model = ConditionalVAE(64, 10, LATENT, mean=x.mean(0), hidden=(64,), likelihood=Gaussian(0.05))
    return {
        "model": model,
        "data": (x, c),
        "objective": conditional_negative_elbo,
        "optimizer": torch.optim.Adam(model.parameters(), lr=1e-3),
    }


def sound_mixture():
    """Residual networks, a mixture prior and the importance-weighted objective."""
    x = digits()[0]
    prior = MixturePrior(LATENT, 10)
    model = ResidualVAE(64, LATENT, mean=x.mean(0), width=48, blocks=1, prior=prior)
    return {"model": model, "data": x, "objective": importance_weighted(5), "learning_rate": 1e-3}


def sound_prior_of_the_label():
    """An own conditional VAE whose prior is a network of the label, under another name and with weights as PyTorch starts them."""

    class Conditional(nn.Module):
        def __init__(self):
            super().__init__()
            self.recognition = nn.Sequential(nn.Linear(74, 64), nn.ReLU(), nn.Linear(64, 2 * LATENT))
            self.label_network = nn.Linear(10, 2 * LATENT)
            self.generation = nn.Sequential(nn.Linear(LATENT + 10, 64), nn.ReLU(), nn.Linear(64, 64))

        def encode(self, x, c):
            return self.recognition(torch.cat([x, c], 1)).chunk(2, 1)

        def decode(self, z, c):
            return self.generation(torch.cat([z, c], 1))

    def loss(model, batch):
        x, c = batch
        mu, logvar = model.encode(x, c)
        m, s = model.label_network(c).chunk(2, 1)
        logits = model.decode(mu + torch.randn_like(mu) * (logvar / 2).exp(), c)
        rate = 0.5 * (s - logvar + (logvar.exp() + (mu - m) ** 2) / s.exp() - 1).sum(1)
        return (functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1) + rate).mean()

    return {"model": Conditional(), "data": one_hot(), "objective": loss, "learning_rate": 1e-3}


def sound_table():
    """A table with standardised columns; the decoder gives a mean and a variance for each; half the weight on the KL."""
    x = table()
    x = (x - x.mean(0)) / x.std(0)

    class Tabular(Plain):
        def __init__(self):
            super().__init__(data=30)
            self.spread = nn.Linear(64, 30)

        def decode(self, z):
            h = torch.relu(self.fc3(z))
            return self.fc4(h), self.spread(h).clamp(-4, 4)

    def loss(model, x):
        (mean, logvar_x), mu, logvar = model(x)
        nll = 0.5 * (logvar_x + (x - mean) ** 2 / logvar_x.exp()).sum(1)
        return {"loss": nll + 0.5 * kl(mu, logvar), "rate": kl(mu, logvar)}

    model = Tabular()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4)
    return {"model": model, "data": x, "objective": loss, "optimizer": optimizer, "beta": 0.5}


def sound_learned_variance():
    """One log-variance for all pixels, a parameter of the model that the loss reads."""
    given = learned_variance_without_its_logarithm()
    short = given["objective"]

    def loss(model, x):
        return short(model, x) + 0.5 * x.shape[1] * model.logvar_x

    return given | {"objective": loss, "learning_rate": 1e-3}


def sound_counts():
    """Counts with a softmax behind the decoder, and a multinomial likelihood: there it belongs."""
    x = (6 * digits()[0]).round()

    class Counts(Plain):
        def decode(self, z):
            return torch.softmax(self.fc4(torch.relu(self.fc3(z))), dim=1)

    def loss(model, x):
        p, mu, logvar = model(x)
        return -(x * (p + 1e-9).log()).sum(1) + kl(mu, logvar)

    return {"model": Counts(), "data": x, "objective": loss, "learning_rate": 1e-3}


BROKEN = {
    unscaled_pixels: "likelihood",
    two_sigmoids: "distortion",
    mean_error_summed_kl: "distortion",
    kl_without_the_square: "rate",
    layers_in_a_list: "parameters",
    drawn_with_torch_normal: "path",
    conditional_decoder_without_z: "decoder ignores z",
    heads_behind_a_relu: "logvar",
    code_of_the_batch: "evaluation mode",
    dropout_in_evaluation: "evaluation mode",
    learning_rate_of_sgd: "learning rate",
    half_precision: "precision",
    kl_without_gradient: "rate",
    root_of_the_squared_error: "distortion",
    heads_behind_a_tanh: "mu",
    features_past_z: "shortcut",
    decoder_without_the_label: "decoder ignores c",
    constant_weights: "initial weights",
    table_as_measured: "data",
    mean_error_of_images: "distortion",
    logarithm_of_a_probability: "distortion",
    wrong_sign_beside_a_variance: "distortion",
    learning_rate_of_a_millionth: "learning rate",
}
SOUND = (
    sound_convolutions,
    sound_conditional,
    sound_mixture,
    sound_prior_of_the_label,
    sound_table,
    sound_learned_variance,
    sound_counts,
)
FRESH = {
    new_layer_at_each_call: "evaluation mode",
    missing_entries_as_999: "input",
    kl_summed_over_the_batch: "batch size",
    warm_up_backwards: "rate",
    variance_without_its_logarithm: "variance",
    learned_variance_without_its_logarithm: "variance",
    softmax_over_pixels: "output",
    softmax_over_rows_of_pixels: "output",
    an_axis_too_many: "shapes",
    an_axis_too_many_in_a_difference: "shapes",
}
NOTED = {
    rows_sorted_by_label: "order",
    rows_sorted_without_labels: "order",
    no_bias_at_the_end: "output bias",
}
