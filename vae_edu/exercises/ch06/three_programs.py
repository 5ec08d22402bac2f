"""Three programs to be examined in exercise 6.3. Each has one mistake. Look at what they do, not at this file.

Each is called as ``program(x, eps, params)``, with the arrays and parameters of exercise 6.2, and returns the loss, a number, and its
eight gradients: dW1, db1, …, dW4, db4.
"""

import numpy as np

__all__ = ["THREE_PROGRAMS", "forward"]


def forward(x, eps, params):
    """The values of one forward pass without a mistake: ``mu``, ``logvar``, ``z``, ``logits`` and ``loss``."""
    h1 = np.maximum((x - params["mean"]) @ params["W1"] + params["b1"], 0)
    mu, logvar = np.split(h1 @ params["W2"] + params["b2"], 2, axis=1)
    z = mu + np.exp(logvar / 2) * eps
    logits = np.maximum(z @ params["W3"] + params["b3"], 0) @ params["W4"] + params["b4"]
    distortion = (np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - x * logits).sum(axis=1)
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return {"mu": mu, "logvar": logvar, "z": z, "logits": logits, "loss": (distortion + rate).mean()}


def _program(power, slope, passes):
    def program(x, eps, params):
        c = x - params["mean"]
        h1 = np.maximum(c @ params["W1"] + params["b1"], 0)
        mu, logvar = np.split(h1 @ params["W2"] + params["b2"], 2, axis=1)
        noise = np.exp(power * logvar) * eps
        z = mu + noise
        h2 = np.maximum(z @ params["W3"] + params["b3"], 0)
        logits = h2 @ params["W4"] + params["b4"]
        distortion = (np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - x * logits).sum(axis=1)
        rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)

        dl = (0.5 * (1 + np.tanh(logits / 2)) - x) / len(x)
        dh2 = dl @ params["W4"].T
        da2 = dh2 * passes(h2, dh2)
        dz = da2 @ params["W3"].T
        dmu, dlogvar = dz + mu / len(x), slope * dz * noise + 0.5 * np.expm1(logvar) / len(x)
        ds = np.concatenate([dmu, dlogvar], axis=1)
        da1 = (ds @ params["W2"].T) * (h1 > 0)
        pairs = (c, da1), (h1, ds), (z, da2), (h2, dl)
        return (distortion + rate).mean(), tuple(each for y, dy in pairs for each in (y.T @ dy, dy.sum(axis=0)))

    return program


THREE_PROGRAMS = {
    "A": _program(1 / 2, 1, lambda h, dh: h > 0),
    "B": _program(1 / 2, 1 / 2, lambda h, dh: dh > 0),
    "C": _program(1, 1, lambda h, dh: h > 0),
}
