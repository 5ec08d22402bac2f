"""Exercise 10.2: active units."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def active_mask(mu, logvar, threshold):
    """Which latents are active, an array of True and False (latent,): those whose posterior mean has a variance over the
    data above threshold. mu, logvar: (batch, latent)."""
    return mu.var(axis=0) > threshold


def draw_units(rng: np.random.Generator):
    for batch, latent, threshold in (
        (40, 8, rng.uniform(0.02, 0.04)),
        (30, 11, rng.uniform(0.002, 0.004)),
        (60, 9, rng.uniform(0.02, 0.04)),
    ):
        # The first four are dead: one like the prior, one by its offset only, one narrow, one with widths that differ
        # between the images. Then two active ones, narrow and as wide as the prior.
        sizes = np.concatenate([[0.65, 1e-3, 0.45, 1e-3, 1.5, 30.0], rng.uniform(2, 40, latent - 6)]) * threshold
        means = rng.choice([-1, 1], latent) * rng.uniform(1, 2, latent)
        means[[0, 2, 3]] = 0
        logvar = np.log(rng.uniform(0.3, 0.8, latent))
        logvar[[0, 2, 4, 5]] = 0, math.log(0.35), math.log(threshold / 10), 0
        standard = rng.normal(size=(batch, latent))
        standard = (standard - standard.mean(axis=0)) / standard.std(axis=0)
        widths = np.full(latent, 0.02)
        widths[3] = 0.8
        mu, logvar = means + np.sqrt(sizes) * standard, logvar + widths * rng.normal(size=(batch, latent))
        order = rng.permutation(latent)
        yield mu[:, order], logvar[:, order], float(threshold)


def kl_of_each(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).mean(axis=0)


EXERCISE = Exercise(
    id="10.2",
    title="Active units",
    minutes=6,
    difficulty=1,
    answer=active_mask,
    cases=draw_units,
    mistakes=(
        Mistake(
            "this is the variance of draws of z, the variance of the means plus the mean of the variances: dead units have it too",
            lambda mu, logvar, t: mu.var(axis=0) + np.exp(logvar).mean(axis=0) > t,
        ),
        Mistake(
            "this counts: return True or False for each latent",
            lambda mu, logvar, t: int((mu.var(axis=0) > t).sum()),
        ),
        Mistake(
            "these are the variances: compare them with the threshold",
            lambda mu, logvar, t: mu.var(axis=0),
        ),
        Mistake(
            "the other way round: a unit is active above the threshold",
            lambda mu, logvar, t: mu.var(axis=0) < t,
        ),
        Mistake(
            "this compares the standard deviation of the means with the threshold, or the variance with its square",
            lambda mu, logvar, t: mu.std(axis=0) > t,
        ),
        Mistake(
            "this is the mean of mu²: an offset that all images share is no activity, so take the variance",
            lambda mu, logvar, t: (mu**2).mean(axis=0) > t,
        ),
        Mistake(
            "this is the mean of the posterior variances, which is near 1 for a dead unit: take the variance of the means",
            lambda mu, logvar, t: np.exp(logvar).mean(axis=0) > t,
        ),
        Mistake(
            "this compares the KL with the threshold: an offset or a width makes a KL without any activity",
            lambda mu, logvar, t: kl_of_each(mu, logvar) > t,
        ),
        Mistake(
            "this compares half the variance, the spread of the KL, with the threshold: it is for the whole variance",
            lambda mu, logvar, t: 0.5 * mu.var(axis=0) > t,
        ),
        Mistake(
            "this compares twice the variance with the threshold",
            lambda mu, logvar, t: 2 * mu.var(axis=0) > t,
        ),
        Mistake(
            "this adds the variance of the posterior variances: a width that differs between images is not a mean that does",
            lambda mu, logvar, t: mu.var(axis=0) + np.exp(logvar).var(axis=0) > t,
        ),
        Mistake(
            "this asks for a narrow posterior too: a unit is active by the variance of its means alone",
            lambda mu, logvar, t: (mu.var(axis=0) > t) & (np.exp(logvar).mean(axis=0) < 0.9),
        ),
        Mistake(
            "the threshold is fixed at 0.01: it is an argument",
            lambda mu, logvar, t: mu.var(axis=0) > 0.01,
        ),
        Mistake(
            "this is the variance over the latents of each image: take it over the data, axis 0",
            lambda mu, logvar, t: mu.var(axis=1) > t,
        ),
        Mistake(
            "the variance of the posterior means is not divided by the mean posterior variance: compare it as it is",
            lambda mu, logvar, t: mu.var(axis=0) / np.exp(logvar).mean(axis=0) > t,
        ),
    ),
    hints=(
        "A latent that says nothing has the same posterior for every image. What then is the variance of its mean?",
        "logvar is not needed: the mean of the posterior variances is near 1 for a dead unit.",
        "mu.var(axis=0) has one variance for each latent.",
    ),
)
