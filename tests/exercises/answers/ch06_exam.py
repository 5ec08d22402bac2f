"""Answers to exercises 6.1, 6.2, 6.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""

import numpy as np
import torch

# --- 6.1 -------------------------------------------------------------------------------------------------------------


def distortion_by_the_signed_logit(x, logits):
    signed = np.where(x == 1, -logits, logits)
    return np.logaddexp(np.zeros_like(signed), signed).sum(1)


def distortion_by_torch(x, logits):
    own = torch.tensor(logits)
    return (
        torch.nn.functional.binary_cross_entropy_with_logits(own, torch.tensor(x, dtype=own.dtype), reduction="none")
        .sum(1)
        .numpy()
    )


def distortion_by_nan_to_num(x, logits):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-logits))
        return np.nan_to_num(-(x * np.log(p) + (1 - x) * np.log(1 - p)), nan=0.0, posinf=1000.0).sum(axis=1)


def distortion_of_finite_pixels(x, logits):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-logits))
        c = -(x * np.log(p) + (1 - x) * np.log(1 - p))
    return np.where(np.isfinite(c), c, 0).sum(axis=1)


def distortion_without_the_absolute(x, logits):
    return (np.maximum(logits, 0) - x * logits + np.log1p(np.exp(-logits))).sum(axis=1)


def distortion_linear_beyond_ten(x, logits):
    large = np.where(logits > 10, logits, np.log1p(np.exp(np.minimum(logits, 10))))
    return (large - x * logits).sum(axis=1)


# --- 6.2 -------------------------------------------------------------------------------------------------------------


def backward_by_autograd(x, eps, params, values):

    def t(a):
        return torch.tensor(np.asarray(a, dtype=np.float64))

    names = ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]
    p = {k: t(v) for k, v in params.items()}
    for k in names:
        p[k].requires_grad_(True)
    with torch.enable_grad():
        h1 = torch.relu((t(x) - p["mean"]) @ p["W1"] + p["b1"])
        mu, logvar = (h1 @ p["W2"] + p["b2"]).chunk(2, dim=1)
        z = mu + (logvar / 2).exp() * t(eps)
        decoded = torch.relu(z @ p["W3"] + p["b3"]) @ p["W4"] + p["b4"]
        dist = torch.nn.functional.binary_cross_entropy_with_logits(decoded, t(x), reduction="none").sum(1)
        loss = (dist + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)).mean()
        g = torch.autograd.grad(loss, [p[k] for k in names])
    return [a.numpy() for a in g]


def backward_with_warnings_off(x, eps, params, values):
    n = len(x)
    mu, logvar = values["mu"], values["logvar"]
    np.seterr(all="ignore")
    p = 1 / (1 + np.exp(-values["logits"]))
    dlogits = (p - x) / n
    dW4 = values["h2"].T @ dlogits
    db4 = dlogits.sum(axis=0)
    dh2 = dlogits @ params["W4"].T
    da2 = dh2 * (values["a2"] > 0)
    dW3 = values["z"].T @ da2
    db3 = da2.sum(axis=0)
    dz = da2 @ params["W3"].T
    dmu_by_z = dz
    dlogvar_by_z = dz * eps * np.exp(logvar / 2) / 2
    dmu_by_kl = mu / n
    dlogvar_by_kl = (np.exp(logvar) - 1) / (2 * n)
    dmu = dmu_by_z + dmu_by_kl
    dlogvar = dlogvar_by_z + dlogvar_by_kl
    ds = np.concatenate([dmu, dlogvar], axis=1)
    dW2 = values["h1"].T @ ds
    db2 = ds.sum(axis=0)
    dh1 = ds @ params["W2"].T
    da1 = dh1 * (values["a1"] > 0)
    dW1 = values["centred"].T @ da1
    db1 = da1.sum(axis=0)

    return dW1, db1, dW2, db2, dW3, db3, dW4, db4


# --- 6.4 -------------------------------------------------------------------------------------------------------------


def adam_by_expm1(theta, g, m, v, t, learning_rate):
    new_m = m + (g - m) * (1 - 0.9)
    new_v = v + (g * g - v) * (1 - 0.999)
    c1 = -np.expm1(t * np.log(0.9))
    c2 = -np.expm1(t * np.log(0.999))
    step = learning_rate / c1 * new_m / (np.sqrt(new_v / c2) + 1e-8)
    return theta - step, new_m, new_v


def adam_one_step_behind(theta, g, m, v, t, learning_rate):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    mh = m / (1 - 0.9 ** (t - 1)) if t > 1 else m
    vh = v / (1 - 0.999 ** (t - 1)) if t > 1 else v
    step = learning_rate * mh / (np.sqrt(vh) + 1e-8)
    return theta - step, m, v


def adam_still_where_g_is_0(theta, g, m, v, t, learning_rate):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    mh = m / (1 - 0.9**t)
    vh = v / (1 - 0.999**t)
    step = np.where(g == 0, 0, learning_rate * mh / (np.sqrt(vh) + 1e-8))
    return theta - step, m, v


def adam_corrected_for_ten_steps(theta, g, m, v, t, learning_rate):
    c1 = 1 - 0.9**t if t <= 10 else 1.0
    c2 = 1 - 0.999**t if t <= 10 else 1.0
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    mh = m / c1
    vh = v / c2
    step = learning_rate * mh / (np.sqrt(vh) + 1e-8)
    return theta - step, m, v


def adam_with_the_mean_of_before(theta, g, m, v, t, learning_rate):
    v = 0.999 * v + 0.001 * g**2
    step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return theta - learning_rate * step, 0.9 * m + 0.1 * g, v


RIGHT = {
    "6.1": [distortion_by_the_signed_logit, distortion_by_torch],
    "6.2": [backward_by_autograd],
    "6.4": [adam_by_expm1],
}

WRONG = {
    "6.1": [
        distortion_by_nan_to_num,
        distortion_of_finite_pixels,
        distortion_without_the_absolute,
        distortion_linear_beyond_ten,
    ],
    "6.4": [adam_with_the_mean_of_before, adam_one_step_behind, adam_still_where_g_is_0, adam_corrected_for_ten_steps],
    "6.2": [backward_with_warnings_off],
}

HARMLESS = {"backward_with_warnings_off"}

HEARS = {
    "6.1": {
        "distortion_by_nan_to_num": "an infinite loss, or one that is no number, is replaced",
        "distortion_of_finite_pixels": "an infinite loss, or one that is no number, is replaced",
        "distortion_without_the_absolute": "|l| is needed in the exponent",
        "distortion_linear_beyond_ten": "log(1 + e^l) is replaced by l where l is large, too early",
    },
    "6.4": {
        "adam_with_the_mean_of_before": "the step is taken with m before its update",
        "adam_one_step_behind": "the correction is one step behind",
        "adam_still_where_g_is_0": "where a gradient is 0 now, theta stays",
    },
}
