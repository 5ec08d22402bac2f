"""Exercise 7.4: the variance that fits best."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def best_gaussian(x, mean):
    """A pair: the one variance for all pixels and examples that makes x most likely under N(mean, variance I), and each
    example's −log p(x) at it, an array (batch,), in nats. x and mean: (batch, data)."""
    errors = (x - mean) ** 2
    variance = errors.mean()
    return variance, 0.5 * (np.log(2 * np.pi * variance) + errors / variance).sum(axis=1)


def draw_images(rng: np.random.Generator):
    for (batch, data), sigma in zip(
        ((4, 7), (6, 3), (2, 9)), rng.uniform((0.1, 0.3, 1.5), (0.3, 0.6, 2.5)), strict=True
    ):
        mean = rng.normal(0.5, 1, (batch, data))
        yield mean + 0.2 + sigma * rng.normal(size=(batch, data)), mean


LOG_2_PI = np.log(2 * np.pi)


def gaussian_answer(x, mean, variance=None, *, half=0.5, constant=LOG_2_PI, spread=1.0, quadratic=0.5):
    """variance and cost, with other factors in front of log(2π), log variance and the squared error."""
    errors = (x - mean) ** 2
    variance = errors.mean() if variance is None else variance
    return variance, (half * (constant + spread * np.log(variance)) + quadratic * errors / variance).sum(axis=1)


EXERCISE = Exercise(
    id="7.4",
    title="The variance that fits best",
    minutes=10,
    difficulty=2,
    answer=best_gaussian,
    cases=draw_images,
    mistakes=(
        Mistake(
            "log σ_x² is left out of the cost: without it nothing would keep the variance from growing",
            lambda x, mean: gaussian_answer(x, mean, spread=0),
        ),
        Mistake(
            "the variance is right; the cost is the plain squared error: divide it by 2σ_x², and add the constants",
            lambda x, mean: (((x - mean) ** 2).mean(), ((x - mean) ** 2).sum(axis=1)),
        ),
        Mistake(
            "the cost is the squared error over 2σ_x² alone: log σ_x² and log 2π are missing",
            lambda x, mean: gaussian_answer(x, mean, half=0),
        ),
        Mistake(
            "the ½ is missing in front of the squared error",
            lambda x, mean: gaussian_answer(x, mean, quadratic=1),
        ),
        Mistake(
            "log σ_x² stands where log σ_x = ½ log σ_x² belongs",
            lambda x, mean: gaussian_answer(x, mean, spread=2),
        ),
        Mistake(
            "½ log σ_x stands where log σ_x = ½ log σ_x² belongs",
            lambda x, mean: gaussian_answer(x, mean, spread=0.5),
        ),
        Mistake("log 2π is missing from the cost", lambda x, mean: gaussian_answer(x, mean, constant=0)),
        Mistake(
            "the ½ in front of log 2π is missing",
            lambda x, mean: gaussian_answer(x, mean, constant=2 * np.log(2 * np.pi)),
        ),
        Mistake(
            "the ½ is missing in front of the whole", lambda x, mean: gaussian_answer(x, mean, half=1, quadratic=1)
        ),
        Mistake(
            "σ_x stands where σ_x² belongs: the squared error is divided by 2σ_x²",
            lambda x, mean: (
                ((x - mean) ** 2).mean(),
                gaussian_answer(x, mean, quadratic=0.5 * ((x - mean) ** 2).mean() ** 0.5)[1],
            ),
        ),
        Mistake(
            "this is log p(x): the cost is −log p(x)",
            lambda x, mean: (gaussian_answer(x, mean)[0], -gaussian_answer(x, mean)[1]),
        ),
        Mistake(
            "the constants are counted once for each example: every pixel has its own log σ_x and ½ log 2π",
            lambda x, mean: (
                ((x - mean) ** 2).mean(),
                0.5 * np.log(2 * np.pi * ((x - mean) ** 2).mean())
                + 0.5 * ((x - mean) ** 2).sum(axis=1) / ((x - mean) ** 2).mean(),
            ),
        ),
        Mistake(
            "the first value is the standard deviation: return its square",
            lambda x, mean: (((x - mean) ** 2).mean() ** 0.5, gaussian_answer(x, mean)[1]),
        ),
        Mistake(
            "the square root of the mean squared error is used as the variance",
            lambda x, mean: gaussian_answer(x, mean, ((x - mean) ** 2).mean() ** 0.5),
        ),
        Mistake(
            "that is the variance of the errors about their own mean: the decoder's mean is where they are counted from",
            lambda x, mean: gaussian_answer(x, mean, (x - mean).var()),
        ),
        Mistake(
            "that is the variance of x itself: what counts is its squared distance from the decoder's mean",
            lambda x, mean: gaussian_answer(x, mean, x.var()),
        ),
        Mistake(
            "the squared error is summed over the pixels: the variance is per pixel, so take the mean over them too",
            lambda x, mean: gaussian_answer(x, mean, ((x - mean) ** 2).sum(axis=1).mean()),
        ),
        Mistake(
            "the squared error is summed over everything: the variance is its mean over pixels and examples",
            lambda x, mean: gaussian_answer(x, mean, ((x - mean) ** 2).sum()),
        ),
        Mistake(
            "half the mean squared error: the ½ in front of it drops out when the derivative is set to 0",
            lambda x, mean: gaussian_answer(x, mean, ((x - mean) ** 2).mean() / 2),
        ),
        *(
            Mistake(
                "the number of errors less 1 stands below: most likely is the mean of the squared errors, over all of them",
                lambda x, mean, variance=variance: gaussian_answer(x, mean, variance(x - mean)),
            )
            for variance in (
                lambda errors: (errors**2).sum() / (errors.size - 1),
                lambda errors: errors.var(ddof=1),
            )
        ),
        Mistake(
            "the two are exchanged: the variance comes first, then the costs",
            lambda x, mean: gaussian_answer(x, mean)[::-1],
        ),
        Mistake(
            "the variance is right; the cost is in bits: use the natural logarithm",
            lambda x, mean: (gaussian_answer(x, mean)[0], gaussian_answer(x, mean)[1] / np.log(2)),
        ),
        Mistake(
            "the mean absolute error is not the variance: square the errors",
            lambda x, mean: gaussian_answer(x, mean, np.abs(x - mean).mean()),
        ),
        Mistake(
            "one variance for each example: it is one for all of them",
            lambda x, mean: (
                ((x - mean) ** 2).mean(axis=1),
                gaussian_answer(x, mean, ((x - mean) ** 2).mean(axis=1, keepdims=True))[1],
            ),
        ),
        Mistake(
            "one variance for each pixel: it is one for all of them",
            lambda x, mean: (
                ((x - mean) ** 2).mean(axis=0),
                gaussian_answer(x, mean, ((x - mean) ** 2).mean(axis=0))[1],
            ),
        ),
        Mistake(
            "the variance is right; the cost is averaged over the pixels where their sum belongs",
            lambda x, mean: (gaussian_answer(x, mean)[0], gaussian_answer(x, mean)[1] / x.shape[1]),
        ),
        Mistake(
            "the variance is right; the cost is one number for the batch: return one for each example",
            lambda x, mean: (gaussian_answer(x, mean)[0], gaussian_answer(x, mean)[1].mean()),
        ),
        Mistake(
            "the variance is right; the cost is one number for the batch: return one for each example",
            lambda x, mean: (gaussian_answer(x, mean)[0], gaussian_answer(x, mean)[1].sum()),
        ),
    ),
    tolerance=1e-5,  # single-precision data make a double-precision answer that is good to about 1e-6
    hints=(
        "With v = σ_x² and SE the sum of all N squared errors, the cost is N/2 log v + SE/(2v) + constants. Where is its slope 0?",
        "N/(2v) = SE/(2v²), so v = SE/N: the mean squared error over pixels and examples.",
        "Each pixel costs ½ log(2πv) + error²/(2v). Sum over axis 1.",
    ),
)
