"""More answers to exercises 10.1 to 10.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch

from vae_edu.densities import gaussian_kl_per_dimension, pairwise_gaussian_log_prob


# --- 10.1 ---
def report_short(mu, logvar, z, order, log_prob):
    n = len(z)
    rate = gaussian_kl_per_dimension(mu, logvar).mean(0)
    table = pairwise_gaussian_log_prob(z, mu, logvar)
    info = (table.diagonal() - table.logsumexp(1) + math.log(n)).mean()
    base = log_prob(z).mean()
    sens = []
    for j in range(z.shape[1]):
        other = z.clone()
        other[:, j] = z[order, j]
        sens.append(base - log_prob(other).mean())
    return rate, mu.var(0) > 0.01, info, torch.stack(sens)


def report_loops(mu, logvar, z, order, log_prob):
    n, k = z.shape
    rate = torch.zeros(k, dtype=z.dtype)
    active = torch.zeros(k, dtype=torch.bool)
    for j in range(k):
        rate[j] = 0.5 * (mu[:, j] ** 2 + torch.exp(logvar[:, j]) - 1 - logvar[:, j]).sum() / n
        active[j] = ((mu[:, j] - mu[:, j].mean()) ** 2).mean() > 0.01
    total = torch.zeros((), dtype=z.dtype)
    for i in range(n):
        lq = -0.5 * ((z[i] - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(1)
        m = lq.max()
        total += lq[i] - (m + torch.log(torch.mean(torch.exp(lq - m))))
    sens = torch.zeros(k, dtype=z.dtype)
    for j in range(k):
        c = torch.cat([z[:, :j], z[order][:, j : j + 1], z[:, j + 1 :]], dim=1)
        sens[j] = torch.mean(log_prob(z) - log_prob(c))
    return rate, active, total / n, sens


def report_list_numbers(mu, logvar, z, order, log_prob):
    with torch.no_grad():
        r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return [r, a, i.item(), s]


def report_wheres(mu, logvar, z, order, log_prob):
    eye = torch.eye(z.size(1), dtype=torch.bool)
    t = pairwise_gaussian_log_prob(z, mu, logvar)
    idx = torch.arange(len(z))
    info = t[idx, idx].mean() - torch.logsumexp(t - math.log(len(z)), dim=1).mean()
    s = torch.stack([(log_prob(z) - log_prob(torch.where(e, z[order], z))).mean(dim=0) for e in eye])
    return (
        gaussian_kl_per_dimension(mu, logvar).sum(dim=0) / len(mu),
        torch.var(mu, dim=0, unbiased=False) > 0.01,
        info,
        s,
    )


# --- 10.1 ---
def report_no_log_n(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, a, i - math.log(len(z)), s


def report_against_the_prior(mu, logvar, z, order, log_prob):
    r, a, _i, s = report_short(mu, logvar, z, order, log_prob)
    lq = pairwise_gaussian_log_prob(z, mu, logvar).diagonal()
    lp = pairwise_gaussian_log_prob(z, torch.zeros(1, z.shape[1]).double(), torch.zeros(1, z.shape[1]).double())[:, 0]
    return r, a, (lq - lp).mean(), s


def report_variance_of_samples(mu, logvar, z, order, log_prob):
    r, _a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, z.var(0) > 0.01, i, s


def report_std_of_mu(mu, logvar, z, order, log_prob):
    r, _a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, mu.std(0) > 0.01, i, s


def report_sensitivity_negated(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, a, i, -s


def report_whole_row(mu, logvar, z, order, log_prob):
    r, a, i, _s = report_short(mu, logvar, z, order, log_prob)
    return r, a, i, (log_prob(z) - log_prob(z[order])).mean().repeat(z.shape[1])


def report_densities(mu, logvar, z, order, log_prob):
    r, a, _i, s = report_short(mu, logvar, z, order, log_prob)
    q = pairwise_gaussian_log_prob(z, mu, logvar).exp()
    return r, a, torch.log(q.diagonal() / q.mean(1)).mean(), s


def report_clamped_information(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, a, i.clamp(min=0), s


def report_clamped_sensitivity(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, a, i, s.clamp(min=0)


def report_absolute_differences(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, a, i, s.abs()


def report_squeezed(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r.squeeze(), a.squeeze(), i, s.squeeze()


def report_not_put_back(mu, logvar, z, order, log_prob):
    r, a, i, _s = report_short(mu, logvar, z, order, log_prob)
    other, out = z.clone(), []
    for j in range(z.shape[1]):
        other[:, j] = z[order, j]
        out.append((log_prob(z) - log_prob(other)).mean())
    return r, a, i, torch.stack(out)


def report_columns(mu, logvar, z, order, log_prob):
    r, a, _i, s = report_short(mu, logvar, z, order, log_prob)
    t = pairwise_gaussian_log_prob(z, mu, logvar)
    return r, a, (t.diagonal() - t.logsumexp(0)).mean() + math.log(len(z)), s


def report_own_shuffle(mu, logvar, z, order, log_prob):
    return report_short(mu, logvar, z, torch.arange(len(z)).roll(1), log_prob)


def report_the_other_way(mu, logvar, z, order, log_prob):
    return report_short(mu, logvar, z, order.argsort(), log_prob)


def report_in_place(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    for j in range(z.shape[1]):
        z[:, j] = z[order, j]
    return r, a, i, s


def report_without_itself(mu, logvar, z, order, log_prob):
    r, a, _i, s = report_short(mu, logvar, z, order, log_prob)
    t = pairwise_gaussian_log_prob(z, mu, logvar)
    off = t.masked_fill(torch.eye(len(t), dtype=torch.bool), -torch.inf)
    return r, a, (t.diagonal() - off.logsumexp(1)).mean() + math.log(len(z) - 1), s


def report_one_maximum(mu, logvar, z, order, log_prob):
    r, a, _, s = report_short(mu, logvar, z, order, log_prob)
    t = pairwise_gaussian_log_prob(z, mu, logvar)
    m = t.max()
    return r, a, (t.diagonal() - m - torch.log(torch.exp(t - m).mean(1))).mean(), s


def report_means_for_z(mu, logvar, z, order, log_prob):
    r, a, _, s = report_short(mu, logvar, z, order, log_prob)
    t = pairwise_gaussian_log_prob(mu, mu, logvar)
    return r, a, (t.diagonal() - t.logsumexp(1)).mean() + math.log(len(z)), s


def report_zeroed(mu, logvar, z, order, log_prob):
    r, a, i, _s = report_short(mu, logvar, z, order, log_prob)
    out = []
    for j in range(z.shape[1]):
        o = z.clone()
        o[:, j] = 0
        out.append((log_prob(z) - log_prob(o)).mean())
    return r, a, i, torch.stack(out)


def report_activity_by_the_rate(mu, logvar, z, order, log_prob):
    r, _a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r, r > 0.01, i, s


def report_rates_summed(mu, logvar, z, order, log_prob):
    r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    return r * len(z), a, i, s


def report_prior_in_the_exchange(mu, logvar, z, order, log_prob):
    r, a, i, _s = report_short(mu, logvar, z, order, log_prob)
    out = []
    for j in range(z.shape[1]):
        o = z.clone()
        o[:, j] = torch.randn(len(z), dtype=z.dtype)
        out.append((log_prob(z) - log_prob(o)).mean())
    return r, a, i, torch.stack(out)


def report_samples_of_its_own(mu, logvar, z, order, log_prob):
    return report_short(mu, logvar, mu + torch.exp(logvar / 2) * torch.randn_like(mu), order, log_prob)


def report_means_put_in(mu, logvar, z, order, log_prob):
    r, a, i, _s = report_short(mu, logvar, z, order, log_prob)
    out = []
    for j in range(z.shape[1]):
        o = z.clone()
        o[:, j] = mu[order, j]
        out.append((log_prob(z) - log_prob(o)).mean())
    return r, a, i, torch.stack(out)


def report_sum_of_rates(mu, logvar, z, order, log_prob):
    r, a, _i, s = report_short(mu, logvar, z, order, log_prob)
    return r, a, gaussian_kl_per_dimension(mu, logvar).sum(1).mean(), s


def report_one_gaussian(mu, logvar, z, order, log_prob):
    r, a, _i, s = report_short(mu, logvar, z, order, log_prob)
    aggregate = torch.distributions.Normal(mu.mean(0), (logvar.exp() + mu**2).mean(0).sub(mu.mean(0) ** 2).sqrt())
    own = torch.distributions.Normal(mu, (logvar / 2).exp())
    return r, a, (own.log_prob(z) - aggregate.log_prob(z)).sum(1).mean(), s


def report_sampled_rates(mu, logvar, z, order, log_prob):
    _r, a, i, s = report_short(mu, logvar, z, order, log_prob)
    q, p = torch.distributions.Normal(mu, (logvar / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    return (q.log_prob(z) - p.log_prob(z)).mean(0), a, i, s


# --- 10.2 ---
def survivors_eigh(x, latent, weight):
    v = 1 / (2 * weight)
    lam = np.linalg.eigvalsh(np.cov(x.T, bias=True).reshape(x.shape[1], x.shape[1]))[::-1][:latent]
    lam = lam[lam > v]
    return len(lam), 0.5 * np.log(lam / v).sum()


def survivors_svd(x, latent, weight):
    c = x - x.mean(axis=0, keepdims=True)
    s = np.linalg.svd(c, compute_uv=False) ** 2 / x.shape[0]
    alive = 0
    rate = 0.0
    for lam in list(s)[:latent]:
        if 2 * weight * lam > 1:
            alive += 1
            rate += 0.5 * math.log(2 * weight * lam)
    return [alive, rate]


def survivors_torch(x, latent, weight):
    t = torch.as_tensor(x).double()
    c = torch.cov(t.T, correction=0).reshape(t.shape[1], -1)
    top = torch.linalg.eigvalsh(c).flip(0)[:latent]
    r = torch.clamp(torch.log(torch.clamp(top, min=1e-300) * 2 * weight), min=0)
    return (r > 0).sum(), r.sum() / 2


def survivors_one_over_weight(x, latent, weight):
    return survivors_eigh(x, latent, weight / 2)


def survivors_weight_is_variance(x, latent, weight):
    return survivors_eigh(x, latent, 1 / (2 * weight))


def survivors_twice_weight(x, latent, weight):
    return survivors_eigh(x, latent, 2 * weight)


def survivors_n_minus_1(x, latent, weight):
    return survivors_eigh(x * math.sqrt(len(x) / (len(x) - 1)), latent, weight)


def survivors_not_centred(x, latent, weight):
    v = 1 / (2 * weight)
    lam = np.linalg.eigvalsh(x.T @ x / len(x))[::-1][:latent]
    lam = lam[lam > v]
    return len(lam), 0.5 * np.log(lam / v).sum()


def survivors_no_half(x, latent, weight):
    n, r = survivors_eigh(x, latent, weight)
    return n, 2 * r


def survivors_bits(x, latent, weight):
    n, r = survivors_eigh(x, latent, weight)
    return n, r / math.log(2)


def survivors_all_directions(x, latent, weight):
    return survivors_eigh(x, x.shape[1], weight)


def survivors_smallest_first(x, latent, weight):
    v = 1 / (2 * weight)
    lam = np.linalg.eigvalsh(np.cov(x.T, bias=True))[:latent]
    lam = lam[lam > v]
    return len(lam), 0.5 * np.log(lam / v).sum()


def survivors_negative_rates(x, latent, weight):
    v = 1 / (2 * weight)
    lam = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1][:latent]
    return int((lam > v).sum()), 0.5 * np.log(np.abs(lam) / v).sum()


def _all_rates(x, latent, weight, ratios):
    n, _ = survivors_eigh(x, latent, weight)
    lam = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1][:latent]
    return n, 0.5 * np.log(ratios(lam, 2 * weight)).sum()


def survivors_guard_added(x, latent, weight):
    return _all_rates(x, latent, weight, lambda lam, w: lam * w + 1e-6)


def survivors_guarded_eigenvalues(x, latent, weight):
    return _all_rates(x, latent, weight, lambda lam, w: np.clip(lam, 1e-9, None) * w)


def survivors_odd_guard(x, latent, weight):
    return _all_rates(x, latent, weight, lambda lam, w: np.maximum(lam * w, 3e-5))


def _rate_of_each(x, latent, weight, rate):
    lam = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1][:latent]
    variance = 1 / (2 * weight * lam[lam > 1 / (2 * weight)])
    return len(variance), rate(1 - variance, variance).sum()


def survivors_kl_written_out(x, latent, weight):
    return _rate_of_each(x, latent, weight, lambda mean_square, v: 0.5 * (mean_square + v - 1 - np.log(v)))


def survivors_no_mu(x, latent, weight):
    return _rate_of_each(x, latent, weight, lambda mean_square, v: 0.5 * (v - 1 - np.log(v)))


def survivors_mu_squared_twice(x, latent, weight):
    return _rate_of_each(x, latent, weight, lambda mean_square, v: 0.5 * (mean_square**2 + v - 1 - np.log(v)))


def survivors_log_of_the_other_variance(x, latent, weight):
    return _rate_of_each(x, latent, weight, lambda mean_square, v: -0.5 * np.log(mean_square))


def survivors_variance_as_deviation(x, latent, weight):
    return _rate_of_each(x, latent, weight, lambda mean_square, v: 0.5 * (mean_square + v**2 - 1 - np.log(v**2)))


def survivors_collapsed(x, latent, weight):
    n, r = survivors_eigh(x, latent, weight)
    return latent - n, r


def survivors_ignores_weight(x, latent, weight):
    return survivors_eigh(x, latent, 0.5)


def survivors_range_latent(x, latent, weight):
    lam = np.sort(np.linalg.eigvalsh(np.cov(x.T, bias=True)))[::-1]
    n, r = 0, 0.0
    for j in range(latent):
        if lam[j] > 1 / (2 * weight):
            n += 1
            r += 0.5 * math.log(lam[j] * 2 * weight)
    return n, r


def survivors_nan_when_none(x, latent, weight):
    n, r = survivors_eigh(x, latent, weight)
    return (n, r) if n else (0, float("nan"))


def survivors_in_place(x, latent, weight):
    x -= x.mean(0)
    return survivors_eigh(x, latent, weight)


def survivors_column_variances(x, latent, weight):
    v = 1 / (2 * weight)
    lam = np.sort(x.var(0))[::-1][:latent]
    lam = lam[lam > v]
    return len(lam), 0.5 * np.log(lam / v).sum()


def survivors_fixed_rate_per_latent(x, latent, weight):
    n, r = survivors_eigh(x, latent, weight)
    return n, r / max(n, 1)


def survivors_swapped(x, latent, weight):
    n, r = survivors_eigh(x, latent, weight)
    return r, n


# --- 10.3 ---
def models_tuple():
    return 4, 1, 5, 3, 0


def models_array():
    return np.array([4, 1, 5, 3, 0])


def models_tensor():
    return torch.tensor([4, 1, 5, 3, 0])


def models_two_for_B():
    return 4, 2, 5, 3, 0


def models_two_for_D():
    return 4, 1, 5, 2, 0


def models_A_is_1():
    return 1, 4, 5, 3, 0


def models_C_E():
    return 4, 1, 0, 3, 5


def models_A_D():
    return 3, 1, 5, 4, 0


def models_shifted():
    return 4, 1, 3, 0, 2


def models_inverse():
    return "E", "B", "-", "D", "A"


def models_repeat():
    return 4, 1, 5, 3, 5


def models_six():
    return 4, 1, 5, 3, 0, 2


def models_from_one():
    return 5, 2, 6, 4, 1


RIGHT = {
    "10.1": [report_short, report_loops, report_list_numbers, report_wheres],
    "10.2": [survivors_eigh, survivors_svd, survivors_torch, survivors_kl_written_out],
    "10.3": [models_tuple, models_array, models_tensor],
}
WRONG = {
    "10.1": [
        report_no_log_n,
        report_against_the_prior,
        report_variance_of_samples,
        report_std_of_mu,
        report_sensitivity_negated,
        report_whole_row,
        report_densities,
        report_clamped_information,
        report_clamped_sensitivity,
        report_absolute_differences,
        report_squeezed,
        report_not_put_back,
        report_columns,
        report_own_shuffle,
        report_the_other_way,
        report_in_place,
        report_without_itself,
        report_one_maximum,
        report_means_for_z,
        report_zeroed,
        report_activity_by_the_rate,
        report_rates_summed,
        report_prior_in_the_exchange,
        report_samples_of_its_own,
        report_means_put_in,
        report_sum_of_rates,
        report_one_gaussian,
        report_sampled_rates,
    ],
    "10.2": [
        survivors_one_over_weight,
        survivors_weight_is_variance,
        survivors_twice_weight,
        survivors_n_minus_1,
        survivors_not_centred,
        survivors_no_half,
        survivors_bits,
        survivors_all_directions,
        survivors_smallest_first,
        survivors_negative_rates,
        survivors_guard_added,
        survivors_guarded_eigenvalues,
        survivors_odd_guard,
        survivors_no_mu,
        survivors_mu_squared_twice,
        survivors_log_of_the_other_variance,
        survivors_variance_as_deviation,
        survivors_collapsed,
        survivors_ignores_weight,
        survivors_range_latent,
        survivors_nan_when_none,
        survivors_in_place,
        survivors_column_variances,
        survivors_fixed_rate_per_latent,
        survivors_swapped,
    ],
    "10.3": [
        models_two_for_B,
        models_two_for_D,
        models_A_is_1,
        models_C_E,
        models_A_D,
        models_shifted,
        models_inverse,
        models_repeat,
        models_six,
        models_from_one,
    ],
}
HARMLESS: set[str] = set()
HEARS = {
    "10.1": {
        "report_one_maximum": "information: one maximum for the whole table",
        "report_no_log_n": "information: log of the batch size is missing. T",
        "report_against_the_prior": "information: you compare with the prior, so this",
        "report_variance_of_samples": "active: the variance of z, and the variances of",
        "report_std_of_mu": "active: you compare the standard deviation of th",
        "report_sensitivity_negated": "sensitivity: the sign is wrong. It is positive w",
        "report_whole_row": "sensitivity: you exchange all latents at once. E",
        "report_densities": "information: with hundreds of latents every dens",
        "report_clamped_information": "information: an estimate may be negative by chan",
        "report_clamped_sensitivity": "sensitivity: an exchange may help by chance. Do",
        "report_absolute_differences": "sensitivity: you take absolute values. A latent",
        "report_not_put_back": "sensitivity: the latents that you exchanged befo",
        "report_columns": "information: you average over the samples. For e",
        "report_own_shuffle": "sensitivity: order is not used. Row i gets the l",
        "report_the_other_way": "sensitivity: the exchange goes the other way rou",
        "report_without_itself": "information: the row's own density is left out o",
        "report_means_for_z": "information: the densities are those at mu. Take",
        "report_zeroed": "sensitivity: you set the latent to a constant. T",
        "report_activity_by_the_rate": "active: you compare the rates with 0.01. An offs",
        "report_rates_summed": "the rates are summed over the rows: take the mea",
        "report_prior_in_the_exchange": "your result stays the same when order changes",
        "report_samples_of_its_own": "your result stays the same when z changes",
        "report_means_put_in": "sensitivity: you put in the mean of row order[i]",
        "report_sum_of_rates": "information: this is the sum of the rates",
        "report_one_gaussian": "information: you take q(z) for a Gaussian",
        "report_sampled_rates": "the rates are estimated from the samples z",
    },
    "10.2": {
        "survivors_one_over_weight": "the ½ is missing: −log p(x|z) holds ‖x − x̂‖²/(2",
        "survivors_weight_is_variance": "σ_x² is not the weight: compare weight · ‖x − x̂",
        "survivors_twice_weight": "this is half of σ_x²: weight = 1/(2σ_x²)",
        "survivors_n_minus_1": "the covariance is divided by rows − 1: the text",
        "survivors_not_centred": "the mean of the columns is not subtracted: take",
        "survivors_no_half": "the ½ in front of the logarithm is missing from",
        "survivors_bits": "the rate is in bits: use the natural logarithm",
        "survivors_all_directions": "you count every direction above the noise: there",
        "survivors_smallest_first": "you take the smallest eigenvalues: eigvalsh begi",
        "survivors_negative_rates": "collapsed latents add negative rates: theirs is",
        "survivors_guard_added": "collapsed latents add negative rates: theirs is",
        "survivors_guarded_eigenvalues": "collapsed latents add negative rates: theirs is",
        "survivors_odd_guard": "collapsed latents add negative rates: theirs is",
        "survivors_no_mu": "μ² is missing from the rate",
        "survivors_mu_squared_twice": "the average of μ² is Var(μ_j) itself",
        "survivors_log_of_the_other_variance": "this is the logarithm of Var(μ_j)",
        "survivors_variance_as_deviation": "σ_x²/λ is the variance σ_j²",
        "survivors_collapsed": "you count the latents that collapse: count those",
        "survivors_range_latent": "there may be more latents than columns: then the",
        "survivors_column_variances": "these are the variances of the columns: a latent",
        "survivors_fixed_rate_per_latent": "this is the mean rate of the latents that surviv",
        "survivors_swapped": "the two results are exchanged: first how many, t",
    },
    "10.3": {
        "models_two_for_B": "B is not number 2: at most two of its latents ar",
        "models_two_for_D": "D is not number 2: the noise is right, but with",
        "models_A_is_1": "A is not number 1: all 12 of its latents are act",
        "models_C_E": "C is not number 0: its −ELBO is far above that o",
        "models_A_D": "A is not number 3: all 12 of its latents are act",
        "models_shifted": "C is not number 3: all 12 of its latents are act",
        "models_repeat": "E is not number 5: its −ELBO is the lowest of th",
        "models_from_one": "A is not number 5: its error is that of a model",
    },
}
