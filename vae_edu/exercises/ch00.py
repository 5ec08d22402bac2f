"""Exercise of notebook 00."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def vae_loss(distortion, rate):
    """The loss of one batch: the mean over its images of distortion + rate."""
    return (distortion + rate).mean()


def draw_costs(rng: np.random.Generator):
    for images in (2, 5, 9):
        yield rng.uniform(200, 300, images), rng.uniform(3, 30, images)


EXERCISES = (
    Exercise(
        id="0.1",
        title="The loss of one batch",
        minutes=3,
        difficulty=1,
        answer=vae_loss,
        cases=draw_costs,
        mistakes=(
            Mistake(
                "the sum over the batch: the loss would grow with the batch size",
                lambda distortion, rate: np.sum(distortion + rate),
            ),
            Mistake(
                "the rate is subtracted: a model would be paid for using its code",
                lambda distortion, rate: np.mean(distortion - rate),
            ),
            Mistake(
                "the rate is missing: this is the loss of a plain autoencoder",
                lambda distortion, rate: np.mean(distortion),
            ),
            Mistake(
                "the distortion is missing: nothing would ask the images to look right",
                lambda distortion, rate: np.mean(rate),
            ),
            Mistake(
                "one loss per image: the mean over the batch is missing", lambda distortion, rate: distortion + rate
            ),
            Mistake(
                "divided by two: the mean over the images, not over the two terms",
                lambda distortion, rate: np.mean((distortion + rate) / 2),
            ),
            Mistake(
                "the sign is turned: this is the ELBO, which is to be large",
                lambda distortion, rate: -np.mean(distortion + rate),
            ),
        ),
        hints=(
            "Both arguments are arrays with one number per image. What does the loss of one image consist of?",
            "Add the two arrays: that is one loss per image. The loss of a batch is their average.",
            "NumPy arrays have a method .mean().",
        ),
    ),
)
