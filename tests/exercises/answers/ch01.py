"""Answers to exercises 1.1 to 1.4 as examinees give them, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
CONTAINERS hold the right numbers in lists where an array is asked for, and are told so.
"""

import numpy as np
import scipy.linalg
import scipy.spatial.distance
import scipy.special
import torch
from sklearn.decomposition import PCA
from torch import nn
from torch.nn import functional

# --- 1.1 -------------------------------------------------------------------------------------------------------------


def pca_as_in_the_text(train, x, k):
    mean = np.mean(train, axis=0)
    _, _, vt = np.linalg.svd(train - mean, full_matrices=False)
    z = (x - mean) @ vt[:k].T
    return z @ vt[:k] + mean


def pca_by_a_projector(train, x, k):
    mean = train.mean(0)
    v = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
    return mean + (x - mean) @ (v.T @ v)


def pca_by_the_covariance(train, x, k):
    mean = train.mean(axis=0)
    c = train - mean
    values, vectors = np.linalg.eigh(c.T @ c / len(c))
    v = vectors[:, np.argsort(values)[::-1][:k]]
    return mean + (x - mean) @ v @ v.T


def pca_by_scipy(train, x, k):
    mean = train.mean(axis=0)
    vt = scipy.linalg.svd(train - mean)[2]
    return np.einsum("mj,kj,ki->mi", x - mean, vt[:k], vt[:k]) + mean


def pca_by_sklearn(train, x, k):
    if k == 0:
        return np.tile(train.mean(axis=0), (len(x), 1))
    fitted = PCA(k, svd_solver="full").fit(train)
    return fitted.inverse_transform(fitted.transform(x))


def pca_by_taking_away_the_rest(train, x, k):
    mean = train.mean(axis=0)
    rest = np.linalg.svd(train - mean, full_matrices=False)[2][k:]
    return x - (x - mean) @ rest.T @ rest


def pca_in_float32(train, x, k):
    return pca_as_in_the_text(train.astype(np.float32), x.astype(np.float32), k)


def pca_as_torch_tensor(train, x, k):
    return torch.tensor(pca_as_in_the_text(train, x, k))


def pca_as_lists(train, x, k):
    return pca_as_in_the_text(train, x, k).tolist()


def pca_of_uncentred_data(train, x, k):
    v = np.linalg.svd(train, full_matrices=False)[2][:k]
    return x @ v.T @ v


def pca_with_the_mean_of_x(train, x, k):
    v = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)[2][:k]
    return x.mean(axis=0) + (x - x.mean(axis=0)) @ v.T @ v


def pca_learned_from_x(train, x, k):
    return pca_as_in_the_text(x, x, k)


def pca_of_both_together(train, x, k):
    return pca_as_in_the_text(np.concatenate([train, x]), x, k)


def pca_without_adding_the_mean(train, x, k):
    return pca_as_in_the_text(train, x, k) - train.mean(axis=0)


def pca_codes(train, x, k):
    mean = train.mean(axis=0)
    return (x - mean) @ np.linalg.svd(train - mean, full_matrices=False)[2][:k].T


def pca_residual(train, x, k):
    return x - pca_as_in_the_text(train, x, k)


def pca_with_the_first_array(train, x, k):
    mean = train.mean(axis=0)
    u = np.linalg.svd(train - mean)[0][:, :k]
    return (
        u @ u.T @ (x - mean) + mean if len(x) == len(train) else mean + (x - mean) @ u[: x.shape[1]] @ u[: x.shape[1]].T
    )


def pca_with_columns(train, x, k):
    mean = train.mean(axis=0)
    v = np.linalg.svd(train - mean, full_matrices=False)[2][:, :k]
    return mean + (x - mean) @ v @ v.T


def pca_from_the_end(train, x, k):
    mean = train.mean(axis=0)
    v = np.linalg.svd(train - mean, full_matrices=False)[2][-k:]
    return mean + (x - mean) @ v.T @ v


def pca_by_eigh_from_the_start(train, x, k):
    mean = train.mean(axis=0)
    v = np.linalg.eigh(np.cov(train.T))[1][:, :k]
    return mean + (x - mean) @ v @ v.T


def pca_with_one_more(train, x, k):
    return pca_as_in_the_text(train, x, k + 1)


def pca_clipped(train, x, k):
    return pca_as_in_the_text(train, x, k).clip(0, 1)


def pca_with_at_least_one_direction(train, x, k):
    return pca_as_in_the_text(train, x, max(k, 1))


def pca_squeezed(train, x, k):
    return pca_as_in_the_text(train, x, k).squeeze()


def pca_whitened(train, x, k):
    mean = train.mean(axis=0)
    _, s, v = np.linalg.svd(train - mean, full_matrices=False)
    return mean + ((x - mean) @ v[:k].T / s[:k]) @ v[:k]


def pca_of_the_correlations(train, x, k):
    mean, std = train.mean(axis=0), train.std(axis=0)
    return pca_as_in_the_text((train - mean) / std, (x - mean) / std, k) * std + mean


def pca_centring_train_in_place(train, x, k):
    mean = train.mean(axis=0)
    train -= mean
    v = np.linalg.svd(train, full_matrices=False)[2][:k]
    return mean + (x - mean) @ v.T @ v


def pca_of_two_directions(train, x, k):
    return pca_as_in_the_text(train, x, 2)


def pca_with_a_global_seed(train, x, k):
    np.random.seed(0)
    return pca_as_in_the_text(train, x, k)


# --- 1.2 -------------------------------------------------------------------------------------------------------------


def epoch_as_in_the_text(model, optimizer, x, batches, corrupt):
    total = 0
    for rows in batches:
        batch = x[rows]
        out = model.decode(model.encode(corrupt(batch)))
        per_example = ((out - batch) ** 2).sum(1)
        loss = per_example.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += per_example.detach().sum()
    return total / len(x)


def epoch_by_forward(model, optimizer, x, batches, corrupt):
    losses, sizes = [], []
    for rows in batches:
        optimizer.zero_grad()
        batch = x[rows]
        loss = functional.mse_loss(model(corrupt(batch)), batch) * batch.shape[1]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        sizes.append(len(rows))
    return np.average(losses, weights=sizes)


def epoch_by_module_gradients(model, optimizer, x, batches, corrupt):
    errors = []
    criterion = nn.MSELoss(reduction="none")
    for i in range(len(batches)):
        model.zero_grad()
        error = criterion(model(corrupt(x[batches[i]])), x[batches[i]]).sum(dim=-1)
        error.mean(0).backward()
        optimizer.step()
        errors += error.tolist()
    return sum(errors) / len(errors)


def epoch_by_a_closure(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        clean, seen = x[rows], corrupt(x[rows])

        def closure(clean=clean, seen=seen):
            optimizer.zero_grad()
            loss = torch.sum((clean - model.decode(model.encode(seen))) ** 2) / len(clean)
            loss.backward()
            return loss

        total += optimizer.step(closure).item() * len(rows)
    return total / x.shape[0]


def epoch_with_leading_zero_grad_and_trailing(model, optimizer, x, batches, corrupt):
    optimizer.zero_grad()
    total = 0.0
    for rows in batches:
        clean = x[rows]
        error = ((clean - model(corrupt(clean))) ** 2).sum(dim=1)
        error.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        total += float(error.sum())
    return total / len(x)


def _epoch(model, optimizer, x, batches, error_of, loss_of=torch.mean, zero=True):
    errors = []
    for rows in batches:
        error = error_of(x[rows])
        if zero:
            optimizer.zero_grad()
        loss_of(error).backward()
        optimizer.step()
        errors.append(error.detach())
    return errors


def _denoise(model, corrupt):
    return lambda clean: ((clean - model(corrupt(clean))) ** 2).sum(dim=1)


def epoch_without_zero_grad(model, optimizer, x, batches, corrupt):
    return torch.cat(_epoch(model, optimizer, x, batches, _denoise(model, corrupt), zero=False)).mean().item()


def epoch_with_trailing_zero_grad(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        error = _denoise(model, corrupt)(x[rows])
        error.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        total += error.sum().item()
    return total / len(x)


def epoch_with_mse_loss(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        loss = functional.mse_loss(model(corrupt(x[rows])), x[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(x)


def epoch_with_mse_loss_and_mean_of_means(model, optimizer, x, batches, corrupt):
    losses = []
    for rows in batches:
        loss = functional.mse_loss(model(corrupt(x[rows])), x[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def epoch_with_mean_of_means(model, optimizer, x, batches, corrupt):
    errors = _epoch(model, optimizer, x, batches, _denoise(model, corrupt))
    return np.mean([each.mean().item() for each in errors])


def epoch_with_summed_loss(model, optimizer, x, batches, corrupt):
    errors = _epoch(model, optimizer, x, batches, _denoise(model, corrupt), torch.sum)
    return torch.cat(errors).mean().item()


def epoch_that_returns_the_sum(model, optimizer, x, batches, corrupt):
    return torch.cat(_epoch(model, optimizer, x, batches, _denoise(model, corrupt))).sum().item()


def epoch_that_returns_the_last(model, optimizer, x, batches, corrupt):
    return _epoch(model, optimizer, x, batches, _denoise(model, corrupt))[-1].mean().item()


def epoch_that_returns_a_list(model, optimizer, x, batches, corrupt):
    return [each.mean().item() for each in _epoch(model, optimizer, x, batches, _denoise(model, corrupt))]


def epoch_that_returns_nothing(model, optimizer, x, batches, corrupt):
    _epoch(model, optimizer, x, batches, _denoise(model, corrupt))


def epoch_towards_the_corrupted(model, optimizer, x, batches, corrupt):
    def error(clean):
        seen = corrupt(clean)
        return ((seen - model(seen)) ** 2).sum(dim=1)

    return torch.cat(_epoch(model, optimizer, x, batches, error)).mean().item()


def epoch_without_corruption(model, optimizer, x, batches, corrupt):
    return torch.cat(_epoch(model, optimizer, x, batches, _denoise(model, lambda b: b))).mean().item()


def epoch_with_corrupted_x(model, optimizer, x, batches, corrupt):
    return epoch_as_in_the_text(model, optimizer, corrupt(x), batches, lambda batch: batch)


def epoch_without_steps(model, optimizer, x, batches, corrupt):
    with torch.no_grad():
        return sum(_denoise(model, corrupt)(x[rows]).sum().item() for rows in batches) / len(x)


def epoch_with_backward_only(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        error = _denoise(model, corrupt)(x[rows])
        optimizer.zero_grad()
        error.mean().backward()
        total += error.sum().item()
    return total / len(x)


def epoch_with_zero_grad_before_the_step(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        error = _denoise(model, corrupt)(x[rows])
        error.mean().backward()
        optimizer.zero_grad()
        optimizer.step()
        total += error.sum().item()
    return total / len(x)


def epoch_with_a_detached_code(model, optimizer, x, batches, corrupt):
    def error(clean):
        return ((clean - model.decode(model.encode(corrupt(clean)).detach())) ** 2).sum(dim=1)

    return torch.cat(_epoch(model, optimizer, x, batches, error)).mean().item()


def epoch_of_all_at_once(model, optimizer, x, batches, corrupt):
    return _epoch(model, optimizer, x, [torch.arange(len(x))], _denoise(model, corrupt))[0].mean().item()


def epoch_that_skips_the_short_batch(model, optimizer, x, batches, corrupt):
    full = [rows for rows in batches if len(rows) == len(batches[0])]
    return torch.cat(_epoch(model, optimizer, x, full, _denoise(model, corrupt))).mean().item()


def epoch_with_own_optimizer(model, optimizer, x, batches, corrupt):
    own = torch.optim.Adam(model.parameters())
    return epoch_as_in_the_text(model, own, x, batches, corrupt)


def epoch_that_returns_after_one_batch(model, optimizer, x, batches, corrupt):
    return _epoch(model, optimizer, x, batches[:1], _denoise(model, corrupt))[0].mean().item()


def epoch_measured_afterwards(model, optimizer, x, batches, corrupt):
    epoch_as_in_the_text(model, optimizer, x, batches, corrupt)
    with torch.no_grad():
        return ((x - model(x)) ** 2).sum(dim=1).mean().item()


def epoch_trained_twice(model, optimizer, x, batches, corrupt):
    value = epoch_as_in_the_text(model, optimizer, x, batches, corrupt)
    epoch_as_in_the_text(model, optimizer, x, batches, corrupt)
    return value


def epoch_with_a_global_seed(model, optimizer, x, batches, corrupt):
    torch.manual_seed(0)
    return epoch_as_in_the_text(model, optimizer, x, batches, corrupt)


def epoch_with_its_graph(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        loss = ((x[rows] - model.decode(model.encode(corrupt(x[rows])))) ** 2).sum()
        optimizer.zero_grad()
        (loss / len(rows)).backward()
        optimizer.step()
        total += loss
    return total / len(x)


def epoch_of_batch_losses_with_graph(model, optimizer, x, batches, corrupt):
    losses = []
    for rows in batches:
        loss = ((x[rows] - model(corrupt(x[rows]))) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return sum(losses) / len(losses)


# --- 1.3 -------------------------------------------------------------------------------------------------------------


def names_as_tuple():
    return 3, 5, 2, 0, 1


def names_as_list():
    return [3, 5, 2, 0, 1]


def names_as_tensor():
    return torch.tensor([3, 5, 2, 0, 1])


def c_and_e_exchanged():
    return 3, 5, 1, 0, 2


def b_sound_and_d_overfitted():
    return 3, 0, 2, 3, 1


def a_with_a_leak():
    return 5, 5, 2, 0, 1


def e_sound():
    return 3, 5, 2, 1, 0


def c_ignores_the_code():
    return 3, 5, 4, 0, 1


def the_example_of_the_text():
    return 4, 4, 4, 4, 4


def all_zero():
    return 0, 0, 0, 0, 0


def three_numbers():
    return 3, 5, 2


def letters():
    return "D", "F", "C", "A", "B"


def beyond_the_list():
    return 3, 5, 2, 0, 6


def halves():
    return 3, 5, 2, 0, 1.5


def in_a_dict():
    return {"A": 3, "B": 5, "C": 2, "D": 0, "E": 1}


# --- 1.4 -------------------------------------------------------------------------------------------------------------


def denoiser_by_log_sum_exp(noisy, clean, sigma):
    log_weight = -0.5 * scipy.spatial.distance.cdist(noisy, clean, "sqeuclidean") / sigma**2
    return np.exp(log_weight - scipy.special.logsumexp(log_weight, axis=1, keepdims=True)) @ clean


def denoiser_row_by_row(noisy, clean, sigma):
    out = np.zeros_like(noisy)
    for i, row in enumerate(noisy):
        distance = np.sum((clean - row) ** 2, axis=1)
        weight = np.exp(-(distance - distance.min()) / (2 * sigma**2))
        out[i] = np.average(clean, axis=0, weights=weight)
    return out


def denoiser_by_torch_softmax(noisy, clean, sigma):
    noisy, clean = torch.from_numpy(noisy), torch.from_numpy(clean)
    return (-((noisy[:, None] - clean) ** 2).sum(-1) / 2 / sigma**2).softmax(dim=-1) @ clean


def denoiser_in_float32(noisy, clean, sigma):
    return denoiser_row_by_row(noisy, clean, sigma).astype(np.float32)


def denoiser_as_lists(noisy, clean, sigma):
    return denoiser_row_by_row(noisy, clean, sigma).tolist()


def _weights(noisy, clean, sigma):
    with np.errstate(all="ignore"):
        return np.exp(-((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2))


def denoiser_that_underflows(noisy, clean, sigma):
    weight = _weights(noisy, clean, sigma)
    with np.errstate(all="ignore"):
        return weight @ clean / weight.sum(axis=1, keepdims=True)


def denoiser_with_a_guard(noisy, clean, sigma):
    weight = _weights(noisy, clean, sigma)
    return weight @ clean / (weight.sum(axis=1, keepdims=True) + 1e-12)


def denoiser_with_a_floor(noisy, clean, sigma):
    weight = np.maximum(_weights(noisy, clean, sigma), 1e-300)
    return weight @ clean / weight.sum(axis=1, keepdims=True)


def denoiser_with_nan_replaced(noisy, clean, sigma):
    return np.nan_to_num(denoiser_that_underflows(noisy, clean, sigma))


def denoiser_with_one_maximum(noisy, clean, sigma):
    log_weight = -((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2)
    weight = np.exp(log_weight - log_weight.max())
    with np.errstate(all="ignore"):
        return weight @ clean / weight.sum(axis=1, keepdims=True)


def denoiser_nearest(noisy, clean, sigma):
    return clean[scipy.spatial.distance.cdist(noisy, clean).argmin(axis=1)]


def denoiser_mean(noisy, clean, sigma):
    return np.repeat(clean.mean(axis=0)[None], len(noisy), axis=0)


def denoiser_identity(noisy, clean, sigma):
    return noisy.copy()


def denoiser_with_sigma_not_squared(noisy, clean, sigma):
    return scipy.special.softmax(-((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma), axis=1) @ clean


def denoiser_without_the_two(noisy, clean, sigma):
    return scipy.special.softmax(-((noisy[:, None] - clean) ** 2).sum(-1) / sigma**2, axis=1) @ clean


def denoiser_without_the_square(noisy, clean, sigma):
    return scipy.special.softmax(-scipy.spatial.distance.cdist(noisy, clean) / (2 * sigma**2), axis=1) @ clean


def denoiser_over_the_wrong_axis(noisy, clean, sigma):
    return scipy.special.softmax(-((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2), axis=0) @ clean


def denoiser_over_everything(noisy, clean, sigma):
    return scipy.special.softmax(-((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2)) @ clean


def denoiser_by_coordinate(noisy, clean, sigma):
    weight = scipy.special.softmax(-((noisy[:, None] - clean) ** 2) / (2 * sigma**2), axis=1)
    return (weight * clean).sum(axis=1)


def denoiser_with_mean_distance(noisy, clean, sigma):
    return scipy.special.softmax(-((noisy[:, None] - clean) ** 2).mean(-1) / (2 * sigma**2), axis=1) @ clean


def denoiser_shift(noisy, clean, sigma):
    return denoiser_row_by_row(noisy, clean, sigma) - noisy


def denoiser_score(noisy, clean, sigma):
    return (denoiser_row_by_row(noisy, clean, sigma) - noisy) / sigma**2


def denoiser_weights(noisy, clean, sigma):
    return scipy.special.softmax(-((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2), axis=1)


def denoiser_by_shrinkage(noisy, clean, sigma):
    mean, variance = clean.mean(axis=0), clean.var(axis=0)
    return mean + variance / (variance + sigma**2) * (noisy - mean)


def denoiser_squeezed(noisy, clean, sigma):
    return denoiser_row_by_row(noisy, clean, sigma).squeeze()


def denoiser_of_the_notebooks_noise(noisy, clean, sigma):
    return denoiser_row_by_row(noisy, clean, 0.1)


def denoiser_that_clips_the_exponent(noisy, clean, sigma):
    log_weight = np.maximum(-((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2), -700)
    weight = np.exp(log_weight)
    return weight @ clean / weight.sum(axis=1, keepdims=True)


def denoiser_that_normalises_by_n(noisy, clean, sigma):
    return _weights(noisy, clean, sigma) @ clean / len(clean)


def denoiser_in_place(noisy, clean, sigma):
    value = denoiser_row_by_row(noisy, clean, sigma)
    noisy[:] = value
    return value


def denoiser_with_warnings_off(noisy, clean, sigma):
    np.seterr(all="ignore")
    return denoiser_row_by_row(noisy, clean, sigma)


RIGHT = {
    "1.1": [
        pca_as_in_the_text,
        pca_by_a_projector,
        pca_by_the_covariance,
        pca_by_scipy,
        pca_by_sklearn,
        pca_by_taking_away_the_rest,
        pca_in_float32,
        pca_as_torch_tensor,
        pca_as_lists,
    ],
    "1.2": [
        epoch_as_in_the_text,
        epoch_by_forward,
        epoch_by_module_gradients,
        epoch_by_a_closure,
        epoch_with_leading_zero_grad_and_trailing,
    ],
    "1.3": [names_as_tuple, names_as_list, names_as_tensor],
    "1.4": [
        denoiser_by_log_sum_exp,
        denoiser_row_by_row,
        denoiser_by_torch_softmax,
        denoiser_in_float32,
        denoiser_as_lists,
    ],
}

WRONG = {
    "1.1": [
        pca_of_uncentred_data,
        pca_with_the_mean_of_x,
        pca_learned_from_x,
        pca_of_both_together,
        pca_without_adding_the_mean,
        pca_codes,
        pca_residual,
        pca_with_the_first_array,
        pca_with_columns,
        pca_from_the_end,
        pca_by_eigh_from_the_start,
        pca_with_one_more,
        pca_clipped,
        pca_with_at_least_one_direction,
        pca_squeezed,
        pca_whitened,
        pca_of_the_correlations,
        pca_centring_train_in_place,
        pca_of_two_directions,
        pca_with_a_global_seed,
    ],
    "1.2": [
        epoch_without_zero_grad,
        epoch_with_trailing_zero_grad,
        epoch_with_mse_loss,
        epoch_with_mse_loss_and_mean_of_means,
        epoch_with_mean_of_means,
        epoch_with_summed_loss,
        epoch_that_returns_the_sum,
        epoch_that_returns_the_last,
        epoch_that_returns_a_list,
        epoch_that_returns_nothing,
        epoch_towards_the_corrupted,
        epoch_without_corruption,
        epoch_with_corrupted_x,
        epoch_without_steps,
        epoch_with_backward_only,
        epoch_with_zero_grad_before_the_step,
        epoch_with_a_detached_code,
        epoch_of_all_at_once,
        epoch_that_skips_the_short_batch,
        epoch_with_own_optimizer,
        epoch_that_returns_after_one_batch,
        epoch_measured_afterwards,
        epoch_trained_twice,
        epoch_with_a_global_seed,
        epoch_with_its_graph,
        epoch_of_batch_losses_with_graph,
    ],
    "1.3": [
        c_and_e_exchanged,
        b_sound_and_d_overfitted,
        a_with_a_leak,
        e_sound,
        c_ignores_the_code,
        the_example_of_the_text,
        all_zero,
        three_numbers,
        letters,
        beyond_the_list,
        halves,
        in_a_dict,
    ],
    "1.4": [
        denoiser_that_underflows,
        denoiser_with_a_guard,
        denoiser_with_a_floor,
        denoiser_with_nan_replaced,
        denoiser_with_one_maximum,
        denoiser_nearest,
        denoiser_mean,
        denoiser_identity,
        denoiser_with_sigma_not_squared,
        denoiser_without_the_two,
        denoiser_without_the_square,
        denoiser_over_the_wrong_axis,
        denoiser_over_everything,
        denoiser_by_coordinate,
        denoiser_with_mean_distance,
        denoiser_shift,
        denoiser_score,
        denoiser_weights,
        denoiser_by_shrinkage,
        denoiser_squeezed,
        denoiser_of_the_notebooks_noise,
        denoiser_that_clips_the_exponent,
        denoiser_that_normalises_by_n,
        denoiser_in_place,
        denoiser_with_warnings_off,
    ],
}

HARMLESS = {"pca_with_a_global_seed", "epoch_with_a_global_seed", "denoiser_with_warnings_off"}
CONTAINERS = {"pca_as_lists", "denoiser_as_lists"}
