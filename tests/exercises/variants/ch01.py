"""Right answers to the exercises of notebook 01, written in other ways than the model answers."""

import numpy as np
import scipy.special
import torch
from sklearn.decomposition import PCA
from torch.nn import functional


def pca_by_eigenvectors(train, x, k):
    mean = train.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(train, rowvar=False))
    v = vectors[:, ::-1][:, :k]
    return (x - mean) @ v @ v.T + mean


def pca_by_sklearn(train, x, k):
    fitted = PCA(svd_solver="full").fit(train)
    codes = fitted.transform(x)
    codes[:, k:] = 0
    return fitted.inverse_transform(codes)


def pca_in_torch(train, x, k):
    train, x = torch.tensor(train), torch.tensor(x)
    mean = train.mean(dim=0)
    v = torch.linalg.svd(train - mean)[2][:k]
    return mean + (x - mean) @ v.T @ v


def pca_by_loops(train, x, k):
    mean = train.mean(axis=0)
    directions = np.linalg.svd(train - mean)[2]
    rows = []
    for own in x:
        row = mean.copy()
        for direction in directions[:k]:
            row += np.dot(own - mean, direction) * direction
        rows.append(row)
    return np.array(rows)


def epoch_by_mse(model, optimizer, x, batches, corrupt):
    weighted = 0
    for rows in batches:
        loss = functional.mse_loss(model(corrupt(x[rows])), x[rows], reduction="sum") / len(rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        weighted += loss.item() * len(rows)
    return weighted / sum(len(rows) for rows in batches)


def epoch_with_tensors(model, optimizer, x, batches, corrupt):
    errors = []
    for rows in batches:
        for parameter in model.parameters():
            parameter.grad = None
        difference = model.decode(model.encode(corrupt(x[rows]))) - x[rows]
        error = torch.einsum("bd,bd->b", difference, difference)
        (error.sum() / error.numel()).backward()
        optimizer.step()
        errors.append(error.detach())
    return torch.cat(errors).mean()


def epoch_with_gradients_of_zero(model, optimizer, x, batches, corrupt):
    model.train()
    total, seen = 0.0, 0
    for rows in batches:
        optimizer.zero_grad(set_to_none=False)
        clean = x.index_select(0, rows)
        loss = torch.linalg.vector_norm(clean - model(corrupt(clean)), dim=1).square().mean()
        loss.backward()
        optimizer.step()
        total, seen = total + float(loss) * rows.numel(), seen + rows.numel()
    return np.float64(total / seen)


def denoiser_by_softmax(noisy, clean, sigma):
    exponents = -((noisy[:, None] - clean) ** 2).sum(-1) / (2 * sigma**2)
    return scipy.special.softmax(exponents, axis=1) @ clean


def denoiser_in_torch(noisy, clean, sigma):
    noisy, clean = torch.tensor(noisy), torch.tensor(clean)
    return torch.softmax(-0.5 * (torch.cdist(noisy, clean) / sigma) ** 2, dim=1) @ clean


def denoiser_by_loops(noisy, clean, sigma):
    rows = []
    for own in noisy:
        exponents = np.array([-np.sum((own - each) ** 2) / (2 * sigma**2) for each in clean])
        weights = np.exp(exponents - np.logaddexp.reduce(exponents))
        rows.append(sum(weight * each for weight, each in zip(weights, clean, strict=True)))
    return np.array(rows)


def denoiser_by_inner_products(noisy, clean, sigma):
    exponents = (noisy @ clean.T - 0.5 * (clean**2).sum(axis=1)) / sigma**2  # the square of the noisy row cancels
    weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)) @ clean


VARIANTS = {
    "1.1": [pca_by_eigenvectors, pca_by_sklearn, pca_in_torch, pca_by_loops],
    "1.2": [epoch_by_mse, epoch_with_tensors, epoch_with_gradients_of_zero],
    "1.4": [denoiser_by_softmax, denoiser_in_torch, denoiser_by_loops, denoiser_by_inner_products],
}
