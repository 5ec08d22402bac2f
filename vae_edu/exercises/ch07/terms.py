"""Exercise 7.1: distortion and rate of each example, from the pixels through the whole model."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from vae_edu.exercises.record import Exercise, Family, Mistake, Property, slip


def terms(model, x, eps):
    """Distortion −log p(x|z) and rate KL(q(z|x) || N(0, I)) of each example: two tensors (batch,), in nats. x (batch, data) holds
    binary pixels, eps (batch, latent) the noise of z."""
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1)
    z = mu + (logvar / 2).exp() * eps
    logits = model.decoder(z)
    cost = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    rate = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return cost.sum(dim=1), rate


class SmallVAE(nn.Module):
    """Encoder, decoder and mean of a VAE in double precision; ``spread`` multiplies the logits."""

    def __init__(self, rng: np.random.Generator, data: int, latent: int, spread: float = 1.0):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(data, 4), nn.Tanh(), nn.Linear(4, 2 * latent))
        self.decoder = nn.Linear(latent, data)
        self.latent = latent
        self.register_buffer("mean", torch.from_numpy(rng.uniform(0.2, 0.8, data)))
        self.double()
        with torch.no_grad():
            for each in self.parameters():
                each.copy_(torch.from_numpy(rng.normal(0, 1.0, tuple(each.shape))))
            self.decoder.weight.mul_(spread)
            self.decoder.bias.mul_(spread)


def draw_batches(rng: np.random.Generator):
    """A batch of one, one latent, one pixel, logits of several hundred, and large and small variances."""
    for batch, data, latent, spread, logvar in (
        (5, 7, 3, 1.0, 0.0),
        (1, 6, 2, 1.0, 0.0),
        (4, 5, 1, 1.0, 0.0),
        (3, 1, 2, 1.0, 0.0),
        (6, 4, 2, 400.0, 0.0),
        (4, 5, 2, 1.0, 14.0),
    ):
        x = torch.from_numpy(rng.integers(0, 2, (batch, data)).astype(float))
        x.view(-1)[:1] = 1
        model = SmallVAE(rng, data, latent, spread)
        with torch.no_grad():  # the first latent has this logvar, and the last its negative
            model.encoder[-1].bias[latent] += logvar
            model.encoder[-1].bias[-1] -= logvar
        yield model, x, torch.from_numpy(rng.normal(size=(batch, latent)))


def gradients_of(function, *, seed: int = 5) -> np.ndarray:
    """The gradients of the mean of distortion + rate with respect to all parameters of the model, one after the other."""
    model, x, eps = next(iter(draw_batches(np.random.default_rng(seed))))
    distortion, rate = function(model, x, eps)
    total = (distortion + rate).mean()
    if not getattr(total, "requires_grad", False):
        return np.zeros(1)
    grads = torch.autograd.grad(total, list(model.parameters()), allow_unused=True)
    return torch.cat([each.flatten() if each is not None else torch.zeros(1) for each in grads]).numpy()


# The pieces of which wrong answers are put together.


def right_cost(logits, x):
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="none")


def right_rate(mu, logvar, z):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def over_dimensions(values):
    return values.sum(dim=1)


def with_changes(
    centre=lambda x, mean: x - mean,
    halves=lambda both: both.chunk(2, dim=1),
    sample=lambda mu, logvar, eps: mu + (logvar / 2).exp() * eps,
    cost=right_cost,
    rate=right_rate,
    of_pixels=over_dimensions,
    of_latents=over_dimensions,
    result=lambda distortion, rate: (distortion, rate),
):
    """``terms`` with some of its parts exchanged."""

    def wrong(model, x, eps):
        mu, logvar = halves(model.encoder(centre(x, model.mean)))
        z = sample(mu, logvar, eps)
        distortion, own = of_pixels(cost(model.decoder(z), x)), of_latents(rate(mu, logvar, z))
        return result(distortion, own)

    return wrong


def in_turns(both):
    return both[:, ::2], both[:, 1::2]


def other_way_round(both):
    return both.chunk(2, dim=1)[::-1]


def by_sampling(mu, logvar, z):
    return 0.5 * (z**2 - logvar - (z - mu) ** 2 / logvar.exp())


def by_probabilities(logits, x):
    return functional.binary_cross_entropy(logits.sigmoid(), x, reduction="none")


def by_clamped(logits, x, least):
    return functional.binary_cross_entropy(logits.sigmoid().clamp(least, 1 - least), x, reduction="none")


def by_logarithms(logits, x):
    p = logits.sigmoid()
    return -(x * p.log() + (1 - x) * (1 - p).log())


def reversed_rate(mu, logvar, z):
    return 0.5 * ((mu**2 + 1) / logvar.exp() - 1 + logvar)


SIGMOID_TWICE = (
    "the sigmoid is applied twice: the decoder outputs logits, and binary_cross_entropy_with_logits takes logits"
)
PAIR = "return distortion and rate as two tensors"

EXERCISE = Exercise(
    id="7.1",
    title="Distortion and rate of each example",
    minutes=12,
    difficulty=2,
    answer=terms,
    cases=draw_batches,
    properties=(
        Property(
            "the gradient of the mean of distortion + rate reaches every parameter",
            lambda function, rng: gradients_of(function),
            tolerance=1e-6,
        ),
    ),
    mistakes=(
        slip(
            "the mean image is not subtracted: the encoder takes x − model.mean", with_changes, centre=lambda x, mean: x
        ),
        slip(
            "mu and logvar are exchanged: mu is the left half of what the encoder outputs",
            with_changes,
            halves=other_way_round,
        ),
        slip(
            "the columns are dealt out in turns: mu is the left half of the encoder's output, logvar the right half",
            with_changes,
            halves=in_turns,
        ),
        slip(
            "the noise is scaled with the variance: logvar is log σ², so σ = exp(logvar / 2)",
            with_changes,
            sample=lambda mu, logvar, eps: mu + logvar.exp() * eps,
        ),
        slip(
            "the noise is scaled with logvar itself: σ = exp(logvar / 2)",
            with_changes,
            sample=lambda mu, logvar, eps: mu + logvar * eps,
        ),
        slip(
            "the noise is not scaled: z = mu + σ eps",
            with_changes,
            sample=lambda mu, logvar, eps: mu + eps,
        ),
        slip(
            "there is no noise in z: the decoder is given the mean of q(z|x), as in an autoencoder",
            with_changes,
            sample=lambda mu, logvar, eps: mu + 0 * eps,
        ),
        slip(
            "the decoder is given the noise itself, a sample of the prior: z = mu + σ eps",
            with_changes,
            sample=lambda mu, logvar, eps: eps,
        ),
        slip(
            "all examples have the noise of the first: each row of eps belongs to its example",
            with_changes,
            sample=lambda mu, logvar, eps: mu + (logvar / 2).exp() * eps[:1],
        ),
        slip(
            "the values are right, but no gradient reaches the encoder through z: is z detached, or made under no_grad?",
            with_changes,
            sample=lambda mu, logvar, eps: (mu + (logvar / 2).exp() * eps).detach(),
        ),
        slip(
            "the values are right, but the gradient with respect to logvar stops at σ",
            with_changes,
            sample=lambda mu, logvar, eps: mu + (logvar / 2).exp().detach() * eps,
        ),
        slip(
            "the values are right, but the gradient with respect to mu does not pass through z",
            with_changes,
            sample=lambda mu, logvar, eps: mu.detach() + (logvar / 2).exp() * eps,
        ),
        Family(
            "logvar is clamped: the rate of a q with a larger or a smaller variance is wrong, and so is its z",
            lambda most: with_changes(
                halves=lambda both: (both.chunk(2, dim=1)[0], both.chunk(2, dim=1)[1].clamp(-most, most))
            ),
            (10, 5, 4, 6, 8, 2),
        ),
        slip(
            "the right half of the encoder's output is taken for log σ, in z and in the rate: it is logvar, log σ²",
            with_changes,
            halves=lambda both: (both.chunk(2, dim=1)[0], 2 * both.chunk(2, dim=1)[1]),
        ),
        slip(
            "σ is the softplus of the right half of the encoder's output, in z and in the rate: this half is logvar, log σ²",
            with_changes,
            halves=lambda both: (both.chunk(2, dim=1)[0], 2 * functional.softplus(both.chunk(2, dim=1)[1]).log()),
        ),
        slip(
            "the values are right, but the rate carries no gradient",
            with_changes,
            result=lambda distortion, rate: (distortion, rate.detach()),
        ),
        slip(
            "the values are right, but the distortion carries no gradient",
            with_changes,
            result=lambda distortion, rate: (distortion.detach(), rate),
        ),
        slip(SIGMOID_TWICE, with_changes, cost=lambda logits, x: right_cost(logits.sigmoid(), x)),
        slip(
            "the right answer as long as no logit is large: binary_cross_entropy stops at 100 nats for a pixel. Stay with the logits",
            with_changes,
            cost=by_probabilities,
        ),
        slip(
            "for large logits p is rounded to 0 or 1 and its logarithm is infinite or NaN: stay with the logits",
            with_changes,
            cost=by_logarithms,
        ),
        Family(
            "the logits are clamped: binary_cross_entropy_with_logits is exact without it, and a wrong pixel at a logit of 300 costs "
            "300 nats",
            lambda most: with_changes(cost=lambda logits, x: right_cost(logits.clamp(-most, most), x)),
            (50, 10, 20, 30, 80, 88, 100),
            any_between=(1, 300),
        ),
        Family(
            "the probabilities are clamped: stay with the logits, for which binary_cross_entropy_with_logits is exact",
            lambda least: with_changes(cost=lambda logits, x: by_clamped(logits, x, least)),
            (1e-6, 1e-7, 1e-8, 1e-5, 1e-4, 1e-3, 1e-10, 1e-12),
        ),
        slip(
            "the distortion is a squared error: for binary pixels, −log p(x|z) is the binary cross-entropy",
            with_changes,
            cost=lambda logits, x: (logits.sigmoid() - x) ** 2,
        ),
        slip(
            "the first value is log p(x|z): the distortion is −log p(x|z), a cost",
            with_changes,
            cost=lambda logits, x: -right_cost(logits, x),
        ),
        slip(
            "the distortion is the mean over the pixels: log p(x|z) is a sum over pixels",
            with_changes,
            of_pixels=lambda values: values.mean(dim=1),
        ),
        slip(
            "the rate is the mean over the latents: the KL divergence of independent latents is a sum",
            with_changes,
            of_latents=lambda values: values.mean(dim=1),
        ),
        slip(
            "both values are numbers, sums over the whole batch: return one value for each example",
            with_changes,
            of_pixels=lambda values: values.sum(),
            of_latents=lambda values: values.sum(),
        ),
        slip(
            "both values are numbers, means over the batch: the mean comes later, in the training loop. Return one value for each example",
            with_changes,
            result=lambda distortion, rate: (distortion.mean(), rate.mean()),
        ),
        slip(
            "both values are means over everything: sum over the pixels, or the latents, of each example",
            with_changes,
            of_pixels=lambda values: values.mean(),
            of_latents=lambda values: values.mean(),
        ),
        slip(
            "the sums run over the examples: sum over dim=1, the pixels or the latents of an example",
            with_changes,
            of_pixels=lambda values: values.sum(dim=0),
            of_latents=lambda values: values.sum(dim=0),
        ),
        slip(
            "the values are not summed: sum over the pixels, and over the latents, of each example",
            with_changes,
            of_pixels=lambda values: values,
            of_latents=lambda values: values,
        ),
        slip(
            "a batch of one loses its axis: without squeeze(), the sum over dim=1 has the shape (batch,)",
            with_changes,
            result=lambda distortion, rate: (distortion.squeeze(), rate.squeeze()),
        ),
        slip("the rate is twice the right one: is a ½ missing?", with_changes, rate=lambda *q: 2 * right_rate(*q)),
        slip("the rate is negative: the sign is the wrong way round", with_changes, rate=lambda *q: -right_rate(*q)),
        slip("the − 1 is missing from the rate", with_changes, rate=lambda *q: right_rate(*q) + 0.5),
        slip(
            "in the rate, logvar has the wrong sign: the variance is exp(logvar)",
            with_changes,
            rate=lambda mu, logvar, z: 0.5 * (mu**2 + logvar.exp() - 1 + logvar),
        ),
        slip(
            "in the rate, mu is not squared",
            with_changes,
            rate=lambda mu, logvar, z: 0.5 * (mu + logvar.exp() - 1 - logvar),
        ),
        slip(
            "the rate takes logvar for log σ: the variance is exp(logvar)",
            with_changes,
            rate=lambda mu, logvar, z: 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar),
        ),
        slip(
            "the rate is that of the other direction, KL(N(0, I) || q): q comes first",
            with_changes,
            rate=reversed_rate,
        ),
        slip(
            "the rate is an estimate from the sample z: for two Gaussians the closed form of notebook 04 is exact",
            with_changes,
            rate=by_sampling,
        ),
        slip("the two are exchanged: first the distortion, then the rate", with_changes, result=lambda d, r: (r, d)),
        slip(f"this is distortion + rate: {PAIR}", with_changes, result=lambda d, r: d + r),
        slip(f"this is the mean loss: {PAIR}, without the mean", with_changes, result=lambda d, r: (d + r).mean()),
        slip(
            "the values are right, but they carry no gradient: is it all under no_grad, or detached?",
            with_changes,
            result=lambda d, r: (d.detach(), r.detach()),
        ),
        slip(
            "the second value is distortion + rate: return the rate alone",
            with_changes,
            result=lambda d, r: (d, d + r),
        ),
        Mistake(
            "the encoder is given x − model.mean, but the distortion is that of the centred pixels too: compare with x itself",
            lambda model, x, eps: with_changes(cost=lambda logits, _: right_cost(logits, x - model.mean))(
                model, x, eps
            ),
        ),
    ),
    hints=(
        "Which steps lead from the pixels to the logits? Which of them needs eps?",
        "Encode x − model.mean, cut the result into mu and logvar, sample z, decode. Then sum a cost over pixels, and a KL divergence "
        "over latents.",
        "mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1); torch.nn.functional.binary_cross_entropy_with_logits(..., "
        'reduction="none") keeps one cost for each pixel.',
    ),
)
