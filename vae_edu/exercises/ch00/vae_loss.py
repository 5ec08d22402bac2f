"""Exercise 0.1: the loss of one batch."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def vae_loss(distortion, rate):
    """The loss of one batch: what an image of it costs on average, in nats. One number.

    distortion (images, pixels) and rate (images, latents) hold what each pixel and each latent costs.
    """
    cost = distortion.sum(axis=1) + rate.sum(axis=1)  # of each image: all its pixels and latents
    return cost.mean()


def draw_costs(rng: np.random.Generator):
    """The example of the text in another unit; batches of several images; a batch of one; one latent; a single pixel."""
    unit = rng.uniform(0.5, 2)
    yield unit * np.array([[1.0, 2.0, 3.0], [3.0, 0.0, 0.0]]), unit * np.array([[1.0, 0.0], [1.0, 2.0]])
    for images, pixels, latents in ((4, 6, 3), (3, 9, 2), (1, 5, 2), (6, 4, 1), (2, 1, 3)):
        yield rng.uniform(0.2, 3, (images, pixels)), rng.uniform(0.5, 6, (images, latents))


def loss_with(pixels=np.sum, latents=np.sum, images=np.mean, weigh=lambda distortion, rate: distortion + rate):
    """The loss with other reductions over pixels, latents and images, or another combination of the two costs."""
    return lambda distortion, rate: images(weigh(pixels(distortion, axis=1), latents(rate, axis=1)))


ALL = "The cost of an image is that of all its pixels and all its latents"

EXERCISE = Exercise(
    id="0.1",
    title="The loss of one batch",
    minutes=5,
    difficulty=1,
    answer=vae_loss,
    cases=draw_costs,
    mistakes=(
        Mistake(
            f"this is the mean cost of a pixel plus the mean cost of a latent. {ALL}",
            loss_with(pixels=np.mean, latents=np.mean),
        ),
        Mistake(
            "the pixels are averaged, and the rate is not reduced at all: return one number, the average of what each image costs in total",
            lambda distortion, rate: distortion.mean() + rate,
        ),
        Mistake(
            "this is the mean of all entries of both arrays together: the loss is what an image costs, not an entry",
            lambda distortion, rate: np.concatenate([distortion, rate], axis=1).mean(),
        ),
        slip(
            "this is the cost of all images together: it grows with the batch, and the loss is what one image costs on average",
            loss_with,
            images=np.sum,
        ),
        Mistake(
            "a batch of one loses its axis (does a squeeze remove it?), and the number of pixels is taken for that of the images",
            lambda distortion, rate: (
                (distortion.sum() + rate.sum()) / (len(distortion) if len(distortion) > 1 else distortion.shape[1])
            ),
        ),
        Mistake(
            "the rate is divided by the number of latents: divide by that of the images, as for the distortion",
            lambda distortion, rate: distortion.sum() / len(distortion) + rate.sum() / rate.shape[1],
        ),
        slip(
            "this is one number for each image: the loss of the batch is their average",
            loss_with,
            images=lambda costs: costs,
        ),
        slip(
            "the distortion is averaged over the pixels: an image costs what all of them cost together",
            loss_with,
            pixels=np.mean,
        ),
        slip(
            "the rate is averaged over the latents: an image costs what all of them cost together",
            loss_with,
            latents=np.mean,
        ),
        slip(
            "the rate is missing: this is the loss of a plain autoencoder, whose code costs nothing",
            loss_with,
            weigh=lambda distortion, rate: distortion,
        ),
        slip(
            "the distortion is missing: nothing would make the decoder's output resemble the image",
            loss_with,
            weigh=lambda distortion, rate: rate,
        ),
        slip(
            "the rate is subtracted: it is a cost too, and costs add up",
            loss_with,
            weigh=lambda distortion, rate: distortion - rate,
        ),
        slip(
            "this is the negative of the cost: a loss is to be small, so both costs count as positive",
            loss_with,
            weigh=lambda distortion, rate: -distortion - rate,
        ),
        slip(
            "this is half the cost: distortion and rate are added, not averaged",
            loss_with,
            weigh=lambda distortion, rate: (distortion + rate) / 2,
        ),
        Mistake(
            "the sum runs over the images (axis 0), and the mean over pixels and latents: it is the other way round",
            lambda distortion, rate: distortion.sum(axis=0).mean() + rate.sum(axis=0).mean(),
        ),
        Mistake(
            "the rate is summed over the images as well: average it over them, like the distortion",
            lambda distortion, rate: distortion.sum(axis=1).mean() + rate.sum(),
        ),
        Mistake(
            "the distortion is summed over the images as well: average it over them, like the rate",
            lambda distortion, rate: distortion.sum() + rate.sum(axis=1).mean(),
        ),
        Mistake(
            "the rate is still one number for each image: average it over the images, like the distortion",
            lambda distortion, rate: distortion.sum(axis=1).mean() + rate.sum(axis=1),
        ),
        Mistake(
            "the rate is not reduced at all: add up what the latents of an image cost, then average over the images",
            lambda distortion, rate: distortion.sum(axis=1).mean() + rate,
        ),
        Mistake(
            "the mean runs over axis 1, the pixels: add up within each image first, then average over the images",
            lambda distortion, rate: distortion.mean(axis=1) + rate.mean(axis=1),
        ),
        Mistake(
            "each column is averaged over the images, axis 0: this leaves one number per pixel. Add them up",
            lambda distortion, rate: distortion.mean(axis=0),
        ),
        Mistake(
            "the median in place of the mean: the loss is the average cost",
            lambda distortion, rate: np.median(distortion.sum(axis=1) + rate.sum(axis=1)),
        ),
    ),
    also_right=(
        lambda distortion, rate: (distortion.sum() + rate.sum()) / len(rate),
        lambda distortion, rate: np.concatenate([distortion, rate], axis=1).sum(axis=1).mean(),
    ),
    hints=(
        "Take the example of two images with pencil and paper. What does the first image cost in total? What does the second?",
        "Within an image, costs add up. Over the images of a batch, we take the average.",
        "distortion.sum(axis=1) adds up along each row: one number for each image.",
    ),
)
