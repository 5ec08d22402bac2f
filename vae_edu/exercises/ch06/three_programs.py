"""Three programs to be examined in exercise 6.3. Each has one mistake. Look at what they do, not at this file.

Each is called as ``program(x, eps, params)``, with the arrays and parameters of exercise 6.2, and returns the loss, a number, and its
eight gradients: dW1, db1, …, dW4, db4.
"""

import numpy as np

__all__ = ["THREE_PROGRAMS"]


def _softplus(logits):
    return np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))


def _encode(x, params):
    c = x - params["mean"]
    h = np.maximum(c @ params["W1"] + params["b1"], 0)
    return c, h, *np.split(h @ params["W2"] + params["b2"], 2, axis=1)


def _decode(z, params):
    h = np.maximum(z @ params["W3"] + params["b3"], 0)
    return h, h @ params["W4"] + params["b4"]


def _loss(x, logits, mu, logvar):
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return ((_softplus(logits) - x * logits).sum(axis=1) + rate).mean()


def _encoder_gradients(c, h, dmu, dlogvar, params):
    ds = np.concatenate([dmu, dlogvar], axis=1)
    da = (ds @ params["W2"].T) * (h > 0)
    return c.T @ da, da.sum(axis=0), h.T @ ds, ds.sum(axis=0)


def _a(x, eps, params):
    c, h1, mu, logvar = _encode(x, params)
    noise = np.exp(logvar / 2) * eps
    z = mu + noise
    h2, logits = _decode(z, params)
    dl = (0.5 * (1 + np.tanh(logits / 2)) - x) / len(x)
    da = (dl @ params["W4"].T) * (h2 > 0)
    dz = da @ params["W3"].T
    dmu, dlogvar = dz + mu / len(x), dz * noise + 0.5 * np.expm1(logvar) / len(x)
    decoder = z.T @ da, da.sum(axis=0), h2.T @ dl, dl.sum(axis=0)
    return _loss(x, logits, mu, logvar), (*_encoder_gradients(c, h1, dmu, dlogvar, params), *decoder)


def _b(x, eps, params):
    c, h1, mu, logvar = _encode(x, params)
    noise = np.exp(logvar / 2) * eps
    z = mu + noise
    h2, logits = _decode(z, params)
    dl = (0.5 * (1 + np.tanh(logits / 2)) - x) / len(x)
    da = np.maximum(dl @ params["W4"].T, 0)
    dz = da @ params["W3"].T
    dmu, dlogvar = dz + mu / len(x), 0.5 * dz * noise + 0.5 * np.expm1(logvar) / len(x)
    decoder = z.T @ da, da.sum(axis=0), h2.T @ dl, dl.sum(axis=0)
    return _loss(x, logits, mu, logvar), (*_encoder_gradients(c, h1, dmu, dlogvar, params), *decoder)


def _c(x, eps, params):
    c, h1, mu, logvar = _encode(x, params)
    noise = np.exp(logvar) * eps
    z = mu + noise
    h2, logits = _decode(z, params)
    dl = (0.5 * (1 + np.tanh(logits / 2)) - x) / len(x)
    da = (dl @ params["W4"].T) * (h2 > 0)
    dz = da @ params["W3"].T
    dmu, dlogvar = dz + mu / len(x), dz * noise + 0.5 * np.expm1(logvar) / len(x)
    decoder = z.T @ da, da.sum(axis=0), h2.T @ dl, dl.sum(axis=0)
    return _loss(x, logits, mu, logvar), (*_encoder_gradients(c, h1, dmu, dlogvar, params), *decoder)


THREE_PROGRAMS = {"A": _a, "B": _b, "C": _c}
