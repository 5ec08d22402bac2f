"""Answers to exercises 5.1 to 5.4 as examinees give them, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back.
"""

import math

import numpy as np
import scipy.stats
import torch

# --- 5.1 -------------------------------------------------------------------------------------------------------------


def formulas(f, slope, mu, logvar, eps):
    std = np.exp(0.5 * logvar)
    z = mu + std * eps
    g = slope(z)
    v = f(z).reshape(-1, 1)
    return g, g * 0.5 * std * eps, v * (z - mu) / std**2, v * 0.5 * ((z - mu) ** 2 / std**2 - 1)


def formulas_as_a_list(f, slope, mu, logvar, eps):
    return list(formulas(f, slope, mu, logvar, eps))


def formulas_as_one_array(f, slope, mu, logvar, eps):
    return np.stack(formulas(f, slope, mu, logvar, eps))


def formulas_in_torch(f, slope, mu, logvar, eps):
    mu, logvar, eps = (torch.tensor(each) for each in (mu, logvar, eps))
    sigma = torch.exp(logvar / 2)
    z = mu + sigma * eps
    value, g = torch.tensor(f(z.numpy())), torch.tensor(slope(z.numpy()))
    return g, g * sigma * eps / 2, value[:, None] * eps / sigma, value[:, None] * (eps**2 - 1) / 2


def torch_all_the_way(f, slope, mu, logvar, eps):  # f and slope happen to take tensors
    mu, logvar, eps = (torch.from_numpy(each) for each in (mu, logvar, eps))
    z = (mu + torch.exp(logvar / 2) * eps).numpy()
    return tuple(
        torch.from_numpy(np.ascontiguousarray(each))
        for each in formulas(f, slope, mu.numpy(), logvar.numpy(), (z - mu.numpy()) / np.exp(logvar.numpy() / 2))
    )


def score_by_finite_differences_of_log_q(f, slope, mu, logvar, eps):
    h, std = 1e-4, np.exp(logvar / 2)
    z = mu + std * eps

    def log_q(mu, logvar):
        return scipy.stats.norm.logpdf(z, mu, np.exp(logvar / 2))

    by_mu = (log_q(mu + h * std, logvar) - log_q(mu - h * std, logvar)) / (2 * h * std)
    by_logvar = (log_q(mu, logvar + h) - log_q(mu, logvar - h)) / (2 * h)
    value = f(z)[:, None]
    return slope(z), slope(z) * std * eps / 2, value * by_mu, value * by_logvar


def sample_by_sample(f, slope, mu, logvar, eps):
    rows = []
    for noise in eps:
        z = mu + np.exp(logvar / 2) * noise
        value, g = f(z[np.newaxis])[0], slope(z[np.newaxis])[0]
        rows.append((g, g * (z - mu) / 2, value * noise / np.exp(logvar / 2), value * (noise**2 - 1) / 2))
    return tuple(np.array(each) for each in zip(*rows))


def f_called_twice(f, slope, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return (
        slope(z),
        np.einsum("sk,sk->sk", slope(z), 0.5 * np.exp(logvar / 2) * eps),
        np.einsum("s,sk->sk", f(z), eps / np.exp(logvar / 2)),
        np.einsum("s,sk->sk", f(z), (eps**2 - 1) / 2),
    )


# classic
def variance_as_standard_deviation(f, slope, mu, logvar, eps):
    std = np.exp(logvar)
    z = mu + std * eps
    g, v = slope(z), f(z)[:, None]
    return g, g * 0.5 * std * eps, v * eps / std, v * 0.5 * (eps**2 - 1)


def logvar_as_log_std_with_its_own_derivatives(f, slope, mu, logvar, eps):
    std = np.exp(logvar)
    z = mu + std * eps
    g, v = slope(z), f(z)[:, None]
    return g, g * std * eps, v * eps / std, v * (eps**2 - 1)


def half_forgotten_in_the_path(f, slope, mu, logvar, eps):
    a, b, c, d = formulas(f, slope, mu, logvar, eps)
    return a, 2 * b, c, d


def normaliser_forgotten_in_the_score(f, slope, mu, logvar, eps):
    a, b, c, _ = formulas(f, slope, mu, logvar, eps)
    z = mu + np.exp(logvar / 2) * eps
    return a, b, c, f(z)[:, None] * eps**2 / 2


def score_with_the_wrong_sign(f, slope, mu, logvar, eps):
    a, b, c, d = formulas(f, slope, mu, logvar, eps)
    return a, b, -c, d


def score_without_f(f, slope, mu, logvar, eps):
    a, b, _, _ = formulas(f, slope, mu, logvar, eps)
    return a, b, eps / np.exp(logvar / 2), (eps**2 - 1) / 2


def slope_forgotten(f, slope, mu, logvar, eps):
    _, _, c, d = formulas(f, slope, mu, logvar, eps)
    return np.ones_like(eps), 0.5 * np.exp(logvar / 2) * eps, c, d


def slope_at_the_mean(f, slope, mu, logvar, eps):
    _, _, c, d = formulas(f, slope, mu, logvar, eps)
    g = slope(np.tile(mu, (len(eps), 1)))
    return g, g * 0.5 * np.exp(logvar / 2) * eps, c, d


def averaged(f, slope, mu, logvar, eps):
    return tuple(each.mean(axis=0) for each in formulas(f, slope, mu, logvar, eps))


def with_a_baseline(f, slope, mu, logvar, eps):
    return formulas(lambda z: f(z) - f(z).mean(), slope, mu, logvar, eps)


def only_two_arrays(f, slope, mu, logvar, eps):
    a, _, c, _ = formulas(f, slope, mu, logvar, eps)
    return a, c


def score_first(f, slope, mu, logvar, eps):
    a, b, c, d = formulas(f, slope, mu, logvar, eps)
    return c, d, a, b


def log_q_differentiated_through_z(f, slope, mu, logvar, eps):
    a, b, c, d = formulas(f, slope, mu, logvar, eps)
    z = mu + np.exp(logvar / 2) * eps
    return a, b, 0 * c, -0.5 * f(z)[:, None] + 0 * d


def half_and_normaliser_forgotten(f, slope, mu, logvar, eps):
    a, b, c, _ = formulas(f, slope, mu, logvar, eps)
    z = mu + np.exp(logvar / 2) * eps
    return a, 2 * b, c, f(z)[:, None] * eps**2 / 2


# subtle
def by_estimator_and_parameter_stacked(f, slope, mu, logvar, eps):
    a, b, c, d = formulas(f, slope, mu, logvar, eps)
    return np.concatenate([a, b], axis=1), np.concatenate([c, d], axis=1)


def value_broadcast_over_the_wrong_axis(f, slope, mu, logvar, eps):
    a, b, _, _ = formulas(f, slope, mu, logvar, eps)
    z = mu + np.exp(logvar / 2) * eps
    return a, b, f(z) * eps / np.exp(logvar / 2), f(z) * (eps**2 - 1) / 2


def squeezed(f, slope, mu, logvar, eps):
    return tuple(np.squeeze(each) for each in formulas(f, slope, mu, logvar, eps))


def negative_logvar_clipped(f, slope, mu, logvar, eps):
    return formulas(f, slope, mu, np.maximum(logvar, 0), eps)


def large_logvar_clipped(f, slope, mu, logvar, eps):
    return formulas(f, slope, mu, np.clip(logvar, -3, 3), eps)


def first_latent_for_all(f, slope, mu, logvar, eps):
    a, b, c, d = formulas(f, slope, mu, logvar, eps)
    return a, b, np.repeat(c[:, :1], c.shape[1], axis=1), d


def absolute_value_of_f(f, slope, mu, logvar, eps):
    return formulas(lambda z: np.abs(f(z)), slope, mu, logvar, eps)


def mirrored_noise(f, slope, mu, logvar, eps):
    return formulas(f, slope, mu, logvar, -eps)


def derivative_by_sigma(f, slope, mu, logvar, eps):
    a, b, c, d = formulas(f, slope, mu, logvar, eps)
    return a, 2 * b / np.exp(logvar / 2), c, d


# an argument ignored
def slope_by_sloppy_differences(f, slope, mu, logvar, eps):
    h = 1e-3

    def rough(z):
        return np.stack([(f(z + h * unit) - f(z)) / h for unit in np.eye(z.shape[1])], axis=1)

    return formulas(f, rough, mu, logvar, eps)


def own_noise(f, slope, mu, logvar, eps):
    return formulas(f, slope, mu, logvar, np.random.default_rng(0).standard_normal(eps.shape))


# traces
def eps_scaled_in_place(f, slope, mu, logvar, eps):
    found = formulas(f, slope, mu, logvar, eps)
    eps *= np.exp(logvar / 2)
    return found


def torch_gradients_switched_off(f, slope, mu, logvar, eps):
    torch.set_grad_enabled(False)
    return formulas(f, slope, mu, logvar, eps)


# --- 5.2 -------------------------------------------------------------------------------------------------------------


def by_the_unbiased_factor(f, log_q, rate):
    s = f.shape[0]
    weight = ((f - f.mean(0)) * s / (s - 1)).detach()
    return (-f - weight * log_q + rate).mean()


def with_a_mask(f, log_q, rate):
    n = len(f)
    with torch.no_grad():
        baseline = (torch.ones(n, n) - torch.eye(n)).to(f) @ f / (n - 1)
        advantage = f - baseline
    elbo = f.mean() - rate.mean()
    return -elbo - torch.mean(advantage * log_q)


def sample_by_sample_loss(f, log_q, rate):
    total = 0
    for i in range(len(f)):
        others = torch.cat([f[:i], f[i + 1 :]]).mean(dim=0).detach()
        total = total + (f[i] + (f[i].detach() - others) * log_q[i]).mean()
    return rate.mean() - total / len(f)


def through_the_ratio(f, log_q, rate):
    # q over itself, which is 1 and has the score as its gradient
    weight = (f - (f.sum(0) - f) / (len(f) - 1)).detach()
    return rate.mean() - (f + weight * torch.exp(log_q - log_q.detach())).mean()


def in_float32(f, log_q, rate):
    f, log_q, rate = f.float(), log_q.float(), rate.float()
    weight = f.detach() - (f.detach().sum(0) - f.detach()) / (len(f) - 1)
    return (rate - f.mean(0) - (weight * log_q).mean(0)).mean()


def rate_in_the_credit(f, log_q, rate):  # a constant of each example cancels
    value = (f - rate).detach()
    weight = value - (value.sum(0) - value) / (len(f) - 1)
    return -(f - rate).mean() - (weight * log_q).mean()


def without_decoder_and_baseline(f, log_q, rate):
    return (-f.detach() * log_q).mean() + rate.mean()


def the_usual_loss(f, log_q, rate):
    return (rate - f).mean()


def decoder_forgotten(f, log_q, rate):
    weight = (f - (f.sum(0) - f) / (len(f) - 1)).detach()
    return rate.mean() - (weight * log_q).mean()


def nothing_detached(f, log_q, rate):
    weight = f - (f.sum(0) - f) / (len(f) - 1)
    return rate.mean() - f.mean() - (weight * log_q).mean()


def scores_detached(f, log_q, rate):
    weight = f - (f.sum(0) - f) / (len(f) - 1)
    return rate.mean() - f.mean() - (weight * log_q.detach()).mean()


def mean_of_all(f, log_q, rate):
    return rate.mean() - f.mean() - ((f - f.mean(0)).detach() * log_q).mean()


def mean_over_the_batch(f, log_q, rate):
    return rate.mean() - f.mean() - ((f - f.mean(1, keepdim=True)).detach() * log_q).mean()


def others_over_s(f, log_q, rate):
    return rate.mean() - f.mean() - ((f - (f.sum(0) - f) / len(f)).detach() * log_q).mean()


def baseline_from_the_decoders_term_as_well(f, log_q, rate):
    weight = f - (f.sum(0) - f) / (len(f) - 1)
    return rate.mean() - weight.mean() - (weight.detach() * log_q).mean()


def an_elbo(f, log_q, rate):
    return -by_the_unbiased_factor(f, log_q, rate)


def score_term_added(f, log_q, rate):
    weight = (f - (f.sum(0) - f) / (len(f) - 1)).detach()
    return rate.mean() - f.mean() + (weight * log_q).mean()


def standardised(f, log_q, rate):
    weight = ((f - f.mean(0)) / (f.std(0) + 1e-8)).detach()
    return rate.mean() - f.mean() - (weight * log_q).mean()


def summed_over_the_samples(f, log_q, rate):
    weight = (f - (f.sum(0) - f) / (len(f) - 1)).detach()
    return (rate - (f + weight * log_q).sum(0)).mean()


def rate_forgotten(f, log_q, rate):
    weight = (f - (f.sum(0) - f) / (len(f) - 1)).detach()
    return -(f + weight * log_q).mean()


def not_reduced(f, log_q, rate):
    weight = (f - (f.sum(0) - f) / (len(f) - 1)).detach()
    return rate - f - weight * log_q


def a_plain_number(f, log_q, rate):
    return by_the_unbiased_factor(f, log_q, rate).item()


def guarded_divisor(f, log_q, rate):
    weight = (f - (f.sum(0) - f) / max(len(f) - 1, 2)).detach()
    return rate.mean() - f.mean() - (weight * log_q).mean()


def positive_values_only(f, log_q, rate):
    return by_the_unbiased_factor(f.clamp(min=0), log_q, rate)


def squeezed_batch(f, log_q, rate):  # one example: the mean over the wrong axis
    f, log_q = f.squeeze(), log_q.squeeze()
    return (
        rate.mean() - f.mean() - ((f - (f.sum(-1, keepdim=True) - f) / max(f.shape[-1] - 1, 1)).detach() * log_q).mean()
    )


def backward_called_inside(f, log_q, rate):
    loss = by_the_unbiased_factor(f, log_q, rate)
    loss.backward(retain_graph=True)
    return loss


# --- 5.3 -------------------------------------------------------------------------------------------------------------


def products_with_slices(z, mu, logvar):
    e = (z - mu) / np.sqrt(np.exp(logvar))
    return (e[..., 1:] * e[..., :-1]).mean(), (e[:, 1:] * e[:, :-1]).mean(), (e[1:] * e[:-1]).mean()


def products_with_moveaxis(z, mu, logvar):
    eps = (z - mu) / np.exp(0.5 * logvar)
    found = []
    for axis in (2, 1, 0):
        parts = np.moveaxis(eps, axis, 0)
        found.append(np.mean([(parts[i] * parts[i + 1]).mean() for i in range(len(parts) - 1)]))
    return found


def products_with_take(z, mu, logvar):
    e = (z - mu) * np.exp(-logvar / 2)
    return np.array([(e.take(range(1, e.shape[a]), a) * e.take(range(e.shape[a] - 1), a)).mean() for a in (-1, -2, -3)])


def products_as_tensors(z, mu, logvar):
    return torch.tensor(products_with_slices(z, mu, logvar))


def products_in_plain_python(z, mu, logvar):
    calls, rows, latents = z.shape
    eps = [
        [[(z[c, r, k] - mu[r, k]) / math.exp(logvar[r, k] / 2) for k in range(latents)] for r in range(rows)]
        for c in range(calls)
    ]
    totals = [0.0, 0.0, 0.0]
    counts = [0, 0, 0]
    for c in range(calls):
        for r in range(rows):
            for k in range(latents):
                for place, (i, j, m) in enumerate(((c, r, k + 1), (c, r + 1, k), (c + 1, r, k))):
                    if i < calls and j < rows and m < latents:
                        totals[place] += eps[c][r][k] * eps[i][j][m]
                        counts[place] += 1
    return tuple(total / count for total, count in zip(totals, counts))


def variance_for_the_standard_deviation(z, mu, logvar):
    return products_with_slices(mu + (z - mu) * np.exp(-logvar / 2), mu, logvar)


def mu_forgotten(z, mu, logvar):
    return products_with_slices(z, 0 * mu, logvar)


def not_scaled(z, mu, logvar):
    return products_with_slices(z, mu, 0 * logvar)


def noise_standardised_by_itself(z, mu, logvar):
    eps = (z - mu) / np.exp(logvar / 2)
    return products_with_slices((eps - eps.mean()) / eps.std(), 0 * mu, 0 * logvar)


def pairs_with_themselves_too(z, mu, logvar):
    eps = (z - mu) / np.exp(logvar / 2)
    return tuple(np.mean(eps.mean(axis) ** 2) for axis in (2, 1, 0))


def corrcoef(z, mu, logvar):
    eps = (z - mu) / np.exp(logvar / 2)
    found = []
    for axis in (2, 1, 0):
        table = np.corrcoef(np.moveaxis(eps, axis, 0).reshape(eps.shape[axis], -1))
        found.append(table[np.triu_indices(len(table), 1)].mean())
    return tuple(found)


def all_pairs(z, mu, logvar):
    e = (z - mu) / np.exp(logvar / 2)
    return tuple(((e.sum(a) ** 2 - (e**2).sum(a)) / (e.shape[a] * (e.shape[a] - 1))).mean() for a in (2, 1, 0))


def rolled(z, mu, logvar):
    e = (z - mu) / np.exp(logvar / 2)
    return tuple((e * np.roll(e, 1, axis=a)).mean() for a in (2, 1, 0))


def absolute_products(z, mu, logvar):
    return tuple(abs(each) for each in products_with_slices(z, mu, logvar))


def in_the_order_of_the_axes(z, mu, logvar):
    return products_with_slices(z, mu, logvar)[::-1]


def across_all_axes_at_once(z, mu, logvar):
    e = ((z - mu) / np.exp(logvar / 2)).ravel()
    return ((e[1:] * e[:-1]).mean(),) * 3


def summed(z, mu, logvar):
    e = (z - mu) / np.exp(logvar / 2)
    return (e[..., 1:] * e[..., :-1]).sum(), (e[:, 1:] * e[:, :-1]).sum(), (e[1:] * e[:-1]).sum()


def divided_by_n(z, mu, logvar):
    e = (z - mu) / np.exp(logvar / 2)
    return tuple(each * (1 - 1 / n) for each, n in zip(products_with_slices(z, mu, logvar), e.shape[::-1]))


def one_number(z, mu, logvar):
    return products_with_slices(z, mu, logvar)[0]


def two_latents_only(z, mu, logvar):
    e = (z - mu) / np.exp(logvar / 2)
    return ((e[..., 0] * e[..., 1]).mean(), *products_with_slices(z, mu, logvar)[1:])


def z_changed_in_place(z, mu, logvar):
    found = products_with_slices(z, mu, logvar)
    z -= mu
    return found


def warnings_switched_off(z, mu, logvar):
    np.seterr(all="ignore")
    return products_with_slices(z, mu, logvar)


# --- 5.4 -------------------------------------------------------------------------------------------------------------


def the_four_runs():
    return 3, 2, 4, 1


def the_four_runs_in_an_array():
    return np.array([3, 2, 4, 1])


def as_floats():
    return [3.0, 2.0, 4.0, 1.0]


def letters_of_the_runs_instead():
    return 4, 2, 1, 3


def two_exchanged():
    return 3, 2, 1, 4


def in_order():
    return 1, 2, 3, 4


def one_run_twice():
    return 3, 2, 4, 4


def three_numbers():
    return 3, 2, 4


def as_text():
    return "3241"


RIGHT = {
    "5.1": [
        formulas,
        formulas_as_a_list,
        formulas_as_one_array,
        formulas_in_torch,
        torch_all_the_way,
        score_by_finite_differences_of_log_q,
        sample_by_sample,
        f_called_twice,
    ],
    "5.2": [
        by_the_unbiased_factor,
        with_a_mask,
        sample_by_sample_loss,
        through_the_ratio,
        in_float32,
        rate_in_the_credit,
    ],
    "5.3": [
        products_with_slices,
        products_with_moveaxis,
        products_with_take,
        products_as_tensors,
        products_in_plain_python,
    ],
    "5.4": [the_four_runs, the_four_runs_in_an_array, as_floats],
}
WRONG = {
    "5.1": [
        variance_as_standard_deviation,
        logvar_as_log_std_with_its_own_derivatives,
        half_forgotten_in_the_path,
        normaliser_forgotten_in_the_score,
        score_with_the_wrong_sign,
        score_without_f,
        slope_forgotten,
        slope_at_the_mean,
        averaged,
        with_a_baseline,
        only_two_arrays,
        log_q_differentiated_through_z,
        half_and_normaliser_forgotten,
        score_first,
        by_estimator_and_parameter_stacked,
        value_broadcast_over_the_wrong_axis,
        squeezed,
        negative_logvar_clipped,
        large_logvar_clipped,
        first_latent_for_all,
        absolute_value_of_f,
        mirrored_noise,
        derivative_by_sigma,
        slope_by_sloppy_differences,
        own_noise,
        eps_scaled_in_place,
        torch_gradients_switched_off,
    ],
    "5.2": [
        without_decoder_and_baseline,
        the_usual_loss,
        decoder_forgotten,
        nothing_detached,
        scores_detached,
        mean_of_all,
        mean_over_the_batch,
        others_over_s,
        baseline_from_the_decoders_term_as_well,
        an_elbo,
        score_term_added,
        standardised,
        summed_over_the_samples,
        rate_forgotten,
        not_reduced,
        a_plain_number,
        guarded_divisor,
        positive_values_only,
        squeezed_batch,
        backward_called_inside,
    ],
    "5.3": [
        variance_for_the_standard_deviation,
        mu_forgotten,
        not_scaled,
        noise_standardised_by_itself,
        pairs_with_themselves_too,
        corrcoef,
        all_pairs,
        rolled,
        summed,
        divided_by_n,
        absolute_products,
        in_the_order_of_the_axes,
        across_all_axes_at_once,
        one_number,
        two_latents_only,
        z_changed_in_place,
        warnings_switched_off,
    ],
    "5.4": [letters_of_the_runs_instead, two_exchanged, in_order, one_run_twice, three_numbers, as_text],
}
HARMLESS = {"torch_gradients_switched_off", "warnings_switched_off"}
