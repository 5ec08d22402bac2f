"""More answers to exercises 5.1 to 5.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch

# --- 5.1 -------------------------------------------------------------------------------------------------------------


def from_z(f, slope, mu, logvar, eps):
    variance = np.exp(logvar)
    z = mu + np.sqrt(variance) * eps
    g, y = slope(z), f(z).reshape(-1, 1)
    return g, g * (z - mu) / 2, y * (z - mu) / variance, y * ((z - mu) ** 2 / variance - 1) / 2


def with_einsum(f, slope, mu, logvar, eps):
    sigma = np.exp(0.5 * logvar)
    z = sigma * eps + mu
    scores = eps / sigma, 0.5 * eps**2 - 0.5
    return [slope(z), 0.5 * sigma * eps * slope(z), *(np.einsum("s,sl->sl", f(z), each) for each in scores)]


def estimates_in_float32(*arguments):
    return tuple(each.astype(np.float32) for each in from_z(*arguments))


def score_without_mu(f, slope, mu, logvar, eps):
    variance = np.exp(logvar)
    z = mu + np.sqrt(variance) * eps
    y = f(z)[:, None]
    return *from_z(f, slope, mu, logvar, eps)[:2], y * z / variance, y * (z**2 / variance - 1) / 2


def negative_f_is_zero(f, slope, mu, logvar, eps):
    return from_z(lambda z: np.maximum(f(z), 0), slope, mu, logvar, eps)


def one_sample_as_a_vector(*arguments):
    return [each[0] if len(each) == 1 else each for each in from_z(*arguments)]


def another_f(f, slope, mu, logvar, eps):
    return from_z(lambda z: (z**2).sum(1), slope, mu, logvar, eps)


def eps_of_its_own(f, slope, mu, logvar, eps):
    return from_z(f, slope, mu, logvar, np.random.default_rng(0).standard_normal(eps.shape))


def logvar_becomes_sigma(f, slope, mu, logvar, eps):
    found = from_z(f, slope, mu, logvar, eps)
    np.exp(logvar / 2, out=logvar)
    return found


# --- 5.2 -------------------------------------------------------------------------------------------------------------


def others(f):
    return (f.sum(0) - f) / (len(f) - 1)


def in_two_loops(f, log_q, rate):
    samples, batch = f.shape
    total = 0
    for b in range(batch):
        for s in range(samples):
            base = sum(f[r, b].detach() for r in range(samples) if r != s) / (samples - 1)
            total = total - f[s, b] / samples - (f[s, b].detach() - base) * log_q[s, b] / samples
        total = total + rate[b]
    return total / batch


def with_no_grad(f, log_q, rate):
    with torch.no_grad():
        credit = f - others(f)
    return -(f.mean() + (credit * log_q).mean() - rate.mean())


def rate_over_samples(f, log_q, rate):
    credit = (f - others(f)).detach()
    return (rate / len(f) - (f + credit * log_q).mean(0)).mean()


def decoder_twice(f, log_q, rate):
    credit = (f - others(f)).detach()
    return (rate - 2 * f.mean(0) - (credit * log_q).mean(0)).mean()


def rate_as_the_baseline(f, log_q, rate):
    return (rate - (f + (f - rate).detach() * log_q).mean(0)).mean()


def median_of_the_others(f, log_q, rate):
    c = f.detach()
    base = torch.stack([torch.cat([c[:i], c[i + 1 :]]).median(0).values for i in range(len(c))])
    return (rate - (f + (c - base) * log_q).mean(0)).mean()


def one_example_as_a_vector(f, log_q, rate):
    credit = (f - others(f)).detach()
    loss = rate - (f + credit * log_q).mean(0)
    return loss.mean() if len(loss) > 1 else loss


def f_centred_in_place(f, log_q, rate):
    loss = with_no_grad(f, log_q, rate)
    f.data -= f.data.mean(0)
    return loss


# --- 5.3 -------------------------------------------------------------------------------------------------------------


def noise_of(z, mu, logvar):
    return (z - mu) / np.exp(logvar / 2)


def three(eps):
    found = []
    for axis in (2, 1, 0):
        e = np.moveaxis(eps, axis, 0)
        found.append(float((e[1:] * e[:-1]).mean()))
    return found


def products_with_einsum(z, mu, logvar):
    e = noise_of(z, mu, logvar)
    c, b, k = e.shape
    pairs = (e[..., 1:], e[..., :-1], c * b * (k - 1)), (e[:, 1:], e[:, :-1], c * (b - 1) * k)
    return np.array(
        [np.einsum("cbl,cbl->", one, other) / n for one, other, n in (*pairs, (e[1:], e[:-1], (c - 1) * b * k))]
    )


def products_in_float32(z, mu, logvar):
    e = torch.tensor(noise_of(z, mu, logvar), dtype=torch.float32)
    pairs = [(e.narrow(a, 0, e.shape[a] - 1), e.narrow(a, 1, e.shape[a] - 1)) for a in (2, 1, 0)]
    return tuple((one * other).mean().item() for one, other in pairs)


def first_with_last(z, mu, logvar):
    e = noise_of(z, mu, logvar)
    return (e[..., 0] * e[..., -1]).mean(), (e[:, 0] * e[:, -1]).mean(), (e[0] * e[-1]).mean()


def mean_of_the_calls_for_mu(z, mu, logvar):
    return three(noise_of(z, z.mean(0), logvar))


def overall_mean_subtracted(z, mu, logvar):
    return three(noise_of(z, mu, logvar) - noise_of(z, mu, logvar).mean())


def spread_of_the_calls_for_sigma(z, mu, logvar):
    return three((z - mu) / z.std(0))


def noise_squared(z, mu, logvar):
    return three(noise_of(z, mu, logvar) ** 2)


def over_the_mean_square(z, mu, logvar):
    e = noise_of(z, mu, logvar)
    return [each / (e**2).mean() for each in three(e)]


def first_two_calls_alone(z, mu, logvar):
    e = noise_of(z, mu, logvar)
    return [*three(e)[:2], (e[0] * e[1]).mean()]


def mu_to_zero_in_place(z, mu, logvar):
    found = three(noise_of(z, mu, logvar))
    mu *= 0
    return found


RIGHT = {
    "5.1": [from_z, with_einsum, estimates_in_float32],
    "5.2": [in_two_loops, with_no_grad],
    "5.3": [products_with_einsum, products_in_float32],
}
WRONG = {
    "5.1": [
        score_without_mu,
        negative_f_is_zero,
        one_sample_as_a_vector,
        another_f,
        eps_of_its_own,
        logvar_becomes_sigma,
    ],
    "5.2": [
        rate_over_samples,
        decoder_twice,
        rate_as_the_baseline,
        median_of_the_others,
        one_example_as_a_vector,
        f_centred_in_place,
    ],
    "5.3": [
        first_with_last,
        mean_of_the_calls_for_mu,
        overall_mean_subtracted,
        spread_of_the_calls_for_sigma,
        noise_squared,
        over_the_mean_square,
        first_two_calls_alone,
        mu_to_zero_in_place,
    ],
}
HARMLESS = set()
HEARS = {
    "5.1": {
        "score_without_mu": "score function: mu is not subtracted from z in both",
        "negative_f_is_zero": "score function: negative values of f are set to 0",
        "another_f": "your result stays the same when f changes",
        "eps_of_its_own": "your result stays the same when eps changes",
    },
    "5.2": {
        "rate_over_samples": "the rate is divided by the number of samples",
        "decoder_twice": "the decoder's term counts twice",
        "rate_as_the_baseline": "the rate is subtracted from f",
        "median_of_the_others": "this is the median",
    },
    "5.3": {
        "first_with_last": "the first is paired with the last:",
        "mean_of_the_calls_for_mu": "the mean over the calls is subtracted in place of mu",
        "overall_mean_subtracted": "the mean of all noise is subtracted",
        "spread_of_the_calls_for_sigma": "the spread of the samples stands where",
        "noise_squared": "the noise is squared first",
        "over_the_mean_square": "the mean product is divided by the mean square",
    },
}
