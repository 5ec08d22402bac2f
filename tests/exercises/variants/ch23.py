"""Right answers to the exercises of notebook 23, written in other ways than the model answers."""

import numpy as np
import torch


def places_in_torch(n, b, gamma, steps):
    t = torch.arange(steps, dtype=torch.float64)
    weights = torch.tensor(float(gamma), dtype=torch.float64) ** t
    return (weights * (n + 1 + t).rsqrt()).sum(), b * weights.sum()


def places_by_polynomials(n, b, gamma, steps):
    visits = 1 / np.sqrt(np.arange(n + 1, n + 1 + steps))
    return np.polyval(visits[::-1], gamma), np.polyval(np.full(steps, b), gamma)


def bonus_in_torch(new, seen, matrix, weight):
    new, seen, matrix = (torch.tensor(np.array(each)) for each in (new, seen, matrix))
    centre = seen.mean(dim=0)
    codes = [((each - centre) @ matrix > 0).double() for each in (new, seen)]
    counts = (torch.cdist(*codes, p=1) < 0.5).sum(dim=1).clamp(min=1)
    return weight * counts.double().rsqrt()


def bonus_with_products(new, seen, matrix, weight):
    centre = seen.mean(axis=0)
    a, b = (np.where((each - centre) @ matrix > 0, 1, -1) for each in (new, seen))
    counts = (a @ b.T == matrix.shape[1]).sum(axis=1)
    return weight / np.sqrt(np.where(counts == 0, 1, counts))


def fractions_in_torch(codes, states):
    pairs = torch.combinations(torch.arange(len(codes)))
    code, state = (torch.tensor(np.array(each))[pairs] for each in (codes, states))
    code, state = code[:, 0] == code[:, 1], state[:, 0] == state[:, 1]
    return (~code[state]).double().mean(), code[~state].double().mean()


def fractions_from_ordered_pairs(codes, states):
    i, j = np.nonzero(~np.eye(len(codes), dtype=bool))
    one = states[i] == states[j]
    return np.average(codes[i] != codes[j], weights=one), np.average(codes[i] == codes[j], weights=~one)


VARIANTS = {
    "23.1": [places_in_torch, places_by_polynomials],
    "23.2": [bonus_in_torch, bonus_with_products],
    "23.3": [fractions_in_torch, fractions_from_ordered_pairs],
}
