"""Answers to exercises 5.1, 5.2, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""

import numpy as np

# --- 5.1 -------------------------------------------------------------------------------------------------------------


def slope_times_value(f, slope, mu, logvar, eps):
    s = np.exp(logvar / 2)
    z = mu + s * eps
    d = slope(z)
    v = f(z)[:, None]
    return v * d, v * d * s * eps / 2, v * eps / s, v * (eps**2 - 1) / 2


def score_with_z_squared(f, slope, mu, logvar, eps):
    s = np.exp(logvar / 2)
    z = mu + s * eps
    d = slope(z)
    v = f(z)[:, None]
    return d, d * s * eps / 2, v * eps / s, v * (z**2 - 1) / 2


def values_as_a_row(f, slope, mu, logvar, eps):
    s = np.exp(logvar / 2)
    z = mu + s * eps
    d = slope(z)
    v = f(z)
    return d, d * s * eps / 2, v * eps / s, v * (eps**2 - 1) / 2


# --- 5.2 -------------------------------------------------------------------------------------------------------------


def loss_with_two_rates(f, log_q, rate):
    n = len(f)
    g = f.detach()
    b = (g.sum(0) - g) / (n - 1)
    return (-f - (g - b) * log_q + log_q).mean() + rate.mean()


def loss_with_scaled_credit(f, log_q, rate):
    n = len(f)
    g = f.detach()
    b = (g.sum(0) - g) / (n - 1)
    a = g - b
    a = a / (a.std() + 1e-8)
    return (-f - a * log_q).mean() + rate.mean()


def loss_for_negative_f(f, log_q, rate):
    n = len(f)
    g = -f.detach().abs()
    b = (g.sum(0) - g) / (n - 1)
    return (-f - (g - b) * log_q).mean() + rate.mean()


RIGHT: dict[str, list] = {}

WRONG = {
    "5.1": [slope_times_value, score_with_z_squared, values_as_a_row],
    "5.2": [loss_with_two_rates, loss_with_scaled_credit, loss_for_negative_f],
}

HARMLESS: set[str] = set()

HEARS = {
    "5.1": {
        "slope_times_value": "pathwise: the slope of f is multiplied by f(z) as well",
        "score_with_z_squared": "score function, logvar: z² stands where ε² belongs",
        "values_as_a_row": "f(z) has the shape (samples,)",
    },
    "5.2": {
        "loss_with_two_rates": "log q is averaged beside the exact rate",
        "loss_with_scaled_credit": "f minus baseline is also divided by its standard deviation",
        "loss_for_negative_f": "you take it for granted that f is negative",
    },
}
