"""More answers to exercises 20.1 to 20.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence
from torch.nn import functional


def _kl(mq, lq, mp, lp):
    return 0.5 * (lp - lq + ((mq - mp) ** 2 + lq.exp()) / lp.exp() - 1)


def formulas(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    logits = decoder(z, c)
    rec = -functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
    return rec - _kl(mu, logvar, pm, pl).sum(-1)


def distributions(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    q = Independent(Normal(mu, (0.5 * logvar).exp()), 1)
    p = Independent(Normal(pm, (0.5 * pl).exp()), 1)
    z = mu + q.base_dist.scale * eps
    return Bernoulli(logits=decoder(z, c)).log_prob(x).sum(1) - kl_divergence(q, p)


def softplus_and_rows(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    logits = decoder(mu + logvar.exp().sqrt() * eps, c)
    out = []
    for i in range(len(x)):
        ll = (x[i] * functional.logsigmoid(logits[i]) + (1 - x[i]) * functional.logsigmoid(-logits[i])).sum()
        kl = 0
        for k in range(mu.shape[1]):
            kl = kl + 0.5 * (
                pl[i, k]
                - logvar[i, k]
                - 1
                + torch.exp(logvar[i, k] - pl[i, k])
                + (mu[i, k] - pm[i, k]) ** 2 * torch.exp(-pl[i, k])
            )
        out.append(ll - kl)
    return torch.stack(out)


def kl_to_standard_normal(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    z = mu + torch.exp(logvar / 2) * eps
    rec = -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1)
    return rec + 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(-1)


def kl_reversed(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - _kl(
        pm, pl, mu, logvar
    ).sum(-1)


def z_from_prior(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = pm + torch.exp(pl / 2) * eps
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - _kl(
        mu, logvar, pm, pl
    ).sum(-1)


def negative(x, c, encoder, prior, decoder, eps):
    return -formulas(x, c, encoder, prior, decoder, eps)


def default_reductions(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x) - _kl(mu, logvar, pm, pl).mean()


def logvar_as_log_std(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar) * eps
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - _kl(
        mu, logvar, pm, pl
    ).sum(-1)


def prior_variance_not_dividing(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    kl = 0.5 * (pl - logvar + (mu - pm) ** 2 + (logvar - pl).exp() - 1)
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - kl.sum(-1)


def probabilities_clamped(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    p = torch.sigmoid(decoder(z, c)).clamp(1e-7, 1 - 1e-7)
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(1) - _kl(mu, logvar, pm, pl).sum(-1)


def kl_by_sample(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    s = torch.exp(logvar / 2)
    z = mu + s * eps
    lr = Normal(pm, torch.exp(pl / 2)).log_prob(z) - Normal(mu, s).log_prob(z)
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) + lr.sum(-1)


def squeezed(x, c, encoder, prior, decoder, eps):
    return formulas(x, c, encoder, prior, decoder, eps).squeeze()


def prior_detached(x, c, encoder, prior, decoder, eps):
    with torch.no_grad():
        pm, pl = prior(c)
    mu, logvar = encoder(x, c)
    z = mu + torch.exp(logvar / 2) * eps
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - _kl(
        mu, logvar, pm, pl
    ).sum(-1)


def eps_ignored(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - _kl(
        mu, logvar, pm, pl
    ).sum(-1)


def eps_in_place(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    eps *= torch.exp(logvar / 2).detach()
    eps += mu.detach()
    z = mu + torch.exp(logvar / 2) * ((eps - mu) / torch.exp(logvar / 2)).detach()
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - _kl(
        mu, logvar, pm, pl
    ).sum(-1)


def backward_called(x, c, encoder, prior, decoder, eps):
    out = formulas(x, c, encoder, prior, decoder, eps)
    if out.requires_grad:
        (-out.mean()).backward(retain_graph=True)
    return out


def eps_one_row(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps[:1]
    return -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").sum(-1) - _kl(
        mu, logvar, pm, pl
    ).sum(-1)


def logits_clamped(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    return -functional.binary_cross_entropy_with_logits(decoder(z, c).clamp(-100, 100), x, reduction="none").sum(
        -1
    ) - _kl(mu, logvar, pm, pl).sum(-1)


def bce_on_probabilities(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pm, pl = prior(c)
    z = mu + torch.exp(logvar / 2) * eps
    return -functional.binary_cross_entropy(torch.sigmoid(decoder(z, c)), x, reduction="none").sum(-1) - _kl(
        mu, logvar, pm, pl
    ).sum(-1)


# --- 20.2 -------------------------------------------------------------------------------------------------------------
def vectors(samples, x):
    S = len(samples)
    spread = samples.var(axis=0, ddof=1).sum(-1)
    return ((samples.mean(0) - x) ** 2).sum(-1) - spread / S, spread


def pairs(samples, x):
    S, B, _ = samples.shape
    d = samples - x
    err = np.zeros(B)
    spread = np.zeros(B)
    for i in range(S):
        for j in range(i):
            err += (d[i] * d[j]).sum(-1) * 2 / (S * (S - 1))
            spread += 0.5 * ((d[i] - d[j]) ** 2).sum(-1) * 2 / (S * (S - 1))
    return err, spread


def loops_of_lists(samples, x):
    errs, spreads = [], []
    for b in range(x.shape[0]):
        e = s = 0.0
        for d in range(x.shape[1]):
            v = np.var(samples[:, b, d], ddof=1)
            s += v
            e += (samples[:, b, d].mean() - x[b, d]) ** 2 - v / len(samples)
        errs.append(e)
        spreads.append(s)
    return [np.array(errs), np.array(spreads)]


def as_one_array(samples, x):
    return np.stack(vectors(samples, x))


def one_minus_spread(samples, x):
    one = ((samples - x) ** 2).sum(-1).mean(0)
    spread = samples.var(0, ddof=1).sum(-1)
    return one - spread, spread


def with_torch(samples, x):
    s, x = torch.from_numpy(samples), torch.from_numpy(x)
    v = s.var(0).sum(1)
    return (((s.mean(0) - x) ** 2).sum(1) - v / len(s)).numpy(), v.numpy()


def naive(samples, x):
    m = samples.mean(0)
    return ((m - x) ** 2).sum(1), ((samples - m) ** 2).sum(2).mean(0)


def uncorrected_error(samples, x):
    m = samples.mean(0)
    return ((m - x) ** 2).sum(1), samples.var(0, ddof=1).sum(1)


def clipped(samples, x):
    e, s = vectors(samples, x)
    return np.maximum(e, 0), s


def mean_pixels(samples, x):
    e, s = vectors(samples, x)
    return e / x.shape[1], s / x.shape[1]


def exchanged(samples, x):
    e, s = vectors(samples, x)
    return s, e


def error_of_one(samples, x):
    return ((samples - x) ** 2).sum(2).mean(0), samples.var(0, ddof=1).sum(1)


def spread_subtracted_whole(samples, x):
    s = samples.var(0, ddof=1).sum(1)
    return ((samples.mean(0) - x) ** 2).sum(1) - s, s


def ddof0_correction(samples, x):
    s = samples.var(0).sum(1)
    return ((samples.mean(0) - x) ** 2).sum(1) - s / len(samples), s


def ddof0_with_right_error(samples, x):
    s = samples.var(0).sum(1)
    return vectors(samples, x)[0], s


def added(samples, x):
    s = samples.var(0, ddof=1).sum(1)
    return ((samples.mean(0) - x) ** 2).sum(1) + s / len(samples), s


def spread_about_x(samples, x):
    S = len(samples)
    return vectors(samples, x)[0], ((samples - x) ** 2).sum(2).sum(0) / (S - 1)


def squeeze_one(samples, x):
    e, s = vectors(samples, x)
    return e.squeeze(), s.squeeze()


def shifted_in_place(samples, x):
    samples -= x
    m = samples.mean(0)
    s = samples.var(0, ddof=1).sum(1)
    return (m**2).sum(1) - s / len(samples), s


def std_not_var(samples, x):
    s = samples.std(0, ddof=1).sum(1)
    return ((samples.mean(0) - x) ** 2).sum(1) - s / len(samples), s


def over_batch(samples, x):
    e, s = vectors(samples, x)
    return e.mean(), s.mean()


def total_var(samples, x):
    S = len(samples)
    s = samples.reshape(S, len(x), -1).sum(2).var(0, ddof=1)
    return ((samples.mean(0) - x) ** 2).sum(1) - s / S, s


def x_ignored(samples, x):
    s = samples.var(0, ddof=1).sum(1)
    return (samples.mean(0) ** 2).sum(1) - s / len(samples), s


def halves(samples, x):
    "unbiased but of half the samples"
    h = len(samples) // 2
    a, b = samples[:h].mean(0) - x, samples[h:].mean(0) - x
    return (a * b).sum(1), samples.var(0, ddof=1).sum(1)


def f203(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if nearest_test > 56:
        return 2
    if with_samples - anew > 3:
        return 1
    if as_many_steps - without > 3:
        return 3
    if same_images - without > 3:
        return 4
    return 5 if with_samples - fresh > 6 else 0


def floats_203(*report):
    return float(f203(*report))


def high_accuracy(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    "5 by the height of both accuracies"
    if without > 80 and with_samples > 80:
        return 5
    return f203(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test)


def gain_is_leak(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if nearest_test > 56:
        return 2
    if with_samples - without > 3:
        return 1
    if as_many_steps - without > 3:
        return 3
    if same_images - without > 3:
        return 4
    return 5 if with_samples - fresh > 6 else 0


def anew_first(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if with_samples - anew > 3:
        return 1
    return f203(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test)


def by_fresh(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if with_samples - fresh > 6:
        return 2
    if with_samples - anew > 3:
        return 1
    return 3 if as_many_steps - without > 3 else 4 if same_images - without > 3 else 0


def five_first(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if with_samples - fresh > 6:
        return 5
    return f203(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test)


def no_threshold(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if nearest_test > 50:
        return 2
    if with_samples > anew:
        return 1
    if as_many_steps > without:
        return 3
    return 4 if same_images > without else 5 if with_samples > fresh else 0


def never_five(*report):
    return f203(*report) % 5


def exchanged_three_four(*report):
    return {3: 4, 4: 3}.get(f203(*report), f203(*report))


def steps_against_samples(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if nearest_test > 56:
        return 2
    if with_samples - anew > 3:
        return 1
    if abs(as_many_steps - with_samples) > 3:
        return 3
    return 4 if same_images - without > 3 else 5 if with_samples - fresh > 6 else 0


def always_zero(*report):
    return 0


def letters_203(*report):
    return "ABCDEF"[f203(*report)]


def the_five_of_the_table(*report):
    return (2, 0, 3, 4, 1)


def nothing_where_sound(*report):
    return f203(*report) or None


RIGHT = {
    "20.1": [formulas, distributions, softplus_and_rows],
    "20.2": [vectors, pairs, loops_of_lists, as_one_array, one_minus_spread, with_torch],
    "20.3": [f203, floats_203, high_accuracy],
}
WRONG = {
    "20.1": [
        kl_to_standard_normal,
        kl_reversed,
        z_from_prior,
        negative,
        default_reductions,
        logvar_as_log_std,
        prior_variance_not_dividing,
        probabilities_clamped,
        kl_by_sample,
        squeezed,
        prior_detached,
        eps_ignored,
        eps_in_place,
        backward_called,
        eps_one_row,
        logits_clamped,
        bce_on_probabilities,
    ],
    "20.2": [
        naive,
        uncorrected_error,
        clipped,
        mean_pixels,
        exchanged,
        error_of_one,
        spread_subtracted_whole,
        ddof0_correction,
        ddof0_with_right_error,
        added,
        spread_about_x,
        squeeze_one,
        shifted_in_place,
        std_not_var,
        over_batch,
        total_var,
        x_ignored,
        halves,
    ],
    "20.3": [
        gain_is_leak,
        anew_first,
        by_fresh,
        five_first,
        no_threshold,
        never_five,
        exchanged_three_four,
        steps_against_samples,
        always_zero,
        letters_203,
        the_five_of_the_table,
        nothing_where_sound,
    ],
}
HEARS = {
    "20.1": {
        "kl_to_standard_normal": "the rate is the KL to N(0, I)",
        "kl_reversed": "the KL is the wrong way round",
        "z_from_prior": "z is a sample of the prior",
        "negative": "this is −ELBO",
        "default_reductions": "binary_cross_entropy_with_logits reduces over batch and pixels",
        "logvar_as_log_std": "the standard deviation of q is exp(logvar / 2)",
        "prior_variance_not_dividing": "the squared difference of the means is not divided",
        "probabilities_clamped": "a small number keeps the probabilities away",
        "kl_by_sample": "the rate is estimated from z",
        "squeezed": "a batch of one loses its axis",
        "prior_detached": "no gradient reaches prior(c)",
        "eps_ignored": "your function draws random numbers from torch's global generator",
        "eps_in_place": "the value is right, but your function changes its input eps",
        "backward_called": "you call backward",
        "bce_on_probabilities": "a small number keeps the probabilities away",
    },
    "20.2": {
        "naive": "both parts use 1/S",
        "uncorrected_error": "you return the squared error of the mean of these S completions",
        "clipped": "the estimate is clipped at 0",
        "mean_pixels": "the mean over the pixels",
        "exchanged": "the two results are exchanged",
        "error_of_one": "the first number is the error of one completion",
        "spread_subtracted_whole": "you subtract the whole spread from the squared error of the mean",
        "ddof0_correction": "the spread divides by S",
        "ddof0_with_right_error": "the spread divides by S",
        "added": "you add spread/S",
        "spread_about_x": "the spread is measured around x",
        "squeeze_one": "one image loses its axis",
        "shifted_in_place": "the value is right, but your function changes its input samples",
        "std_not_var": "the spread is a standard deviation",
        "over_batch": "one number for all images",
        "total_var": "the pixels are added up before the variance",
        "x_ignored": "your result stays the same when x changes",
    },
    "20.3": {
        "gain_is_leak": "a gain is taken for a fault",
        "anew_first": "you return 1 where the generator was trained on the test images",
        "by_fresh": "number 2 is judged by with_samples − fresh",
        "five_first": "number 5 is judged by with_samples − fresh before the other faults",
        "no_threshold": "every difference counts, however small",
        "never_five": "number 5 is never returned",
        "exchanged_three_four": "3 and 4 are exchanged",
        "steps_against_samples": "as_many_steps is compared with with_samples",
    },
}
HARMLESS: set[str] = set()
