"""More answers to the exercises of notebook 25, as people write them: right ones, classic mistakes, and mistakes at one edge only.

The names are those of ``ch25.py``.
"""

import math

import numpy as np
import torch

# --- 25.1 -----------------------------------------------------------------------------------------------------------


def another_way_25_1(z, x, logsnr_s, logsnr_t):
    ls, lt = logsnr_s.unsqueeze(1), logsnr_t.unsqueeze(1)
    a_s, v_s = ls.sigmoid().sqrt(), (-ls).sigmoid()
    a_t, v_t = lt.sigmoid().sqrt(), (-lt).sigmoid()
    ratio = a_t / a_s
    step = v_t * (-torch.expm1(lt - ls))
    mean = (ratio * v_s * z + a_s * step * x) / v_t
    return mean, step * v_s / v_t


def a_third_way_25_1(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s.reshape(-1, 1), logsnr_t.reshape(-1, 1)
    log_as, log_at = 0.5 * torch.nn.functional.logsigmoid(s), 0.5 * torch.nn.functional.logsigmoid(t)
    log_ss = 0.5 * torch.nn.functional.logsigmoid(-s)
    fraction = -torch.expm1(-(s - t))
    mean = torch.exp(t - s + log_as - log_at) * z + fraction * torch.exp(log_as) * x
    return mean, fraction * torch.exp(2 * log_ss)


def squares_for_roots(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s[:, None], logsnr_t[:, None]
    r = torch.exp(t - s)
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s), torch.sigmoid(t)
    mean = r * alpha_s / alpha_t * z + keep * alpha_s * x
    return mean, keep * torch.sigmoid(-s)


def ratio_upside_down(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s[:, None], logsnr_t[:, None]
    r = torch.exp(s - t)
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s).sqrt(), torch.sigmoid(t).sqrt()
    mean = r * alpha_s / alpha_t * z + keep * alpha_s * x
    return mean, keep * torch.sigmoid(-s)


def exchanged(z, x, logsnr_s, logsnr_t):
    t, s = logsnr_s[:, None], logsnr_t[:, None]
    r = torch.exp(t - s)
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s).sqrt(), torch.sigmoid(t).sqrt()
    mean = r * alpha_s / alpha_t * z + keep * alpha_s * x
    return mean, keep * torch.sigmoid(-s)


def one_pair_for_all(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s[:1, None], logsnr_t[:1, None]
    r = torch.exp(t - s)
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s).sqrt(), torch.sigmoid(t).sqrt()
    mean = r * alpha_s / alpha_t * z + keep * alpha_s * x
    return mean, keep * torch.sigmoid(-s)


def variance_of_each_entry(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s[:, None], logsnr_t[:, None]
    r = torch.exp(t - s)
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s).sqrt(), torch.sigmoid(t).sqrt()
    mean = r * alpha_s / alpha_t * z + keep * alpha_s * x
    return mean, (keep * torch.sigmoid(-s)).expand_as(z)


def only_scaled_back(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s[:, None], logsnr_t[:, None]
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s).sqrt(), torch.sigmoid(t).sqrt()
    mean = alpha_s / alpha_t * z + keep * alpha_s * x
    return mean, keep * torch.sigmoid(-s)


def halved(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s[:, None] / 2, logsnr_t[:, None] / 2
    r = torch.exp(t - s)
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s).sqrt(), torch.sigmoid(t).sqrt()
    mean = r * alpha_s / alpha_t * z + keep * alpha_s * x
    return mean, keep * torch.sigmoid(-s)


def detached_mean(z, x, logsnr_s, logsnr_t):
    s, t = logsnr_s[:, None], logsnr_t[:, None]
    r = torch.exp(t - s)
    keep = -torch.expm1(t - s)
    alpha_s, alpha_t = torch.sigmoid(s).sqrt(), torch.sigmoid(t).sqrt()
    mean = r * alpha_s / alpha_t * z + keep * alpha_s * x
    mean = mean.detach()
    return mean, keep * torch.sigmoid(-s)


# --- 25.2 -----------------------------------------------------------------------------------------------------------


def another_way_25_2(predict, x, eps, t, logsnr):
    lam = logsnr[t - 1]
    a = torch.sqrt(torch.sigmoid(lam)).unsqueeze(1)
    s = torch.sqrt(torch.sigmoid(-lam)).unsqueeze(1)
    z = a * x + s * eps
    guess = predict(z, lam)
    out = torch.zeros(len(x), dtype=x.dtype)
    later = t > 1
    if later.any():
        gap = logsnr[t[later] - 2] - lam[later]
        out[later] = 0.5 * (gap.exp() - 1) * (eps[later] - guess[later]).pow(2).sum(1)
    if (~later).any():
        normal = torch.distributions.Normal((z / a)[~later], (s / a)[~later])
        out[~later] = -normal.log_prob(x[~later]).sum(1)
    return out


def a_third_way_25_2(predict, x, eps, t, logsnr):
    padded = torch.cat([logsnr[:1], logsnr])
    lt, ls = padded[t], padded[t - 1]
    z = lt.sigmoid().sqrt()[:, None] * x + (-lt).sigmoid().sqrt()[:, None] * eps
    eps_hat = predict(z, lt)
    x_hat = (z - (-lt).sigmoid().sqrt()[:, None] * eps_hat) / lt.sigmoid().sqrt()[:, None]
    kl = 0.5 * (ls.exp() - lt.exp()) * (x - x_hat).square().sum(1)
    d = x.shape[1]
    distortion = 0.5 * eps.square().sum(1) + d / 2 * math.log(2 * math.pi) - d / 2 * lt
    is_first = (t == 1).to(x.dtype)
    return is_first * distortion + (1 - is_first) * kl


def one_lambda_late(predict, x, eps, t, logsnr):
    T = len(logsnr)
    now = logsnr[t.clamp(max=T - 1)]
    before = logsnr[t - 1]
    alpha, sigma = torch.sigmoid(now).sqrt()[:, None], torch.sigmoid(-now).sqrt()[:, None]
    error = ((eps - predict(alpha * x + sigma * eps, now)) ** 2).sum(dim=1)
    kl = 0.5 * torch.expm1(before - now) * error
    first = 0.5 * (eps**2).sum(dim=1) + 0.5 * x.shape[1] * (math.log(2 * math.pi) - now)
    return torch.where(t == 1, first, kl)


def times_all_steps(predict, x, eps, t, logsnr):
    now = logsnr[t - 1]
    before = logsnr[(t - 2).clamp(min=0)]
    alpha, sigma = torch.sigmoid(now).sqrt()[:, None], torch.sigmoid(-now).sqrt()[:, None]
    error = ((eps - predict(alpha * x + sigma * eps, now)) ** 2).sum(dim=1)
    kl = 0.5 * torch.expm1(before - now) * error
    first = 0.5 * (eps**2).sum(dim=1) + 0.5 * x.shape[1] * (math.log(2 * math.pi) - now)
    return len(logsnr) * torch.where(t == 1, first, kl)


def mean_in_the_kl(predict, x, eps, t, logsnr):
    now = logsnr[t - 1]
    before = logsnr[(t - 2).clamp(min=0)]
    alpha, sigma = torch.sigmoid(now).sqrt()[:, None], torch.sigmoid(-now).sqrt()[:, None]
    error = ((eps - predict(alpha * x + sigma * eps, now)) ** 2).mean(dim=1)
    kl = 0.5 * torch.expm1(before - now) * error
    first = 0.5 * (eps**2).sum(dim=1) + 0.5 * x.shape[1] * (math.log(2 * math.pi) - now)
    return torch.where(t == 1, first, kl)


def prediction_in_step_1(predict, x, eps, t, logsnr):
    now = logsnr[t - 1]
    before = logsnr[(t - 2).clamp(min=0)]
    alpha, sigma = torch.sigmoid(now).sqrt()[:, None], torch.sigmoid(-now).sqrt()[:, None]
    error = ((eps - predict(alpha * x + sigma * eps, now)) ** 2).sum(dim=1)
    kl = 0.5 * torch.expm1(before - now) * error
    first = 0.5 * error + 0.5 * x.shape[1] * (math.log(2 * math.pi) - now)
    return torch.where(t == 1, first, kl)


def evenly_spaced(predict, x, eps, t, logsnr):
    now = logsnr[t - 1]
    alpha, sigma = torch.sigmoid(now).sqrt()[:, None], torch.sigmoid(-now).sqrt()[:, None]
    error = ((eps - predict(alpha * x + sigma * eps, now)) ** 2).sum(dim=1)
    kl = 0.5 * torch.expm1((logsnr[0] - logsnr[-1]) / max(len(logsnr) - 1, 1)) * error
    first = 0.5 * (eps**2).sum(dim=1) + 0.5 * x.shape[1] * (math.log(2 * math.pi) - now)
    return torch.where(t == 1, first, kl)


def step_1_like_others(predict, x, eps, t, logsnr):
    now = logsnr[t - 1]
    alpha, sigma = torch.sigmoid(now).sqrt()[:, None], torch.sigmoid(-now).sqrt()[:, None]
    error = ((eps - predict(alpha * x + sigma * eps, now)) ** 2).sum(dim=1)
    return 0.5 * torch.expm1(logsnr[t - 2] - now) * error


def expected_distortion(predict, x, eps, t, logsnr):
    now = logsnr[t - 1]
    before = logsnr[(t - 2).clamp(min=0)]
    alpha, sigma = torch.sigmoid(now).sqrt()[:, None], torch.sigmoid(-now).sqrt()[:, None]
    error = ((eps - predict(alpha * x + sigma * eps, now)) ** 2).sum(dim=1)
    kl = 0.5 * torch.expm1(before - now) * error
    first = 0.5 * x.shape[1] + 0.5 * x.shape[1] * (math.log(2 * math.pi) - now)
    return torch.where(t == 1, first, kl)


# --- 25.3 -----------------------------------------------------------------------------------------------------------


def another_way_25_3(errors, logsnr, second_moment, data):
    snr = np.exp(logsnr)
    total = 0.0
    for t in range(1, len(snr)):
        total += 0.5 * (snr[t - 1] / snr[t] - 1) * errors[t]
    v1 = 1 / snr[0]
    total += data / 2 * math.log(2 * math.pi * v1) + data / 2
    a2 = 1 / (1 + np.exp(-logsnr[-1]))
    s2 = 1 / (1 + np.exp(logsnr[-1]))
    total += (a2 * second_moment + data * s2 - data - data * np.log(s2)) / 2
    return total


def a_third_way_25_3(errors, logsnr, second_moment, data):
    lam = torch.as_tensor(np.array(logsnr), dtype=torch.float64)
    err = torch.as_tensor(np.array(errors), dtype=torch.float64)
    last = lam[-1]
    log_s2 = torch.nn.functional.logsigmoid(-last)
    prior = (last.sigmoid() * second_moment + data * (log_s2.exp() - 1 - log_s2)) / 2
    weights = torch.expm1(-torch.diff(lam)) / 2
    noise = data * (math.log(2 * math.pi * math.e) - lam[0]) / 2
    return float(prior + weights @ err[1:] + noise)


def step_1_among_the_steps(errors, logsnr, second_moment, data):
    from scipy.special import expit

    alpha2, sigma2 = expit(logsnr[-1]), expit(-logsnr[-1])
    rate = 0.5 * (alpha2 * second_moment + data * (sigma2 - 1 - np.log(sigma2)))
    steps = 0.5 * ((np.expm1(logsnr[:-1] - logsnr[1:]) * errors[1:]).sum() + errors[0])
    distortion = 0.5 * data * (1 + math.log(2 * math.pi) - logsnr[0])
    return rate + steps + distortion


def log_of_sigma(errors, logsnr, second_moment, data):
    from scipy.special import expit

    alpha2, sigma2 = expit(logsnr[-1]), expit(-logsnr[-1])
    rate = 0.5 * (alpha2 * second_moment + data * (sigma2 - 1 - 0.5 * np.log(sigma2)))
    steps = 0.5 * (np.expm1(logsnr[:-1] - logsnr[1:]) * errors[1:]).sum()
    distortion = 0.5 * data * (1 + math.log(2 * math.pi) - logsnr[0])
    return rate + steps + distortion


def mean_of_steps(errors, logsnr, second_moment, data):
    from scipy.special import expit

    alpha2, sigma2 = expit(logsnr[-1]), expit(-logsnr[-1])
    rate = 0.5 * (alpha2 * second_moment + data * (sigma2 - 1 - np.log(sigma2)))
    steps = 0.5 * (np.expm1(logsnr[:-1] - logsnr[1:]) * errors[1:]).mean()
    distortion = 0.5 * data * (1 + math.log(2 * math.pi) - logsnr[0])
    return rate + steps + distortion


def moment_times_entries(errors, logsnr, second_moment, data):
    from scipy.special import expit

    alpha2, sigma2 = expit(logsnr[-1]), expit(-logsnr[-1])
    rate = 0.5 * (alpha2 * second_moment * data + data * (sigma2 - 1 - np.log(sigma2)))
    steps = 0.5 * (np.expm1(logsnr[:-1] - logsnr[1:]) * errors[1:]).sum()
    distortion = 0.5 * data * (1 + math.log(2 * math.pi) - logsnr[0])
    return rate + steps + distortion


def roots_in_the_rate(errors, logsnr, second_moment, data):
    from scipy.special import expit

    alpha2, sigma2 = expit(logsnr[-1]) ** 0.5, expit(-logsnr[-1]) ** 0.5
    rate = 0.5 * (alpha2 * second_moment + data * (sigma2 - 1 - np.log(sigma2)))
    steps = 0.5 * (np.expm1(logsnr[:-1] - logsnr[1:]) * errors[1:]).sum()
    distortion = 0.5 * data * (1 + math.log(2 * math.pi) - logsnr[0])
    return rate + steps + distortion


RIGHT = {
    "25.1": (
        another_way_25_1,
        a_third_way_25_1,
        detached_mean,
    ),
    "25.2": (
        another_way_25_2,
        a_third_way_25_2,
    ),
    "25.3": (
        another_way_25_3,
        a_third_way_25_3,
    ),
}
WRONG = {
    "25.1": (
        squares_for_roots,
        ratio_upside_down,
        exchanged,
        one_pair_for_all,
        variance_of_each_entry,
        only_scaled_back,
        halved,
    ),
    "25.2": (
        one_lambda_late,
        times_all_steps,
        mean_in_the_kl,
        prediction_in_step_1,
        evenly_spaced,
        step_1_like_others,
        expected_distortion,
    ),
    "25.3": (
        step_1_among_the_steps,
        log_of_sigma,
        mean_of_steps,
        moment_times_entries,
        roots_in_the_rate,
    ),
}
HARMLESS = set()
HEARS = {
    "25.1": {
        "squares_for_roots": "The mean has α²",
        "ratio_upside_down": "SNR_t/SNR_s is upside down",
        "exchanged": "s and t are exchanged",
        "variance_of_each_entry": "There is one variance for each entry",
        "only_scaled_back": "z is only scaled back",
        "halved": "The log-SNR is halved",
    },
    "25.2": {
        "one_lambda_late": "t counts from 1, and Python from 0",
        "times_all_steps": "The result is multiplied",
        "mean_in_the_kl": "In the KL, the mean",
        "prediction_in_step_1": "Where t = 1, the error of the prediction",
        "step_1_like_others": "Step 1 is treated like",
        "expected_distortion": "Where t = 1, this is the expected",
    },
    "25.3": {
        "step_1_among_the_steps": "errors[0] is counted",
        "log_of_sigma": "The rate has log σ_T",
        "mean_of_steps": "The steps are averaged",
        "moment_times_entries": "The second moment is multiplied",
        "roots_in_the_rate": "The rate has α_T and σ_T",
    },
}
