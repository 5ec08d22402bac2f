"""Exercise 13.6: samples of a VAE."""

from dataclasses import dataclass

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only
from vae_edu.exercises.samplers import SCORES, RecordedFunction, gaussian_scores


def vae_samples(encode, decode, x, n, latent, rng):
    """n samples of a VAE, an array (n, data): decode(z) for n draws z of the prior N(0, I). decode turns z (n, latent) into
    pictures (n, data); encode(x) returns mu and logvar of q(z|x), each (batch, latent); x (batch, data) holds test images;
    rng is a NumPy Generator. Not everything that is handed over is needed."""
    return decode(rng.standard_normal((n, latent)))


@dataclass(frozen=True)
class Decoder:
    """z @ weights: a decoder that says its weights."""

    weights: np.ndarray

    def __call__(self, z):
        return np.asarray(z) @ self.weights


@dataclass(frozen=True)
class Encoder:
    """mu = x @ weights, with a variance of its own."""

    weights: np.ndarray

    def __call__(self, x):
        mu = np.asarray(x) @ self.weights
        return mu, np.full(mu.shape, -1.5)


def draw_vaes(rng: np.random.Generator):
    for n, latent, data in ((4, 3, 7), (9, 2, 5), (1, 3, 6)):
        encode, decode = Encoder(rng.normal(size=(data, latent))), Decoder(rng.normal(size=(latent, data)))
        yield encode, decode, rng.normal(size=(6, data)), n, latent, rng


def off_centre(x):
    """An encoder whose posteriors lie away from the prior's mean."""
    return 1.5 + 0.4 * x, np.full(x.shape, -0.5)


def drawn(function, rng, *, n, shift=0.0):
    """The z that were decoded: the decoder hands them back."""
    x = shift + np.random.default_rng(5).normal(size=(n, 3))
    return np.asarray(function(off_centre, lambda z: np.asarray(z), x, n, 3, rng), float)


def returned_as_decoded(function, rng):
    """1 if what is returned is what decode returned, for one sample and for several, else 0."""
    for n in (1, 5):
        decode = RecordedFunction(Decoder(rng.normal(size=(3, 4))))
        samples = np.asarray(function(off_centre, decode, rng.normal(size=(6, 3)), n, 3, rng), float)
        decoded = [np.atleast_2d(output) for output in decode.outputs]
        if not decoded or samples.shape != (n, 4) or not np.allclose(np.concatenate(decoded), samples):
            return 0.0
    return 1.0


def scores_of_latents(function, rng):
    return gaussian_scores(np.array([drawn(function, rng, n=50) for _ in range(200)]))


def same_draws(function, rng):
    """Whether the draws are the same for the same seed, for the same seed and other images, and for another seed."""
    seed = int(rng.integers(2**32))
    first, again, other_x = (drawn(function, np.random.default_rng(seed), n=20, shift=by) for by in (0, 0, 3))
    other = drawn(function, np.random.default_rng(seed + 1), n=20)
    return [float(np.allclose(first, each)) for each in (again, other_x, other)]


def from_posterior(spread):
    def samples(encode, decode, x, n, latent, rng):
        mu, logvar = encode(x[np.arange(n) % len(x)])
        return decode(mu + spread * np.exp(logvar / 2) * rng.standard_normal((n, latent)))

    return samples


def decoded(draw):
    return lambda encode, decode, x, n, latent, rng: decode(draw(rng, n, latent))


def from_gaussian_of_codes(encode, decode, x, n, latent, rng):
    mu, _ = encode(x)
    return decode(mu.mean(axis=0) + mu.std(axis=0) * rng.standard_normal((n, latent)))


EXERCISE = Exercise(
    id="13.6",
    title="Samples of a VAE",
    minutes=6,
    difficulty=1,
    answer=vae_samples,
    cases=draw_vaes,
    view=shape_only,
    properties=(
        Property(
            "the samples are the same for the same rng, whatever the test images are, and others for another rng",
            same_draws,
            tolerance=0.0,
            expected=[1.0, 1.0, 0.0],
        ),
        Property(
            "what is returned is what decode returns, unchanged (then the number is 1)", returned_as_decoded, 0.0, 1.0
        ),
        Property(
            "the z that are decoded are independent samples of N(0, I), each number below in standard errors",
            scores_of_latents,
            5.0,
            [0.0] * len(SCORES),
            SCORES,
        ),
    ),
    mistakes=(
        Mistake(
            "these are reconstructions: z is drawn from q(z|x), so the samples have seen the test images",
            from_posterior(1),
        ),
        Mistake(
            "these are reconstructions without noise: z is the mean of q(z|x); a sampler has no use for x",
            from_posterior(0),
        ),
        Mistake(
            "z is drawn from a Gaussian that was fitted to the codes: another prior, so another model, and it needs x",
            from_gaussian_of_codes,
        ),
        Mistake(
            "z is uniform in the box [−2, 2]: the prior is N(0, I)",
            decoded(lambda rng, n, latent: rng.uniform(-2, 2, (n, latent))),
        ),
        Mistake(
            "z is uniform in the box [−1, 1]: the prior is N(0, I)",
            decoded(lambda rng, n, latent: rng.uniform(-1, 1, (n, latent))),
        ),
        Mistake(
            "z is uniform between 0 and 1: rng.random is not the prior N(0, I)",
            decoded(lambda rng, n, latent: rng.random((n, latent))),
        ),
        Mistake(
            "one z for all n samples: each needs its own",
            decoded(lambda rng, n, latent: np.tile(rng.standard_normal(latent), (n, 1))),
        ),
        Mistake(
            "one number for all latents of a sample: each latent needs its own",
            decoded(lambda rng, n, latent: np.tile(rng.standard_normal((n, 1)), (1, latent))),
        ),
        Mistake(
            "a generator of its own, with a fixed seed: the samples are the same at every call; draw from rng",
            decoded(lambda rng, n, latent: np.random.default_rng(0).standard_normal((n, latent))),
        ),
        Mistake(
            "this is z itself: decode it",
            lambda encode, decode, x, n, latent, rng: rng.standard_normal((n, latent)),
        ),
    ),
    hints=(
        "What does the model's story of an example begin with, and which of the things handed over does it need?",
        "z comes from the prior N(0, I): n rows of latent numbers, all independent. No x, no encoder.",
        "rng.standard_normal((n, latent)) draws them; decode turns them into pictures.",
    ),
)
