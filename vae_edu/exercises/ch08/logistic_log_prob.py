"""Exercise 8.2: the log-probability of grey levels under a discretised logistic, edge bins included."""

import numpy as np
import torch
from torch.nn import functional

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import GUARDS, Exercise, Family, Mistake, Property, slip


def logistic_log_prob(x, mean, log_scale, levels):
    """log P(x|z) of each image under a discretised logistic: a tensor (batch,), in nats."""
    level, scale = (x * (levels - 1)).round(), log_scale.exp()
    upper = ((level + 0.5) / (levels - 1) - mean) / scale
    lower = ((level - 0.5) / (levels - 1) - mean) / scale
    below, above = torch.nn.functional.logsigmoid(upper), torch.nn.functional.logsigmoid(-lower)
    inside = below + above + torch.log(-torch.expm1(lower - upper))
    first, last = level == 0, level == levels - 1
    return torch.where(first, below, torch.where(last, above, inside)).sum(dim=1)


def draw_images(rng: np.random.Generator):
    """The first and the last level in each batch; means outside [0, 1]; one image; two levels; pixels a thousand scales away; levels
    that are rounded, up and down; thousands of levels, and a scale as small as they need; a mean and a log_scale that require gradients."""
    for batch, data, levels, low, high, log_scale in (
        (4, 5, 7, 0.1, 0.9, -1.6),
        (1, 6, 16, 0.1, 0.9, -2.2),
        (3, 4, 9, -0.6, 1.6, -1.2),
        (5, 3, 2, 0.2, 0.8, -0.7),
    ):
        level = rng.integers(0, levels, (batch, data))
        level[0, :2] = 0, levels - 1
        level[-1, -1] = levels // 2
        mean = torch.from_numpy(rng.uniform(low, high, (batch, data)))
        yield (
            torch.from_numpy(level / (levels - 1)),
            mean,
            torch.tensor(log_scale + rng.uniform(0, 0.2)).double(),
            levels,
        )
    yield far_away(rng)
    level = torch.tensor([[0.0, 4.0, 2.0, 0.0], [4.0, 0.0, 1.0, 4.0]]).double()
    rounded = (
        level / 4 + 5e-8 * torch.tensor([[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]]).double()
    )  # within and beyond
    mean = torch.from_numpy(rng.uniform(0.2, 0.8, (2, 4))).requires_grad_()
    yield rounded, mean, torch.tensor(rng.uniform(-1.5, -1.2)).double().requires_grad_(), 5
    # One step is 1/4096, so that the ends of the bins are exact in float32 too.
    level = torch.tensor([[1.0, 2.0, 4095.0], [0.0, 4096.0, 4094.0], [3.0, 4093.0, 1500.0]]).double()
    mean = level / 4096 + 0.0003 * torch.from_numpy(rng.uniform(0.5, 3, (3, 3)) * rng.choice([-1, 1], (3, 3)))
    yield level / 4096, mean, torch.tensor(rng.uniform(-8.5, -8)).double(), 4097


def far_away(rng: np.random.Generator):
    """256 levels, and a small scale: levels inside, and at both edges, whose bins are far from the mean."""
    level = np.array([[128, 60, 0, 255], [200, 100, 255, 0]])
    mean = level / 255 + rng.uniform(0.7, 1.1, (2, 4)) * np.array([[-1, 1, 1, -1], [1, -1, -1, 1]])
    return torch.from_numpy(level / 255), torch.from_numpy(mean), torch.tensor(np.log(0.001)).double(), 256


def gradients_of(function, *, seed: int = 3) -> np.ndarray:
    """The gradients of the log-probabilities' sum with respect to the means and to log_scale, on two batches."""
    found = []
    for x, mean, log_scale, levels in (
        next(iter(draw_images(np.random.default_rng(seed)))),
        far_away(np.random.default_rng(seed)),
    ):
        mean, log_scale = mean.clone().requires_grad_(), log_scale.clone().requires_grad_()
        total = function(x, mean, log_scale, levels).sum()
        if not getattr(total, "requires_grad", False):
            return np.zeros(1)
        grads = torch.autograd.grad(total, (mean, log_scale), allow_unused=True)
        found += [torch.zeros(1) if each is None else each.flatten() / 1000 for each in grads]
    return torch.cat(found).numpy()


# The pieces of which wrong answers are put together.


def exact(upper, lower):
    return functional.logsigmoid(upper) + functional.logsigmoid(-lower) + torch.log(-torch.expm1(lower - upper))


def by_difference(upper, lower):
    return torch.log(upper.sigmoid() - lower.sigmoid())


def density_times_width(upper, lower):
    middle = (upper + lower) / 2
    return functional.logsigmoid(middle) + functional.logsigmoid(-middle) + torch.log(upper - lower)


def log_density(x, mean, log_scale, levels):
    """Of the logistic, at the levels; no bins."""
    u = (x - mean) / log_scale.exp()
    return (functional.logsigmoid(u) + functional.logsigmoid(-u) - log_scale).sum(dim=1)


def normal_difference(upper, lower):
    return torch.log(torch.special.ndtr(upper) - torch.special.ndtr(lower))


def at_levels(x, level, levels):
    return level == 0, level == levels - 1


def within_a_step(x, level, levels):
    return x < 1 / (levels - 1), x > 1 - 1 / (levels - 1)


def over_pixels(values):
    return values.sum(dim=1)


def log_prob_with(
    *,
    half=0.5,
    steps=lambda levels: levels - 1,
    low=functional.logsigmoid,
    high=functional.logsigmoid,
    spread=torch.exp,
    argument=lambda end, mean, s: (end - mean) / s,
    inside=exact,
    shift=0.0,
    at_edge=at_levels,
    levels_of=lambda levels: levels,
    place=lambda x, level, levels: level / (levels - 1),
    centre=lambda mean: mean,
    result=over_pixels,
):
    """The model answer, put together from its parts. low, high: of the edge bins' only end; None treats them like the others."""

    def answer(x, mean, log_scale, levels):
        levels, mean = levels_of(levels), centre(mean)
        level, s = (x * (levels - 1)).round(), spread(log_scale)
        first, last = at_edge(x, level, levels)
        value = place(x, level, levels) + shift / (levels - 1)
        upper, lower = (argument(value + sign * half / steps(levels), mean, s) for sign in (1, -1))
        values = inside(upper, lower)
        if low is not None:
            values = torch.where(first, low(upper), values)
        if high is not None:
            values = torch.where(last, high(-lower), values)
        return result(values)

    return answer


def guarded(smallest):
    """The differences with a guard: added, or as a lower limit. In the edge bins as well."""

    def inside(upper, lower):
        return torch.log((upper.sigmoid() - lower.sigmoid()).clamp(min=smallest))

    def edge(end):
        return torch.log(end.sigmoid().clamp(min=smallest))

    return log_prob_with(inside=inside, low=edge, high=edge)


def guarded_inside(smallest):
    def inside(upper, lower):
        return torch.log((upper.sigmoid() - lower.sigmoid()).clamp(min=smallest))

    return log_prob_with(inside=inside)


def added(smallest):
    def inside(upper, lower):
        return torch.log(upper.sigmoid() - lower.sigmoid() + smallest)

    def edge(end):
        return torch.log(end.sigmoid() + smallest)

    return log_prob_with(inside=inside, low=edge, high=edge)


def one_sided(upper, lower):
    """The logarithm of a difference of exponentials of log-sigmoids, which are all 0 far to the right."""
    top = functional.logsigmoid(upper)
    return top + torch.log1p(-torch.exp(functional.logsigmoid(lower) - top))


def density_if_small(constant):
    """The density in the middle of the bin where the difference is small, as in PixelCNN++."""

    def inside(upper, lower):
        difference = upper.sigmoid() - lower.sigmoid()
        return torch.where(
            difference > constant, torch.log(difference.clamp(min=1e-12)), density_times_width(upper, lower)
        )

    return inside


def within(width):
    """Edges by a fixed distance from 0 and from 1."""
    return lambda x, level, levels: (x < width, x > 1 - width)


def log_of_sigmoid(end):
    return torch.log(end.sigmoid())


GUARD = (
    "a small number hides the logarithm of 0: far from the mean, the log-probability is about −(distance in scales), and without it "
    "there is no gradient. Write the difference of the sigmoids as a product"
)
EDGES = "the first bin reaches to −∞ and the last to +∞, whatever their width: with the other bins alone the probabilities do not sum to 1"
ROUNDED = (
    "far from the mean both sigmoids round to the same number, and their difference to 0: write the difference as a product of "
    "factors that do not round to 0"
)

EXERCISE = Exercise(
    id="8.2",
    title="The probability of a grey level",
    minutes=20,
    difficulty=3,
    answer=logistic_log_prob,
    cases=draw_images,
    properties=(
        Property(
            "the gradients with respect to mean and log_scale are finite and right, far from the mean as well",
            lambda function, rng: gradients_of(function),
            tolerance=1e-5,
        ),
    ),
    mistakes=(
        any_of(
            ROUNDED,
            log_prob_with(inside=by_difference),
            log_prob_with(inside=by_difference, low=log_of_sigmoid, high=log_of_sigmoid),
        ),
        any_of(
            "the difference of two log-sigmoids is right on the left alone: far to the right of the mean both are 0. "
            "Write the difference of the sigmoids as a product",
            log_prob_with(inside=one_sided),
        ),
        *(Family(GUARD, make, GUARDS, any_between=(1e-307, 0.1)) for make in (guarded, guarded_inside, added)),
        any_of(
            EDGES,
            log_prob_with(low=None, high=None),
            log_prob_with(low=None, high=None, inside=by_difference),
        ),
        any_of("the last bin has to reach to +∞, as the first reaches to −∞", log_prob_with(high=None)),
        any_of("the first bin has to reach to −∞, as the last reaches to +∞", log_prob_with(low=None)),
        slip(
            "the edges are exchanged: the mass below its upper end belongs to the first level, the mass above its lower end to the last",
            log_prob_with,
            low=lambda end: functional.logsigmoid(-end),
            high=lambda end: functional.logsigmoid(-end),
        ),
        any_of(
            "each bin reaches half a step to both sides, not a whole one: neighbouring bins overlap",
            *(
                log_prob_with(half=1.0, inside=inside, at_edge=at_edge)
                for inside in (exact, by_difference)
                for at_edge in (at_levels, within_a_step)
            ),
        ),
        slip(
            "a factor is missing: sigmoid(u) · sigmoid(−v) alone is not sigmoid(u) − sigmoid(v). Begin again with the common denominator",
            log_prob_with,
            inside=lambda upper, lower: functional.logsigmoid(upper) + functional.logsigmoid(-lower),
        ),
        any_of(
            "the step between levels is 1/(levels − 1), not 1/levels: 0 and 1 are both levels",
            log_prob_with(steps=lambda levels: levels),
            log_prob_with(steps=lambda levels: levels, inside=by_difference),
        ),
        any_of(
            "the bins begin or end at the levels: they should be centred on them",
            log_prob_with(shift=0.5),
            log_prob_with(shift=-0.5),
            log_prob_with(shift=0.5, inside=by_difference),
            log_prob_with(shift=-0.5, inside=by_difference),
        ),
        any_of(
            "log_scale is used as the scale: the scale is its exponential",
            log_prob_with(spread=lambda s: s),
            log_prob_with(spread=torch.abs),
        ),
        slip(
            "log_scale is read as a log-variance: the scale is exp(log_scale)",
            log_prob_with,
            spread=lambda s: (s / 2).exp(),
        ),
        slip("the distance is multiplied by the scale: divide by it", log_prob_with, spread=lambda s: (-s).exp()),
        slip(
            "the scale divides the end alone: divide its distance from the mean, (end − mean)/scale",
            log_prob_with,
            argument=lambda end, mean, s: end / s - mean,
        ),
        any_of(
            "density times width stands in the place of the difference of the distribution function: where the scale is small, "
            "it is no probability",
            log_prob_with(inside=density_times_width),
            log_prob_with(inside=density_times_width, low=None, high=None),
        ),
        Mistake(
            "this is the logarithm of the density at the level: the probability of a level is an integral over its bin",
            log_density,
        ),
        any_of(
            "this is a Gaussian cut into bins: the logistic's distribution function is the sigmoid",
            log_prob_with(
                inside=normal_difference,
                low=lambda end: torch.log(torch.special.ndtr(end)),
                high=lambda end: torch.log(torch.special.ndtr(end)),
            ),
            log_prob_with(inside=normal_difference, low=torch.special.log_ndtr, high=torch.special.log_ndtr),
        ),
        Family(
            "the density in the middle stands in for the difference where that is small: far from the mean the density changes within "
            "a bin. The product of three factors holds everywhere",
            lambda constant: log_prob_with(inside=density_if_small(constant)),
            (1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12),
        ),
        any_of(
            "the edges are looked for by a fixed distance from 0 and 1: with many levels, others lie closer than that",
            *(
                log_prob_with(at_edge=within(width), inside=inside)
                for width in (1e-2, 5e-3, 1e-3, 5e-4)
                for inside in (exact, density_if_small(1e-5))
            ),
        ),
        any_of(
            "the edges are compared with 0 and 1 exactly: x is a level up to rounding, so compare round(x · (levels − 1))",
            log_prob_with(at_edge=lambda x, level, levels: (x == 0, x == 1)),
            log_prob_with(at_edge=lambda x, level, levels: (x <= 0, x >= 1)),
        ),
        any_of(
            "levels is not used: the step is 1/(levels − 1)",
            *(log_prob_with(levels_of=lambda _, n=n: n) for n in (256, 257, 255)),
            *(log_prob_with(levels_of=lambda _, n=n: n, place=lambda x, level, levels: x) for n in (256, 257, 255)),
        ),
        any_of("log_scale is not used: divide by the scale", log_prob_with(spread=torch.ones_like)),
        Family(
            "log_scale is clamped from below: the scale may be smaller than that",
            lambda least: log_prob_with(spread=lambda s: s.clamp(min=-least).exp()),
            (7.0, 5.0, 6.0, 4.0, 3.0, 2.0, 8.0),
        ),
        slip(
            "a limit or a constant keeps the scale from being small: it is exp(log_scale) alone",
            log_prob_with,
            spread=lambda s: s.exp() + 1e-3,
        ),
        slip(
            "the means are clamped to [0, 1]: they may lie outside, and the open bins need that",
            log_prob_with,
            centre=lambda mean: mean.clamp(0, 1),
        ),
        slip(
            "the means are put through a sigmoid: they are the centres already",
            log_prob_with,
            centre=torch.sigmoid,
        ),
        any_of(
            "the two edge bins are exchanged: level 0 is open below, so its mass lies below its upper end",
            log_prob_with(at_edge=lambda x, level, levels: (level == levels - 1, level == 0)),
        ),
        slip(
            "this is −log P: the log-probability is not positive",
            log_prob_with,
            result=lambda values: -values.sum(dim=1),
        ),
        slip("this is a mean over the pixels: sum over them", log_prob_with, result=lambda values: values.mean(dim=1)),
        slip("this is one number for each pixel: sum over the pixels", log_prob_with, result=lambda values: values),
        slip(
            "this is one number for the batch: return one for each image",
            log_prob_with,
            result=lambda values: values.sum(),
        ),
        slip(
            "this is in bits: use the natural logarithm",
            log_prob_with,
            result=lambda values: values.sum(dim=1) / np.log(2),
        ),
        Mistake(
            "the probabilities of the pixels are added up: add their logarithms",
            lambda x, mean, log_scale, levels: torch.log(
                log_prob_with(result=lambda v: v.exp().sum(dim=1))(x, mean, log_scale, levels)
            ),
        ),
    ),
    hints=(
        "Which levels have only one end? For the others: by how much do the two sigmoids differ when both are nearly 1?",
        "With a = the upper end and b = the lower end, in scales from the mean: "
        "sigmoid(a) − sigmoid(b) = sigmoid(a) · sigmoid(−b) · (1 − exp(b − a)). Each factor has a logarithm that does not overflow.",
        "torch.nn.functional.logsigmoid(a) + logsigmoid(−b) + log(−expm1(b − a)) for the levels inside; one of the first two terms "
        "alone for each edge.",
    ),
)
