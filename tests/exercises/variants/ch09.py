"""Right answers to the exercises of notebook 09, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp


def curve_by_loops(eigenvalues, latent, variance, betas):
    rates, distortions = [], []
    for beta in betas:
        level, rate, error = beta * variance, 0.0, 0.0
        for place, value in enumerate(sorted(eigenvalues.tolist(), reverse=True)):
            if place < latent and value > level:
                rate += 0.5 * math.log(value / level)
                error += level
            else:
                error += value
        rates.append(rate)
        distortions.append(error / 2 / variance + len(eigenvalues) / 2 * math.log(2 * math.pi * variance))
    return rates, distortions


def curve_by_the_code(eigenvalues, latent, variance, betas):
    """With w² = λ − βσ_x² where that is positive, and the posterior of a decoder with the variance βσ_x²."""
    own = torch.as_tensor(eigenvalues).sort(descending=True).values
    level = torch.as_tensor(betas)[:, None] * variance
    coded = own[:latent].expand(len(betas), -1)
    w = (coded - level).clamp(min=0).sqrt()
    a, s2 = w / (w**2 + level), level / (w**2 + level)
    error = ((1 - w * a) ** 2 * coded + w**2 * s2).sum(dim=1) + own[latent:].sum()
    rate = 0.5 * (a**2 * coded + s2 - 1 - s2.log()).sum(dim=1)
    return rate, error / (2 * variance) + 0.5 * len(own) * math.log(2 * math.pi * variance)


def curve_by_search(eigenvalues, latent, variance, betas):
    """The best error of each direction, found numerically."""
    order = np.sort(eigenvalues)[::-1]
    rates, errors = np.zeros(len(betas)), np.full(len(betas), order[latent:].sum())
    for i, beta in enumerate(betas):
        for value in order[:latent]:
            if value == 0:
                continue

            def cost(t, value=value, beta=beta):
                return value * math.exp(-2 * t) / (2 * variance) + beta * t

            t = minimize_scalar(cost, bounds=(0, 20), method="bounded", options={"xatol": 1e-12}).x
            # Newton steps make the search exact; at the border the derivative is positive.
            for _ in range(50):
                slope, bend = beta - value * math.exp(-2 * t) / variance, 2 * value * math.exp(-2 * t) / variance
                t = max(0.0, t - slope / bend)
            rates[i] += t
            errors[i] += value * math.exp(-2 * t)
    return np.array([rates, errors / (2 * variance) + len(order) / 2 * np.log(2 * np.pi * variance)])


def split_by_loops(log_q, log_p):
    information, gap = [], []
    for i, row in enumerate(log_q):
        top = max(row)
        log_aggregate = top + math.log(sum(math.exp(each - top) for each in row)) - math.log(len(row))
        information.append(row[i] - log_aggregate)
        gap.append(log_aggregate - log_p[i])
    return sum(information) / len(log_q), sum(gap) / len(log_q)


def split_in_torch(log_q, log_p):
    log_q, log_p = torch.from_numpy(log_q), torch.from_numpy(log_p)
    log_aggregate = log_q.logsumexp(dim=1) - math.log(len(log_q))
    return (log_q.diagonal() - log_aggregate).mean(), (log_aggregate - log_p).mean()


def split_by_the_rest(log_q, log_p):
    """The second part as the rate minus the first."""
    n = len(log_q)
    information = np.mean(log_q[range(n), range(n)] - logsumexp(log_q, axis=1, b=1 / n))
    return np.array([information, np.mean(np.diag(log_q) - log_p) - information])


def trainings_as_a_list():
    return [2, 6, 4, 1, 3]


def trainings_by_letter():
    numbers = {"D": 1, "A": 2, "E": 3, "C": 4, "B": 6}
    return np.array([numbers[letter] for letter in "ABCDE"])


VARIANTS = {
    "9.1": [curve_by_loops, curve_by_the_code, curve_by_search],
    "9.2": [trainings_as_a_list, trainings_by_letter],
    "9.3": [split_by_loops, split_in_torch, split_by_the_rest],
}
