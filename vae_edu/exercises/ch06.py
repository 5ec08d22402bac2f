"""Exercises of notebook 06: a VAE from scratch in NumPy."""

import numpy as np

from vae_edu.exercises.compare import plain
from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only


def affine_backward(x, weight, dy):
    """From dy (batch, fan_out) at y = x weight + bias: dx (batch, fan_in), dweight (fan_in, fan_out), dbias (fan_out,)."""
    return dy @ weight.T, x.T @ dy, dy.sum(axis=0)


def draw_layers(rng: np.random.Generator):
    for batch, fan_in, fan_out in ((5, 3, 4), (2, 6, 3), (1, 4, 2)):
        yield rng.normal(size=(batch, fan_in)), rng.normal(size=(fan_in, fan_out)), rng.normal(size=(batch, fan_out))


def sampler_backward(logvar, eps, dz):
    """From dz at z = mu + exp(logvar / 2) eps: dmu and dlogvar. All are (batch, latent)."""
    return dz, dz * eps * np.exp(logvar / 2) / 2


def draw_noise(rng: np.random.Generator):
    for batch, latent in ((4, 3), (2, 5), (1, 2)):
        yield rng.normal(0.5, 1.5, (batch, latent)), rng.normal(size=(batch, latent)), rng.normal(size=(batch, latent))


def kl_backward(mu, logvar):
    """The derivatives dmu and dlogvar, both (batch, latent), of each example's KL(N(mu, exp(logvar)) || N(0, I))."""
    return mu, (np.exp(logvar) - 1) / 2


def draw_posteriors(rng: np.random.Generator):
    for batch, latent in ((4, 3), (2, 5), (3, 2)):
        yield rng.normal(0.8, 1, (batch, latent)), rng.normal(-0.7, 1.2, (batch, latent))


def bernoulli_backward(x, logits):
    """The derivative dlogits, (batch, data), of each example's −log p(x|z); finite for logits of ±1000, too."""
    return (1 + np.tanh(logits / 2)) / 2 - x


def draw_pixels(rng: np.random.Generator):
    for batch, data in ((3, 7), (5, 4)):
        yield (rng.random((batch, data)) < 0.5).astype(float), rng.normal(0, 2, (batch, data))
    x, logits = (rng.random((2, 6)) < 0.5).astype(float), rng.normal(0, 2, (2, 6))
    x[0, :2], logits[0, :2] = (0, 1), (1000, -1000)  # both wrong, and as sure as can be
    x[1, :2], logits[1, :2] = (1, 0), (1000, -1000)
    yield x, logits


def sigmoid(logits):
    return (1 + np.tanh(logits / 2)) / 2


def unstable_sigmoid(logits):
    with np.errstate(all="ignore"):
        return np.exp(logits) / (1 + np.exp(logits))


def unstable_odds(x, logits):
    """The chain rule through the probabilities, 0/0 where they are 0 or 1."""
    with np.errstate(all="ignore"):
        p = sigmoid(logits)
        return (p - x) / (p * (1 - p)) * (p * (1 - p))


def through_probabilities(x, logits):
    with np.errstate(all="ignore"):
        p = sigmoid(logits)
        return (p - x) / (p * (1 - p))


def hidden_layer(x, weight, bias, dy):
    """y = ReLU(x weight + bias), and from dy at y: dweight and dbias. Returns (y, dweight, dbias)."""
    y = np.maximum(x @ weight + bias, 0)
    ds = dy * (y > 0)
    return y, x.T @ ds, ds.sum(axis=0)


def draw_hidden_layers(rng: np.random.Generator):
    for batch, fan_in, fan_out in ((6, 3, 4), (4, 5, 3)):
        yield (
            rng.normal(size=(batch, fan_in)),
            rng.normal(size=(fan_in, fan_out)),
            rng.normal(size=fan_out),
            rng.normal(size=(batch, fan_out)),
        )


def hidden_layer_masked(x, weight, bias, dy, mask):
    """The layer with another rule for where the gradient passes."""
    s = x @ weight + bias
    ds = dy * mask(s, dy)
    return np.maximum(s, 0), x.T @ ds, ds.sum(axis=0)


def mean_loss(x, logits):
    """The mean over the batch of −log p(x|z), a number, and its derivative dlogits (batch, data)."""
    loss = np.logaddexp(0, logits) - x * logits
    return loss.sum(axis=1).mean(), ((1 + np.tanh(logits / 2)) / 2 - x) / len(x)


def draw_losses(rng: np.random.Generator):
    for batch, data in ((3, 7), (5, 4)):
        yield (rng.random((batch, data)) < 0.5).astype(float), rng.normal(0, 2, (batch, data))


def scaled_loss(x, logits, forward, backward):
    loss = np.logaddexp(0, logits) - x * logits
    return forward * loss.sum(), backward * (sigmoid(logits) - x)


def sampler(mu, logvar, dz, rng):
    """A draw z from N(mu, exp(logvar)), with noise from rng, and from dz at z: dmu and dlogvar. Returns (z, dmu, dlogvar)."""
    noise = np.exp(logvar / 2) * rng.normal(size=mu.shape)
    return mu + noise, dz, dz * noise / 2


def draw_samplers(rng: np.random.Generator):
    for batch, latent in ((4, 3), (2, 5)):
        mu, dz = rng.normal(size=(2, batch, latent))
        yield mu, rng.normal(0.5, 1.5, (batch, latent)), dz, np.random.default_rng(rng.integers(2**32))


LOGVAR = np.array([-2.0, 0.7, 2.0])


def noise_of(function, rng, calls=600, rows=25):
    """The standardised noise (z − mu) / σ of many calls, (calls, rows, 3), and the last call's dz and gradients."""
    mu, dz = rng.normal(size=(2, rows, 3))
    logvar = np.broadcast_to(LOGVAR, mu.shape).copy()
    outputs = [plain(function(mu, logvar, dz, rng)) for _ in range(calls)]
    return np.stack([(z - mu) / np.exp(LOGVAR / 2) for z, _, _ in outputs]), (dz, *outputs[-1][1:])


def differing_calls(function, rng):
    """1 where two calls draw different noise, else 0."""
    (first, second), _ = noise_of(function, rng, calls=2)
    return float(not np.array_equal(first, second))


def mean_and_deviation(function, rng):
    noise = noise_of(function, rng)[0]
    return [*noise.mean(axis=(0, 1)), *noise.std(axis=(0, 1))]


def shared_noise(function, rng):
    """Correlations of the noise, and of its size, between dimensions and between rows one and three apart."""
    noise = noise_of(function, rng)[0]
    found = []
    for each in (noise, np.abs(noise)):
        each = (each - each.mean(axis=(0, 1))) / each.std(axis=(0, 1)).clip(min=1e-12)
        pairs = (each[..., 0], each[..., 1]), (each[..., 1], each[..., 2]), (each[:, :-1], each[:, 1:])
        found += [(a * b).mean() for a, b in (*pairs, (each[:, :-3], each[:, 3:]))]
    return found


def kurtosis(function, rng):
    """The fourth moment over the squared variance in the three dimensions together; 0 where nothing is drawn."""
    noise = noise_of(function, rng)[0]
    noise = noise / noise.std(axis=(0, 1)).clip(min=1e-12)
    return (noise**4).mean() / (noise**2).mean().clip(min=1e-12) ** 2


def slopes(function, rng):
    """dmu over dz, and dlogvar over (z − mu) dz, in each dimension, and how far they are from being proportional."""
    noise, (dz, dmu, dlogvar) = noise_of(function, rng, calls=1)
    carried = noise[0] * np.exp(LOGVAR / 2) * dz
    fitted = (dlogvar * carried).sum(axis=0) / (carried**2).sum(axis=0).clip(min=1e-12)
    left = np.abs(dlogvar - fitted * carried).max()
    return [*(dmu * dz).sum(axis=0) / (dz**2).sum(axis=0), *fitted, min(left, 1.0)]


def drawn(mu, logvar, dz, eps, *, scale=0.5, factor=lambda logvar, noise: noise / 2):
    """The sampler with another noise, σ = exp(scale · logvar), or derivative factor."""
    noise = np.exp(scale * logvar) * eps
    return mu + noise, dz, dz * factor(logvar, noise) * np.ones_like(mu)


EXERCISES = (
    Exercise(
        id="6.1",
        title="Backward of the affine layer",
        minutes=12,
        difficulty=2,
        answer=affine_backward,
        cases=draw_layers,
        mistakes=(
            Mistake(
                "dweight is transposed: an entry of weight and its derivative stand in the same place",
                lambda x, weight, dy: (dy @ weight.T, dy.T @ x, dy.sum(axis=0)),
            ),
            Mistake(
                "dbias is the mean over the batch: every row adds to it, so it is the sum",
                lambda x, weight, dy: (dy @ weight.T, x.T @ dy, dy.mean(axis=0)),
            ),
            Mistake(
                "all three are divided by the batch size: whether the loss is a mean is already in dy",
                lambda x, weight, dy: (dy @ weight.T / len(x), x.T @ dy / len(x), dy.mean(axis=0)),
            ),
            Mistake(
                "the right three, in another order: dx comes first, then dweight, then dbias",
                lambda x, weight, dy: (dy @ weight.T, dy.sum(axis=0), x.T @ dy),
            ),
            Mistake(
                "dx is transposed: it has the shape of x",
                lambda x, weight, dy: (weight @ dy.T, x.T @ dy, dy.sum(axis=0)),
            ),
            Mistake(
                "dweight and dbias are divided by the batch size: whether the loss is a mean is already in dy",
                lambda x, weight, dy: (dy @ weight.T, x.T @ dy / len(x), dy.mean(axis=0)),
            ),
            Mistake(
                "dweight is divided by the batch size: whether the loss is a mean is already in dy",
                lambda x, weight, dy: (dy @ weight.T, x.T @ dy / len(x), dy.sum(axis=0)),
            ),
            Mistake(
                "dbias is dy itself: one bias serves all rows, so their contributions are summed",
                lambda x, weight, dy: (dy @ weight.T, x.T @ dy, dy),
            ),
            Mistake(
                "dbias is summed over all of dy: each output has a bias of its own",
                lambda x, weight, dy: (dy @ weight.T, x.T @ dy, dy.sum()),
            ),
            Mistake(
                "dbias is summed along the wrong axis: over the outputs, where the rows are meant",
                lambda x, weight, dy: (dy @ weight.T, x.T @ dy, dy.sum(axis=1)),
            ),
            Mistake(
                "dbias keeps the axis of the batch: its shape is (fan_out,)",
                lambda x, weight, dy: (dy @ weight.T, x.T @ dy, dy.sum(axis=0, keepdims=True)),
            ),
            Mistake(
                "the right three, in another order: dx comes first, then dweight, then dbias",
                lambda x, weight, dy: (x.T @ dy, dy.sum(axis=0), dy @ weight.T),
            ),
            Mistake(
                "the right three, in another order: dx comes first, then dweight, then dbias",
                lambda x, weight, dy: (x.T @ dy, dy @ weight.T, dy.sum(axis=0)),
            ),
        ),
        hints=(
            "Write out one entry: y[n, j] = Σ_i x[n, i] weight[i, j] + bias[j]. Which entries of y does weight[i, j] move?",
            "weight[i, j] moves y[n, j] for every row n, by x[n, i]: dweight[i, j] = Σ_n x[n, i] dy[n, j].",
            "As products: dx = dy @ weight.T, dweight = x.T @ dy, and dbias sums dy over its rows.",
        ),
    ),
    Exercise(
        id="6.2",
        title="Backward of the sampler",
        minutes=8,
        difficulty=2,
        answer=sampler_backward,
        cases=draw_noise,
        mistakes=(
            Mistake(
                "dlogvar is twice the right one: the ½ from the inner derivative of exp(logvar / 2) is missing",
                lambda logvar, eps, dz: (dz, dz * eps * np.exp(logvar / 2)),
            ),
            Mistake(
                "the variance exp(logvar) stands where the standard deviation exp(logvar / 2) belongs",
                lambda logvar, eps, dz: (dz, dz * eps * np.exp(logvar) / 2),
            ),
            Mistake(
                "logvar is read as the logarithm of the standard deviation",
                lambda logvar, eps, dz: (dz, dz * eps * np.exp(logvar)),
            ),
            Mistake("dlogvar lacks eps", lambda logvar, eps, dz: (dz, dz * np.exp(logvar / 2) / 2)),
            Mistake(
                "these are dz/dmu and dz/dlogvar: multiply by dz, which carries what comes after",
                lambda logvar, eps, dz: (np.ones_like(dz), eps * np.exp(logvar / 2) / 2),
            ),
            Mistake(
                "no gradient reaches logvar: the draw is treated as a constant, as under `no_grad`",
                lambda logvar, eps, dz: (dz, np.zeros_like(dz)),
            ),
            Mistake(
                "dlogvar is the derivative with respect to σ: the chain rule through σ = exp(logvar / 2) is missing",
                lambda logvar, eps, dz: (dz, dz * eps),
            ),
            Mistake(
                "dmu is dz/dmu: multiply by dz, which carries what comes after",
                lambda logvar, eps, dz: (np.ones_like(dz), dz * eps * np.exp(logvar / 2) / 2),
            ),
            Mistake(
                "exp(logvar / 2) is missing from dlogvar",
                lambda logvar, eps, dz: (dz, dz * eps / 2),
            ),
            Mistake(
                "the sign of dlogvar is wrong",
                lambda logvar, eps, dz: (dz, -dz * eps * np.exp(logvar / 2) / 2),
            ),
            Mistake(
                "the right two in the other order: dmu comes first",
                lambda logvar, eps, dz: (dz * eps * np.exp(logvar / 2) / 2, dz),
            ),
        ),
        hints=(
            "Two chain rules: dmu = dz · ∂z/∂mu and dlogvar = dz · ∂z/∂logvar, entry by entry.",
            "∂z/∂mu = 1. For logvar, z holds exp(logvar / 2) eps, and the inner derivative of logvar / 2 is ½.",
            "dlogvar = dz * eps * np.exp(logvar / 2) / 2",
        ),
    ),
    Exercise(
        id="6.3",
        title="Backward of the KL",
        minutes=8,
        difficulty=2,
        answer=kl_backward,
        cases=draw_posteriors,
        mistakes=(
            Mistake(
                "the sign is that of the ELBO: the loss adds the KL, so it is the KL that is differentiated",
                lambda mu, logvar: (-mu, (1 - np.exp(logvar)) / 2),
            ),
            Mistake(
                "both are twice the right ones: the ½ in front of the sum is missing",
                lambda mu, logvar: (2 * mu, np.exp(logvar) - 1),
            ),
            Mistake(
                "dmu is twice the right one: mu² has the derivative 2 mu, and the ½ in front takes the 2 away",
                lambda mu, logvar: (2 * mu, (np.exp(logvar) - 1) / 2),
            ),
            Mistake(
                "dmu is half the right one: ½ mu² has the derivative mu",
                lambda mu, logvar: (mu / 2, kl_backward(mu, logvar)[1]),
            ),
            Mistake(
                "logvar is read as the logarithm of the standard deviation",
                lambda mu, logvar: (mu, np.exp(2 * logvar) - 1),
            ),
            Mistake("the sign of dlogvar is wrong", lambda mu, logvar: (mu, (1 - np.exp(logvar)) / 2)),
            Mistake(
                "−logvar has the derivative −1, not +1",
                lambda mu, logvar: (mu, (np.exp(logvar) + 1) / 2),
            ),
            Mistake(
                "dlogvar is the derivative with respect to σ: the chain rule through σ = exp(logvar / 2) is missing",
                lambda mu, logvar: (mu, np.exp(logvar / 2) - np.exp(-logvar / 2)),
            ),
            Mistake(
                "the right two in the other order: dmu comes first",
                lambda mu, logvar: ((np.exp(logvar) - 1) / 2, mu),
            ),
            Mistake("dlogvar lacks its ½", lambda mu, logvar: (mu, np.exp(logvar) - 1)),
            Mistake(
                "in dlogvar the ½ belongs to both terms, the exponential and the one",
                lambda mu, logvar: (mu, np.exp(logvar) / 2 - 1),
            ),
            Mistake(
                "in dlogvar the ½ belongs to both terms, the exponential and the one",
                lambda mu, logvar: (mu, np.exp(logvar) - 0.5),
            ),
            Mistake("dlogvar lacks the derivative of −logvar", lambda mu, logvar: (mu, np.exp(logvar) / 2)),
            Mistake(
                "this is the derivative with respect to the variance; the chain rule to logvar is missing",
                lambda mu, logvar: (mu, (1 - np.exp(-logvar)) / 2),
            ),
            Mistake(
                "this is the KL the other way round, from N(0, I) to q",
                lambda mu, logvar: (mu * np.exp(-logvar), (1 - (1 + mu**2) * np.exp(-logvar)) / 2),
            ),
            Mistake(
                "divided by the number of latents: the KL sums over them",
                lambda mu, logvar: (mu / mu.shape[1], (np.exp(logvar) - 1) / 2 / mu.shape[1]),
            ),
            Mistake(
                "divided by the batch size: here each example's own KL is differentiated, and the mean comes once, at the end",
                lambda mu, logvar: (mu / len(mu), (np.exp(logvar) - 1) / 2 / len(mu)),
            ),
        ),
        hints=(
            "KL = ½ Σ (mu² + exp(logvar) − 1 − logvar). Each mu and each logvar stands in one summand only.",
            "Differentiate that summand: ½ · 2 mu for mu; ½ (exp(logvar) − 1) for logvar.",
            "return mu, (np.exp(logvar) - 1) / 2",
        ),
    ),
    Exercise(
        id="6.4",
        title="Backward of the Bernoulli term, from logits",
        minutes=10,
        difficulty=2,
        answer=bernoulli_backward,
        cases=draw_pixels,
        mistakes=(
            Mistake(
                "the sign is that of log p: the loss holds −log p, which falls as the logit of a black pixel rises",
                lambda x, logits: x - sigmoid(logits),
            ),
            Mistake(
                "the sigmoid is applied twice",
                lambda x, logits: sigmoid(sigmoid(logits)) - x,
            ),
            Mistake(
                "NaN for large logits: exp(1000) overflows, and inf/inf is no number",
                lambda x, logits: unstable_sigmoid(logits) - x,
            ),
            Mistake(
                "NaN for large logits: p (1 − p) is 0 there, and 0/0 is no number. Cancel it with pencil first",
                unstable_odds,
            ),
            Mistake(
                "this is the derivative with respect to the probability p; the chain rule through p = sigmoid(logits) is missing",
                through_probabilities,
            ),
            Mistake(
                "x is missing: log(1 + e^l) − x l has two terms",
                lambda x, logits: sigmoid(logits),
            ),
            Mistake("that is sigmoid(−l), the probability of a 0", lambda x, logits: sigmoid(-logits) - x),
            Mistake(
                "p (1 − p) is too much: it is the slope of a squared error through a sigmoid, and here it cancels",
                lambda x, logits: (sigmoid(logits) - x) * sigmoid(logits) * (1 - sigmoid(logits)),
            ),
            Mistake(
                "divided by batch times pixels: log p sums over the pixels, and the mean over the batch comes at the end",
                lambda x, logits: (sigmoid(logits) - x) / x.size,
            ),
            Mistake(
                "the sigmoid is missing: x is compared with its probability, not with its logit",
                lambda x, logits: logits - x,
            ),
            Mistake(
                "x is compared with the pixel that is more probable, 0 or 1, not with its probability",
                lambda x, logits: (logits > 0) - x,
            ),
            Mistake(
                "divided by the number of pixels: log p sums over them",
                lambda x, logits: (sigmoid(logits) - x) / x.shape[1],
            ),
            Mistake(
                "divided by the batch size: here each example's own term is differentiated, and the mean comes once, at the end",
                lambda x, logits: (sigmoid(logits) - x) / len(x),
            ),
        ),
        hints=(
            "Per pixel, −log p = log(1 + e^l) − x l. Differentiate with respect to l.",
            "The derivative of log(1 + e^l) is e^l / (1 + e^l) = sigmoid(l).",
            "sigmoid(l) = (1 + tanh(l / 2)) / 2 overflows nowhere; subtract x.",
        ),
    ),
    Exercise(
        id="6.5",
        title="Repair: the hidden layer",
        minutes=6,
        difficulty=2,
        answer=hidden_layer,
        cases=draw_hidden_layers,
        mistakes=(
            Mistake(
                "that is the sabotaged layer still: the gradient passes where dy is positive, not where y is",
                lambda x, weight, bias, dy: hidden_layer_masked(x, weight, bias, dy, lambda s, dy: dy > 0),
            ),
            Mistake(
                "no mask at all: where the ReLU answers 0, a small change of its input changes nothing",
                lambda x, weight, bias, dy: hidden_layer_masked(x, weight, bias, dy, lambda s, dy: 1.0),
            ),
            Mistake(
                "two masks: dy may be negative, and passes all the same; only y decides",
                lambda x, weight, bias, dy: hidden_layer_masked(x, weight, bias, dy, lambda s, dy: (dy > 0) & (s > 0)),
            ),
            Mistake(
                "the mask is taken before the bias is added: what the ReLU sees includes it",
                lambda x, weight, bias, dy: hidden_layer_masked(x, weight, bias, dy, lambda s, dy: s - bias > 0),
            ),
            Mistake(
                "the mask is the wrong way round: the gradient passes where y is positive",
                lambda x, weight, bias, dy: hidden_layer_masked(x, weight, bias, dy, lambda s, dy: s <= 0),
            ),
            Mistake(
                "dy is multiplied by y itself: the slope of a ReLU is 1, however large y is",
                lambda x, weight, bias, dy: hidden_layer_masked(x, weight, bias, dy, lambda s, dy: np.maximum(s, 0)),
            ),
            Mistake(
                "the mask is lost in dbias: the bias, too, goes through the ReLU",
                lambda x, weight, bias, dy: (*hidden_layer(x, weight, bias, dy)[:2], dy.sum(axis=0)),
            ),
            Mistake(
                "y is what comes before the ReLU",
                lambda x, weight, bias, dy: (x @ weight + bias, *hidden_layer(x, weight, bias, dy)[1:]),
            ),
            Mistake(
                "dbias is a mean over the batch: it sums",
                lambda x, weight, bias, dy: (
                    *hidden_layer(x, weight, bias, dy)[:2],
                    hidden_layer(x, weight, bias, dy)[2] / len(x),
                ),
            ),
        ),
        hints=(
            "The forward pass is right. Which line of the backward pass decides where the gradient passes?",
            "A ReLU has slope 1 where its input is positive and 0 elsewhere. What is `mask` made from?",
            "mask = y > 0",
        ),
    ),
    Exercise(
        id="6.6",
        title="Repair: the loss",
        minutes=6,
        difficulty=2,
        answer=mean_loss,
        cases=draw_losses,
        mistakes=(
            Mistake(
                "that is the sabotaged loss still: the loss is a mean over the batch, and dlogits is the derivative of the sum",
                lambda x, logits: scaled_loss(x, logits, 1 / len(x), 1),
            ),
            Mistake(
                "now both belong to the sum over the batch: they agree, but a larger batch gives a larger step",
                lambda x, logits: scaled_loss(x, logits, 1, 1),
            ),
            Mistake(
                "both are means over the pixels, too: log p sums over them, and beside the KL the mean would weigh too little",
                lambda x, logits: scaled_loss(x, logits, 1 / x.size, 1 / x.size),
            ),
            Mistake(
                "the loss is a mean over the pixels now: it was right, and only dlogits was not",
                lambda x, logits: scaled_loss(x, logits, 1 / x.size, 1 / len(x)),
            ),
            Mistake(
                "the loss is a sum over the batch now: it was right, and only dlogits was not",
                lambda x, logits: scaled_loss(x, logits, 1, 1 / len(x)),
            ),
            Mistake(
                "dlogits is divided by the number of pixels: the loss sums over them",
                lambda x, logits: scaled_loss(x, logits, 1 / len(x), 1 / x.shape[1]),
            ),
            Mistake(
                "dlogits is divided by batch times pixels: the loss sums over the pixels",
                lambda x, logits: scaled_loss(x, logits, 1 / len(x), 1 / x.size),
            ),
            Mistake(
                "the sign of dlogits is wrong",
                lambda x, logits: scaled_loss(x, logits, 1 / len(x), -1 / len(x)),
            ),
        ),
        hints=(
            "Above, dlogits came out 6 times the right one, for a batch of 6 examples of 4 pixels. Which of the two is the 6?",
            "The loss is a mean over len(x) examples. Each of them has a share of 1 / len(x) in it.",
            "dlogits = (p - x) / len(x)",
        ),
    ),
    Exercise(
        id="6.7",
        title="Repair: the sampler that passes its gradient check",
        minutes=8,
        difficulty=3,
        answer=sampler,
        cases=draw_samplers,
        view=shape_only,
        properties=(
            Property("two calls draw different noise", differing_calls, tolerance=0.0, expected=1.0),
            Property(
                "the noise (z − mu) / σ has mean 0 and standard deviation 1 in each of three dimensions",
                mean_and_deviation,
                tolerance=0.25,
                expected=[0, 0, 0, 1, 1, 1],
            ),
            Property(
                "the noise of two dimensions and of two rows is uncorrelated",
                shared_noise,
                tolerance=0.25,
                expected=[0] * 8,
            ),
            Property("the fourth moment of the noise is 3, as for a Gaussian", kurtosis, tolerance=0.9, expected=3.0),
            Property(
                "dmu is dz, and dlogvar is ½ (z − mu) dz in each dimension",
                slopes,
                tolerance=1e-4,
                expected=[1, 1, 1, 0.5, 0.5, 0.5, 0],
            ),
        ),
        mistakes=(
            Mistake(
                "that is the sabotaged sampler still: its standard deviation is the variance",
                lambda mu, logvar, dz, rng: drawn(
                    mu, logvar, dz, rng.normal(size=mu.shape), scale=1, factor=lambda _, noise: noise
                ),
            ),
            Mistake(
                "z is right now, but dlogvar is twice the right one: the derivative of exp(logvar / 2) has a ½ in front",
                lambda mu, logvar, dz, rng: drawn(
                    mu, logvar, dz, rng.normal(size=mu.shape), factor=lambda _, noise: noise
                ),
            ),
            Mistake(
                "z is right now, but dlogvar still belongs to the old z, whose noise was exp(logvar) eps",
                lambda mu, logvar, dz, rng: drawn(
                    mu, logvar, dz, rng.normal(size=mu.shape), factor=lambda logvar, noise: noise * np.exp(logvar / 2)
                ),
            ),
            Mistake(
                "z is right, and dlogvar has ½ exp(logvar) where ½ exp(logvar / 2) belongs",
                lambda mu, logvar, dz, rng: drawn(
                    mu,
                    logvar,
                    dz,
                    rng.normal(size=mu.shape),
                    factor=lambda logvar, noise: noise * np.exp(logvar / 2) / 2,
                ),
            ),
            Mistake(
                "z is right, and dlogvar lacks exp(logvar / 2)",
                lambda mu, logvar, dz, rng: drawn(
                    mu,
                    logvar,
                    dz,
                    rng.normal(size=mu.shape),
                    factor=lambda logvar, noise: noise * np.exp(-logvar / 2) / 2,
                ),
            ),
            Mistake(
                "dlogvar is halved, but z still has the variance as its standard deviation",
                lambda mu, logvar, dz, rng: drawn(mu, logvar, dz, rng.normal(size=mu.shape), scale=1),
            ),
            Mistake(
                "no gradient reaches logvar: the noise is treated as a constant, but its size depends on logvar",
                lambda mu, logvar, dz, rng: drawn(
                    mu, logvar, dz, rng.normal(size=mu.shape), factor=lambda _, noise: 0 * noise
                ),
            ),
            Mistake(
                "all dimensions of a row share one draw of noise: each entry of z needs its own",
                lambda mu, logvar, dz, rng: drawn(mu, logvar, dz, rng.normal(size=(len(mu), 1))),
            ),
            Mistake(
                "all rows share one draw of noise: each entry of z needs its own",
                lambda mu, logvar, dz, rng: drawn(mu, logvar, dz, rng.normal(size=mu.shape[1])),
            ),
            Mistake(
                "a single draw of noise for everything: each entry of z needs its own",
                lambda mu, logvar, dz, rng: drawn(mu, logvar, dz, rng.normal()),
            ),
            Mistake(
                "every call draws the same noise: use the given rng, do not make one with a fixed seed",
                lambda mu, logvar, dz, rng: drawn(mu, logvar, dz, np.random.default_rng(0).normal(size=mu.shape)),
            ),
            Mistake(
                "the noise is uniform on [0, 1): draw it from N(0, 1)",
                lambda mu, logvar, dz, rng: drawn(mu, logvar, dz, rng.random(mu.shape)),
            ),
            Mistake(
                "the noise is uniform, though with variance 1: draw it from N(0, 1)",
                lambda mu, logvar, dz, rng: drawn(mu, logvar, dz, rng.uniform(-(3**0.5), 3**0.5, mu.shape)),
            ),
            Mistake(
                "logvar itself is used as the standard deviation",
                lambda mu, logvar, dz, rng: (lambda eps: (mu + logvar * eps, dz, dz * eps))(rng.normal(size=mu.shape)),
            ),
        ),
        hints=(
            "Its forward and its backward pass agree with each other. So compare the forward pass with what it should be.",
            "Var[z] should be exp(logvar). A draw σ eps has the variance σ². Which σ does it use?",
            "noise = np.exp(logvar / 2) * rng.normal(size=mu.shape); z = mu + noise; its derivative in logvar is noise / 2.",
        ),
    ),
)
