"""Answers to exercises 25.1 to 25.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

# --- 25.1 ------------------------------------------------------------------------------------------------------------


def with_named_squares(z, x, logsnr_s, logsnr_t):
    a2s, a2t = torch.sigmoid(logsnr_s), torch.sigmoid(logsnr_t)
    s2s, s2t = torch.sigmoid(-logsnr_s), torch.sigmoid(-logsnr_t)
    ats = torch.sqrt(a2t / a2s)
    s2ts = s2t * (1 - torch.exp(logsnr_t - logsnr_s))
    mu = (ats * s2s / s2t)[:, None] * z + (torch.sqrt(a2s) * s2ts / s2t)[:, None] * x
    return mu, (s2ts * s2s / s2t)[:, None]


def with_log_sigmoids(z, x, logsnr_s, logsnr_t):
    la_s, la_t = F.logsigmoid(logsnr_s) / 2, F.logsigmoid(logsnr_t) / 2
    r = torch.exp(logsnr_t - logsnr_s)
    mean = (r * torch.exp(la_s - la_t)).unsqueeze(1) * z + ((1 - r) * torch.exp(la_s)).unsqueeze(1) * x
    return mean, ((1 - r) * torch.exp(F.logsigmoid(-logsnr_s))).unsqueeze(-1)


def row_by_row(z, x, logsnr_s, logsnr_t):
    means, variances = [], []
    for i in range(len(z)):
        a_s, a_t = torch.sigmoid(logsnr_s[i]) ** 0.5, torch.sigmoid(logsnr_t[i]) ** 0.5
        v_s, v_t = torch.sigmoid(-logsnr_s[i]), torch.sigmoid(-logsnr_t[i])
        f = a_t / a_s
        step = v_t * -torch.expm1(logsnr_t[i] - logsnr_s[i])
        total = f * f / step + 1 / v_s
        means.append((f / step * z[i] + a_s / v_s * x[i]) / total)
        variances.append(1 / total)
    return torch.stack(means), torch.stack(variances).reshape(-1, 1)


def one_minus_alpha_squared(z, x, logsnr_s, logsnr_t):
    a2s, a2t = torch.sigmoid(logsnr_s), torch.sigmoid(logsnr_t)
    s2s, s2t = 1 - a2s, 1 - a2t
    left = -torch.expm1(logsnr_t - logsnr_s)
    ats = torch.sqrt(a2t / a2s)
    return (ats * s2s / s2t)[:, None] * z + (torch.sqrt(a2s) * left)[:, None] * x, (left * s2s)[:, None]


def q_of_s_given_x(z, x, logsnr_s, logsnr_t):
    return torch.sigmoid(logsnr_s).sqrt()[:, None] * x, torch.sigmoid(-logsnr_s)[:, None]


def standard_deviation(z, x, logsnr_s, logsnr_t):
    mean, variance = with_named_squares(z, x, logsnr_s, logsnr_t)
    return mean, variance.sqrt()


def variance_as_vector(z, x, logsnr_s, logsnr_t):
    mean, variance = with_named_squares(z, x, logsnr_s, logsnr_t)
    return mean, variance[:, 0]


def variances_subtracted(z, x, logsnr_s, logsnr_t):
    a_s, a_t = (each.sigmoid().sqrt()[:, None] for each in (logsnr_s, logsnr_t))
    v_s, v_t = ((-each).sigmoid()[:, None] for each in (logsnr_s, logsnr_t))
    step = v_t - v_s
    return a_t / a_s * v_s / v_t * z + a_s * step / v_t * x, step * v_s / v_t


def exchanged_inputs(z, x, logsnr_s, logsnr_t):
    return with_named_squares(x, z, logsnr_s, logsnr_t)


# --- 25.2 ------------------------------------------------------------------------------------------------------------


def with_two_means(predict, x, eps, t, logsnr):
    lam = logsnr[t - 1]
    a, s = torch.sigmoid(lam).sqrt().unsqueeze(1), torch.sigmoid(-lam).sqrt().unsqueeze(1)
    z = a * x + s * eps
    xhat = (z - s * predict(z, lam)) / a
    lam_s = torch.where(t > 1, logsnr[(t - 2).clamp(min=0)], lam + 1)  # any other where t = 1
    mu, var = with_named_squares(z, x, lam_s, lam)
    mu_hat, _ = with_named_squares(z, xhat, lam_s, lam)
    kl = ((mu - mu_hat) ** 2 / (2 * var)).sum(-1)
    nll = 0.5 * ((x - z / a) ** 2 / (s / a) ** 2 + torch.log(2 * math.pi * (s / a) ** 2)).sum(-1)
    return torch.where(t == 1, nll, kl)


def with_a_mask(predict, x, eps, t, logsnr):
    own = logsnr[t - 1]
    a, s = torch.sqrt(torch.sigmoid(own)), torch.sqrt(torch.sigmoid(-own))
    hat = predict(a[:, None] * x + s[:, None] * eps, own)
    out = 0.5 * (eps**2 + math.log(2 * math.pi)).sum(dim=-1) - 0.5 * x.shape[1] * own
    later = t > 1
    w = 0.5 * (torch.exp(logsnr[t[later] - 2] - own[later]) - 1)
    out = out.clone()
    out[later] = w * (eps[later] - hat[later]).pow(2).sum(dim=-1)
    return out


def with_a_distribution(predict, x, eps, t, logsnr):
    own = logsnr[t - 1]
    a, s = own.sigmoid().sqrt()[:, None], (-own).sigmoid().sqrt()[:, None]
    z = a * x + s * eps
    first = -torch.distributions.Normal(z / a, s / a).log_prob(x).sum(dim=1)
    error = (eps - predict(z, own)).square().sum(dim=1)
    padded = torch.cat([logsnr[:1], logsnr[:-1]])
    return torch.where(t == 1, first, 0.5 * torch.expm1(padded[t - 1] - own) * error)


def simple_loss_only(predict, x, eps, t, logsnr):
    own = logsnr[t - 1]
    a, s = own.sigmoid().sqrt()[:, None], (-own).sigmoid().sqrt()[:, None]
    kl = ((eps - predict(a * x + s * eps, own)) ** 2).sum(1)
    first = 0.5 * (eps**2 + math.log(2 * math.pi) - own[:, None]).sum(1)
    return torch.where(t == 1, first, kl)


def no_half(predict, x, eps, t, logsnr):
    right = with_a_distribution(predict, x, eps, t, logsnr)
    return torch.where(t > 1, 2 * right, right)


def mean_over_entries(predict, x, eps, t, logsnr):
    return with_a_distribution(predict, x, eps, t, logsnr) / x.shape[1]


def zero_at_the_first(predict, x, eps, t, logsnr):
    return torch.where(t > 1, with_a_distribution(predict, x, eps, t, logsnr), 0.0)


def index_from_zero(predict, x, eps, t, logsnr):
    own = logsnr[t]
    return with_a_distribution(predict, x, eps, t, logsnr) + 0 * own


def cut_by_no_grad(predict, x, eps, t, logsnr):
    with torch.no_grad():
        return with_a_distribution(predict, x, eps, t, logsnr)


def both_posteriors_under_where(predict, x, eps, t, logsnr):
    own, less = logsnr[t - 1], logsnr[(t - 2).clamp(min=0)]
    a, s = own.sigmoid().sqrt()[:, None], (-own).sigmoid().sqrt()[:, None]
    z = a * x + s * eps
    xhat = (z - s * predict(z, own)) / a
    mu, var = with_named_squares(z, x, less, own)
    mu_hat, _ = with_named_squares(z, xhat, less, own)
    kl = 0.5 * ((mu - mu_hat).square() / var).sum(dim=1)
    nll = 0.5 * (eps**2 + math.log(2 * math.pi) - own[:, None]).sum(dim=1)
    return torch.where(t == 1, nll, kl)


def mean_of_the_batch(predict, x, eps, t, logsnr):
    return with_a_distribution(predict, x, eps, t, logsnr).mean()


# --- 25.3 ------------------------------------------------------------------------------------------------------------


def with_zip(errors, logsnr, second_moment, data):
    total = 0.5 * data * (np.log(2 * np.pi) + 1) - 0.5 * data * logsnr[0]
    for before, own, error in zip(logsnr[:-1], logsnr[1:], errors[1:], strict=True):
        total += 0.5 * (np.exp(before - own) - 1) * error
    a2 = 1 / (1 + np.exp(-logsnr[-1]))
    s2 = 1 - a2
    return total + 0.5 * (a2 * second_moment + data * s2 - data - data * np.log(s2))


def with_diff(errors, logsnr, second_moment, data):
    w = 0.5 * np.expm1(-np.diff(logsnr))
    s2 = 1 / (1 + np.exp(logsnr[-1]))
    kl = 0.5 * ((1 - s2) * second_moment + data * (s2 - 1 - np.log(s2)))
    return w @ errors[1:] + kl + data / 2 * np.log(2 * np.pi * np.e * np.exp(-logsnr[0]))


def in_torch(errors, logsnr, second_moment, data):
    e, lam = torch.tensor(np.array(errors)), torch.tensor(np.array(logsnr))
    steps = (0.5 * torch.expm1(lam[:-1] - lam[1:]) * e[1:]).sum()
    rate = 0.5 * (
        torch.sigmoid(lam[-1]) * second_moment + data * (torch.sigmoid(-lam[-1]) - 1 - F.logsigmoid(-lam[-1]))
    )
    return (steps + rate + 0.5 * data * (1 + math.log(2 * math.pi) - lam[0])).item()


def without_the_rate(errors, logsnr, second_moment, data):
    w = 0.5 * np.expm1(-np.diff(logsnr))
    return w @ errors[1:] + data / 2 * np.log(2 * np.pi * np.e * np.exp(-logsnr[0]))


def averaged_steps(errors, logsnr, second_moment, data):
    w = 0.5 * np.expm1(-np.diff(logsnr))
    steps = np.mean(w * errors[1:]) if len(w) else 0.0
    return with_diff(errors, logsnr, second_moment, data) - w @ errors[1:] + steps


def errors_shifted(errors, logsnr, second_moment, data):
    w = 0.5 * np.expm1(-np.diff(logsnr))
    return with_diff(errors, logsnr, second_moment, data) - w @ errors[1:] + w @ errors[:-1]


def the_elbo(errors, logsnr, second_moment, data):
    return -with_diff(errors, logsnr, second_moment, data)


def first_error_in_the_distortion(errors, logsnr, second_moment, data):
    return with_diff(errors, logsnr, second_moment, data) - data / 2 + errors[0] / 2


def no_expected_noise(errors, logsnr, second_moment, data):
    return with_diff(errors, logsnr, second_moment, data) - data / 2


# --- 25.4 ------------------------------------------------------------------------------------------------------------


def name_five():
    return [1, 4, 3, 2, 6]


def name_as_array():
    return np.array([1, 4, 3, 2, 6])


def name_as_tuple():
    return 1, 4, 3, 2, 6


def ends_exchanged():
    return 2, 4, 3, 1, 6


def narrow_is_well():
    return 1, 6, 3, 2, 6


def wrong_predictions():
    return 1, 4, 5, 2, 6


def all_in_order():
    return 1, 2, 3, 4, 5


def four_only():
    return 1, 4, 3, 2


RIGHT = {
    "25.1": [with_named_squares, with_log_sigmoids, row_by_row],
    "25.2": [with_two_means, with_a_mask, with_a_distribution],
    "25.3": [with_zip, with_diff, in_torch],
    "25.4": [name_five, name_as_array, name_as_tuple],
}
WRONG = {
    "25.1": [
        one_minus_alpha_squared,
        q_of_s_given_x,
        standard_deviation,
        variance_as_vector,
        variances_subtracted,
        exchanged_inputs,
    ],
    "25.2": [
        simple_loss_only,
        no_half,
        mean_over_entries,
        zero_at_the_first,
        index_from_zero,
        cut_by_no_grad,
        both_posteriors_under_where,
        mean_of_the_batch,
    ],
    "25.3": [
        without_the_rate,
        averaged_steps,
        errors_shifted,
        the_elbo,
        first_error_in_the_distortion,
        no_expected_noise,
    ],
    "25.4": [ends_exchanged, narrow_is_well, wrong_predictions, all_in_order, four_only],
}
HARMLESS = set()
HEARS = {
    "25.1": {
        "one_minus_alpha_squared": "1 − α² rounds to 0",
        "q_of_s_given_x": "This is q(z_s|x)",
        "standard_deviation": "The second result is the standard deviation",
        "variances_subtracted": "The variance of q(z_t|z_s) is not σ_t² − σ_s²",
        "exchanged_inputs": "z and x are exchanged",
    },
    "25.2": {
        "simple_loss_only": "The weight is missing",
        "no_half": "The ½ is missing",
        "mean_over_entries": "Means over the entries of x",
        "zero_at_the_first": "Where t = 1, the distortion is missing",
        "both_posteriors_under_where": "Your values are right, but the gradient is NaN",
        "cut_by_no_grad": "the value is right, but no gradient",
    },
    "25.3": {
        "without_the_rate": "The rate of z_T is missing",
        "averaged_steps": "The steps are averaged",
        "errors_shifted": "The errors are shifted by one",
        "the_elbo": "This is the ELBO",
        "first_error_in_the_distortion": "The distortion does not depend on the prediction",
        "no_expected_noise": "The distortion lacks the expected value",
    },
    "25.4": {"ends_exchanged": "A is not number 2", "narrow_is_well": "B is not number 6"},
}
