"""Three programs to be examined in exercise 6.3. Each has one mistake. Look at what they do, not at this file.

Each is called as ``program(x, eps, p)``, with the arrays and parameters of exercise 6.2, and returns the loss, a number, and its
eight gradients: dW1, db1, …, dW4, db4.
"""

import numpy as np

__all__ = ["THREE_PROGRAMS"]


def _softplus(logits):
    return np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))


def _encode(x, p):
    c = x - p["m"]
    h = np.maximum(c @ p["W1"] + p["b1"], 0)
    return c, h, *np.split(h @ p["W2"] + p["b2"], 2, axis=1)


def _decode(z, p):
    h = np.maximum(z @ p["W3"] + p["b3"], 0)
    return h, h @ p["W4"] + p["b4"]


def _loss(x, logits, mu, logvar):
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return ((_softplus(logits) - x * logits).sum(axis=1) + rate).mean()


def _encoder_gradients(c, h, dmu, dlogvar, p):
    ds = np.concatenate([dmu, dlogvar], axis=1)
    da = (ds @ p["W2"].T) * (h > 0)
    return c.T @ da, da.sum(axis=0), h.T @ ds, ds.sum(axis=0)


def _a(x, eps, p):
    c, h1, mu, logvar = _encode(x, p)
    noise = np.exp(logvar / 2) * eps
    z = mu + noise
    h2, logits = _decode(z, p)
    dl = (0.5 * (1 + np.tanh(logits / 2)) - x) / len(x)
    da = (dl @ p["W4"].T) * (h2 > 0)
    dz = da @ p["W3"].T
    dmu, dlogvar = dz + mu / len(x), dz * noise + 0.5 * np.expm1(logvar) / len(x)
    decoder = z.T @ da, da.sum(axis=0), h2.T @ dl, dl.sum(axis=0)
    return _loss(x, logits, mu, logvar), (*_encoder_gradients(c, h1, dmu, dlogvar, p), *decoder)


def _b(x, eps, p):
    c, h1, mu, logvar = _encode(x, p)
    noise = np.exp(logvar / 2) * eps
    z = mu + noise
    h2, logits = _decode(z, p)
    dl = (0.5 * (1 + np.tanh(logits / 2)) - x) / len(x)
    da = np.maximum(dl @ p["W4"].T, 0)
    dz = da @ p["W3"].T
    dmu, dlogvar = dz + mu / len(x), 0.5 * dz * noise + 0.5 * np.expm1(logvar) / len(x)
    decoder = z.T @ da, da.sum(axis=0), h2.T @ dl, dl.sum(axis=0)
    return _loss(x, logits, mu, logvar), (*_encoder_gradients(c, h1, dmu, dlogvar, p), *decoder)


def _c(x, eps, p):
    c, h1, mu, logvar = _encode(x, p)
    noise = np.exp(logvar) * eps
    z = mu + noise
    h2, logits = _decode(z, p)
    dl = (0.5 * (1 + np.tanh(logits / 2)) - x) / len(x)
    da = (dl @ p["W4"].T) * (h2 > 0)
    dz = da @ p["W3"].T
    dmu, dlogvar = dz + mu / len(x), dz * noise + 0.5 * np.expm1(logvar) / len(x)
    decoder = z.T @ da, da.sum(axis=0), h2.T @ dl, dl.sum(axis=0)
    return _loss(x, logits, mu, logvar), (*_encoder_gradients(c, h1, dmu, dlogvar, p), *decoder)


THREE_PROGRAMS = {"A": _a, "B": _b, "C": _c}
