"""Exercises of notebook 07: a VAE in PyTorch, and its likelihoods."""

import itertools

import numpy as np

from vae_edu.exercises.ch06.distortion import draw_pixels, sigmoid
from vae_edu.exercises.record import Exercise, Mistake, Property


def batch_loss(pixel_costs, latent_costs):
    """The mean −ELBO of a batch, one number in nats per example, from −log p(x_d|z) of each pixel, (batch, data), and the
    KL of each latent dimension, (batch, latent)."""
    distortion, rate = pixel_costs.sum(axis=1), latent_costs.sum(axis=1)
    return (distortion + rate).mean()


def draw_costs(rng: np.random.Generator):
    for batch, data, latent in ((5, 7, 3), (3, 11, 4), (6, 4, 2)):
        yield rng.uniform(0.1, 2, (batch, data)), rng.uniform(0.2, 3, (batch, latent))


def implied(batch, data, latent, of_pixels, of_latents):
    """The pair (β, σ_x²): the β that a loss silently means, and the decoder's variance that it means, with β = 1, where its
    distortion is a plain squared error. of_pixels, of_latents: "sum", "mean" or "mean of sums", how each term is reduced to a number."""
    share = {"sum": lambda _: batch, "mean": lambda features: 1 / features, "mean of sums": lambda _: 1}
    beta = share[of_latents](latent) / share[of_pixels](data)
    return beta, beta / 2


def draw_reductions(rng: np.random.Generator):
    for of_pixels, of_latents in itertools.product(("sum", "mean", "mean of sums"), repeat=2):
        batch, data, latent = rng.integers(20, 40), rng.integers(100, 900), rng.integers(3, 15)
        yield int(batch), int(data), int(latent), of_pixels, of_latents


def weight(reduction, batch, features, *, of_sum=True, of_mean=True):
    """What a reduction multiplies the mean of sums with; of_sum, of_mean: whether to know it."""
    return {"sum": batch if of_sum else 1, "mean": 1 / features if of_mean else 1, "mean of sums": 1}[reduction]


def beta_of(batch, data, latent, of_pixels, of_latents, **known):
    return weight(of_latents, batch, latent, **known) / weight(of_pixels, batch, data, **known)


def with_variance(beta):
    return beta, beta / 2


def bernoulli_log_likelihood(x, logits):
    """log p(x|z) of each example's binary pixels, (batch,), in nats, from their logits; finite for logits of ±1000, too."""
    return (x * logits - np.logaddexp(0, logits)).sum(axis=1)


def from_probabilities(x, p):
    with np.errstate(all="ignore"):
        return (x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)


def guarded(x, logits, smallest):
    """Logarithms of p + smallest, as they stand in much code."""
    p = sigmoid(logits)
    return (x * np.log(p + smallest) + (1 - x) * np.log(1 - p + smallest)).sum(axis=1)


def overflowing(x, logits):
    with np.errstate(all="ignore"):
        return (x * logits - np.log(1 + np.exp(logits))).sum(axis=1)


def zeroed(x, logits):
    """Infinite logarithms replaced by 0."""
    with np.errstate(all="ignore"):
        p = sigmoid(logits)
        ones, zeros = np.log(p), np.log(1 - p)
    return (x * np.where(np.isinf(ones), 0, ones) + (1 - x) * np.where(np.isinf(zeros), 0, zeros)).sum(axis=1)


GUARDED = "an infinite loss is hidden behind a small number added to p, or by clipping p: a wrong pixel at a logit of 1000 costs 1000 nats"
CLIPPED = (
    "the logits, or the logarithms, are clipped (torch's binary_cross_entropy holds log p at −100): "
    "a wrong pixel at a logit of 1000 costs 1000 nats"
)


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


def level_probabilities(mean, scale, levels):
    """The probability of each grey value 0, 1/(levels − 1), …, 1 under a discretised logistic: an array (levels,),
    summing to 1."""
    ends = (np.arange(levels - 1) + 0.5) / (levels - 1)
    below = 1 / (1 + np.exp(-(ends - mean) / scale))
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


def draw_logistics(rng: np.random.Generator):
    for levels in (7, 16, 5):
        yield rng.uniform(0.15, 0.85), rng.uniform(0.08, 0.3), levels


def binned(mean, scale, levels, *, half=0.5, step=None, low=True, high=True, cdf=sigmoid, start=0.0):
    """Probabilities of bins (value ± half · step), the first and last reaching to infinity where low and high say so."""
    step = 1 / (levels - 1) if step is None else step
    grey = start + np.arange(levels) * step
    above = cdf((grey + half * step - mean) / scale)
    below = cdf((grey - half * step - mean) / scale)
    above[-1], below[0] = 1.0 if high else above[-1], 0.0 if low else below[0]
    return above - below


def truncated(mean, scale, levels):
    """Probabilities of bins that cover [0, 1] and no more."""
    ends = np.concatenate([[0.0], (np.arange(levels - 1) + 0.5) / (levels - 1), [1.0]])
    return np.diff(sigmoid((ends - mean) / scale))


def logistic_density(mean, scale, levels):
    """The logistic's density at the grey values."""
    at = (np.arange(levels) / (levels - 1) - mean) / scale
    return sigmoid(at) * sigmoid(-at) / scale


def normal_cdf(values):
    from scipy.stats import norm

    return norm.cdf(values)


def mean_over(model, cost, x, batch_size):
    """The mean over the rows of x of cost(model, rows), which returns one number for each row, in evaluation mode and
    batch by batch. The model is left in the mode in which it came."""
    import torch

    was_training, total = model.training, 0.0
    model.eval()
    with torch.no_grad():
        for rows in x.split(batch_size):
            total += cost(model, rows).sum().item()
    model.train(was_training)
    return total / len(x)


def squared_output(model, rows):
    """A cost of each row: its squared output."""
    return (model(rows) ** 2).sum(dim=1)


def new_model(rng, kind):
    """A small network with dropout, or with batch normalisation that has seen other data."""
    import torch
    from torch import nn

    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    own = nn.Dropout(0.5) if kind == "dropout" else nn.BatchNorm1d(6)
    model = nn.Sequential(nn.Linear(4, 6), own, nn.Linear(6, 3)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        if kind != "dropout":
            own.running_mean += 0.7
            own.running_var *= 2.5
    return model


def draw_models(rng: np.random.Generator):
    import torch

    for kind, rows, batch_size, training in (("norm", 10, 7, True), ("dropout", 11, 4, True), ("norm", 17, 5, False)):
        x = torch.from_numpy(rng.normal(0, 1, (rows, 4)) + np.linspace(-1, 2, rows)[:, None])
        yield new_model(rng, kind).train(training), squared_output, x, batch_size


def modes_afterwards(function, rng):
    """Whether the model is in training mode after the call: for one that came so, and for one that did not."""
    import torch

    found = []
    for training in (True, False):
        model = new_model(rng, "norm").train(training)
        function(model, squared_output, torch.from_numpy(rng.normal(size=(7, 4))), 3)
        found.append(float(model.training and all(part.training for part in model)))
    return found


def largest_batches(function, rng):
    """The largest number of rows that cost is called with, for batch_size 3 and for 5."""
    import torch

    found = []
    for batch_size in (3, 5):
        sizes = []

        def watching(model, rows, sizes=sizes):
            sizes.append(len(rows))
            return squared_output(model, rows)

        function(new_model(rng, "dropout"), watching, torch.from_numpy(rng.normal(size=(8, 4))), batch_size)
        found.append(float(max(sizes, default=0)))
    return found


def collected(model, cost, x, batch_size, *, mode=False, restore=True):
    """The costs of each batch, in this mode, which is left as it is unless ``restore``."""
    import torch

    was_training = model.training
    if mode is not None:
        model.train(mode)
    with torch.no_grad():
        costs = [cost(model, rows) for rows in x.split(batch_size)]
    if restore:
        model.train(was_training)
    return costs


def mean_of(costs):
    return float(sum(each.sum() for each in costs) / sum(len(each) for each in costs))


def mean_of_means(costs):
    return float(sum(each.mean() for each in costs) / len(costs))


EXERCISES = (
    Exercise(
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
    ),
    Exercise(
        id="7.2",
        title="Name the β",
        minutes=12,
        difficulty=3,
        answer=implied,
        cases=draw_reductions,
        mistakes=(
            Mistake(
                "β is upside down: it is the weight of the rate over the weight of the distortion",
                lambda *case: (1 / beta_of(*case), 0.5 / beta_of(*case)),
            ),
            Mistake(
                "β is upside down: it is the weight of the rate over the weight of the distortion",
                lambda *case: (1 / beta_of(*case), 0.5 * beta_of(*case)),
            ),
            Mistake(
                "β is right; the variance is β itself, but the Gaussian's squared error comes with 1/(2σ_x²): solve 1/(2σ_x²) = 1/β",
                lambda *case: (beta_of(*case), beta_of(*case)),
            ),
            Mistake(
                "β is right; the variance is 2β: solve 1/(2σ_x²) = 1/β for σ_x² again",
                lambda *case: (beta_of(*case), 2 * beta_of(*case)),
            ),
            Mistake(
                "β is right; the variance is upside down: a large weight of the rate goes with a large noise",
                lambda *case: (beta_of(*case), 0.5 / beta_of(*case)),
            ),
            Mistake(
                "β is right; the variance is upside down: a large weight of the rate goes with a large noise",
                lambda *case: (beta_of(*case), 1 / beta_of(*case)),
            ),
            Mistake(
                "β is right; the variance is upside down: a large weight of the rate goes with a large noise",
                lambda *case: (beta_of(*case), 2 / beta_of(*case)),
            ),
            Mistake(
                "β is right; the second is the standard deviation σ_x: return its square",
                lambda *case: (beta_of(*case), np.sqrt(beta_of(*case) / 2)),
            ),
            Mistake(
                "β is right; (β, ½) means the same loss, but the variance that is asked for is the one with which β becomes 1: "
                "solve 1/(2σ_x²) = 1/β",
                lambda *case: (beta_of(*case), 0.5),
            ),
            Mistake(
                'the batch is forgotten: "sum" adds up the examples too, "mean of sums" does not',
                lambda *case: (beta_of(*case, of_sum=False), beta_of(*case, of_sum=False) / 2),
            ),
            Mistake(
                'the features are forgotten: "mean" divides by the number of pixels, or of latents',
                lambda *case: (beta_of(*case, of_mean=False), beta_of(*case, of_mean=False) / 2),
            ),
            Mistake(
                '"mean" is read as a mean over the features and a sum over the batch: it divides by both',
                lambda batch, data, latent, of_pixels, of_latents: with_variance(
                    {"sum": batch, "mean": batch / latent, "mean of sums": 1}[of_latents]
                    / {"sum": batch, "mean": batch / data, "mean of sums": 1}[of_pixels]
                ),
            ),
            Mistake(
                '"mean" divides by batch · features and "sum" by nothing; but then "mean of sums" divides by the batch, where you have 1',
                lambda batch, data, latent, of_pixels, of_latents: with_variance(
                    {"sum": 1, "mean": 1 / (batch * latent), "mean of sums": 1}[of_latents]
                    / {"sum": 1, "mean": 1 / (batch * data), "mean of sums": 1}[of_pixels]
                ),
            ),
            *(
                Mistake(
                    '"mean" is read as a mean over the batch alone: it divides by the number of pixels, or of latents, too',
                    lambda batch, data, latent, of_pixels, of_latents, of_sum=of_sum: with_variance(
                        weight(of_latents, batch, batch, of_sum=of_sum) / weight(of_pixels, batch, batch, of_sum=of_sum)
                    ),
                )
                for of_sum in (True, False)
            ),
            Mistake(
                '"mean" is divided by the pixels for both terms: the rate has as many entries as there are latents',
                lambda batch, data, latent, of_pixels, of_latents: with_variance(
                    beta_of(batch, data, data, of_pixels, of_latents)
                ),
            ),
            Mistake(
                "the two sizes are exchanged: the pixels belong to the distortion, the latents to the rate",
                lambda batch, data, latent, of_pixels, of_latents: with_variance(
                    beta_of(batch, latent, data, of_pixels, of_latents)
                ),
            ),
            Mistake(
                "only the reduction of the distortion is looked at: that of the rate counts as well",
                lambda batch, data, latent, of_pixels, of_latents: with_variance(1 / weight(of_pixels, batch, data)),
            ),
            Mistake(
                "only the reduction of the rate is looked at: that of the distortion counts as well",
                lambda batch, data, latent, of_pixels, of_latents: with_variance(weight(of_latents, batch, latent)),
            ),
            Mistake("return two numbers: β, and then σ_x²", lambda *case: beta_of(*case)),
            Mistake(
                "the two are exchanged: β comes first, then σ_x²",
                lambda *case: (beta_of(*case) / 2, beta_of(*case)),
            ),
        ),
        hints=(
            "Write each of the three reductions as a number times the mean of sums, which is what a term should be.",
            '"sum" is batch times the mean of sums, "mean" is 1 / features times it. β is the rate\'s number over the distortion\'s.',
            "With a plain squared error E and rate R, the loss is proportional to E/β + R; a Gaussian's E has the factor 1/(2σ_x²).",
        ),
    ),
    Exercise(
        id="7.3",
        title="The Bernoulli log-likelihood from logits",
        minutes=8,
        difficulty=2,
        answer=bernoulli_log_likelihood,
        cases=draw_pixels,
        mistakes=(
            Mistake(
                "sigmoid is applied twice: the probabilities are used as if they were logits",
                lambda x, logits: bernoulli_log_likelihood(x, sigmoid(logits)),
            ),
            Mistake(
                "sigmoid is applied twice: the probabilities are used as if they were logits",
                lambda x, logits: from_probabilities(x, sigmoid(sigmoid(logits))),
            ),
            Mistake(
                "exp(logits) overflows at 1000: use np.logaddexp(0, logits), which is log(1 + exp(logits))",
                overflowing,
            ),
            Mistake(
                "a probability rounds to 0 or 1, and its logarithm is infinite: stay with the logits",
                lambda x, logits: from_probabilities(x, sigmoid(logits)),
            ),
            *(
                Mistake(GUARDED, lambda x, logits, smallest=10.0**power: guarded(x, logits, smallest))
                for power in (-16, -12, -10, -9, -8, -7, -6, -5, -4, -3)
            ),
            *(
                Mistake(
                    GUARDED,
                    lambda x, logits, smallest=10.0**power: from_probabilities(
                        x, sigmoid(logits).clip(smallest, 1 - smallest)
                    ),
                )
                for power in (-15, -12, -10, -9, -8, -7, -6, -5, -4, -3)
            ),
            *(
                Mistake(
                    CLIPPED,
                    lambda x, logits, most=float(most): bernoulli_log_likelihood(x, logits.clip(-most, most)),
                )
                for most in (10, 15, 20, 30, 35, 36, 40, 50, 60, 80, 88, 100, 200, 300, 500, 600, 700, 709)
            ),
            Mistake(
                "the infinite entries are replaced by 0: a wrong pixel at a logit of 1000 costs 1000 nats",
                zeroed,
            ),
            Mistake(
                "this is the cost −log p(x|z): the log-likelihood is not positive",
                lambda x, logits: -bernoulli_log_likelihood(x, logits),
            ),
            Mistake(
                "zeros and ones are exchanged: log p belongs to x, log(1 − p) to 1 − x",
                lambda x, logits: bernoulli_log_likelihood(1 - x, logits),
            ),
            Mistake(
                "only the pixels that are 1 count: the others add log(1 − p)",
                lambda x, logits: (-x * np.logaddexp(0, -logits)).sum(axis=1),
            ),
            Mistake(
                "only the pixels that are 0 count: the others add log p",
                lambda x, logits: (-(1 - x) * np.logaddexp(0, logits)).sum(axis=1),
            ),
            Mistake(
                "x · logits is missing: log p = logits − log(1 + exp(logits)) for a pixel that is 1",
                lambda x, logits: -np.logaddexp(0, logits).sum(axis=1),
            ),
            Mistake(
                "mean over the pixels where their sum belongs",
                lambda x, logits: bernoulli_log_likelihood(x, logits) / x.shape[1],
            ),
            Mistake(
                "this is one number for each pixel: sum over the pixels of each example",
                lambda x, logits: x * logits - np.logaddexp(0, logits),
            ),
            Mistake(
                "one number for the batch: return one for each example",
                lambda x, logits: bernoulli_log_likelihood(x, logits).mean(),
            ),
            Mistake(
                "one number for the batch: return one for each example",
                lambda x, logits: bernoulli_log_likelihood(x, logits).sum(),
            ),
            Mistake(
                "the sum runs over the examples: sum over the pixels, axis 1",
                lambda x, logits: (x * logits - np.logaddexp(0, logits)).sum(axis=0),
            ),
            Mistake(
                "this is in bits: use the natural logarithm",
                lambda x, logits: bernoulli_log_likelihood(x, logits) / np.log(2),
            ),
        ),
        hints=(
            "The section above has it for one pixel: −log p = log(1 + exp(l)) − x l. What overflows in it, and what does NumPy offer?",
            "np.logaddexp(0, l) is log(exp(0) + exp(l)), computed so that it does not overflow.",
            "x * logits - np.logaddexp(0, logits) is one number for each pixel; sum over axis 1.",
        ),
    ),
    Exercise(
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
    ),
    Exercise(
        id="7.5",
        title="The discretised logistic, edge bins included",
        minutes=12,
        difficulty=2,
        answer=level_probabilities,
        cases=draw_logistics,
        mistakes=(
            Mistake(
                "the first and the last bin end like the others: they reach to −∞ and +∞, or the sum is not 1",
                lambda mean, scale, levels: binned(mean, scale, levels, low=False, high=False),
            ),
            Mistake(
                "the first bin begins at 0 and the last ends at 1: they reach to −∞ and +∞, or the sum is not 1",
                truncated,
            ),
            Mistake(
                "the last bin has to reach to +∞, as the first reaches to −∞",
                lambda mean, scale, levels: binned(mean, scale, levels, high=False),
            ),
            Mistake(
                "the first bin has to reach to −∞, as the last reaches to +∞",
                lambda mean, scale, levels: binned(mean, scale, levels, low=False),
            ),
            Mistake(
                "neighbouring bins overlap: each reaches half a step to both sides, not a whole one",
                lambda mean, scale, levels: binned(mean, scale, levels, half=1.0, low=False, high=False),
            ),
            Mistake(
                "neighbouring bins overlap: each reaches half a step to both sides, not a whole one",
                lambda mean, scale, levels: binned(mean, scale, levels, half=1.0),
            ),
            Mistake(
                "the step between grey values is 1/(levels − 1), not 1/levels: 0 and 1 are both grey values",
                lambda mean, scale, levels: binned(mean, scale, levels, step=1 / levels),
            ),
            Mistake(
                "the bins are levels equal parts of [0, 1]: they should be centred on the grey values 0, 1/(levels − 1), …, 1",
                lambda mean, scale, levels: binned(mean, scale, levels, step=1 / levels, start=0.5 / levels),
            ),
            Mistake(
                "the bins are levels equal parts of [0, 1]: they should be centred on the grey values 0, 1/(levels − 1), …, 1",
                lambda mean, scale, levels: binned(
                    mean, scale, levels, step=1 / levels, start=0.5 / levels, low=False, high=False
                ),
            ),
            Mistake(
                "the bins begin at the grey values: they should be centred on them",
                lambda mean, scale, levels: binned(mean, scale, levels, start=0.5 / (levels - 1)),
            ),
            Mistake(
                "the bins end at the grey values: they should be centred on them",
                lambda mean, scale, levels: binned(mean, scale, levels, start=-0.5 / (levels - 1)),
            ),
            Mistake(
                "the half width is 0.5/levels where the step is 1/(levels − 1): gaps are left between the bins",
                lambda mean, scale, levels: binned(mean, scale, levels, half=0.5 * (levels - 1) / levels),
            ),
            Mistake(
                "this is a Gaussian cut into bins: the logistic's distribution function is the sigmoid",
                lambda mean, scale, levels: binned(mean, scale, levels, cdf=normal_cdf),
            ),
            Mistake(
                "the scale is read as its logarithm",
                lambda mean, scale, levels: binned(mean, np.exp(scale), levels),
            ),
            Mistake(
                "the scale is squared: it divides the distance from the mean as it is",
                lambda mean, scale, levels: binned(mean, scale**2, levels),
            ),
            Mistake(
                "the distance from the mean is multiplied with the scale: divide by it",
                lambda mean, scale, levels: binned(mean, 1 / scale, levels),
            ),
            Mistake(
                "the distance from the mean is not divided by the scale",
                lambda mean, scale, levels: binned(mean, 1.0, levels),
            ),
            Mistake(
                "the scale divides the whole ends, not their distance from the mean: (end − mean)/scale",
                lambda mean, scale, levels: binned(mean * scale, scale, levels),
            ),
            Mistake(
                "density times width approximates the probability: the difference of the distribution function is exact",
                lambda mean, scale, levels: logistic_density(mean, scale, levels) / (levels - 1),
            ),
            Mistake(
                "this is the density at the grey values, not a probability",
                lambda mean, scale, levels: logistic_density(mean, scale, levels),
            ),
            Mistake(
                "divided by their sum they add up to 1, but the mass beyond the edges belongs to the first and the last value alone",
                lambda mean, scale, levels: (lambda p: p / p.sum())(binned(mean, scale, levels, low=False, high=False)),
            ),
            Mistake(
                "divided by their sum they add up to 1, but the mass beyond the edges belongs to the first and the last value alone",
                lambda mean, scale, levels: (lambda p: p / p.sum())(logistic_density(mean, scale, levels)),
            ),
            Mistake(
                "these are the sums up to each grey value: take the differences of neighbours",
                lambda mean, scale, levels: np.cumsum(level_probabilities(mean, scale, levels)),
            ),
            Mistake(
                "the differences are taken the wrong way: the probabilities come out negative",
                lambda mean, scale, levels: -level_probabilities(mean, scale, levels),
            ),
            Mistake(
                "the probabilities run from 1 to 0: the first belongs to the grey value 0",
                lambda mean, scale, levels: level_probabilities(mean, scale, levels)[::-1],
            ),
            Mistake(
                "these are log-probabilities: return the probabilities",
                lambda mean, scale, levels: np.log(level_probabilities(mean, scale, levels)),
            ),
            Mistake(
                "the first and the last value are missing: there is a bin for each of the levels",
                lambda mean, scale, levels: level_probabilities(mean, scale, levels)[1:-1],
            ),
            Mistake(
                "these are the ends between the bins only: there is one probability more than there are ends",
                lambda mean, scale, levels: np.diff(
                    sigmoid(((np.arange(levels + 1) - 0.5) / (levels - 1) - mean) / scale)[1:]
                ),
            ),
        ),
        hints=(
            "Where does one bin end and the next begin? There are levels − 1 such ends, halfway between grey values.",
            "The logistic's distribution function is sigmoid((end − mean)/scale). To its left lies the mass of all bins below that end.",
            "Put 0 before these levels − 1 numbers and 1 behind them, and take np.diff: the edges reach to infinity by themselves.",
        ),
    ),
    Exercise(
        id="7.6",
        title="The mean over a data set, batch by batch",
        minutes=10,
        difficulty=2,
        answer=mean_over,
        cases=draw_models,
        properties=(
            Property(
                "the model is afterwards in the mode in which it came",
                modes_afterwards,
                tolerance=0.0,
                expected=[1.0, 0.0],
            ),
            Property(
                "cost is called with batch_size rows at a time",
                largest_batches,
                tolerance=0.0,
                expected=[3.0, 5.0],
            ),
        ),
        mistakes=(
            Mistake(
                "this is the mean of the batches' means: the short last batch counts as much as a full one",
                lambda *case: mean_of_means(collected(*case)),
            ),
            Mistake(
                "the model is not put into evaluation mode: dropout draws, and batch normalisation looks at the companions",
                lambda *case: mean_of(collected(*case, mode=None)),
            ),
            Mistake(
                "two things: the model is not put into evaluation mode, and the short last batch counts as much as a full one",
                lambda *case: mean_of_means(collected(*case, mode=None)),
            ),
            Mistake(
                "the mean is right, but the model is left in evaluation mode: training would go on without dropout",
                lambda *case: mean_of(collected(*case, restore=False)),
            ),
            Mistake(
                "the mean is right, but the model is always left in training mode: put it back as it came",
                lambda model, *rest: (mean_of(collected(model, *rest)), model.train())[0],
            ),
            Mistake(
                "the short last batch counts as much as a full one, and the model is left in evaluation mode",
                lambda *case: mean_of_means(collected(*case, restore=False)),
            ),
            Mistake(
                "the short last batch counts as much as a full one, and the model is always left in training mode",
                lambda model, *rest: (mean_of_means(collected(model, *rest)), model.train())[0],
            ),
            Mistake(
                "the short last batch is dropped: all rows count",
                lambda model, cost, x, batch_size: mean_of(
                    [each for each in collected(model, cost, x, batch_size) if len(each) == batch_size]
                ),
            ),
            Mistake(
                "the sum is divided by batches · batch_size, as if the last batch were full",
                lambda model, cost, x, batch_size: (
                    lambda costs: float(sum(each.sum() for each in costs) / (len(costs) * batch_size))
                )(collected(model, cost, x, batch_size)),
            ),
            Mistake(
                "the sums of the batches are averaged over the batches: divide the total by the number of rows",
                lambda *case: (lambda costs: float(sum(each.sum() for each in costs) / len(costs)))(collected(*case)),
            ),
            Mistake(
                "the means of the batches are added up and divided by the number of rows",
                lambda model, cost, x, batch_size: float(
                    sum(each.mean() for each in collected(model, cost, x, batch_size)) / len(x)
                ),
            ),
            Mistake(
                "this is the sum over the rows: divide it by their number",
                lambda *case: float(sum(each.sum() for each in collected(*case))),
            ),
            Mistake(
                "only the first batch is looked at: the `return` stands inside the loop",
                lambda *case: mean_of(collected(*case)[:1]),
            ),
            Mistake(
                "only the last batch is looked at",
                lambda *case: mean_of(collected(*case)[-1:]),
            ),
            Mistake(
                "the mean is right, but cost is called with all rows at once: a data set may not fit into memory",
                lambda model, cost, x, batch_size: mean_of(collected(model, cost, x, len(x))),
            ),
            Mistake(
                "the mean is right, but cost is called with one row at a time: use batch_size",
                lambda model, cost, x, batch_size: mean_of(collected(model, cost, x, 1)),
            ),
        ),
        hints=(
            "x.split(batch_size) yields the batches, the last of them shorter. How many rows stand behind each sum?",
            "Add up cost(model, rows).sum() over the batches, and divide once, by len(x).",
            "Remember model.training, call model.eval() before the loop (under torch.no_grad()), and model.train(was_training) after it.",
        ),
    ),
)
