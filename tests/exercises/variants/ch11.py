"""Right answers to the exercises of notebook 11, written in other ways than the model answers."""

import numpy as np
import torch
from torch.nn import functional


def betas_by_a_loop(is_training, warm_up_steps):
    betas, step = [], 0
    for training in is_training:
        if not training:
            betas.append(1.0)
            continue
        betas.append(min(1.0, step / warm_up_steps))
        step += 1
    return np.array(betas)


def betas_by_places(is_training, warm_up_steps):
    betas = np.ones(len(is_training), dtype=np.float32)
    places = np.flatnonzero(is_training)
    ramp = np.linspace(0, 1, warm_up_steps + 1)[:-1]
    betas[places[:warm_up_steps]] = ramp[: len(places)]
    return betas


def betas_in_torch(is_training, warm_up_steps):
    training = torch.from_numpy(is_training)
    before = training.cumsum(0) - training.int()
    return torch.where(training, (before / warm_up_steps).clamp(max=1), torch.ones(()))


def cycles_by_a_loop(done, cycles, ramp):
    betas = np.empty_like(done)
    for index, share in enumerate(done):
        cycle = int(share * cycles)
        place = share * cycles - cycle
        betas[index] = place / ramp if place < ramp else 1.0
    return betas


def cycles_by_fmod(done, cycles, ramp):
    return np.clip(np.modf(done * cycles)[0] / ramp, 0, 1).astype(np.float32)


def cycles_by_interpolation(done, cycles, ramp):
    return np.interp(done * cycles - np.floor(done * cycles), [0, ramp, 1], [0, 1, 1])


def free_bits_by_relu(distortion, rates, threshold):
    return distortion.mean() + (functional.relu(rates.mean(0) - threshold) + threshold).sum()


def free_bits_by_a_loop(distortion, rates, threshold):
    loss = distortion.sum() / len(distortion)
    for j in range(rates.shape[1]):
        own = rates[:, j].mean()
        loss = loss + (own if own > threshold else threshold)
    return loss


def free_bits_by_maximum(distortion, rates, threshold):
    per_dimension = rates.float().sum(dim=0) / rates.shape[0]
    return distortion.float().mean() + torch.maximum(per_dimension, torch.tensor(threshold)).sum()


def free_bits_by_where(distortion, rates, threshold):
    mean = rates.mean(dim=0)
    return (distortion + torch.where(mean > threshold, mean, threshold).sum()).mean()


def read_by_a_loop(x, noise, share, blank, training):
    read = []
    for row, own in zip(x, noise, strict=True):
        symbols = [0]
        for t in range(1, len(row)):
            symbols.append(blank if training and own[t] < share else row[t - 1])
        read.append(symbols)
    return np.array(read), x.copy()


def read_in_torch(x, noise, share, blank, training):
    x, noise = torch.from_numpy(x), torch.from_numpy(noise)
    read = functional.pad(x[:, :-1], (1, 0))
    if training:
        gaps = noise < share
        gaps[:, 0] = False
        read = read.masked_fill(gaps, blank)
    return read, x


def read_by_blanking_first(x, noise, share, blank, training):
    seen = np.where((noise[:, 1:] < share) & training, blank, x[:, :-1])
    return [np.pad(seen, ((0, 0), (1, 0))), x]


def read_by_rolling(x, noise, share, blank, training):
    read = np.roll(x, 1, axis=1)  # the last symbol of each text is 0
    keep = (noise >= share) | (not training)
    keep[:, 0] = True
    return read * keep + blank * ~keep, x


def moved_by_a_loop(nll, kl, information, active, tolerance):
    told = []
    for row in range(len(nll)):
        kl_rose = kl[row] > kl[0] + tolerance
        useful = information[row] > information[0] + tolerance or nll[row] < nll[0] - tolerance
        told.append(bool(kl_rose and not useful))
    return np.array(told)


def moved_by_de_morgan(nll, kl, information, active, tolerance):
    return (kl > kl[0] + tolerance) & (information <= information[0] + tolerance) & (nll >= nll[0] - tolerance)


def moved_as_numbers(nll, kl, information, active, tolerance):
    signs = [np.float32(column - column[0]) > tolerance for column in (kl, information, -nll)]
    return torch.from_numpy(signs[0] * (1 - signs[1]) * (1 - signs[2]))


VARIANTS = {
    "11.1": (betas_by_a_loop, betas_by_places, betas_in_torch),
    "11.2": (cycles_by_a_loop, cycles_by_fmod, cycles_by_interpolation),
    "11.3": (free_bits_by_relu, free_bits_by_a_loop, free_bits_by_maximum, free_bits_by_where),
    "11.4": (read_by_a_loop, read_in_torch, read_by_blanking_first, read_by_rolling),
    "11.5": (moved_by_a_loop, moved_by_de_morgan, moved_as_numbers),
}
