"""Right answers to the exercises of notebook 11, written in other ways than the model answers."""

import numpy as np
import torch
from scipy import special
from torch.nn import functional


def free_bits_by_relu(distortion, rates, threshold, groups):
    own = torch.stack([rates[:, groups == g].sum(1).mean() for g in range(int(groups.max()) + 1)])
    return distortion + (functional.relu(own - threshold) + threshold).sum()


def free_bits_by_a_loop(distortion, rates, threshold, groups):
    loss = distortion
    for group in groups.unique():
        own = rates[:, groups == group].sum() / len(rates)
        loss = loss + (own if own > threshold else threshold)
    return loss


def free_bits_by_index_add(distortion, rates, threshold, groups):
    mean = rates.float().mean(dim=0)
    total = torch.zeros(int(groups.max()) + 1).index_add(0, groups, mean)
    return distortion.float() + torch.maximum(total, torch.tensor(threshold)).sum()


def free_bits_by_where(distortion, rates, threshold, groups):
    mean = (
        torch.zeros(len(rates), len(groups), dtype=rates.dtype)
        .scatter_add(1, groups.expand_as(rates), rates)
        .mean(dim=0)
    )
    mean = mean[: groups.max() + 1]
    return distortion + torch.where(mean > threshold, mean, threshold).sum()


def read_by_a_loop(x, noise, fraction, blank, training):
    read = []
    for row, own in zip(x, noise, strict=True):
        symbols = [0]
        for t in range(1, len(row)):
            symbols.append(blank if training and own[t] < fraction else row[t - 1])
        read.append(symbols)
    return np.array(read), x.copy()


def read_in_torch(x, noise, fraction, blank, training):
    x, noise = torch.from_numpy(x), torch.from_numpy(noise)
    read = functional.pad(x[:, :-1], (1, 0))
    if training:
        gaps = noise < fraction
        gaps[:, 0] = False
        read = read.masked_fill(gaps, blank)
    return read, x


def read_by_blanking_first(x, noise, fraction, blank, training):
    seen = np.where((noise[:, 1:] < fraction) & training, blank, x[:, :-1])
    return [np.pad(seen, ((0, 0), (1, 0))), x]


def read_by_rolling(x, noise, fraction, blank, training):
    read = np.roll(x, 1, axis=1)  # the last symbol of each text is 0
    keep = (noise >= fraction) | (not training)
    keep[:, 0] = True
    return read * keep + blank * ~keep, x


def cost_by_hand(log_given, log_prior):
    rates, distortions, nlls = [], [], []
    for row in log_given:
        joint = [given + prior for given, prior in zip(row, log_prior, strict=True)]
        top = max(joint)
        evidence = top + np.log(sum(np.exp(each - top) for each in joint))
        posterior = [np.exp(each - evidence) for each in joint]
        distortion = -sum(p * given for p, given in zip(posterior, row, strict=True))
        rates.append(-evidence - distortion)
        distortions.append(distortion)
        nlls.append(-evidence)
    return np.array(rates), np.array(distortions), np.array(nlls)


def cost_with_scipy(log_given, log_prior):
    posterior = special.softmax(log_given + log_prior, axis=1)
    rate = special.rel_entr(posterior, np.exp(log_prior)).sum(axis=1)
    return (
        rate,
        -np.einsum("nl,nl->n", posterior, log_given),
        -special.logsumexp(log_given, b=np.exp(log_prior), axis=1),
    )


def cost_in_torch(log_given, log_prior):
    joint = torch.from_numpy(log_given) + torch.from_numpy(log_prior)
    log_posterior = joint.log_softmax(dim=1)
    posterior = log_posterior.exp()
    rate = (posterior * (log_posterior - torch.from_numpy(log_prior))).sum(dim=1)
    nll = -joint.logsumexp(dim=1)
    return [rate, nll - rate, nll]


def cures_as_a_list():
    return [3, 1, 0, 2, 4]


def cures_as_numbers():
    return torch.tensor([3.0, 1.0, 0.0, 2.0, 4.0])


VARIANTS = {
    "11.3": (free_bits_by_relu, free_bits_by_a_loop, free_bits_by_index_add, free_bits_by_where),
    "11.1": (cost_by_hand, cost_with_scipy, cost_in_torch),
    "11.2": (read_by_a_loop, read_in_torch, read_by_blanking_first, read_by_rolling),
    "11.4": (cures_as_a_list, cures_as_numbers),
}
