"""Answers of an examinee who read notebook 16 alone: one for each gap that they found. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def combined_by_logaddexp(mu, logvar, prior_mu, prior_logvar):
    new = -np.logaddexp(-logvar, -prior_logvar)
    return np.exp(new - logvar) * mu + np.exp(new - prior_logvar) * prior_mu, new


def prior_mean_left_out(mu, logvar, prior_mu, prior_logvar):
    a, b = np.exp(-logvar), np.exp(-prior_logvar)
    return a * mu / (a + b), -np.log(a + b)


def guarded_precision(mu, logvar, prior_mu, prior_logvar):
    a, b = np.exp(-logvar), np.exp(-prior_logvar)
    p = a + b + 1e-8
    return (a * mu + b * prior_mu) / p, -np.log(p)


def clipped_at_ten(mu, logvar, prior_mu, prior_logvar):
    a, b = np.exp(-np.clip(logvar, -10, 10)), np.exp(-np.clip(prior_logvar, -10, 10))
    return (a * mu + b * prior_mu) / (a + b), -np.log(a + b)


def quantised_by_masks(e, counts, sums, gradient, decay, commitment):
    c = (sums.T / counts).T
    d = (e**2).sum(1, keepdims=True) - 2 * e @ c.T + (c**2).sum(1)
    k = np.argmin(d, axis=1)
    counts, sums = counts.copy() * decay, sums.copy() * decay
    for j in range(len(counts)):
        mine = e[k == j]
        counts[j] += (1 - decay) * len(mine)
        sums[j] += (1 - decay) * mine.sum(axis=0)
    return c[k], gradient - 2 * commitment * (c[k] - e), counts, sums


def commitment_over_entries(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    distance = ((e[:, None, :] - codes[None]) ** 2).sum(-1)
    k = distance.argmin(1)
    z = codes[k]
    grad = gradient + 2 * commitment * (e - z) / e.size
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * onehot.sum(0)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    return z, grad, new_counts, new_sums


def z_after_the_step(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    distance = ((e[:, None, :] - codes[None]) ** 2).sum(-1)
    k = distance.argmin(1)
    z = codes[k]
    grad = gradient + 2 * commitment * (e - z)
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * onehot.sum(0)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    return (new_sums / new_counts[:, None])[k], grad, new_counts, new_sums


def repeats_lost(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    k = ((e[:, None, :] - codes[None]) ** 2).sum(-1).argmin(1)
    z = codes[k]
    counts, sums = decay * counts, decay * sums
    counts[k] += 1 - decay
    sums[k] += (1 - decay) * e
    return z, gradient + 2 * commitment * (e - z), counts, sums


def bincount_cut_off(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    distance = ((e[:, None, :] - codes[None]) ** 2).sum(-1)
    k = distance.argmin(1)
    z = codes[k]
    grad = gradient + 2 * commitment * (e - z)
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * np.bincount(k)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    return z, grad, new_counts, new_sums


def smallest_angle(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    ((e[:, None, :] - codes[None]) ** 2).sum(-1)
    k = (e @ (codes / np.linalg.norm(codes, axis=1, keepdims=True)).T).argmax(1)
    z = codes[k]
    grad = gradient + 2 * commitment * (e - z)
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * onehot.sum(0)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    return z, grad, new_counts, new_sums


def city_blocks(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    distance = np.abs(e[:, None, :] - codes[None]).sum(-1)
    k = distance.argmin(1)
    z = codes[k]
    grad = gradient + 2 * commitment * (e - z)
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * onehot.sum(0)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    return z, grad, new_counts, new_sums


def codebook_returned(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    distance = ((e[:, None, :] - codes[None]) ** 2).sum(-1)
    k = distance.argmin(1)
    z = codes[k]
    grad = gradient + 2 * commitment * (e - z)
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * onehot.sum(0)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    return z, grad, new_counts, new_sums / new_counts[:, None]


def smoothed_counts(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    distance = ((e[:, None, :] - codes[None]) ** 2).sum(-1)
    k = distance.argmin(1)
    z = codes[k]
    grad = gradient + 2 * commitment * (e - z)
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * onehot.sum(0)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    total = new_counts.sum()
    new_counts = (new_counts + 1e-5) / (total + len(counts) * 1e-5) * total
    return z, grad, new_counts, new_sums


def codebook_loss_too(e, counts, sums, gradient, decay, commitment):
    codes = sums / counts[:, None]
    distance = ((e[:, None, :] - codes[None]) ** 2).sum(-1)
    k = distance.argmin(1)
    z = codes[k]
    grad = gradient + 2 * (1 + commitment) * (e - z)
    onehot = np.eye(len(counts))[k]
    new_counts = decay * counts + (1 - decay) * onehot.sum(0)
    new_sums = decay * sums + (1 - decay) * onehot.T @ e
    return z, grad, new_counts, new_sums


def perplexities_by_entr(codes, size):
    from scipy.special import entr

    f = (codes[:, :, None] == np.arange(size)).mean(axis=1)
    return np.exp(entr(f).sum(1)).mean(), np.exp(entr(f.mean(0)).sum())


def zero_log_zero(codes, size):
    def one(v):
        f = np.bincount(v.ravel(), minlength=size) / v.size
        return np.exp(-(f * np.log(f)).sum())

    return np.mean([one(r) for r in codes]), one(codes)


def columns_as_batches(codes, size):
    def one(v):
        _, n = np.unique(v, return_counts=True)
        f = n / n.sum()
        return np.exp(-(f * np.log(f)).sum())

    return np.mean([one(r) for r in codes.T]), one(codes)


def last_batch(codes, size):
    def one(v):
        _, n = np.unique(v, return_counts=True)
        f = n / n.sum()
        return np.exp(-(f * np.log(f)).sum())

    return one(codes[-1]), one(codes)


def counts_over_size(codes, size):
    def one(v):
        _, n = np.unique(v, return_counts=True)
        f = n / size
        return np.exp(-(f * np.log(f)).sum())

    return np.mean([one(r) for r in codes]), one(codes)


def add_one(codes, size):
    def one(v):
        f = np.bincount(v.ravel(), minlength=size) + 1
        f = f / f.sum()
        return np.exp(-(f * np.log(f)).sum())

    return np.mean([one(r) for r in codes]), one(codes)


def averaged_over_codes(codes, size):
    def one(v):
        f = np.bincount(v.ravel(), minlength=size) / v.size
        return np.exp(-np.mean(f * np.log(f + 1e-10)))

    return np.mean([one(r) for r in codes]), one(codes)


RIGHT = {
    "16.1": [combined_by_logaddexp],
    "16.2": [quantised_by_masks],
    "16.3": [perplexities_by_entr],
}
WRONG = {
    "16.1": [prior_mean_left_out, guarded_precision, clipped_at_ten],
    "16.2": [
        commitment_over_entries,
        z_after_the_step,
        repeats_lost,
        bincount_cut_off,
        smallest_angle,
        city_blocks,
        codebook_returned,
        smoothed_counts,
        codebook_loss_too,
    ],
    "16.3": [zero_log_zero, columns_as_batches, last_batch, counts_over_size, add_one, averaged_over_codes],
}
HARMLESS = set()
HEARS = {
    "16.1": {
        "prior_mean_left_out": "The prior's mean is missing: the result lies between both",
        "guarded_precision": "A small number is added to the precision. With",
        "clipped_at_ten": "The log-variances are clipped. They may be as large as 40,",
    },
    "16.2": {
        "commitment_over_entries": "The commitment is averaged over rows and columns. The loss",
        "z_after_the_step": "z comes from the codebook after the step. The decoder read",
        "repeats_lost": "a[chosen] += … adds once for each code, however many rows",
        "bincount_cut_off": "np.bincount ends at the largest number that occurs. Give it",
        "smallest_angle": "The code with the smallest angle is chosen, whatever its",
        "city_blocks": "The distances are sums of absolute differences. The nearest",
        "codebook_returned": "The last output is the codebook. Return the",
        "smoothed_counts": "The counts are smoothed, as in public code that divides by",
        "codebook_loss_too": "‖c − e‖², which moves the codebook in the paper, is",
    },
    "16.3": {
        "zero_log_zero": "0 · log 0 gives NaN. A code that is missing adds 0 to the",
        "columns_as_batches": "The columns are taken for batches. Each row of codes is",
        "last_batch": "One batch alone is measured. Take the mean over all of",
        "counts_over_size": "The counts are divided by the number of codes. Divide by",
        "add_one": "The frequencies are smoothed, as if each code had been seen",
        "averaged_over_codes": "f log f is averaged over the codes. Sum over",
    },
}
