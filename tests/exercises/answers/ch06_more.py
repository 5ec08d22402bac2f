"""More answers to exercises 6.1, 6.2 and 6.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.nn import functional

# --- 6.1 -------------------------------------------------------------------------------------------------------------


def with_torch_softplus(x, logits):
    x, logits = torch.tensor(x), torch.tensor(logits)
    return (functional.softplus(logits) - x * logits).sum(-1).numpy()


def with_logsigmoid(x, logits):
    x, logits = torch.as_tensor(x), torch.as_tensor(logits)
    return -(x * functional.logsigmoid(logits) + (1 - x) * functional.logsigmoid(-logits)).sum(1)


def with_log_in_place_of_log1p(x, logits):
    return (np.maximum(logits, 0) - x * logits + np.log(1 + np.exp(-np.abs(logits)))).sum(1)


def pixel_by_pixel(x, logits):
    rows = zip(x.tolist(), logits.tolist())
    return [sum(max(b, 0) - a * b + np.log1p(np.exp(-abs(b))) for a, b in zip(*row)) for row in rows]


def clipped_inside_of_the_exponential(x, logits):
    return (np.log1p(np.exp(np.minimum(logits, 30))) - x * logits).sum(1)


def infinite_is_1000(x, logits):
    small = np.exp(-np.abs(logits))
    p = np.where(logits >= 0, 1 / (1 + small), small / (1 + small))
    with np.errstate(all="ignore"):
        return np.nan_to_num(-(x * np.log(p) + (1 - x) * np.log1p(-p)), nan=0.0, posinf=1000.0).sum(1)


def wrong_pixels_counted(x, logits):
    return (x != (logits > 0)).sum(1).astype(float)


def logits_clipped_in_place(x, logits):
    found = with_log_in_place_of_log1p(x, logits)
    np.clip(logits, -30, 30, out=logits)
    return found


def signs_in_place(x, logits):
    x *= 2
    x -= 1
    return np.logaddexp(0, -x * logits).sum(1)


# --- 6.2 -------------------------------------------------------------------------------------------------------------


def with_tanh(x, eps, params, values, *slips):
    n, sigma = len(x), np.exp(values["logvar"] / 2)
    dlogits = (0.5 * (1 + np.tanh(values["logits"] / 2)) - x) / n
    if "batch twice" in slips:
        dlogits = dlogits / n
    if "no batch" in slips:
        dlogits = dlogits * n
    da2 = dlogits @ params["W4"].T * (values["a2"] > 0)
    dz = da2 @ params["W3"].T
    dmu_by_kl = -values["mu"] / n if "mu falls" in slips else values["mu"] / n
    dlogvar_by_kl = (sigma**2 - (0 if "no one" in slips else 1)) / 2 / n
    ds = np.hstack([dz + dmu_by_kl, dz * eps * sigma / 2 + dlogvar_by_kl])
    da1 = ds @ params["W2"].T * (values["a1"] > 0)
    layers = (values["centred"], da1), (values["h1"], ds), (values["z"], da2), (values["h2"], dlogits)
    return [each for seen, dy in layers for each in (seen.T @ dy, dy.sum(0))]


def by_autograd(x, eps, params, values):
    p = {name: torch.tensor(array, requires_grad=name != "mean") for name, array in params.items()}
    x = torch.tensor(x)
    h1 = torch.relu((x - p["mean"]) @ p["W1"] + p["b1"])
    mu, logvar = (h1 @ p["W2"] + p["b2"]).chunk(2, 1)
    h2 = torch.relu((mu + (logvar / 2).exp() * torch.tensor(eps)) @ p["W3"] + p["b3"])
    logits = h2 @ p["W4"] + p["b4"]
    distortion = functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    loss = (distortion + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)).mean()
    return torch.autograd.grad(loss, [p[name] for name in ("W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4")])


def example_by_example(x, eps, params, values):
    total = None
    for i in range(len(x)):
        own = {name: value[i : i + 1] if np.ndim(value) == 2 else value for name, value in values.items()}
        found = with_tanh(x[i : i + 1], eps[i : i + 1], params, own)
        total = found if total is None else [one + other for one, other in zip(total, found)]
    return [each / len(x) for each in total]


def distortion_over_the_batch_twice(*arguments):
    return with_tanh(*arguments, "batch twice")


def kl_pushes_mu_away(*arguments):
    return with_tanh(*arguments, "mu falls")


def kl_without_the_one_and_no_batch(*arguments):
    return with_tanh(*arguments, "no one", "no batch")


def biases_as_rows(*arguments):
    return [each if each.ndim == 2 else each[None] for each in with_tanh(*arguments)]


def parameters_updated(x, eps, params, values):
    found = with_tanh(x, eps, params, values)
    params["W1"] -= 0.01 * found[0]
    return found


def derivatives_added_to_values(x, eps, params, values):
    found = with_tanh(x, eps, params, values)
    values["dW1"] = found[0]
    return found


# --- 6.4 -------------------------------------------------------------------------------------------------------------


def adam_in_torch(theta, g, m, v, t, learning_rate):
    theta, g, m, v = map(torch.tensor, (theta, g, m, v))
    m, v = torch.lerp(m, g, 0.1), v * 0.999 + 0.001 * g.square()
    return theta - learning_rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8), m, v


def adam_with_one_factor(theta, g, m, v, t, learning_rate):
    m, v = m + 0.1 * (g - m), v + 0.001 * (g**2 - v)
    c = np.sqrt(1 - 0.999**t)
    return [theta - learning_rate * c / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8 * c), m, v]


def adam_with_expm1(theta, g, m, v, t, learning_rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    root = np.sqrt(-v / np.expm1(t * np.log(0.999)))
    return theta + learning_rate * m / np.expm1(t * np.log(0.9)) / (root + 1e-8), m, v


def adam_that_zeroes_the_gradient(theta, g, m, v, t, learning_rate):
    found = adam_with_one_factor(theta, g, m, v, t, learning_rate)
    g[...] = 0
    return found


def adam_with_m_and_v_in_place(theta, g, m, v, t, learning_rate):
    theta, m[...], v[...] = adam_with_one_factor(theta, g, m, v, t, learning_rate)
    return theta, m, v


RIGHT = {
    "6.1": [with_torch_softplus, with_logsigmoid, with_log_in_place_of_log1p, pixel_by_pixel],
    "6.2": [with_tanh, by_autograd, example_by_example],
    "6.4": [adam_in_torch, adam_with_one_factor, adam_with_expm1],
}
WRONG = {
    "6.1": [
        clipped_inside_of_the_exponential,
        infinite_is_1000,
        wrong_pixels_counted,
        logits_clipped_in_place,
        signs_in_place,
    ],
    "6.2": [
        distortion_over_the_batch_twice,
        kl_pushes_mu_away,
        kl_without_the_one_and_no_batch,
        biases_as_rows,
        parameters_updated,
        derivatives_added_to_values,
    ],
    "6.4": [adam_that_zeroes_the_gradient, adam_with_m_and_v_in_place],
}
HARMLESS = set()
HEARS = {
    "6.1": {
        "clipped_inside_of_the_exponential": "the logit is clipped inside the exponential",
        "logits_clipped_in_place": "the value is right, but your function changes its input logits",
        "signs_in_place": "the value is right, but your function changes its input x",
    },
    "6.2": {
        "distortion_over_the_batch_twice": "dlogits is divided by the batch size twice",
        "kl_pushes_mu_away": "dmu_by_kl has the wrong sign",
        "kl_without_the_one_and_no_batch": "two things at once: the loss is the mean over the batch: 1/batch is missing in the "
        "derivative of the distortion. And: dlogvar_by_kl lacks the derivative of −logvar",
    },
}
