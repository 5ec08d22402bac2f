"""Exercise 12.3: annealed importance sampling on a Gaussian."""

import numpy as np

from vae_edu.exercises.ch12.pieces import log_mean
from vae_edu.exercises.record import Exercise, Mistake


def annealed_log_weights(x, a, variance, betas, eps):
    """log w of each chain, an array (chains,), in nats, for the model z ~ N(0, 1), x given z ~ N(a z, variance), with one
    number x. betas: β_0 = 0 to β_T = 1, an array (T + 1,). eps: (chains, T). A chain starts at z_0 = eps[:, 0]; for
    t = 1 … T − 1 it moves to z_t = mean of p_t + standard deviation of p_t times eps[:, t], where
    p_t(z) ∝ N(z; 0, 1) N(x; a z, variance)^β_t."""
    z = eps[:, 0]
    total = np.zeros(len(eps))
    for t in range(1, len(betas)):
        log_likelihood = -0.5 * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance)
        total += (betas[t] - betas[t - 1]) * log_likelihood
        if t < len(betas) - 1:
            precision = 1 + betas[t] * a**2 / variance
            z = betas[t] * a * x / variance / precision + eps[:, t] / np.sqrt(precision)
    return total


def draw_paths(rng: np.random.Generator):
    for chains, steps in ((4, 5), (3, 7), (6, 3), (1, 4)):
        betas = np.concatenate([[0], np.sort(rng.uniform(0.05, 0.95, steps - 1)), [1]])
        x, a = (float(rng.choice([-1, 1]) * rng.uniform(1.3, 2.5)) for _ in range(2))
        yield x, a, float(rng.uniform(0.2, 0.6)), betas, rng.normal(size=(chains, steps))


def walked(
    *,
    gain=lambda betas, t: betas[t] - betas[t - 1],
    log_likelihood=lambda x, a, v, z: -0.5 * (np.log(2 * np.pi * v) + (x - a * z) ** 2 / v),
    precision=lambda b, a, v: 1 + b * a**2 / v,
    mean=lambda b, x, a, v, precision: b * a * x / v / precision,
    spread=lambda precision: 1 / np.sqrt(precision),
    at=lambda betas, t: betas[t],
    move_first=False,
    extra=lambda betas, t, z: 0.0,
    keep=False,
):
    """A wrong answer: the walk with one of its parts otherwise."""

    def wrong(x, a, variance, betas, eps):
        z, total = eps[:, 0], np.zeros(len(eps))
        last = len(betas) - 1
        for t in range(1, last + 1):
            old = z
            if t < last or move_first:
                b = at(betas, t)
                p = precision(b, a, variance)
                noise = eps[:, t] if t < last else eps[:, 0]
                z = mean(b, x, a, variance, p) + spread(p) * noise
            place = eps[:, 0] if keep else (z if move_first else old)
            total = total + gain(betas, t) * log_likelihood(x, a, variance, place) + extra(betas, t, place)
        return total

    return wrong


def moved_before(x, a, variance, betas, eps):
    """The move to z_t comes first, and the gain is taken there; at the last step, where no noise is left, the chain stays."""
    z, total = eps[:, 0], np.zeros(len(eps))
    for t in range(1, len(betas)):
        if t < eps.shape[1]:
            precision = 1 + betas[t] * a**2 / variance
            z = betas[t] * a * x / variance / precision + eps[:, t] / np.sqrt(precision)
        gain = betas[t] - betas[t - 1]
        total = total - 0.5 * gain * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance)
    return total


def last_state_only(x, a, variance, betas, eps):
    z = eps[:, 0]
    for t in range(1, eps.shape[1]):
        precision = 1 + betas[t] * a**2 / variance
        z = betas[t] * a * x / variance / precision + eps[:, t] / np.sqrt(precision)
    return -0.5 * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance)


EXERCISE = Exercise(
    id="12.3",
    title="Annealed importance sampling on a Gaussian",
    minutes=15,
    difficulty=3,
    answer=annealed_log_weights,
    cases=draw_paths,
    mistakes=(
        Mistake(
            "the chain moves before it is weighed: the gain from β_{t−1} to β_t is taken at z_{t−1}",
            moved_before,
        ),
        Mistake(
            "the gain is β_t, not β_t − β_{t−1}: the likelihood is counted many times over",
            walked(gain=lambda betas, t: betas[t]),
        ),
        Mistake(
            "the gain is β_{t−1}: it is the difference β_t − β_{t−1}",
            walked(gain=lambda betas, t: betas[t - 1]),
        ),
        Mistake(
            "every gain is 1/T: the betas are not equally far apart",
            walked(gain=lambda betas, t: 1 / (len(betas) - 1)),
        ),
        Mistake(
            "the gains have the wrong sign",
            walked(gain=lambda betas, t: betas[t - 1] - betas[t]),
        ),
        Mistake(
            "the move is made with β_{t−1}: after the gain up to β_t the chain moves by p_t",
            walked(at=lambda betas, t: betas[t - 1]),
        ),
        Mistake(
            "the move is made with β_{t+1}: after the gain up to β_t the chain moves by p_t",
            walked(at=lambda betas, t: betas[t + 1]),
        ),
        Mistake(
            "every move draws from the posterior: on the way there it draws from p_t, with β_t",
            walked(at=lambda betas, t: 1.0),
        ),
        Mistake(
            "the chain never moves: these weights are those of importance sampling with the prior",
            walked(keep=True),
        ),
        Mistake(
            "this is log p(x|z) at the last state: the weight is the sum of the gains along the way",
            last_state_only,
        ),
        Mistake(
            "p_t is the prior to the power 1 − β_t here: the prior stays whole, only the likelihood has a power",
            walked(precision=lambda b, a, v: 1 - b + b * a**2 / v),
        ),
        Mistake(
            "the 1 of the prior is missing from the precision of p_t",
            walked(precision=lambda b, a, v: b * a**2 / v),
        ),
        Mistake(
            "the precision of p_t is 1 + β a²/variance: a is not squared here",
            walked(precision=lambda b, a, v: 1 + b * abs(a) / v),
        ),
        Mistake(
            "β is missing from the mean of p_t",
            walked(mean=lambda b, x, a, v, p: a * x / v / p),
        ),
        Mistake(
            "a is missing from the mean of p_t: it is β a x / variance over the precision",
            walked(mean=lambda b, x, a, v, p: b * x / v / p),
        ),
        Mistake(
            "the mean of p_t is not divided by the precision",
            walked(mean=lambda b, x, a, v, p: b * a * x / v),
        ),
        Mistake(
            "1/precision is the variance of p_t: the noise is multiplied by its square root",
            walked(spread=lambda p: 1 / p),
        ),
        Mistake(
            "the noise is multiplied by the root of the precision: divide by it",
            walked(spread=lambda p: np.sqrt(p)),
        ),
        Mistake(
            "the noise keeps the width of the prior: p_t is narrower",
            walked(spread=lambda p: 1.0),
        ),
        Mistake(
            "the log 2π is missing from the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * (np.log(v) + (x - a * z) ** 2 / v)),
        ),
        Mistake(
            "the constant ½ log(2π variance) is missing from the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * (x - a * z) ** 2 / v),
        ),
        Mistake(
            "the 1/2 is missing from the square in the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * np.log(2 * np.pi * v) - (x - a * z) ** 2 / v),
        ),
        Mistake(
            "`variance` is read as a standard deviation in the likelihood",
            walked(log_likelihood=lambda x, a, v, z: -0.5 * (np.log(2 * np.pi * v**2) + (x - a * z) ** 2 / v**2)),
        ),
        Mistake(
            "the prior is in the gains: it is the same at both ends of a step, and cancels",
            walked(extra=lambda b, t, z: -0.5 * (b[t] - b[t - 1]) * (np.log(2 * np.pi) + z**2)),
        ),
        Mistake(
            "these are the weights themselves: return their logarithms",
            lambda *arguments: np.exp(annealed_log_weights(*arguments)),
        ),
        Mistake(
            "this is the bound, over all chains: return log w of each chain",
            lambda *arguments: float(log_mean(annealed_log_weights(*arguments), 0)),
        ),
        Mistake(
            "this is the mean over the chains: return log w of each chain",
            lambda *arguments: float(annealed_log_weights(*arguments).mean()),
        ),
    ),
    hints=(
        "In each step first the gain, (β_t − β_{t−1}) log p(x|z), at the z you have; then the move.",
        "p_t is a Gaussian with precision 1 + β_t a²/variance; its mean is β_t a x / variance, divided by the precision.",
        "z = mean + eps[:, t] / np.sqrt(precision), for t = 1 … T − 1; after the last gain nothing moves.",
    ),
)
