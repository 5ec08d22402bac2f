"""Exercises of notebook 12: evaluating likelihoods."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def importance_weighted_estimate(log_likelihood, z, mu, logvar):
    """log (1/K) Σ_k p(x|z_k) p(z_k) / q(z_k|x) of each example, an array (batch,), in nats. The draws z (batch, K, latent)
    come from q(z|x) = N(mu, diag(exp(logvar))), with mu, logvar (batch, latent); log_likelihood (batch, K) holds
    log p(x|z_k); p(z) = N(0, I)."""
    log_prior = -0.5 * (np.log(2 * np.pi) + z**2).sum(axis=2)
    mean, width = mu[:, None], logvar[:, None]
    log_q = -0.5 * (np.log(2 * np.pi) + width + (z - mean) ** 2 / np.exp(width)).sum(axis=2)
    log_weights = log_likelihood + log_prior - log_q
    largest = log_weights.max(axis=1)
    return largest + np.log(np.exp(log_weights - largest[:, None]).mean(axis=1))


def draw_weights(rng: np.random.Generator):
    for batch, draws, latent in ((4, 6, 3), (3, 5, 2), (5, 7, 4)):
        mu = rng.choice([-1, 1], (batch, latent)) * rng.uniform(0.5, 1.5, (batch, latent))
        logvar = rng.choice([-1, 1], (batch, latent)) * rng.uniform(0.4, 1.2, (batch, latent))
        z = mu[:, None] + np.exp(logvar / 2)[:, None] * rng.normal(size=(batch, draws, latent))
        log_likelihood = rng.normal(-4, 1.5, (batch, draws))
        if batch == 5:  # e to the power of these is 0, or infinite, in floating point: densities may be above 1
            log_likelihood = log_likelihood + np.array([-2000.0, 1500.0, -900.0, -30.0, -1200.0])[:, None]
        yield log_likelihood, z, mu, logvar


def log_prior_of(z):
    return -0.5 * (np.log(2 * np.pi) + z**2).sum(axis=2)


def log_q_of(z, mu, logvar):
    mean, width = mu[:, None], logvar[:, None]
    return -0.5 * (np.log(2 * np.pi) + width + (z - mean) ** 2 / np.exp(width)).sum(axis=2)


def log_weights_of(log_likelihood, z, mu, logvar):
    return log_likelihood + log_prior_of(z) - log_q_of(z, mu, logvar)


def log_sum_exp(values, axis):
    largest = values.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(values - largest).sum(axis=axis))


def log_mean(values, axis):
    return log_sum_exp(values, axis) - math.log(values.shape[axis])


def from_weights(combine):
    """A wrong answer: ``combine`` of the right log-weights (batch, K)."""
    return lambda *arguments: combine(log_weights_of(*arguments))


def from_parts(combine):
    """A wrong answer: log-mean-exp of ``combine(log p(x|z), log p(z), log q(z|x))``."""

    def wrong(log_likelihood, z, mu, logvar):
        return log_mean(combine(log_likelihood, log_prior_of(z), log_q_of(z, mu, logvar)), 1)

    return wrong


def from_q(log_q):
    """A wrong answer with another log q(z|x)."""
    return lambda log_likelihood, z, mu, logvar: log_mean(
        log_likelihood + log_prior_of(z) - log_q(z, mu[:, None], logvar[:, None]), 1
    )


def exponential_first(log_weights, extra=0.0):
    with np.errstate(divide="ignore", over="ignore"):
        return np.log(np.exp(log_weights).mean(axis=1) + extra)


def one_maximum(log_weights):
    largest = log_weights.max()
    with np.errstate(divide="ignore"):
        return largest + np.log(np.exp(log_weights - largest).mean(axis=1))


def self_normalised(log_weights):
    share = np.exp(log_weights - log_sum_exp(log_weights, 1)[:, None])
    return (share * log_weights).sum(axis=1)


def kl_outside(log_likelihood, z, mu, logvar):
    kl = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return log_mean(log_likelihood, 1) - kl


def elbo_with_closed_form(log_likelihood, z, mu, logvar):
    kl = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return log_likelihood.mean(axis=1) - kl


def averaged_over_latents(log_likelihood, z, mu, logvar):
    latent = z.shape[2]
    return log_mean(log_likelihood + (log_prior_of(z) - log_q_of(z, mu, logvar)) / latent, 1)


def bounds_by_groups(log_weights, sizes):
    """The estimate of each bound L_K from the same S log-weights (batch, S), an array (len(sizes),), in nats. For each K
    in sizes, which divides S, the weights of an image are cut into S/K groups of K neighbours; each group gives
    log (1/K) Σ w, and L_K is the mean of these over the groups and the images."""
    batch, total = log_weights.shape
    bounds = []
    for size in sizes:
        groups = log_weights.reshape(batch, total // size, size)
        largest = groups.max(axis=2)
        inside = np.exp(groups - largest[:, :, None]).mean(axis=2)
        bounds.append((largest + np.log(inside)).mean())
    return np.array(bounds)


def draw_groups(rng: np.random.Generator):
    for batch, total, sizes in ((3, 12, (1, 2, 6)), (5, 24, (2, 3, 4, 12)), (4, 18, (1, 3, 9, 6))):
        level = rng.uniform(-6, -2, (batch, 1))
        if batch == 4:
            level = np.array([[-1500.0], [-3.0], [-900.0], [1200.0]])
        yield level + rng.normal(0, 1.5, (batch, total)), sizes


def each_size(combine):
    """A wrong answer: ``combine(log_weights, K)`` for each K."""
    return lambda log_weights, sizes: np.array([combine(log_weights, size) for size in sizes])


def grouped(log_weights, size):
    return log_weights.reshape(len(log_weights), -1, size)


def exponential_first_in_groups(log_weights, size, extra=0.0):
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.log(np.exp(grouped(log_weights, size)).mean(axis=2) + extra).mean()


def one_maximum_in_groups(log_weights, size):
    groups, largest = grouped(log_weights, size), log_weights.max()
    with np.errstate(divide="ignore"):
        return (largest + np.log(np.exp(groups - largest).mean(axis=2))).mean()


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
    for chains, steps in ((4, 5), (3, 7), (6, 3)):
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


def split_the_gap(log_p, encoder_log_weights, best_log_weights):
    """Approximation gap, amortisation gap, and the standard error of each in the same order: a tuple of four numbers, in
    nats. The gaps are means over the images; ELBO(x) is the mean of an image's log-weights. log_p (n,): log p(x);
    encoder_log_weights (n, S): log w of draws from the encoder's q; best_log_weights (n, S′), with another number of
    draws: from the q that was optimised for each image. A standard error is that of a mean over n images, whose standard
    deviation is taken with n − 1."""
    of_encoder, of_best = encoder_log_weights.mean(axis=1), best_log_weights.mean(axis=1)
    approximation, amortisation = log_p - of_best, of_best - of_encoder
    root = np.sqrt(len(log_p))
    errors = approximation.std(ddof=1) / root, amortisation.std(ddof=1) / root
    return approximation.mean(), amortisation.mean(), *errors


def draw_gaps(rng: np.random.Generator):
    for n, of_encoder, of_best in ((5, 8, 13), (7, 9, 4), (6, 11, 3)):
        log_p = rng.normal(-20, 3, n)
        best = log_p[:, None] - rng.uniform(0.3, 1.2, (n, 1)) + rng.normal(0, 0.7, (n, of_best))
        encoder = log_p[:, None] - rng.uniform(1.5, 4, (n, 1)) + rng.normal(0, 1.1, (n, of_encoder))
        yield log_p, encoder, best


def gaps_from(combine):
    """A wrong answer: ``combine`` of the right four numbers."""
    return lambda *arguments: tuple(combine(*split_the_gap(*arguments)))


def gaps_with_elbo(elbo):
    """A wrong answer with something else for the ELBO of each image."""

    def wrong(log_p, encoder, best):
        first, second = log_p - elbo(best), elbo(best) - elbo(encoder)
        root = np.sqrt(len(log_p))
        return first.mean(), second.mean(), first.std(ddof=1) / root, second.std(ddof=1) / root

    return wrong


def gaps_with_errors(error):
    """A wrong answer with another standard error: ``error(a, b)`` of a gap that is the mean of a − b."""

    def wrong(log_p, encoder, best):
        of_encoder, of_best = encoder.mean(axis=1), best.mean(axis=1)
        first, second, _, _ = split_the_gap(log_p, encoder, best)
        return first, second, error(log_p, of_best), error(of_best, of_encoder)

    return wrong


def errors_over_all_draws(log_p, encoder, best):
    first, second, _, _ = split_the_gap(log_p, encoder, best)
    best, encoder = log_p[:, None] - best, log_p[:, None] - encoder
    of_best, of_encoder = best.var(ddof=1) / best.size, encoder.var(ddof=1) / encoder.size
    return first, second, np.sqrt(of_best), np.sqrt(of_best + of_encoder)


def elbos_of_equal_width(log_p, encoder, best):
    draws = min(encoder.shape[1], best.shape[1])
    return split_the_gap(log_p, encoder[:, :draws], best[:, :draws])


def bits_of_test_set(log_densities, dimensions, levels):
    """Bits per dimension of a test set, one number: the mean over its examples. log_densities: a list of arrays, one for
    each batch, with log p(y) in nats of y = (x + u) / levels, which lies in [0, 1); x has so many dimensions, each
    a level 0 … levels − 1, and u is uniform noise in [0, 1). The last batch may be smaller. What counts is the code for x
    in whole levels."""
    nats = -np.concatenate(log_densities).mean()
    return nats / (dimensions * np.log(2)) + np.log2(levels)


def draw_batches(rng: np.random.Generator):
    for sizes, dimensions, levels in (((7, 3), 50, 256), ((5, 5, 2), 12, 17), ((6, 6, 6, 1), 30, 32)):
        mean = dimensions * rng.uniform(0.5, 2)
        spread = dimensions * 0.3
        centres = mean + spread * rng.choice([-1, 1], len(sizes)) * rng.uniform(1, 2, len(sizes))
        batches = [rng.normal(centre, spread, size) for centre, size in zip(centres, sizes, strict=True)]
        yield batches, dimensions, levels


def bits_from(combine):
    """A wrong answer: ``combine(mean nats, dimensions, levels)``."""
    return lambda batches, d, levels: float(combine(-np.concatenate(batches).mean(), d, levels))


def bits_of_mean(mean):
    """A wrong answer with another mean of −log p over the batches."""
    return lambda batches, d, levels: float(-mean(batches) / (d * math.log(2)) + math.log2(levels))


EXERCISES = (
    Exercise(
        id="12.1",
        title="The importance-weighted estimate",
        minutes=10,
        difficulty=2,
        answer=importance_weighted_estimate,
        cases=draw_weights,
        mistakes=(
            Mistake(
                "this is the mean of the log-weights, the ELBO whatever K is: the mean belongs inside the logarithm",
                from_weights(lambda lw: lw.mean(axis=1)),
            ),
            Mistake(
                "the −log K is missing: this is the logarithm of the sum, and it overshoots by log K",
                from_weights(lambda lw: log_sum_exp(lw, 1)),
            ),
            Mistake(
                "the logarithm of the sum is divided by K: subtract log K from it",
                from_weights(lambda lw: log_sum_exp(lw, 1) / lw.shape[1]),
            ),
            Mistake(
                "the weights are upside down: w = p(x|z) p(z) / q(z|x), so that the draw that explains x best weighs most",
                from_weights(lambda lw: log_mean(-lw, 1)),
            ),
            Mistake(
                "the weights and the result are upside down: this is the harmonic mean, which the worst draw decides",
                from_weights(lambda lw: -log_mean(-lw, 1)),
            ),
            Mistake(
                "np.exp of the log-weights is 0 or infinite here: take each example's largest out before, and add it after the logarithm",
                from_weights(exponential_first),
            ),
            Mistake(
                "a small number inside the logarithm hides the underflow, and gives its own logarithm: take the largest log-weight out",
                from_weights(lambda lw: exponential_first(lw, 1e-300)),
            ),
            Mistake(
                "a small number inside the logarithm hides the underflow, and gives its own logarithm: take each largest log-weight out",
                from_weights(lambda lw: exponential_first(lw, 1e-12)),
            ),
            Mistake(
                "one largest log-weight is taken out of the whole batch: examples far below it underflow, so take one for each example",
                from_weights(one_maximum),
            ),
            Mistake(
                "the largest log-weight was taken out and not added back",
                from_weights(lambda lw: log_mean(lw - lw.max(axis=1, keepdims=True), 1)),
            ),
            Mistake(
                "this is the largest log-weight alone: take the mean of the weights",
                from_weights(lambda lw: lw.max(axis=1)),
            ),
            Mistake(
                "this is a mean of log-weights, weighted by the weights: it is no bound; take the logarithm of the mean weight",
                from_weights(self_normalised),
            ),
            Mistake(
                "the KL in closed form belongs to the ELBO: here each draw has its own log p(z) − log q(z|x), inside the mean",
                kl_outside,
            ),
            Mistake(
                "this is the ELBO, with the KL in closed form: take the logarithm of the mean weight",
                elbo_with_closed_form,
            ),
            Mistake(
                "q is missing from the weights: the draws come from q, so each is divided by its density there",
                from_parts(lambda likelihood, prior, q: likelihood + prior),
            ),
            Mistake(
                "the prior is missing from the weights",
                from_parts(lambda likelihood, prior, q: likelihood - q),
            ),
            Mistake(
                "this is the mean of p(x|z), as if the draws came from the prior: they come from q",
                from_parts(lambda likelihood, prior, q: likelihood),
            ),
            Mistake(
                "log q(z|x) is added: it is subtracted, since q is divided by",
                from_parts(lambda likelihood, prior, q: likelihood + prior + q),
            ),
            Mistake(
                "prior and q are exchanged: w = p(x|z) p(z) / q(z|x)",
                from_parts(lambda likelihood, prior, q: likelihood - prior + q),
            ),
            Mistake(
                "the log 2π is in one of the two Gaussians only: it is in both, or in neither",
                lambda likelihood, z, mu, logvar: (
                    importance_weighted_estimate(likelihood, z, mu, logvar) + 0.5 * z.shape[2] * math.log(2 * math.pi)
                ),
            ),
            Mistake(
                "the log 2π is in q only: it is in both Gaussians, or in neither",
                lambda likelihood, z, mu, logvar: (
                    importance_weighted_estimate(likelihood, z, mu, logvar) + z.shape[2] * math.log(2 * math.pi)
                ),
            ),
            Mistake(
                "logvar is read as log σ: it is log σ²",
                from_q(lambda z, m, v: -0.5 * (np.log(2 * np.pi) + 2 * v + (z - m) ** 2 / np.exp(2 * v)).sum(axis=2)),
            ),
            Mistake(
                "the square is divided by the standard deviation: divide by exp(logvar), the variance",
                from_q(lambda z, m, v: -0.5 * (np.log(2 * np.pi) + v + (z - m) ** 2 / np.exp(v / 2)).sum(axis=2)),
            ),
            Mistake(
                "the logvar is missing from log q: a narrow Gaussian is a high one",
                from_q(lambda z, m, v: -0.5 * (np.log(2 * np.pi) + (z - m) ** 2 / np.exp(v)).sum(axis=2)),
            ),
            Mistake(
                "the latents are averaged in log p(z) and log q(z|x): their log-densities add up",
                averaged_over_latents,
            ),
            Mistake(
                "the mean is taken over the batch: take it over the draws, axis 1",
                from_weights(lambda lw: log_mean(lw, 0)),
            ),
            Mistake(
                "the batch is averaged already: return one value for each example",
                from_weights(lambda lw: log_mean(lw, 1).mean()),
            ),
            Mistake(
                "this is −log p, a loss: the bound itself is wanted",
                from_weights(lambda lw: -log_mean(lw, 1)),
            ),
        ),
        hints=(
            "First a table of log-weights, (batch, K): log p(x|z) + log p(z) − log q(z|x). Then log-mean-exp along the draws.",
            "mu[:, None] has shape (batch, 1, latent), and goes with z. Sum the log-densities over axis 2.",
            "largest = log_weights.max(axis=1); the result is largest + np.log(np.exp(log_weights - largest[:, None]).mean(axis=1)).",
        ),
    ),
    Exercise(
        id="12.2",
        title="Every K from the same draws",
        minutes=10,
        difficulty=2,
        answer=bounds_by_groups,
        cases=draw_groups,
        mistakes=(
            Mistake(
                "only the first K weights are used: all groups count, and their mean",
                each_size(lambda lw, k: log_mean(lw[:, :k], 1).mean()),
            ),
            Mistake(
                "the groups' means are averaged before the logarithm: this is the estimate from all S weights, whatever K is",
                each_size(lambda lw, k: log_mean(lw, 1).mean()),
            ),
            Mistake(
                "these are means of log-weights, the ELBO for every K: inside a group the mean is taken of the weights",
                each_size(lambda lw, k: lw.mean()),
            ),
            Mistake(
                "the −log K is missing in each group",
                each_size(lambda lw, k: log_sum_exp(grouped(lw, k), 2).mean()),
            ),
            Mistake(
                "log S is subtracted: a group has K weights",
                each_size(lambda lw, k: log_sum_exp(grouped(lw, k), 2).mean() - math.log(lw.shape[1])),
            ),
            Mistake(
                "this makes K groups of S/K: it should be S/K groups of K",
                each_size(lambda lw, k: log_mean(grouped(lw, lw.shape[1] // k), 2).mean()),
            ),
            Mistake(
                "the groups hold every (S/K)-th weight: they are of K neighbours, so that groups of 4 hold whole groups of 2",
                each_size(lambda lw, k: log_mean(lw.reshape(len(lw), k, -1), 1).mean()),
            ),
            Mistake(
                "np.exp of the log-weights is 0 or infinite here: take the largest of each group out first",
                each_size(exponential_first_in_groups),
            ),
            Mistake(
                "a small number inside the logarithm hides the underflow: take the largest of each group out",
                each_size(lambda lw, k: exponential_first_in_groups(lw, k, 1e-300)),
            ),
            Mistake(
                "one largest log-weight is taken out of everything: images far below it underflow",
                each_size(one_maximum_in_groups),
            ),
            Mistake(
                "the groups are added up: take their mean",
                each_size(lambda lw, k: log_mean(grouped(lw, k), 2).sum(axis=1).mean()),
            ),
            Mistake(
                "the images are added up: take their mean",
                each_size(lambda lw, k: log_mean(grouped(lw, k), 2).mean(axis=1).sum()),
            ),
            Mistake(
                "the best group is taken: take their mean, since the best of many is biased upwards",
                each_size(lambda lw, k: log_mean(grouped(lw, k), 2).max(axis=1).mean()),
            ),
            Mistake(
                "the largest weight of each group is taken: take the mean of the weights",
                each_size(lambda lw, k: grouped(lw, k).max(axis=2).mean()),
            ),
            Mistake(
                "one row for each image: take the mean over the images too",
                lambda lw, sizes: np.array([log_mean(grouped(lw, k), 2).mean(axis=1) for k in sizes]).T,
            ),
            Mistake(
                "one row for each K, with a column for each image: take the mean over the images too",
                lambda lw, sizes: np.array([log_mean(grouped(lw, k), 2).mean(axis=1) for k in sizes]),
            ),
            Mistake(
                "the sign is that of a loss: the bounds themselves are wanted",
                each_size(lambda lw, k: -log_mean(grouped(lw, k), 2).mean()),
            ),
        ),
        hints=(
            "reshape cuts a row of S weights into neighbours: (batch, S) becomes (batch, S // K, K).",
            "Log-mean-exp along the last axis gives one estimate for each group and image. Then the plain mean of all.",
            "groups = log_weights.reshape(batch, total // size, size); largest = groups.max(axis=2).",
        ),
    ),
    Exercise(
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
    ),
    Exercise(
        id="12.4",
        title="Splitting the gap",
        minutes=8,
        difficulty=2,
        answer=split_the_gap,
        cases=draw_gaps,
        mistakes=(
            Mistake(
                "the two gaps are exchanged: approximation (log p less the best q) is first, amortisation (best q less the encoder) second",
                gaps_from(lambda a, b, c, d: (b, a, d, c)),
            ),
            Mistake(
                "both gaps have the wrong sign: they are losses, and 0 or more on average",
                gaps_from(lambda a, b, c, d: (-a, -b, c, d)),
            ),
            Mistake(
                "the first is the whole gap, log p − ELBO of the encoder: the approximation gap ends at the best q",
                lambda p, e, b: (
                    (p - e.mean(axis=1)).mean(),
                    split_the_gap(p, e, b)[1],
                    (p - e.mean(axis=1)).std(ddof=1) / np.sqrt(len(p)),
                    split_the_gap(p, e, b)[3],
                ),
            ),
            Mistake(
                "the second is the whole gap, log p − ELBO of the encoder: the amortisation gap begins at the best q",
                lambda p, e, b: (
                    *split_the_gap(p, e, b)[:1],
                    (p - e.mean(axis=1)).mean(),
                    split_the_gap(p, e, b)[2],
                    (p - e.mean(axis=1)).std(ddof=1) / np.sqrt(len(p)),
                ),
            ),
            Mistake(
                "this takes log-mean-exp of the log-weights, an importance-weighted bound: the ELBO is their plain mean",
                gaps_with_elbo(lambda lw: log_mean(lw, 1)),
            ),
            Mistake(
                "this takes the sum of the log-weights: the ELBO is their mean over the draws",
                gaps_with_elbo(lambda lw: lw.sum(axis=1)),
            ),
            Mistake(
                "this takes one draw for the ELBO: the mean over all draws has less noise",
                gaps_with_elbo(lambda lw: lw[:, 0]),
            ),
            Mistake(
                "the gaps are added up over the images: take the mean",
                lambda p, e, b: (*(len(p) * gap for gap in split_the_gap(p, e, b)[:2]), *split_the_gap(p, e, b)[2:]),
            ),
            Mistake(
                "the standard errors treat both ends as independent: take the standard deviation of the differences",
                gaps_with_errors(lambda a, b: np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))),
            ),
            Mistake(
                "these are standard deviations between images: divide by the square root of n",
                gaps_with_errors(lambda a, b: (a - b).std(ddof=1)),
            ),
            Mistake(
                "the standard deviation is divided by n: divide by its square root",
                gaps_with_errors(lambda a, b: (a - b).std(ddof=1) / len(a)),
            ),
            Mistake(
                "the standard deviation is taken with n: take n − 1",
                gaps_with_errors(lambda a, b: (a - b).std() / np.sqrt(len(a))),
            ),
            Mistake(
                "these are squared standard errors: take the root",
                gaps_with_errors(lambda a, b: (a - b).var(ddof=1) / len(a)),
            ),
            Mistake(
                "every draw is counted as an image of its own: the draws of one image are not independent of each other",
                errors_over_all_draws,
            ),
            Mistake(
                "draws are left out to make the two tables equally wide: each ELBO is a mean over all its draws",
                elbos_of_equal_width,
            ),
            Mistake(
                "the standard errors are missing",
                gaps_from(lambda a, b, c, d: (a, b)),
            ),
            Mistake(
                "the order is approximation gap, amortisation gap, and then the two standard errors",
                gaps_from(lambda a, b, c, d: (a, c, b, d)),
            ),
        ),
        hints=(
            "Two ELBOs for each image: the means of its log-weights over the draws. log p is above both, on average.",
            "Approximation: log p − best. Amortisation: best − encoder. Take the differences of the two means image by image.",
            "The standard error of a mean: differences.std(ddof=1) / np.sqrt(n), n the number of images.",
        ),
    ),
    Exercise(
        id="12.5",
        title="Bits per dimension",
        minutes=8,
        difficulty=1,
        answer=bits_of_test_set,
        cases=draw_batches,
        mistakes=(
            Mistake(
                "this is the mean of the batches' means: the examples of the small last batch weigh too much",
                bits_of_mean(lambda batches: np.mean([batch.mean() for batch in batches])),
            ),
            Mistake(
                "the last, smaller batch is left out",
                bits_of_mean(lambda batches: np.concatenate(batches[:-1]).mean()),
            ),
            Mistake(
                "this is the sum over the examples: take the mean",
                bits_of_mean(lambda batches: np.concatenate(batches).sum()),
            ),
            Mistake(
                "the batches' means are added up: take the mean over all examples",
                bits_of_mean(lambda batches: sum(batch.mean() for batch in batches)),
            ),
            Mistake(
                "the sums are divided by batches times the first batch's size: the last batch is smaller",
                bits_of_mean(lambda batches: np.concatenate(batches).sum() / (len(batches) * len(batches[0]))),
            ),
            Mistake(
                "the shift log₂ levels is missing: this is the code for y in [0, 1], not for whole levels",
                bits_from(lambda nats, d, levels: nats / (d * math.log(2))),
            ),
            Mistake(
                "the shift has the wrong sign: a level is 1/levels wide, so its probability is smaller than the density",
                bits_from(lambda nats, d, levels: nats / (d * math.log(2)) - math.log2(levels)),
            ),
            Mistake(
                "the shift is 8 bits for 256 levels only: it is log₂ levels",
                bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + 8),
            ),
            Mistake(
                "the shift is the natural logarithm of levels: take log₂",
                bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + math.log(levels)),
            ),
            Mistake(
                "the shift is log₂(levels − 1): y is x + u divided by levels",
                bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + math.log2(levels - 1)),
            ),
            Mistake(
                "the shift is multiplied by the dimensions: it is log₂ levels for each dimension",
                bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + d * math.log2(levels)),
            ),
            Mistake(
                "the shift is divided by the dimensions: it is log₂ levels for each of them",
                bits_from(lambda nats, d, levels: (nats / math.log(2) + math.log2(levels)) / d),
            ),
            Mistake(
                "these are nats per dimension: divide by ln 2",
                bits_from(lambda nats, d, levels: nats / d + math.log(levels)),
            ),
            Mistake(
                "the first part is in nats, the shift in bits: divide by ln 2",
                bits_from(lambda nats, d, levels: nats / d + math.log2(levels)),
            ),
            Mistake(
                "multiplied by ln 2: a nat is 1/ln 2 = 1.44 bits, so divide",
                bits_from(lambda nats, d, levels: nats * math.log(2) / d + math.log2(levels)),
            ),
            Mistake(
                "these are bits for the whole example: divide by the dimensions",
                bits_from(lambda nats, d, levels: nats / math.log(2) + d * math.log2(levels)),
            ),
            Mistake(
                "the sign of log p is wrong: a likely example has a short code",
                bits_from(lambda nats, d, levels: -nats / (d * math.log(2)) + math.log2(levels)),
            ),
            Mistake(
                "this is minus the code length",
                bits_from(lambda nats, d, levels: -nats / (d * math.log(2)) - math.log2(levels)),
            ),
        ),
        hints=(
            "First one mean of −log p over all examples of all batches, in nats. Then bits, then per dimension.",
            "y moves in steps of 1/levels: P(x) is about the density of y times (1/levels)^D. What does this add to −log₂?",
            "nats / (dimensions * np.log(2)) + np.log2(levels), with nats = -np.concatenate(log_densities).mean().",
        ),
    ),
)
