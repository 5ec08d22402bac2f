"""Answers to exercises 16.1 to 16.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

from collections import Counter

import numpy as np

# --- 16.1 ------------------------------------------------------------------------------------------------------------


def precisions_named_tau(mu, logvar, prior_mu, prior_logvar):
    tau1 = 1.0 / np.exp(logvar)
    tau2 = 1.0 / np.exp(prior_logvar)
    var = 1.0 / (tau1 + tau2)
    return var * (tau1 * mu + tau2 * prior_mu), np.log(var)


def entry_by_entry(mu, logvar, prior_mu, prior_logvar):
    m, lv = np.zeros_like(mu), np.zeros_like(mu)
    for i in np.ndindex(*mu.shape):
        p, q = np.exp(-logvar[i]), np.exp(-prior_logvar[i])
        m[i], lv[i] = (p * mu[i] + q * prior_mu[i]) / (p + q), -np.log(p + q)
    return m, lv


def kalman(mu, logvar, prior_mu, prior_logvar):
    s2, p2 = np.exp(logvar), np.exp(prior_logvar)
    k = p2 / (p2 + s2)
    return prior_mu + k * (mu - prior_mu), np.log(1 - k) + prior_logvar if np.all(k > 0.5) else -np.log(1 / s2 + 1 / p2)


def sum_of_latents(mu, logvar, prior_mu, prior_logvar):
    return mu + prior_mu, np.log(np.exp(logvar) + np.exp(prior_logvar))


def half_half(mu, logvar, prior_mu, prior_logvar):
    return 0.5 * (mu + prior_mu), -np.log(np.exp(-logvar) + np.exp(-prior_logvar))


def variance_returned(mu, logvar, prior_mu, prior_logvar):
    p, q = np.exp(-logvar), np.exp(-prior_logvar)
    return (p * mu + q * prior_mu) / (p + q), 1 / (p + q)


def weights_exchanged(mu, logvar, prior_mu, prior_logvar):
    p, q = np.exp(-logvar), np.exp(-prior_logvar)
    return (q * mu + p * prior_mu) / (p + q), -np.log(p + q)


def logvar_as_log_sd(mu, logvar, prior_mu, prior_logvar):
    p, q = np.exp(logvar) ** -2, np.exp(prior_logvar) ** -2
    return (p * mu + q * prior_mu) / (p + q), -np.log(p + q)


def logvars_averaged(mu, logvar, prior_mu, prior_logvar):
    p, q = np.exp(-logvar), np.exp(-prior_logvar)
    return (p * mu + q * prior_mu) / (p + q), (logvar + prior_logvar) / 2


# --- 16.2 ------------------------------------------------------------------------------------------------------------


def with_broadcasting(e, counts, sums, gradient, decay, commitment):
    c = sums / counts[:, np.newaxis]
    k = np.linalg.norm(e[:, np.newaxis] - c[np.newaxis], axis=-1).argmin(-1)
    onehot = (k[:, None] == np.arange(len(c))[None]).astype(float)
    return (
        c[k],
        gradient + 2 * commitment * (e - c[k]),
        decay * counts + (1 - decay) * onehot.sum(0),
        decay * sums + (1 - decay) * onehot.T @ e,
    )


def with_masks(e, counts, sums, gradient, decay, commitment):
    c = sums / counts.reshape(-1, 1)
    k = np.array([((c - row) ** 2).sum(1).argmin() for row in e])
    n2, s2 = counts.copy(), sums.copy()
    for j in range(len(c)):
        own = k == j
        n2[j] = decay * counts[j] + (1 - decay) * own.sum()
        s2[j] = decay * sums[j] + (1 - decay) * e[own].sum(axis=0)
    return c[k], gradient + 2 * commitment * (e - c[k]), n2, s2


def with_bincount(e, counts, sums, gradient, decay, commitment):
    c = (sums.T / counts).T
    k = (np.square(c).sum(1)[None] - 2 * e.dot(c.T)).argmin(1)
    n = np.bincount(k, minlength=len(c))
    s = np.stack([np.bincount(k, weights=column, minlength=len(c)) for column in e.T], axis=1)
    return (
        c[k],
        gradient + commitment * 2 * (e - c[k]),
        counts * decay + n * (1 - decay),
        sums * decay + s * (1 - decay),
    )


def no_straight_through(e, counts, sums, gradient, decay, commitment):
    z, _, n, s = with_masks(e, counts, sums, gradient, decay, commitment)
    return z, 2 * commitment * (e - z), n, s


def no_commitment(e, counts, sums, gradient, decay, commitment):
    z, _, n, s = with_masks(e, counts, sums, gradient, decay, commitment)
    return z, gradient, n, s


def decay_of_the_new(e, counts, sums, gradient, decay, commitment):
    return with_masks(e, counts, sums, gradient, 1 - decay, commitment)


def sums_as_codebook(e, counts, sums, gradient, decay, commitment):
    k = ((e[:, None] - sums) ** 2).sum(2).argmin(1)
    onehot = np.eye(len(sums))[k]
    n, s = decay * counts + (1 - decay) * onehot.sum(0), decay * sums + (1 - decay) * onehot.T @ e
    return sums[k], gradient + 2 * commitment * (e - sums[k]), n, s


def codebook_after_the_step(e, counts, sums, gradient, decay, commitment):
    _, _, n, s = with_masks(e, counts, sums, gradient, decay, commitment)
    c = s / n[:, None]
    k = ((e[:, None] - c) ** 2).sum(2).argmin(1)
    return c[k], gradient + 2 * commitment * (e - c[k]), n, s


def factor_two_missing(e, counts, sums, gradient, decay, commitment):
    z, _, n, s = with_masks(e, counts, sums, gradient, decay, commitment)
    return z, gradient + commitment * (e - z), n, s


# --- 16.3 ------------------------------------------------------------------------------------------------------------


def with_counter(codes, size):
    def one(values):
        n = len(values)
        return np.exp(-sum(c / n * np.log(c / n) for c in Counter(values).values()))

    return np.mean([one(row.tolist()) for row in codes]), one(codes.flatten().tolist())


def with_masked_log(codes, size):
    f = np.stack([(codes == k).mean(axis=1) for k in range(size)], axis=1)
    h = -np.sum(f * np.log(f, where=f > 0, out=np.zeros_like(f)), axis=1)
    g = f.mean(axis=0)
    g = g[g > 0]
    return np.exp(h).mean(), np.exp(-(g * np.log(g)).sum())


def in_bits(codes, size):
    def one(values):
        f = np.unique(values, return_counts=True)[1] / values.size
        return 2 ** -(f * np.log2(f)).sum()

    return np.mean([one(row) for row in codes]), one(codes)


def entropies(codes, size):
    return tuple(np.log(each) for each in with_masked_log(codes, size))


def exp_of_mean_entropy(codes, size):
    f = np.stack([(codes == k).mean(axis=1) for k in range(size)], axis=1)
    h = -np.sum(f * np.log(f, where=f > 0, out=np.zeros_like(f)), axis=1)
    return np.exp(h.mean()), with_masked_log(codes, size)[1]


def batches_twice(codes, size):
    first, _ = with_masked_log(codes, size)
    return first, first


def how_many_occur(codes, size):
    return np.mean([len(np.unique(row)) for row in codes]), float(len(np.unique(codes)))


def exchanged(codes, size):
    return with_masked_log(codes, size)[::-1]


def nan_for_missing(codes, size):
    with np.errstate(all="ignore"):
        f = np.stack([(codes == k).mean(axis=1) for k in range(size)], axis=1)
        g = f.mean(axis=0)
        return np.exp(-(f * np.log(f)).sum(1)).mean(), np.exp(-(g * np.log(g)).sum())


# --- 16.4 ------------------------------------------------------------------------------------------------------------


def name_five():
    return [3, 1, 2, 6, 4]


def name_as_array():
    return np.array([3, 1, 2, 6, 4])


def name_as_tuple():
    return 3, 1, 2, 6, 4


def dead_ones_exchanged():
    return 3, 2, 1, 6, 4


def in_use_is_well():
    return 6, 1, 2, 6, 4


def collapsed_exchanged():
    return 3, 1, 2, 4, 6


def untrained_prior():
    return 3, 1, 2, 5, 4


def in_order():
    return 1, 2, 3, 4, 5


def four_only():
    return 3, 1, 2, 6


RIGHT = {
    "16.1": [precisions_named_tau, entry_by_entry, kalman],
    "16.2": [with_broadcasting, with_masks, with_bincount],
    "16.3": [with_counter, with_masked_log, in_bits],
    "16.4": [name_five, name_as_array, name_as_tuple],
}
WRONG = {
    "16.1": [sum_of_latents, half_half, variance_returned, weights_exchanged, logvar_as_log_sd, logvars_averaged],
    "16.2": [
        no_straight_through,
        no_commitment,
        decay_of_the_new,
        sums_as_codebook,
        codebook_after_the_step,
        factor_two_missing,
    ],
    "16.3": [entropies, exp_of_mean_entropy, batches_twice, how_many_occur, exchanged, nan_for_missing],
    "16.4": [dead_ones_exchanged, in_use_is_well, collapsed_exchanged, untrained_prior, in_order, four_only],
}
HARMLESS = set()
HEARS = {
    "16.1": {
        "sum_of_latents": "This is the sum of two independent latents",
        "half_half": "The means are averaged with equal weights",
        "variance_returned": "The second output is the variance",
        "weights_exchanged": "The means are weighted by the variances",
        "logvar_as_log_sd": "`logvar` is read as the logarithm of the standard deviation",
    },
    "16.2": {
        "no_straight_through": "The gradient at z is lost",
        "no_commitment": "The commitment has no part",
        "decay_of_the_new": "`decay` multiplies the new values",
        "sums_as_codebook": "`sums` is taken for the codebook",
        "factor_two_missing": "The derivative of a square has a factor of 2",
        "codebook_after_the_step": "Codes are chosen with the codebook after the step",
    },
    "16.3": {
        "entropies": "each value is the logarithm",
        "batches_twice": "The second number is the mean over the batches again",
        "how_many_occur": "This is the number of codes that occur",
        "exp_of_mean_entropy": "The entropies of the batches are averaged",
        "exchanged": "The two numbers are exchanged",
    },
    "16.4": {"dead_ones_exchanged": "B is not number 2", "untrained_prior": "D is not number 5"},
}
