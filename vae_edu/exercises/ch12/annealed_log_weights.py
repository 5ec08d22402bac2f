"""Exercise 12.3: annealed importance sampling on a Gaussian, forward and in reverse."""

import math

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.ch12.pieces import log_mean
from vae_edu.exercises.record import Exercise, Mistake


def annealed_log_weights(x, a, variance, betas, z, eps, reverse):
    """log w of each chain, an array (chains,), in nats, for z ~ N(0, 1) and x given z ~ N(a z, variance), with numbers x, a and
    variance. betas (T + 1,) rises from 0 to 1. z (chains,) holds the start of each chain: samples of the prior, or of the posterior
    if reverse is True. eps (chains, T − 1): its column i is the standard normal noise of move i, counted from 0."""
    points = betas[::-1] if reverse else betas
    log_weights = np.zeros(len(z))
    for i in range(len(points) - 1):
        log_likelihood = -0.5 * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance)
        log_weights = log_weights + abs(points[i + 1] - points[i]) * log_likelihood
        if i < eps.shape[1]:  # move by the β at which the weight update ended
            precision = 1 + points[i + 1] * a**2 / variance
            z = points[i + 1] * a * x / variance / precision + eps[:, i] / np.sqrt(precision)
    return log_weights


def draw_paths(rng: np.random.Generator):
    for chains, steps, reverse in (
        (4, 5, False),
        (4, 5, True),
        (3, 7, True),
        (6, 3, False),
        (1, 4, True),
        (5, 1, False),
        (2, 1, True),
    ):
        betas = np.concatenate([[0], np.sort(rng.uniform(0.05, 0.95, steps - 1)), [1]])
        x, a = (float(rng.choice([-1, 1]) * rng.uniform(1.3, 2.5)) for _ in range(2))
        z, eps = rng.normal(size=chains), rng.normal(size=(chains, steps - 1))
        yield x, a, float(rng.uniform(0.2, 0.6)), betas, z, eps, reverse


def one_over_the_root(precision):
    with np.errstate(invalid="ignore"):  # of a precision that is wrong, and negative
        return 1 / np.sqrt(precision)


def walked(
    *,
    points=lambda betas, reverse: betas[::-1] if reverse else betas,
    factor=lambda points, i: abs(points[i + 1] - points[i]),
    log_likelihood=lambda x, a, v, z: -0.5 * (np.log(2 * np.pi * v) + (x - a * z) ** 2 / v),
    precision=lambda b, a, v: 1 + b * a**2 / v,
    mean=lambda b, x, a, v, precision: b * a * x / v / precision,
    spread=one_over_the_root,
    at=lambda points, i: points[i + 1],
    noise=lambda eps, i, reverse: eps[:, i],
    move_first=False,
    stay=False,
    extra=lambda factor, z: 0.0,
    after=lambda log_weights, reverse: log_weights,
):
    """A wrong answer: one part of the walk changed."""

    def wrong(x, a, variance, betas, z, eps, reverse):
        path, total = points(betas, reverse), np.zeros(len(z))
        first = move_first(reverse) if callable(move_first) else move_first
        for i in range(len(path) - 1):
            here = z
            if i < eps.shape[1] and not stay:
                b = at(path, i)
                p = precision(b, a, variance)
                z = mean(b, x, a, variance, p) + spread(p) * noise(eps, i, reverse)
            place = z if first else here
            step = factor(path, i)
            total = total + step * log_likelihood(x, a, variance, place) + extra(step, place)
        return after(total, reverse)

    return wrong


def in_one_direction(change):
    """A wrong answer: ``change`` concerns the reverse direction alone."""

    def wrong(x, a, variance, betas, z, eps, reverse):
        function = change if reverse else annealed_log_weights
        return function(x, a, variance, betas, z, eps, reverse)

    return wrong


def added_to_the_place(x, a, variance, betas, z, eps, reverse):
    points, total = betas[::-1] if reverse else betas, np.zeros(len(z))
    for i in range(len(points) - 1):
        log_likelihood = -0.5 * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance)
        total = total + abs(points[i + 1] - points[i]) * log_likelihood
        if i < eps.shape[1]:
            precision = 1 + points[i + 1] * a**2 / variance
            z = z + points[i + 1] * a * x / variance / precision + eps[:, i] / np.sqrt(precision)
    return total


def nothing_in_one_step(x, a, variance, betas, z, eps, reverse):
    log_weights = annealed_log_weights(x, a, variance, betas, z, eps, reverse)
    return log_weights if eps.shape[1] else np.zeros(len(z))


def last_state_only(x, a, variance, betas, z, eps, reverse):
    points = betas[::-1] if reverse else betas
    for i in range(eps.shape[1]):
        precision = 1 + points[i + 1] * a**2 / variance
        z = points[i + 1] * a * x / variance / precision + eps[:, i] / np.sqrt(precision)
    return -0.5 * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance)


def chain_by_chain(x, a, variance, betas, z, eps, reverse):
    result = []
    for place, row in zip(z, eps, strict=True):
        order = range(len(betas) - 1, 0, -1) if reverse else range(1, len(betas))
        total = 0.0
        for number, t in enumerate(order):
            if number > 0:  # the distribution that this update shares with the last
                b = betas[t] if reverse else betas[t - 1]
                width = variance / (variance + b * a * a)
                place = width * b * a * x / variance + math.sqrt(width) * row[number - 1]
            square = (x - a * place) ** 2
            total += (betas[t] - betas[t - 1]) * (-math.log(2 * math.pi * variance) / 2 - square / (2 * variance))
        result.append(total)
    return np.array(result)


def all_states_first(x, a, variance, betas, z, eps, reverse):
    inner = np.flip(betas[1:-1]) if reverse else betas[1:-1]
    precision = 1 + inner * a**2 / variance
    states = np.column_stack([z, inner * a * x / variance / precision + eps / np.sqrt(precision)])
    updates = np.diff(betas)[::-1] if reverse else np.diff(betas)
    return (-0.5 * np.log(2 * np.pi * variance) - (x - a * states) ** 2 / (2 * variance)) @ updates


EXERCISE = Exercise(
    id="12.3",
    title="Annealed importance sampling, forward and in reverse",
    minutes=20,
    difficulty=3,
    answer=annealed_log_weights,
    cases=draw_paths,
    mistakes=(
        Mistake(
            "In reverse, this walks from the prior again. Start with the weight update between β_T and β_{T−1}, and go down",
            walked(points=lambda betas, reverse: betas),
        ),
        Mistake(
            "In reverse, log w has the wrong sign. In both directions, an update has the positive factor β_t − β_{t−1}",
            walked(after=lambda log_weights, reverse: -log_weights if reverse else log_weights),
        ),
        Mistake(
            "In reverse, the chain moves before it is weighed. The exact posterior sample is weighed first",
            walked(move_first=lambda reverse: reverse),
        ),
        Mistake(
            "In reverse, the move is made at the β where the weight update began. After the update from β_t to β_{t−1}, the move is "
            "that of p_{t−1}",
            in_one_direction(walked(at=lambda points, i: points[i])),
        ),
        Mistake(
            "In reverse, the columns of eps are used from the last to the first. Column i is the noise of move i in either direction",
            walked(noise=lambda eps, i, reverse: eps[:, eps.shape[1] - 1 - i] if reverse else eps[:, i]),
        ),
        Mistake(
            "The chain moves before it is weighed. Weigh it where it stands, from one β to the next, and then move it",
            walked(move_first=True),
        ),
        Mistake(
            "The log-likelihood is multiplied by β, not by the difference of two neighbours: it is counted many times over",
            walked(factor=lambda points, i: max(points[i], points[i + 1])),
        ),
        Mistake(
            "The log-likelihood is multiplied by 1/T at every step. The betas need not be equally far apart",
            walked(factor=lambda points, i: 1 / (len(points) - 1)),
        ),
        Mistake(
            "In both directions, log w has the wrong sign",
            walked(factor=lambda points, i: -abs(points[i + 1] - points[i])),
        ),
        Mistake(
            "The move is made at the β where the weight update began. It belongs to the β at which the update ends",
            walked(at=lambda points, i: points[i]),
        ),
        Mistake(
            "The move is made one β too far. It belongs to the β at which the weight update ends",
            walked(at=lambda points, i: points[i + 2]),
        ),
        Mistake(
            "Every move samples from the posterior. On the way there, it samples from p_t, with its own β_t",
            walked(at=lambda points, i: 1.0),
        ),
        Mistake(
            "The chain never moves. In the forward direction, these weights are those of importance sampling from the prior",
            walked(stay=True),
        ),
        Mistake(
            "This is log p(x|z) at the last state. log w is a sum of weight updates along the way",
            last_state_only,
        ),
        Mistake(
            "The prior has the power 1 − β_t here. The prior stays whole, only the likelihood has a power",
            walked(precision=lambda b, a, v: 1 - b + b * a**2 / v),
        ),
        Mistake(
            "The 1 of the prior is missing from the precision of p_t",
            walked(precision=lambda b, a, v: b * a**2 / v),
        ),
        any_of(
            "a is not squared in the precision of p_t",
            walked(precision=lambda b, a, v: 1 + b * abs(a) / v),
            walked(precision=lambda b, a, v: 1 + b * a / v),
        ),
        Mistake(
            "β is missing from the precision of p_t",
            walked(precision=lambda b, a, v: 1 + a**2 / v),
        ),
        Mistake(
            "A move adds to where the chain stands. It samples p_t anew, whatever z was",
            added_to_the_place,
        ),
        Mistake(
            "With T = 1 there is no move, but there is one weight update, from 0 to 1 or back",
            nothing_in_one_step,
        ),
        Mistake(
            "β is missing from the mean of p_t",
            walked(mean=lambda b, x, a, v, p: a * x / v / p),
        ),
        Mistake(
            "a is missing from the mean of p_t. Complete the square once more",
            walked(mean=lambda b, x, a, v, p: b * x / v / p),
        ),
        Mistake(
            "The mean of p_t is not divided by the precision",
            walked(mean=lambda b, x, a, v, p: b * a * x / v),
        ),
        Mistake(
            "1/precision is the variance of p_t. The noise is multiplied by its square root",
            walked(spread=lambda p: 1 / p),
        ),
        Mistake(
            "The noise is multiplied by the root of the precision. Divide by it",
            walked(spread=lambda p: np.sqrt(p)),
        ),
        Mistake(
            "The noise keeps the width of the prior. p_t is narrower",
            walked(spread=lambda p: 1.0),
        ),
        Mistake(
            "The log 2π is missing from the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * (np.log(v) + (x - a * z) ** 2 / v)),
        ),
        Mistake(
            "The constant ½ log(2π variance) is missing from the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * (x - a * z) ** 2 / v),
        ),
        Mistake(
            "The ½ is missing from the square in the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * np.log(2 * np.pi * v) - (x - a * z) ** 2 / v),
        ),
        Mistake(
            "`variance` is read as a standard deviation in the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * (np.log(2 * np.pi * v**2) + (x - a * z) ** 2 / v**2)),
        ),
        Mistake(
            "The prior is in the weight updates. It is the same at both ends of a step, and cancels",
            walked(extra=lambda factor, z: -0.5 * factor * (np.log(2 * np.pi) + z**2)),
        ),
        Mistake(
            "The prior is in the weight updates. It is the same at both ends of a step, and cancels",
            walked(extra=lambda factor, z: -0.5 * factor * z**2),
        ),
        Mistake(
            "Every move uses the first column of eps. Move i has column i",
            walked(noise=lambda eps, i, reverse: eps[:, 0]),
        ),
        Mistake(
            "These are the weights themselves. Return their logarithms",
            lambda *arguments: np.exp(annealed_log_weights(*arguments)),
        ),
        Mistake(
            "This is the bound, over all chains. Return log w of each chain",
            lambda *arguments: float(log_mean(annealed_log_weights(*arguments), 0)),
        ),
        Mistake(
            "This is the mean over the chains. Return log w of each chain",
            lambda *arguments: float(annealed_log_weights(*arguments).mean()),
        ),
    ),
    hints=(
        "Which distribution do two successive weight updates have in common? The move between them has to leave this one unchanged.",
        "Complete the square: write −z²/2 − β_t (x − a z)²/(2 variance) as −λ (z − m)²/2 + constant, and compare the coefficients of z² "
        "and of z. λ is the precision of p_t, and m its mean. For the reverse direction, turn the betas round.",
        "for i in range(T): add |points[i + 1] − points[i]| · log p(x|z), then move with points[i + 1] if there is a column eps[:, i].",
    ),
    also_right=(chain_by_chain, all_states_first),
)
