"""Right answers to the exercises of notebook 07, written in other ways than the model answers."""

import numpy as np
import torch
from scipy.special import expit, log_expit
from scipy.stats import logistic


def loss_by_totals(pixel_costs, latent_costs):
    return (np.sum(pixel_costs) + np.sum(latent_costs)) / len(pixel_costs)


def loss_by_a_loop(pixel_costs, latent_costs):
    examples = [sum(pixels) + sum(latents) for pixels, latents in zip(pixel_costs, latent_costs, strict=True)]
    return sum(examples) / len(examples)


def loss_in_torch(pixel_costs, latent_costs):
    pixel_costs, latent_costs = torch.tensor(pixel_costs, dtype=torch.float32), torch.tensor(latent_costs).float()
    return pixel_costs.flatten(1).sum(1).mean() + latent_costs.sum(dim=-1).mean()


def implied_by_counting(batch, data, latent, of_pixels, of_latents):
    entries = {"sum": lambda features: 1, "mean": lambda features: batch * features, "mean of sums": lambda _: batch}
    beta = entries[of_pixels](data) / entries[of_latents](latent)
    return beta, 0.5 * beta


def implied_by_trying(batch, data, latent, of_pixels, of_latents):
    reduce = {
        "sum": np.sum,
        "mean": np.mean,
        "mean of sums": lambda costs: costs.sum(axis=1).mean(),
    }
    of_one = [reduce[how](np.ones((batch, size))) / size for how, size in ((of_pixels, data), (of_latents, latent))]
    return [of_one[1] / of_one[0], np.float64(of_one[1] / (2 * of_one[0]))]


def implied_by_cases(batch, data, latent, of_pixels, of_latents):
    def weight(how, features):
        if how == "sum":
            return batch
        if how == "mean":
            return 1 / features
        return 1

    w_x, w_z = weight(of_pixels, data), weight(of_latents, latent)
    return w_z / w_x, w_z / (2 * w_x)


def bernoulli_by_log_sigmoid(x, logits):
    return np.sum(x * log_expit(logits) + (1 - x) * log_expit(-logits), axis=-1)


def bernoulli_by_sign(x, logits):
    signed = np.where(x == 1, logits, -logits)
    return (np.minimum(signed, 0) - np.log1p(np.exp(-np.abs(signed)))).sum(axis=1)


def bernoulli_in_torch(x, logits):
    x, logits = torch.tensor(x), torch.tensor(logits)
    return -torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


def bernoulli_in_single_precision(x, logits):
    x, logits = x.astype(np.float32), logits.astype(np.float32)
    return (x * logits - np.maximum(logits, 0) - np.log1p(np.exp(-np.abs(logits)))).sum(1)


def gaussian_by_norms(x, mean):
    variance = np.linalg.norm(x - mean) ** 2 / x.size
    squares = np.linalg.norm(x - mean, axis=1) ** 2
    return variance, squares / (2 * variance) + x.shape[1] * np.log(np.sqrt(2 * np.pi * variance))


def gaussian_by_torch(x, mean):
    x, mean = torch.tensor(x), torch.tensor(mean)
    variance = torch.nn.functional.mse_loss(mean, x)
    return variance.item(), -torch.distributions.Normal(mean, variance.sqrt()).log_prob(x).sum(dim=1)


def gaussian_in_single_precision(x, mean):
    error = (x - mean).astype(np.float32)
    log_sigma = 0.5 * np.log(np.mean(np.square(error)))
    cost = 0.5 * (error * np.exp(-log_sigma)) ** 2 + log_sigma + np.float32(0.5 * np.log(2 * np.pi))
    return [np.exp(2 * log_sigma), cost.sum(axis=1)]


def levels_by_scipy(mean, scale, levels):
    ends = np.concatenate([[-np.inf], np.linspace(0, 1, levels)[:-1] + 0.5 / (levels - 1), [np.inf]])
    return np.diff(logistic.cdf(ends, loc=mean, scale=scale))


def levels_by_a_loop(mean, scale, levels):
    h, found = 0.5 / (levels - 1), []
    for level in range(levels):
        value = level / (levels - 1)
        above = 1.0 if level == levels - 1 else expit((value + h - mean) / scale)
        below = 0.0 if level == 0 else expit((value - h - mean) / scale)
        found.append(above - below)
    return np.array(found)


def levels_in_torch(mean, scale, levels):
    value, h = torch.linspace(0, 1, levels), 0.5 / (levels - 1)
    above, below = ((value + h - mean) / scale).sigmoid(), ((value - h - mean) / scale).sigmoid()
    above[-1], below[0] = 1, 0
    return above - below


def mean_by_lists(model, cost, x, batch_size):
    training = model.training
    model.eval()
    costs = [cost(model, x[start : start + batch_size]) for start in range(0, len(x), batch_size)]
    if training:
        model.train()
    return torch.cat(costs).mean()


def mean_by_weights(model, cost, x, batch_size):
    mode, mean, seen = model.training, 0.0, 0
    model.train(False)
    with torch.inference_mode():
        for rows in torch.split(x, batch_size):
            seen += len(rows)
            mean += (float(cost(model, rows).mean()) - mean) * len(rows) / seen
    model.train(mode)
    return mean


def mean_by_loader(model, cost, x, batch_size):
    was, total = model.training, 0.0
    try:
        model.eval()
        with torch.no_grad():
            for (rows,) in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=batch_size):
                total += cost(model, rows).double().sum().numpy()
    finally:
        model.train(was)
    return np.float32(total / x.shape[0])


VARIANTS = {
    "7.1": [loss_by_totals, loss_by_a_loop, loss_in_torch],
    "7.2": [implied_by_counting, implied_by_trying, implied_by_cases],
    "7.3": [bernoulli_by_log_sigmoid, bernoulli_by_sign, bernoulli_in_torch, bernoulli_in_single_precision],
    "7.4": [gaussian_by_norms, gaussian_by_torch, gaussian_in_single_precision],
    "7.5": [levels_by_scipy, levels_by_a_loop, levels_in_torch],
    "7.6": [mean_by_lists, mean_by_weights, mean_by_loader],
}
