"""More answers to exercises 1.1, 1.2 and 1.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import scipy.special
import torch
from scipy.spatial.distance import cdist

# --- 1.1 -------------------------------------------------------------------------------------------------------------


def directions_of(centred):
    return np.linalg.svd(centred, full_matrices=False)[2]


def pca_by_torch_eigh(train, x, k):
    train, x = torch.tensor(train), torch.tensor(x)
    mean = train.mean(0)
    directions = torch.linalg.eigh(torch.cov(train.T))[1].flip(1)[:, :k]
    return (x - mean) @ directions @ directions.T + mean


def pca_by_loops(train, x, k):
    mean = train.mean(0)
    directions = directions_of(train - mean)[:k]
    out = []
    for row in x:
        made = mean.copy()
        for v in directions:
            made = made + np.dot(row - mean, v) * v
        out.append(made)
    return np.array(out)


def pca_by_least_squares(train, x, k):
    mean = train.mean(0)
    decoder = directions_of(train - mean)[:k].T
    codes = np.linalg.lstsq(decoder, (x - mean).T, rcond=None)[0] if k else np.zeros((0, len(x)))
    return (decoder @ codes).T + mean


def pca_with_x_not_centred(train, x, k):
    mean = train.mean(0)
    v = directions_of(train - mean)[:k]
    return x @ v.T @ v + mean


def pca_with_scaled_codes(train, x, k):
    mean = train.mean(0)
    _, sizes, v = np.linalg.svd(train - mean, full_matrices=False)
    return ((x - mean) @ v[:k].T * sizes[:k]) @ v[:k] + mean


def pca_without_negative_values(train, x, k):
    return np.maximum(pca_by_loops(train, x, k), 0)


def pca_of_nothing_is_zero(train, x, k):
    return pca_by_loops(train, x, k) if k else np.zeros_like(x)


def pca_of_nothing_is_one_mean(train, x, k):
    return pca_by_loops(train, x, k) if k else train.mean(0)[None]


def pca_that_ignores_k(train, x, k):
    return pca_by_loops(train, x, 2)


def pca_x_centred_in_place(train, x, k):
    mean = train.mean(0)
    v = directions_of(train - mean)[:k]
    x -= mean
    return x @ v.T @ v + mean


def pca_with_the_mean_of_all_entries(train, x, k):
    mean = train.mean()
    v = directions_of(train - mean)[:k]
    return (x - mean) @ v.T @ v + mean


# --- 1.2 -------------------------------------------------------------------------------------------------------------


def errors_of(model, batch, seen):
    return ((model.decode(model.encode(seen)) - batch) ** 2).sum(1)


def epoch_that_collects_rows(model, optimizer, x, batches, corrupt):
    errors = []
    for rows in batches:
        for each in model.parameters():
            each.grad = None
        error = errors_of(model, x[rows], corrupt(x[rows]))
        error.mean().backward()
        optimizer.step()
        errors += error.detach().tolist()
    return np.mean(errors)


def epoch_with_mse_sum(model, optimizer, x, batches, corrupt):
    total = torch.zeros(())
    for rows in batches:
        batch = x[rows]
        optimizer.zero_grad(set_to_none=False)
        seen = model.decode(model.encode(corrupt(batch)))
        loss = torch.nn.functional.mse_loss(seen, batch, reduction="sum") / batch.shape[0]
        loss.backward()
        optimizer.step()
        total = total + loss.detach() * len(rows)
    return total / len(x)


def epoch_with_weighted_average(model, optimizer, x, batches, corrupt):
    losses = []
    for rows in batches:
        loss = errors_of(model, x[rows], corrupt(x[rows])).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.average(losses, weights=[len(rows) for rows in batches])


def epoch_that_reports_another_corruption(model, optimizer, x, batches, corrupt):
    total = 0
    for rows in batches:
        optimizer.zero_grad()
        errors_of(model, x[rows], corrupt(x[rows])).mean().backward()
        with torch.no_grad():
            total += errors_of(model, x[rows], corrupt(x[rows])).sum().item()
        optimizer.step()
    return total / len(x)


def epoch_with(errors=errors_of, total=lambda error, batches: error.sum()):
    def epoch(model, optimizer, x, batches, corrupt):
        made = 0
        for rows in batches:
            optimizer.zero_grad()
            error = errors(model, x[rows], corrupt(x[rows]))
            error.mean().backward()
            optimizer.step()
            made += total(error.detach(), batches).item()
        return made / len(x)

    return epoch


def epoch_with_zero_grad_once(model, optimizer, x, batches, corrupt):
    optimizer.zero_grad()
    total = 0
    for rows in batches:
        error = errors_of(model, x[rows], corrupt(x[rows]))
        error.mean().backward()
        optimizer.step()
        total += error.sum().item()
    return total / len(x)


def epoch_of_halves(*arguments):
    return epoch_with(lambda *of: errors_of(*of) / 2)(*arguments)


def epoch_with_the_first_size(*arguments):
    return epoch_with(total=lambda error, batches: error.mean() * len(batches[0]))(*arguments)


def epoch_over_whole_batches(model, optimizer, x, batches, corrupt):
    return epoch_that_collects_rows(model, optimizer, x, batches, corrupt) * len(x) / (len(batches) * len(batches[0]))


def epoch_without_batches_of_one(model, optimizer, x, batches, corrupt):
    return epoch_with()(model, optimizer, x, [rows for rows in batches if len(rows) > 1], corrupt)


def epoch_backwards(model, optimizer, x, batches, corrupt):
    return epoch_with()(model, optimizer, x, batches[::-1], corrupt)


def epoch_that_corrupts_the_code(model, optimizer, x, batches, corrupt):
    def of_code(model, batch, seen):
        return ((model.decode(corrupt(model.encode(batch))) - batch) ** 2).sum(1)

    total = 0
    for rows in batches:
        optimizer.zero_grad()
        error = of_code(model, x[rows], None)
        error.mean().backward()
        optimizer.step()
        total += error.sum().item()
    return total / len(x)


def epoch_that_makes_x_require_gradients(model, optimizer, x, batches, corrupt):
    x.requires_grad_(True)
    return epoch_with()(model, optimizer, x, batches, corrupt)


def epoch_that_writes_noise_into_x(model, optimizer, x, batches, corrupt):
    total = 0
    for rows in batches:
        batch = x[rows].clone()
        x[rows] = corrupt(batch)
        optimizer.zero_grad()
        error = errors_of(model, batch, x[rows])
        error.mean().backward()
        optimizer.step()
        total += error.sum().item()
    return total / len(x)


def epoch_that_freezes_the_model(model, optimizer, x, batches, corrupt):
    value = epoch_with()(model, optimizer, x, batches, corrupt)
    model.requires_grad_(False)
    return value


# --- 1.4 -------------------------------------------------------------------------------------------------------------


def denoiser_by_cdist(noisy, clean, sigma):
    return scipy.special.softmax(-cdist(noisy, clean, "sqeuclidean") / (2 * sigma**2), axis=1) @ clean


def denoiser_by_tweedie(noisy, clean, sigma):
    log_w = -((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2)
    log_w -= scipy.special.logsumexp(log_w, axis=1, keepdims=True)
    return noisy + (np.exp(log_w)[:, :, None] * (clean - noisy[:, None])).sum(1)


def denoiser_by_dot_products(noisy, clean, sigma):
    log_w = (2 * noisy @ clean.T - (clean**2).sum(1)) / (2 * sigma**2)
    w = np.exp(log_w - log_w.max(1, keepdims=True))
    return w @ clean / w.sum(1, keepdims=True)


def rescued(noisy, clean, sigma, rescue):
    d = cdist(noisy, clean, "sqeuclidean")
    w = np.exp(-d / (2 * sigma**2))
    total = w.sum(1, keepdims=True)
    return np.where(total > 0, w @ clean / np.where(total > 0, total, 1), rescue(d))


def denoiser_nearest_where_it_underflows(noisy, clean, sigma):
    return rescued(noisy, clean, sigma, lambda d: clean[d.argmin(1)])


def denoiser_noisy_where_it_underflows(noisy, clean, sigma):
    return rescued(noisy, clean, sigma, lambda d: noisy)


def denoiser_with_a_least_sigma(noisy, clean, sigma):
    return denoiser_by_cdist(noisy, clean, max(sigma, 1e-2))


def denoiser_with_a_guard_at_sigma(noisy, clean, sigma):
    return scipy.special.softmax(-cdist(noisy, clean, "sqeuclidean") / (2 * sigma**2 + 1e-8), axis=1) @ clean


def denoiser_with_four_sigma_squared(noisy, clean, sigma):
    return scipy.special.softmax(-cdist(noisy, clean, "sqeuclidean") / (2 * sigma) ** 2, axis=1) @ clean


def denoiser_with_inverse_distances(noisy, clean, sigma):
    w = 1 / (cdist(noisy, clean, "sqeuclidean") + 1e-12)
    return w @ clean / w.sum(1, keepdims=True)


def denoiser_of_the_farthest(noisy, clean, sigma):
    return scipy.special.softmax(cdist(noisy, clean, "sqeuclidean") / (2 * sigma**2), axis=1) @ clean


def denoiser_that_centres_clean(noisy, clean, sigma):
    value = denoiser_by_cdist(noisy, clean, sigma)
    clean -= clean.mean(0)
    return value


def denoiser_that_replaces_noisy(noisy, clean, sigma):
    noisy[:] = denoiser_by_cdist(noisy, clean, sigma)
    return noisy


RIGHT = {
    "1.1": [pca_by_torch_eigh, pca_by_loops, pca_by_least_squares],
    "1.2": [epoch_that_collects_rows, epoch_with_mse_sum, epoch_with_weighted_average],
    "1.4": [denoiser_by_cdist, denoiser_by_tweedie, denoiser_by_dot_products],
}
WRONG = {
    "1.1": [
        pca_with_x_not_centred,
        pca_with_scaled_codes,
        pca_without_negative_values,
        pca_of_nothing_is_zero,
        pca_of_nothing_is_one_mean,
        pca_that_ignores_k,
        pca_x_centred_in_place,
        pca_with_the_mean_of_all_entries,
    ],
    "1.2": [
        epoch_that_reports_another_corruption,
        epoch_with_zero_grad_once,
        epoch_of_halves,
        epoch_with_the_first_size,
        epoch_over_whole_batches,
        epoch_without_batches_of_one,
        epoch_backwards,
        epoch_that_corrupts_the_code,
        epoch_that_makes_x_require_gradients,
        epoch_that_writes_noise_into_x,
        epoch_that_freezes_the_model,
    ],
    "1.4": [
        denoiser_nearest_where_it_underflows,
        denoiser_noisy_where_it_underflows,
        denoiser_with_a_least_sigma,
        denoiser_with_a_guard_at_sigma,
        denoiser_with_four_sigma_squared,
        denoiser_with_inverse_distances,
        denoiser_of_the_farthest,
        denoiser_that_centres_clean,
        denoiser_that_replaces_noisy,
    ],
}
HARMLESS = set()
HEARS = {
    "1.1": {
        "pca_with_x_not_centred": "x is encoded without subtracting the mean",
        "pca_with_scaled_codes": "the codes are multiplied by the singular values",
        "pca_without_negative_values": "your result is the right one with 0 for what is negative",
        "pca_of_nothing_is_one_mean": "wrong shape",
        "pca_that_ignores_k": "your result stays the same when k changes",
        "pca_with_the_mean_of_all_entries": "the mean is taken over all entries at once",
    },
    "1.2": {
        "epoch_that_reports_another_corruption": "the returned error belongs to another corruption",
        "epoch_with_zero_grad_once": "gradients add up from batch to batch, since",
        "epoch_of_halves": "the error is halved",
        "epoch_with_the_first_size": "each batch's mean is multiplied by the size of the first",
        "epoch_over_whole_batches": "the sum is divided by the number of batches times",
        "epoch_without_batches_of_one": "batches of one row are left out",
        "epoch_backwards": "the batches come in reverse order",
        "epoch_that_corrupts_the_code": "corrupt is given the code",
        "epoch_that_makes_x_require_gradients": "the value is right, but your function switches requires_grad",
        "epoch_that_freezes_the_model": "the value is right, but your function switches requires_grad of its input model",
    },
    "1.4": {
        "denoiser_nearest_where_it_underflows": "where all weights are rounded to 0, you return the nearest",
        "denoiser_noisy_where_it_underflows": "where all weights are rounded to 0, you return noisy",
        "denoiser_with_a_least_sigma": "sigma is kept above a small number",
        "denoiser_with_a_guard_at_sigma": "a small number is added to 2σ²",
        "denoiser_with_four_sigma_squared": "the 2 is squared as well",
        "denoiser_with_inverse_distances": "the weights are 1 over the squared distance",
        "denoiser_of_the_farthest": "the minus sign in the exponent is missing",
    },
}
