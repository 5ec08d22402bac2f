"""Right answers to the exercises of notebook 06, written in other ways than the model answers."""

import numpy as np
import torch
from scipy.special import expit, log_expit
from torch.nn import functional


def distortion_by_logaddexp(x, logits):
    return (np.logaddexp(0, logits) - x * logits).sum(axis=-1)


def distortion_by_cases(x, logits):
    """The cost of a 1 is that of a 0 at the opposite logit."""
    l = np.where(x == 1, -logits, logits)  # noqa: E741
    small = np.log(1 + np.exp(-np.abs(l)))
    return np.sum(np.where(l > 0, l + small, small), axis=1)


def distortion_by_log_expit(x, logits):
    return -(x * log_expit(logits) + (1 - x) * log_expit(-logits)).sum(1)


def distortion_in_torch(x, logits):
    x, logits = torch.tensor(x), torch.tensor(logits)
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)


def distortion_in_single_precision(x, logits):
    x, logits = x.astype(np.float32), logits.astype(np.float32)
    return (np.maximum(logits, 0) - x * logits + np.log1p(np.exp(-np.abs(logits)))).sum(axis=1)


def distortion_with_loops(x, logits):
    total = [0.0] * len(x)
    for n in range(len(x)):
        for pixel, logit in zip(x[n], logits[n], strict=True):
            total[n] += max(logit, 0) - pixel * logit + float(np.log1p(np.exp(-abs(logit))))
    return np.array(total)


def backward_with_einsum(x, eps, params, values):
    n = len(x)
    dl = (expit(values["logits"]) - x) / n
    dw4, db4 = np.einsum("ni,nj->ij", values["h2"], dl), np.einsum("nj->j", dl)
    da2 = np.where(values["a2"] > 0, np.einsum("nj,ij->ni", dl, params["W4"]), 0)
    dw3, db3 = np.einsum("ni,nj->ij", values["z"], da2), da2.sum(0)
    dz = np.einsum("nj,ij->ni", da2, params["W3"])
    variance = np.exp(values["logvar"])
    ds = np.hstack([dz + values["mu"] / n, 0.5 * dz * eps * np.sqrt(variance) + 0.5 * (variance - 1) / n])
    dw2, db2 = np.einsum("ni,nj->ij", values["h1"], ds), ds.sum(0)
    da1 = np.where(values["a1"] > 0, np.einsum("nj,ij->ni", ds, params["W2"]), 0)
    return [np.einsum("ni,nj->ij", values["centred"], da1), da1.sum(0), dw2, db2, dw3, db3, dw4, db4]


def backward_by_autograd(x, eps, params, values):
    """The forward pass again, in torch; the logits that came in take the place of its own, and so do all values."""
    names = ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]
    t = {name: torch.tensor(params[name], requires_grad=True) for name in names}

    def as_given(value, given):  # the value that came in, with the derivatives of this one
        return value + (torch.tensor(given) - value).detach()

    a1 = as_given(torch.tensor(values["centred"]) @ t["W1"] + t["b1"], values["a1"])
    mu, logvar = (torch.relu(a1) @ t["W2"] + t["b2"]).chunk(2, dim=1)
    mu, logvar = as_given(mu, values["mu"]), as_given(logvar, values["logvar"])
    z = mu + (logvar / 2).exp() * torch.tensor(eps)
    a2 = as_given(z @ t["W3"] + t["b3"], values["a2"])
    logits = as_given(torch.relu(a2) @ t["W4"] + t["b4"], values["logits"])
    cost = functional.binary_cross_entropy_with_logits(logits, torch.tensor(x), reduction="sum")
    ((cost + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()) / len(x)).backward()
    return tuple(t[name].grad for name in names)


def backward_one_example_at_a_time(x, eps, params, values):
    totals = None
    for n in range(len(x)):
        dl = (1 / (1 + np.exp(-np.clip(values["logits"][n], -500, 500))) - x[n]) / len(x)
        da2 = (params["W4"] @ dl) * (values["h2"][n] > 0)
        dz = params["W3"] @ da2
        logvar = values["logvar"][n]
        dmu = dz + values["mu"][n] / len(x)
        dlogvar = dz * eps[n] * np.exp(logvar / 2) / 2 + np.expm1(logvar) / 2 / len(x)
        ds = np.append(dmu, dlogvar)
        da1 = (params["W2"] @ ds) * (values["h1"][n] > 0)
        pairs = ((values["centred"][n], da1), (values["h1"][n], ds), (values["z"][n], da2), (values["h2"][n], dl))
        own = [each for given, dy in pairs for each in (np.outer(given, dy), dy)]
        totals = own if totals is None else [total + each for total, each in zip(totals, own, strict=True)]
    return tuple(totals)


def backward_with_the_mean_at_the_end(x, eps, params, values):
    """Derivatives of each example's own loss; the division by the batch size comes last."""
    dl = expit(values["logits"]) - x
    da2 = dl @ params["W4"].T
    da2[values["a2"] <= 0] = 0
    dz = da2 @ params["W3"].T
    ds = np.concatenate(
        (dz + values["mu"], (dz * (values["z"] - values["mu"]) + np.exp(values["logvar"]) - 1) / 2), axis=1
    )
    da1 = ds @ params["W2"].T
    da1[values["a1"] <= 0] = 0
    pairs = ((values["centred"], da1), (values["h1"], ds), (values["z"], da2), (values["h2"], dl))
    return tuple(each / len(x) for given, dy in pairs for each in (given.T @ dy, dy.sum(axis=0)))


def mistakes_in_a_list():
    return [4, 1, 7]


def mistakes_by_letter():
    found = {"A": 4, "B": 1, "C": 7}
    return found["A"], found["B"], found["C"]


def mistakes_in_an_array():
    return np.array([4, 1, 7])


def adam_by_weights(theta, g, m, v, t, learning_rate):
    m_new = m + (g - m) * 0.1
    v_new = v + (g * g - v) * (1 - 0.999)
    step = (m_new / (1 - 0.9**t)) / ((v_new / (1 - 0.999**t)) ** 0.5 + 1e-8)
    return theta - learning_rate * step, m_new, v_new


def adam_in_torch(theta, g, m, v, t, learning_rate):
    theta, g, m, v = (torch.tensor(each) for each in (theta, g, m, v))
    m, v = torch.lerp(m, g, 0.1), torch.lerp(v, g**2, 0.001)
    return theta - learning_rate * m / (1 - 0.9**t) / ((v / (1 - 0.999**t)).sqrt() + 1e-8), m, v


def adam_with_the_root_of_the_correction(theta, g, m, v, t, learning_rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    root = np.sqrt(1 - 0.999**t)
    return [theta - learning_rate / (1 - 0.9**t) * root * m / (np.sqrt(v) + 1e-8 * root), m, v]


VARIANTS = {
    "6.1": [
        distortion_by_logaddexp,
        distortion_by_cases,
        distortion_by_log_expit,
        distortion_in_torch,
        distortion_in_single_precision,
        distortion_with_loops,
    ],
    "6.2": [
        backward_with_einsum,
        backward_by_autograd,
        backward_one_example_at_a_time,
        backward_with_the_mean_at_the_end,
    ],
    "6.3": [mistakes_in_a_list, mistakes_by_letter, mistakes_in_an_array],
    "6.4": [adam_by_weights, adam_in_torch, adam_with_the_root_of_the_correction],
}
