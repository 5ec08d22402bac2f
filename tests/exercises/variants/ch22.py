"""Right answers to the exercises of notebook 22, written in other ways than the model answers."""

import numpy as np
import torch
from scipy.special import expit, log_expit, softmax


def steps_in_torch(end_logits):
    logits = torch.tensor(np.array(end_logits))
    return torch.nn.functional.logsigmoid(-logits).cumsum(dim=1).exp().sum(dim=1)


def steps_from_scipy(end_logits):
    return np.exp(np.add.accumulate(log_expit(-end_logits), axis=1)) @ np.ones(end_logits.shape[1])


def dream_by_searching(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    new = np.array(z, dtype=float)
    for i in range(len(z)):
        if over[i]:
            continue
        if temperature == 0:
            new[i] = mu[i][np.argmax(logits[i])]
        else:
            edges = np.cumsum(softmax(logits[i] / temperature))
            k = next((j for j, edge in enumerate(edges) if edge > u_part[i]), len(edges) - 1)
            new[i] = mu[i][k] + np.sqrt(temperature) * np.exp(logvar[i][k] / 2) * eps[i]
    return new, over | (u_end < expit(end))


def dream_in_torch(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    each = (torch.tensor(np.array(a)) for a in (logits, mu, logvar, end, z, over, u_part, eps, u_end))
    logits, mu, logvar, end, z, over, u_part, eps, u_end = each
    if temperature == 0:
        part = logits.argmax(dim=1)
    else:
        edges = (logits / temperature).softmax(dim=1).cumsum(dim=1)
        part = torch.searchsorted(edges, u_part[:, None], right=True)[:, 0].clamp(max=logits.shape[1] - 1)
    index = part[:, None, None].expand(-1, 1, mu.shape[2])
    sd = (0.5 * logvar.gather(1, index)[:, 0]).exp()
    moved = mu.gather(1, index)[:, 0] + temperature**0.5 * sd * eps
    return torch.where(over[:, None], z, moved), over | (u_end < end.sigmoid())


def refit_with_lexsort(plans, scores, elite):
    order = np.lexsort((np.arange(len(scores)), -scores))
    return np.clip(np.mean([plans[i] for i in order[:elite]], axis=0), 0.05, 0.95)


def refit_by_removing(plans, scores, elite):
    left, total = list(range(len(scores))), 0
    for _ in range(elite):
        best = max(left, key=lambda i: scores[i])  # the first of those that tie
        left.remove(best)
        total = total + plans[best]
    return np.array([min(max(each / elite, 0.05), 0.95) for each in total])


VARIANTS = {
    "22.1": [steps_in_torch, steps_from_scipy],
    "22.3": [dream_by_searching, dream_in_torch],
    "22.2": [refit_with_lexsort, refit_by_removing],
}
