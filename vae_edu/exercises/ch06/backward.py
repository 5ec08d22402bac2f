"""Exercise 6.2: the whole backward pass of a VAE."""

import numpy as np

from vae_edu.exercises.ch06.distortion import sigmoid
from vae_edu.exercises.record import Exercise, Family, Mistake, slip


def backward_pass(x, eps, params, values):
    """The derivatives of the loss with respect to W1, b1, W2, b2, W3, b3, W4 and b4: eight arrays in this order.

    x (batch, data), eps (batch, latent); params: the parameters by name; values: the values of the forward pass by name.
    """
    batch = len(x)
    dlogits = (np.exp(-np.logaddexp(0, -values["logits"])) - x) / batch
    dW4, db4 = values["h2"].T @ dlogits, dlogits.sum(axis=0)
    dh2 = dlogits @ params["W4"].T
    da2 = dh2 * (values["a2"] > 0)
    dW3, db3 = values["z"].T @ da2, da2.sum(axis=0)
    dz = da2 @ params["W3"].T
    dmu_by_z, dlogvar_by_z = dz, dz * eps * np.exp(values["logvar"] / 2) / 2
    dmu_by_kl, dlogvar_by_kl = values["mu"] / batch, (np.exp(values["logvar"]) - 1) / 2 / batch
    dmu, dlogvar = dmu_by_z + dmu_by_kl, dlogvar_by_z + dlogvar_by_kl
    ds = np.concatenate([dmu, dlogvar], axis=1)
    dW2, db2 = values["h1"].T @ ds, ds.sum(axis=0)
    dh1 = ds @ params["W2"].T
    da1 = dh1 * (values["a1"] > 0)
    dW1, db1 = values["centred"].T @ da1, da1.sum(axis=0)
    return dW1, db1, dW2, db2, dW3, db3, dW4, db4


def forward(x, eps, params):
    """The values of the forward pass by name, as the notebook computes them, up to the logits."""
    centred = x - params["mean"]
    a1 = centred @ params["W1"] + params["b1"]
    h1 = np.maximum(a1, 0)
    mu, logvar = np.split(h1 @ params["W2"] + params["b2"], 2, axis=1)
    z = mu + np.exp(logvar / 2) * eps
    a2 = z @ params["W3"] + params["b3"]
    h2 = np.maximum(a2, 0)
    logits = h2 @ params["W4"] + params["b4"]
    return {
        "centred": centred,
        "a1": a1,
        "h1": h1,
        "mu": mu,
        "logvar": logvar,
        "z": z,
        "a2": a2,
        "h2": h2,
        "logits": logits,
    }


def draw_passes(rng: np.random.Generator):
    """Encoders and decoders of different widths, several latents and one, a batch of one, logits of ±1000, a hidden unit that is
    exactly 0 before its ReLU."""
    for batch, data, first, latent, second in ((5, 7, 6, 3, 4), (1, 5, 4, 2, 3), (3, 6, 5, 1, 8)):
        yield one_pass(rng, batch, data, first, latent, second)
    for change in (saturate, silence):
        x, eps, params, _ = one_pass(rng, 4, 6, 5, 2, 4)
        change(x, params)
        yield x, eps, params, forward(x, eps, params)


def saturate(x, params):
    """Logits of ±1000 for two pixels, which are once 0 and once 1."""
    params["b4"][:2] = 1000, -1000
    x[:2, :2] = (0, 1), (1, 0)


def silence(x, params):
    """A hidden unit of the encoder and one of the decoder that are exactly 0 before their ReLU."""
    params["W1"][:, 0] = params["b1"][0] = params["W3"][:, 1] = params["b3"][1] = 0


def one_pass(rng: np.random.Generator, batch: int, data: int, first: int, latent: int, second: int):
    """x, eps, params and values with log-variances of both signs, away from 0."""
    widths = {"1": (data, first), "2": (first, 2 * latent), "3": (latent, second), "4": (second, data)}
    params = {"mean": rng.uniform(0.2, 0.8, data)}
    for number, (fan_in, fan_out) in widths.items():
        params |= {
            f"W{number}": rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in),
            f"b{number}": rng.normal(size=fan_out),
        }
    params["b2"][latent:] = rng.uniform(0.8, 1.6, latent) * rng.choice([-1, 1], latent)
    x, eps = (rng.random((batch, data)) < 0.5).astype(float), rng.normal(size=(batch, latent))
    return x, eps, params, forward(x, eps, params)


# The pieces of which wrong answers are put together.

NAMES = ("dW1", "db1", "dW2", "db2", "dW3", "db3", "dW4", "db4")


def with_lines(**changed):
    """The right pass, but for these lines. Each is a function of the line's right value and of all that was computed before it,
    by name: what follows uses its result."""

    def wrong(x, eps, params, values):
        g = {"x": x, "eps": eps, "batch": len(x), "sigma": np.exp(values["logvar"] / 2), **params, **values}

        def put(name, value):
            with np.errstate(all="ignore"):
                g[name] = changed[name](value, g) if name in changed else value
            return g[name]

        put("dlogits", (sigmoid(g["logits"]) - x) / len(x))
        layer(put, g, 4, "h2", "dlogits")
        put("da2", put("dh2", g["dlogits"] @ params["W4"].T) * (g["a2"] > 0))
        layer(put, g, 3, "z", "da2")
        put("dz", g["da2"] @ params["W3"].T)
        put("dmu_by_z", g["dz"])
        put("dlogvar_by_z", g["dz"] * eps * g["sigma"] / 2)
        put("dmu_by_kl", g["mu"] / len(x))
        put("dlogvar_by_kl", (g["sigma"] ** 2 - 1) / 2 / len(x))
        put("dmu", g["dmu_by_z"] + g["dmu_by_kl"])
        put("dlogvar", g["dlogvar_by_z"] + g["dlogvar_by_kl"])
        put("ds", np.concatenate([g["dmu"], g["dlogvar"]], axis=1))
        layer(put, g, 2, "h1", "ds")
        put("da1", put("dh1", g["ds"] @ params["W2"].T) * (g["a1"] > 0))
        layer(put, g, 1, "centred", "da1")
        return tuple(g[name] for name in NAMES)

    return wrong


def layer(put, g, number, given, dy):
    put(f"dW{number}", g[given].T @ g[dy])
    put(f"db{number}", g[dy].sum(axis=0))


def afterwards(change):
    """The right pass, whose eight results are changed."""
    return lambda x, eps, params, values: change(with_lines()(x, eps, params, values), x)


def times(*factors):
    """A line multiplied by these: names of numbers, or numbers."""

    def changed(value, g):
        for factor in factors:
            value = value * (g[factor] if isinstance(factor, str) else factor)
        return value

    return changed


def to_zero(value, g):
    return 0 * value


def kl_lines(**changed):
    """Wrong derivatives of the KL divergence, before the division by the batch size; for ``with_lines``."""
    lines = {"mu": "dmu_by_kl", "logvar": "dlogvar_by_kl"}
    return {lines[name]: lambda _, g, of=of: of(g) / g["batch"] for name, of in changed.items()}


def noise_line(of):
    """A wrong factor between dz and dlogvar; for ``with_lines``."""
    return {"dlogvar_by_z": lambda _, g: g["dz"] * of(g)}


def relu_slopes(negative, zero):
    """ReLUs whose slope at a negative input, and at 0, is another than 0; for ``with_lines``."""

    def slope(a):
        return np.where(a > 0, 1, np.where(a < 0, negative, zero))

    return {
        "da1": lambda _, g: g["dh1"] * slope(g["a1"]),
        "da2": lambda _, g: g["dh2"] * slope(g["a2"]),
    }


def with_clipped_logits(most):
    return with_lines(
        dlogits=lambda _, g: (sigmoid(np.clip(g["logits"], -most, most)) - g["x"]) / g["batch"],
    )


NO_MEAN = "the loss is the mean over the batch: 1/batch is missing"
OVERFLOW = "NaN where a logit is large: e^1000 overflows, and inf/inf is no number. Write the sigmoid so that no power exceeds 1"

CONTEXT = r"""
The model, with examples in rows; a pixel is 1 with probability $\operatorname{sigmoid}(\text{logit})$:

| operation | what is computed | shape |
|---|---|---|
| centre | `centred = x - mean`, the mean of the training images | (batch, data) |
| encoder | `a1 = centred @ W1 + b1`, `h1 = ReLU(a1)` | (batch, hidden) |
| | `s = h1 @ W2 + b2`; `mu` and `logvar` are its left and right half | (batch, latent) each |
| sampler | `z = mu + exp(logvar / 2) * eps` | (batch, latent) |
| decoder | `a2 = z @ W3 + b3`, `h2 = ReLU(a2)` | (batch, hidden) |
| | `logits = h2 @ W4 + b4` | (batch, data) |
| distortion | $-\log p(x|z)$ | (batch,) |
| rate | $\mathrm{KL}(q\Vert p) = \frac12\sum_j(\mu_j^2 + e^{\text{logvar}_j} - 1 - \text{logvar}_j)$ | (batch,) |
| loss | mean over the batch of distortion + rate | one number |

`params` holds `mean`, `W1`, `b1`, …, `W4`, `b4`; `values` holds `centred`, `a1`, `h1`, `mu`, `logvar`, `z`, `a2`, `h2`, `logits`,
`distortion`, `rate` and `loss` of one forward pass, `forward(x, eps, params)`.
"""


EXERCISE = Exercise(
    context=CONTEXT,
    id="6.2",
    title="The whole backward pass",
    minutes=30,
    difficulty=3,
    answer=backward_pass,
    cases=draw_passes,
    mistakes=(
        # the mean
        Mistake(NO_MEAN, afterwards(lambda all_, x: tuple(each * len(x) for each in all_))),
        slip(f"{NO_MEAN} in the derivative of the distortion", with_lines, dlogits=times("batch")),
        Mistake(
            f"{NO_MEAN} in both derivatives of the KL divergence",
            with_lines(dmu_by_kl=times("batch"), dlogvar_by_kl=times("batch")),
        ),
        slip(
            "dlogits is divided by the batch size twice: it enters once, where the loss is put together",
            with_lines,
            dlogits=lambda d, g: d / g["batch"],
        ),
        slip(f"{NO_MEAN} in dmu_by_kl", with_lines, dmu_by_kl=times("batch")),
        slip(f"{NO_MEAN} in dlogvar_by_kl", with_lines, dlogvar_by_kl=times("batch")),
        Mistake(
            "everything is divided by the batch size twice: it enters once, where the loss is put together",
            afterwards(lambda all_, x: tuple(each / len(x) for each in all_)),
        ),
        Mistake(
            "the distortion is divided by the number of pixels: it is a sum over them",
            with_lines(dlogits=lambda d, g: d / d.shape[1]),
        ),
        Mistake(
            "the derivatives of the KL divergence are divided by the number of latents: the rate is a sum over them",
            with_lines(dmu_by_kl=lambda d, g: d / d.shape[1], dlogvar_by_kl=lambda d, g: d / d.shape[1]),
        ),
        slip(
            "the biases' gradients are means over the batch: each row moves with the bias, and their effects add up",
            with_lines,
            **{f"db{n}": lambda d, g: d / g["batch"] for n in range(1, 5)},
        ),
        slip(
            "the weights' gradients are divided by the batch size once more: the derivatives that they are made of contain 1/batch",
            with_lines,
            **{f"dW{n}": lambda d, g: d / g["batch"] for n in range(1, 5)},
        ),
        Mistake(
            "distortion and rate are divided by the numbers of pixels and of latents: both are sums over them",
            with_lines(
                dlogits=lambda d, g: d / d.shape[1],
                dmu_by_kl=lambda d, g: d / d.shape[1],
                dlogvar_by_kl=lambda d, g: d / d.shape[1],
            ),
        ),
        # the distortion
        slip("dlogits has the wrong sign", with_lines, dlogits=times(-1)),
        Mistake(
            "the sigmoid is missing in dlogits: x is compared with its probability, not with its logit",
            with_lines(dlogits=lambda _, g: (g["logits"] - g["x"]) / g["batch"]),
        ),
        Mistake(
            "x is missing in dlogits: log(1 + e^l) − x l has two terms",
            with_lines(dlogits=lambda _, g: sigmoid(g["logits"]) / g["batch"]),
        ),
        Mistake(
            "the sigmoid is applied twice in dlogits",
            with_lines(dlogits=lambda _, g: (sigmoid(sigmoid(g["logits"])) - g["x"]) / g["batch"]),
        ),
        Mistake(
            "dlogits has a factor p (1 − p) too many: it belongs to a squared error, and cancels here",
            with_lines(dlogits=lambda d, g: d * sigmoid(g["logits"]) * (1 - sigmoid(g["logits"]))),
        ),
        Mistake(
            "this is the derivative with respect to the probability p: the step from p to the logit is missing",
            with_lines(dlogits=lambda d, g: d / (sigmoid(g["logits"]) * (1 - sigmoid(g["logits"])))),
        ),
        Mistake(
            "the last term is missing in dlogits: log(1 + e^−|l|) has a derivative too. Start from log(1 + e^l) − x l, it is shorter",
            with_lines(dlogits=lambda _, g: ((g["logits"] > 0) - g["x"]) / g["batch"]),
        ),
        Mistake(
            "the inner derivative of |l| is missing in dlogits: it is −1 for a negative l. Start from log(1 + e^l) − x l, it is shorter",
            with_lines(dlogits=lambda _, g: ((g["logits"] > 0) - g["x"] - sigmoid(-np.abs(g["logits"]))) / g["batch"]),
        ),
        slip("dlogits is twice the right one: nothing is squared in the distortion", with_lines, dlogits=times(2)),
        Mistake(
            OVERFLOW,
            with_lines(dlogits=lambda _, g: (np.exp(g["logits"]) / (1 + np.exp(g["logits"])) - g["x"]) / g["batch"]),
        ),
        Family(
            "the logits are clipped in dlogits: at ±1000 the sigmoid is 0 or 1, and in between it must not be touched",
            with_clipped_logits,
            (5, 1, 2, 3, 10),
        ),
        # layers and ReLUs
        Mistake(
            "both ReLUs let everything pass (without a mask, or with h >= 0, which holds everywhere): where a ReLU returns 0, a small "
            "change of its input changes nothing",
            with_lines(da1=lambda _, g: g["dh1"], da2=lambda _, g: g["dh2"]),
        ),
        slip("the encoder's ReLU is missing on the way back", with_lines, da1=lambda _, g: g["dh1"]),
        slip("the decoder's ReLU is missing on the way back", with_lines, da2=lambda _, g: g["dh2"]),
        Mistake(
            "the masks come from the derivatives: a ReLU lets pass what its input allows, whatever the sign of the derivative",
            with_lines(da1=lambda _, g: g["dh1"] * (g["dh1"] > 0), da2=lambda _, g: g["dh2"] * (g["dh2"] > 0)),
        ),
        slip(
            "the decoder's mask comes from the derivative dh2: a ReLU lets pass what its input a2 allows, whatever the sign of the "
            "derivative",
            with_lines,
            da2=lambda _, g: g["dh2"] * (g["dh2"] > 0),
        ),
        slip(
            "the encoder's mask comes from the derivative dh1: a ReLU lets pass what its input a1 allows, whatever the sign of the "
            "derivative",
            with_lines,
            da1=lambda _, g: g["dh1"] * (g["dh1"] > 0),
        ),
        Mistake(
            "the masks are the wrong way round: the derivative passes where the ReLU's input is positive",
            with_lines(da1=lambda _, g: g["dh1"] * (g["a1"] <= 0), da2=lambda _, g: g["dh2"] * (g["a2"] <= 0)),
        ),
        Mistake(
            "the derivative is multiplied by the ReLU's value: its slope is 1, however large the value",
            with_lines(da1=lambda _, g: g["dh1"] * g["h1"], da2=lambda _, g: g["dh2"] * g["h2"]),
        ),
        slip(
            "at a ReLU's input of exactly 0 the derivative is 0 here, and yours passes: write > in place of >=",
            with_lines,
            da1=lambda _, g: g["dh1"] * (g["a1"] >= 0),
            da2=lambda _, g: g["dh2"] * (g["a2"] >= 0),
        ),
        Mistake("the slope of the ReLU at exactly 0 is ½ here: it counts as 0", with_lines(**relu_slopes(0, 0.5))),
        Family(
            "a little of the derivative passes where the ReLU returns 0: that belongs to a leaky ReLU",
            lambda slope: with_lines(**relu_slopes(slope, 0)),
            (0.01, 0.1, 0.2),
        ),
        slip(
            "dW1 is made with x: what the first layer sees is x less the mean of the training images",
            with_lines,
            dW1=lambda _, g: g["x"].T @ g["da1"],
        ),
        Mistake("dW3 is made with mu: what the decoder sees is z", with_lines(dW3=lambda _, g: g["mu"].T @ g["da2"])),
        Mistake(
            "the derivative of each W is made with the derivative after the ReLU: the layer's result is what comes before it",
            with_lines(
                dW3=lambda _, g: g["z"].T @ g["dh2"],
                db3=lambda _, g: g["dh2"].sum(axis=0),
                dW1=lambda _, g: g["centred"].T @ g["dh1"],
                db1=lambda _, g: g["dh1"].sum(axis=0),
            ),
        ),
        slip(
            "dW4 is made with a2: what the last layer sees is h2, after the ReLU",
            with_lines,
            dW4=lambda _, g: g["a2"].T @ g["dlogits"],
        ),
        slip(
            "dW2 is made with a1: what this layer sees is h1, after the ReLU",
            with_lines,
            dW2=lambda _, g: g["a1"].T @ g["ds"],
        ),
        Mistake(
            "dz is made with dh2: on the way back, the ReLU comes before this layer, so start from da2",
            with_lines(dz=lambda _, g: g["dh2"] @ g["W3"].T),
        ),
        # two paths
        Mistake(
            "dh1 is made with dmu alone: h1 moves logvar as well, so start from ds, and with all columns of W2",
            with_lines(dh1=lambda _, g: g["dmu"] @ g["W2"][:, : g["mu"].shape[1]].T),
        ),
        Mistake(
            "dh1 is made with dlogvar alone: h1 moves mu as well, so start from ds, and with all columns of W2",
            with_lines(dh1=lambda _, g: g["dlogvar"] @ g["W2"][:, g["mu"].shape[1] :].T),
        ),
        Mistake(
            "dmu stands in both halves of ds: the right one is that of dlogvar",
            with_lines(ds=lambda _, g: np.concatenate([g["dmu"], g["dmu"]], axis=1)),
        ),
        Mistake(
            "the path through the KL divergence is missing, for mu and for logvar",
            with_lines(dmu_by_kl=to_zero, dlogvar_by_kl=to_zero),
        ),
        slip("the path through the KL divergence to mu is missing", with_lines, dmu_by_kl=to_zero),
        slip("the path through the KL divergence to logvar is missing", with_lines, dlogvar_by_kl=to_zero),
        Mistake(
            "the path through z is missing, for mu and for logvar", with_lines(dmu_by_z=to_zero, dlogvar_by_z=to_zero)
        ),
        Mistake("the path through z to mu is missing", with_lines(dmu_by_z=to_zero)),
        slip(
            "the path through z to logvar is missing: the size of the noise depends on logvar",
            with_lines,
            dlogvar_by_z=to_zero,
        ),
        Mistake(
            "the KL divergence is subtracted: the loss is distortion plus rate",
            with_lines(dmu_by_kl=times(-1), dlogvar_by_kl=times(-1)),
        ),
        Mistake(
            "mu and logvar are exchanged in ds: mu stands in the first half of the columns",
            with_lines(ds=lambda _, g: np.concatenate([g["dlogvar"], g["dmu"]], axis=1)),
        ),
        # through z
        slip(
            "the ½ is missing in dlogvar_by_z: differentiate σ = exp(logvar / 2) with respect to logvar",
            with_lines,
            **noise_line(lambda g: g["eps"] * g["sigma"]),
        ),
        Mistake(
            "dlogvar_by_z has exp(logvar), the variance, where σ = exp(logvar / 2) belongs",
            with_lines(**noise_line(lambda g: g["eps"] * g["sigma"] ** 2 / 2)),
        ),
        Mistake(
            "dlogvar_by_z has exp(logvar), the variance, where ½ σ belongs",
            with_lines(**noise_line(lambda g: g["eps"] * g["sigma"] ** 2)),
        ),
        slip("σ is missing in dlogvar_by_z", with_lines, **noise_line(lambda g: g["eps"] / 2)),
        Mistake(
            "dlogvar_by_z is the derivative with respect to σ: the step from σ to logvar is missing",
            with_lines(**noise_line(lambda g: g["eps"])),
        ),
        Mistake(
            "dlogvar_by_z has the noise of the first latent for all: each latent has its own, a column of eps",
            with_lines(**noise_line(lambda g: g["eps"][:, :1] * g["sigma"] / 2)),
        ),
        Mistake(
            "dlogvar_by_z has z where the noise σ ε = z − mu belongs: mu does not depend on logvar",
            with_lines(**noise_line(lambda g: g["z"] / 2)),
        ),
        Mistake(
            "dlogvar_by_z has logvar where σ = exp(logvar / 2) belongs",
            with_lines(**noise_line(lambda g: g["eps"] * g["logvar"] / 2)),
        ),
        Mistake(
            "dlogvar_by_z starts from dmu: only dz comes back through z, the path of the KL divergence does not pass there",
            with_lines(dlogvar_by_z=lambda d, g: (g["dz"] + g["mu"] / g["batch"]) * g["eps"] * g["sigma"] / 2),
        ),
        slip("the noise eps is missing in dlogvar_by_z", with_lines, **noise_line(lambda g: g["sigma"] / 2)),
        Mistake(
            "dlogvar_by_z lacks dz: the slope of z in logvar is multiplied with the derivative at z",
            with_lines(dlogvar_by_z=lambda _, g: g["eps"] * g["sigma"] / 2),
        ),
        # through the KL divergence
        slip(
            "dmu_by_kl is twice the right one: ½ mu² has the derivative mu",
            with_lines,
            **kl_lines(mu=lambda g: 2 * g["mu"]),
        ),
        slip("dmu_by_kl has the wrong sign", with_lines, dmu_by_kl=times(-1)),
        Mistake(
            "dmu_by_kl is half of the right one: ½ mu² has the derivative mu",
            with_lines(**kl_lines(mu=lambda g: g["mu"] / 2)),
        ),
        slip("dlogvar_by_kl lacks its ½", with_lines, **kl_lines(logvar=lambda g: g["sigma"] ** 2 - 1)),
        Mistake(
            "the ½ is missing in all of the KL divergence",
            with_lines(**kl_lines(mu=lambda g: 2 * g["mu"], logvar=lambda g: g["sigma"] ** 2 - 1)),
        ),
        Mistake(
            "in dlogvar_by_kl the ½ belongs to both terms, the exponential and the one",
            with_lines(**kl_lines(logvar=lambda g: g["sigma"] ** 2 / 2 - 1)),
        ),
        Mistake(
            "in dlogvar_by_kl the ½ belongs to both terms, the exponential and the one",
            with_lines(**kl_lines(logvar=lambda g: g["sigma"] ** 2 - 0.5)),
        ),
        slip(
            "dlogvar_by_kl lacks the derivative of −logvar",
            with_lines,
            **kl_lines(logvar=lambda g: g["sigma"] ** 2 / 2),
        ),
        Mistake("dlogvar_by_kl has the wrong sign", with_lines(**kl_lines(logvar=lambda g: (1 - g["sigma"] ** 2) / 2))),
        Mistake(
            "dlogvar_by_kl has σ where the variance exp(logvar) belongs",
            with_lines(**kl_lines(logvar=lambda g: (g["sigma"] - 1) / 2)),
        ),
        Mistake(
            "dlogvar_by_kl takes logvar for log σ: its exponential is the variance already",
            with_lines(**kl_lines(logvar=lambda g: g["sigma"] ** 4 - 1)),
        ),
        Mistake(
            "logvar is taken for log σ, in the sampler and in the KL divergence: its exponential is the variance",
            with_lines(
                **noise_line(lambda g: g["eps"] * g["sigma"] ** 2), **kl_lines(logvar=lambda g: g["sigma"] ** 4 - 1)
            ),
        ),
        Mistake(
            "dlogvar_by_kl is the derivative with respect to the variance: the step to logvar is missing",
            with_lines(**kl_lines(logvar=lambda g: (1 - g["sigma"] ** -2) / 2)),
        ),
        Mistake(
            "dlogvar_by_kl is the derivative with respect to σ: the step to logvar is missing",
            with_lines(**kl_lines(logvar=lambda g: g["sigma"] - 1 / g["sigma"])),
        ),
        Mistake(
            "this is the KL the other way round, from the prior to q",
            with_lines(
                **kl_lines(
                    mu=lambda g: g["mu"] / g["sigma"] ** 2,
                    logvar=lambda g: (1 - (1 + g["mu"] ** 2) / g["sigma"] ** 2) / 2,
                )
            ),
        ),
        # what is returned
        Mistake(
            "the order is reversed: return dW1 and db1 first",
            afterwards(lambda all_, x: all_[6:] + all_[4:6] + all_[2:4] + all_[:2]),
        ),
        Mistake("the order is reversed: return dW1 first, then db1", afterwards(lambda all_, x: all_[::-1])),
        Mistake(
            "the four weights come first, then the four biases: return dW1, db1, dW2, db2 and so on",
            afterwards(lambda all_, x: all_[::2] + all_[1::2]),
        ),
        Mistake(
            "each dW is transposed: it has the shape of its W, (fan_in, fan_out)",
            afterwards(lambda all_, x: tuple(each.T for each in all_)),
        ),
        Mistake("every sign is wrong", afterwards(lambda all_, x: tuple(-each for each in all_))),
    ),
    hints=(
        "Walk the graph from right to left. At each operation: which entries of its result does one entry of its input move, and by "
        "how much? What is the only product of dy and x, or of dy and W, that has the shape you need?",
        "Affine: y = x W + b moves by x_i for each W_ij, in every row. Sampler: σ = exp(logvar / 2) has the derivative σ/2 in logvar. "
        "KL: differentiate ½ (mu² + exp(logvar) − 1 − logvar), and divide by the batch size. The two paths add up.",
        'dlogits = (sigmoid of the logits − x) / len(x); then dW4 = values["h2"].T @ dlogits, db4 = dlogits.sum(axis=0), and '
        'dh2 = dlogits @ params["W4"].T.',
    ),
)
