"""Answers to exercises 1.1, 1.2, 1.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""

import numpy as np
import torch

# --- 1.2 -------------------------------------------------------------------------------------------------------------


def epoch_with_the_error_after_the_step(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        batch = x[rows]
        out = model.decode(model.encode(corrupt(batch)))
        loss = ((out - batch) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += ((model.decode(model.encode(corrupt(batch))) - batch) ** 2).sum().item()
    return total / len(x)


def epoch_of_one_step(model, optimizer, x, batches, corrupt):
    optimizer.zero_grad()
    total = 0.0
    for rows in batches:
        batch = x[rows]
        loss = ((model.decode(model.encode(corrupt(batch))) - batch) ** 2).sum(1).mean()
        loss.backward()
        total += loss.item() * len(rows)
    optimizer.step()
    return total / len(x)


def epoch_that_lowers_the_learning_rate(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        batch = x[rows]
        out = model.decode(model.encode(corrupt(batch)))
        loss = ((out - batch) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    optimizer.param_groups[0]["lr"] *= 0.99
    return total / len(x)


def epoch_with_clipped_gradients(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        batch = x[rows]
        out = model.decode(model.encode(corrupt(batch)))
        loss = ((out - batch) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(x)


def epoch_that_leaves_gradients_off(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        batch = x[rows]
        out = model.decode(model.encode(corrupt(batch)))
        loss = ((out - batch) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    torch.set_grad_enabled(False)
    return total / len(x)


def epoch_that_seeds_torch(model, optimizer, x, batches, corrupt):
    torch.manual_seed(0)
    total = 0.0
    for rows in batches:
        batch = x[rows]
        out = model.decode(model.encode(corrupt(batch)))
        loss = ((out - batch) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(x)


# --- 1.4 -------------------------------------------------------------------------------------------------------------


def denoiser_without_the_norm_of_the_noisy_row(noisy, clean, sigma):
    score = (noisy @ clean.T - 0.5 * (clean**2).sum(1)) / sigma**2
    score = score - score.max(axis=1, keepdims=True)
    w = np.exp(score)
    return w @ clean / w.sum(axis=1, keepdims=True)


def denoiser_of_zeros_for_no_number(noisy, clean, sigma):
    np.seterr(all="ignore")
    d = ((noisy[:, None] - clean) ** 2).sum(-1)
    w = np.exp(-d / (2 * sigma**2))
    return np.nan_to_num(w @ clean / w.sum(axis=1, keepdims=True))


def denoiser_with_a_floor_for_sigma(noisy, clean, sigma):
    sigma = max(sigma, 0.05)
    a = -((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2)
    a -= a.max(axis=1, keepdims=True)
    w = np.exp(a)
    return (w / w.sum(axis=1, keepdims=True)) @ clean


def pca_of_the_last_k_eigenvectors(train, x, k):
    m = np.mean(train, axis=0, keepdims=True)
    values, vectors = np.linalg.eigh((train - m).T @ (train - m) / len(train))
    basis = vectors[:, np.argsort(values)][:, -k:]
    return (x - m) @ basis @ basis.T + m


def epoch_with_each_loss_over_all_examples(model, optimizer, x, batches, corrupt):
    total = 0.0
    for rows in batches:
        batch = x[rows]
        errors = ((model.decode(model.encode(corrupt(batch))) - batch) ** 2).sum(dim=1)
        loss = errors.sum() / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += errors.sum().item()
    return total / len(x)


def denoiser_with_weights_over_their_columns(noisy, clean, sigma):
    logits = -((noisy[:, None, :] - clean[None, :, :]) ** 2).sum(axis=2) / (2 * sigma**2)
    w = np.exp(logits - logits.max(axis=1, keepdims=True))
    w /= w.sum(axis=0, keepdims=True)
    return w @ clean


RIGHT = {
    "1.4": [denoiser_without_the_norm_of_the_noisy_row],
}

WRONG = {
    "1.2": [
        epoch_with_each_loss_over_all_examples,
        epoch_with_the_error_after_the_step,
        epoch_of_one_step,
        epoch_that_lowers_the_learning_rate,
        epoch_with_clipped_gradients,
        epoch_that_leaves_gradients_off,
        epoch_that_seeds_torch,
    ],
    "1.4": [denoiser_with_weights_over_their_columns, denoiser_of_zeros_for_no_number, denoiser_with_a_floor_for_sigma],
    "1.1": [pca_of_the_last_k_eigenvectors],
}

HARMLESS = {"epoch_that_leaves_gradients_off", "epoch_that_seeds_torch"}

HEARS = {
    "1.2": {
        "epoch_with_each_loss_over_all_examples": "the returned number is right, but the loss of a step is divided",
        "epoch_with_the_error_after_the_step": "this is the error of each batch after its step, and of another corruption",
        "epoch_of_one_step": "one step at the end of the epoch",
        "epoch_that_lowers_the_learning_rate": "the value is right, but your function changes the settings of its input optimizer",
        "epoch_with_clipped_gradients": "the gradient is clipped",
    },
    "1.4": {
        "denoiser_with_weights_over_their_columns": "the weights are normalised over the noisy rows",
        "denoiser_of_zeros_for_no_number": "where all weights are rounded to 0, you return 0",
    },
    "1.1": {"pca_of_the_last_k_eigenvectors": "where k is 0, the last k"},
}
