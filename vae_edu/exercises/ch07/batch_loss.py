"""Exercise 7.1: from the cost of each pixel to the loss of a batch."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def batch_loss(pixel_costs, latent_costs):
    """The mean −ELBO of a batch, one number in nats per example, from −log p(x_d|z) of each pixel, (batch, data), and the
    KL of each latent dimension, (batch, latent)."""
    distortion, rate = pixel_costs.sum(axis=1), latent_costs.sum(axis=1)
    return (distortion + rate).mean()


def draw_costs(rng: np.random.Generator):
    for batch, data, latent in ((5, 7, 3), (3, 11, 4), (6, 4, 2)):
        yield rng.uniform(0.1, 2, (batch, data)), rng.uniform(0.2, 3, (batch, latent))


EXERCISE = Exercise(
    id="7.1",
    title="From the cost of each pixel to the loss of a batch",
    minutes=5,
    difficulty=1,
    answer=batch_loss,
    cases=draw_costs,
    mistakes=(
        Mistake(
            "mean over the pixels where their sum belongs: that is the right loss, but for β = number of pixels, and scaled",
            lambda pixel_costs, latent_costs: (pixel_costs.mean(axis=1) + latent_costs.sum(axis=1)).mean(),
        ),
        Mistake(
            "mean over the latent dimensions where their sum belongs: that is β = 1 / number of latents",
            lambda pixel_costs, latent_costs: (pixel_costs.sum(axis=1) + latent_costs.mean(axis=1)).mean(),
        ),
        Mistake(
            "means over pixels and over latents where sums belong: that is β = pixels / latents, and scaled",
            lambda pixel_costs, latent_costs: pixel_costs.mean() + latent_costs.mean(),
        ),
        Mistake(
            "both terms are summed over the batch: a batch twice as large has twice the loss. Take the mean over its examples",
            lambda pixel_costs, latent_costs: pixel_costs.sum() + latent_costs.sum(),
        ),
        Mistake(
            "the rate is summed over the batch, the distortion averaged: that is β = batch size",
            lambda pixel_costs, latent_costs: pixel_costs.sum(axis=1).mean() + latent_costs.sum(),
        ),
        Mistake(
            "the distortion is summed over the batch, the rate averaged: that is β = 1 / batch size",
            lambda pixel_costs, latent_costs: pixel_costs.sum() + latent_costs.sum(axis=1).mean(),
        ),
        Mistake(
            "mean over pixels and batch, sum over latents and batch: that is β = pixels · batch size, and scaled",
            lambda pixel_costs, latent_costs: pixel_costs.mean() + latent_costs.sum(),
        ),
        Mistake(
            "sum over pixels and batch, mean over latents and batch: that is β = 1 / (latents · batch size), and scaled",
            lambda pixel_costs, latent_costs: pixel_costs.sum() + latent_costs.mean(),
        ),
        Mistake(
            "the balance is right (β = 1), but this is nats per pixel: it is the number of pixels too small",
            lambda pixel_costs, latent_costs: (pixel_costs.sum() + latent_costs.sum()) / pixel_costs.size,
        ),
        Mistake(
            "everything is divided by the number of all costs, of pixels and of latents: sum them for each example",
            lambda pixel_costs, latent_costs: np.concatenate([pixel_costs, latent_costs], axis=1).mean(),
        ),
        Mistake(
            "sum and mean are exchanged: sum over the features of an example, and mean over the examples",
            lambda pixel_costs, latent_costs: pixel_costs.sum(axis=0).mean() + latent_costs.sum(axis=0).mean(),
        ),
        Mistake(
            "this is one number for each example: the mean over the batch is missing",
            lambda pixel_costs, latent_costs: pixel_costs.sum(axis=1) + latent_costs.sum(axis=1),
        ),
        Mistake(
            "the rate is subtracted: both terms are costs, and −ELBO is their sum",
            lambda pixel_costs, latent_costs: (pixel_costs.sum(axis=1) - latent_costs.sum(axis=1)).mean(),
        ),
        Mistake(
            "this is the ELBO: the loss is −ELBO, and the costs are already positive",
            lambda pixel_costs, latent_costs: -(pixel_costs.sum(axis=1) + latent_costs.sum(axis=1)).mean(),
        ),
        Mistake(
            "the pixel costs are multiplied with −1, but they are −log p(x_d|z) already",
            lambda pixel_costs, latent_costs: (latent_costs.sum(axis=1) - pixel_costs.sum(axis=1)).mean(),
        ),
        Mistake("the rate is missing", lambda pixel_costs, latent_costs: pixel_costs.sum(axis=1).mean()),
        Mistake("the distortion is missing", lambda pixel_costs, latent_costs: latent_costs.sum(axis=1).mean()),
        Mistake(
            "the rate counts half: the ½ of the KL is already in the latent costs",
            lambda pixel_costs, latent_costs: (pixel_costs.sum(axis=1) + 0.5 * latent_costs.sum(axis=1)).mean(),
        ),
        Mistake(
            "the batch size is divided out twice: `mean` has done it once",
            lambda pixel_costs, latent_costs: (
                (pixel_costs.sum(axis=1) + latent_costs.sum(axis=1)).mean() / len(pixel_costs)
            ),
        ),
    ),
    hints=(
        "log p(x|z) is a sum over pixels, and the KL of independent dimensions a sum over these. What is left to average?",
        "axis=1 runs over pixels, and over latents. Sum over it; then one number per example is left of each term.",
        "Add the two sums, example by example, and take the mean over the examples, once, at the end.",
    ),
)
