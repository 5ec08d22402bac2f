"""A variational autoencoder in NumPy and nothing else, to be read from top to bottom.

Every operation is a class with one contract. ``y = forward(x)`` computes a value and remembers what the way back needs.
``dx = backward(dy)`` takes dy, the derivative of the loss with respect to y, and returns the one with respect to x, of the
shape of x; parameters get theirs beside them (``dweight``). Docstrings give the value first, and then the derivatives.

Examples are rows: x is (batch, data); mu, logvar, z and the noise eps are (batch, latent). Log-likelihood and KL are in nats,
one number for each example, (batch,). ``vae_edu.numpy_fast`` is the same model, faster and harder to read.
"""

import numpy as np

__all__ = ["MLP", "VAE", "Adam", "Affine", "Bernoulli", "Gaussian", "GaussianKL", "ReLU", "Reparameterise", "fit"]


class Affine:
    """y = x W + b, with x (batch, fan_in), W (fan_in, fan_out), b (fan_out,). W and b start uniform on ±1/√fan_in.
    dW = xᵀ dy,   db = Σ dy over the rows,   dx = dy Wᵀ."""

    def __init__(self, fan_in, fan_out, *, rng, dtype=np.float32):
        self.weight = (rng.uniform(-1, 1, (fan_in, fan_out)) / np.sqrt(fan_in)).astype(dtype)
        self.bias = (rng.uniform(-1, 1, fan_out) / np.sqrt(fan_in)).astype(dtype)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dy):
        self.dweight = self.x.T @ dy
        self.dbias = dy.sum(axis=0)
        return dy @ self.weight.T


class ReLU:
    """y = max(x, 0), entry by entry.
    dx = dy where x > 0, and 0 elsewhere."""

    def forward(self, x):
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * self.positive


class MLP:
    """Affine layers of these widths, with a ReLU between each two.
    The chain rule: the derivative goes through the operations from the last to the first."""

    def __init__(self, *widths, rng, dtype=np.float32):
        self.affine = [Affine(widths[i], widths[i + 1], rng=rng, dtype=dtype) for i in range(len(widths) - 1)]
        self.operations = [operation for affine in self.affine for operation in (ReLU(), affine)][1:]

    def forward(self, x):
        for operation in self.operations:
            x = operation.forward(x)
        return x

    def backward(self, dy):
        for operation in reversed(self.operations):
            dy = operation.backward(dy)
        return dy


class Reparameterise:
    """z = mu + σ eps with σ = exp(logvar / 2): a sample from N(mu, σ²), where eps, a constant here, is one from N(0, 1).
    dmu = dz,   dlogvar = ½ σ eps dz."""

    def forward(self, mu, logvar, eps):
        self.sigma, self.eps = np.exp(logvar / 2), eps
        return mu + self.sigma * eps

    def backward(self, dz):
        return dz, self.sigma * self.eps * dz / 2


class GaussianKL:
    """y = KL(N(mu, exp(logvar)) || N(0, I)) = ½ Σ (mu² + exp(logvar) − 1 − logvar), a sum over the latents.
    dmu = dy mu,   dlogvar = dy ½ (exp(logvar) − 1)."""

    def forward(self, mu, logvar):
        self.mu, self.excess = mu, np.expm1(logvar)  # exp(logvar) − 1, with all its digits near logvar = 0
        return (mu**2 + self.excess - logvar).sum(axis=1) / 2

    def backward(self, dy):
        return dy[:, None] * self.mu, dy[:, None] * self.excess / 2


class Bernoulli:
    """y = −log p(x|z) = Σ log(1 + e^l) − x l for pixels x of 0 or 1 and logits l; written so that no e^l overflows.
    dl = dy (sigmoid(l) − x)."""

    def forward(self, x, logits):
        if not 0 <= x.min() <= x.max() <= 1:
            raise ValueError(f"x has values from {x.min():g} to {x.max():g}; expected numbers in [0, 1]")
        self.x, self.logits = x, logits
        return (np.maximum(logits, 0) - x * logits + np.log1p(np.exp(-np.abs(logits)))).sum(axis=1)

    def backward(self, dy):
        return dy[:, None] * (self.mean(self.logits) - self.x)

    def mean(self, logits):  # E[x|z] = sigmoid(l) = 1 / (1 + e^−l) = e^l / (1 + e^l): the one whose power is at most 1
        power = np.exp(-np.abs(logits))
        return np.where(logits >= 0, 1, power) / (1 + power)

    def output_for(self, mean):  # the logits with this mean, kept away from infinity
        return np.log(np.clip(mean, 0.01, 0.99) / (1 - np.clip(mean, 0.01, 0.99)))

    def observe(self, x, rng):  # binary pixels, sampled from grey ones: 1 with probability x
        return (rng.random(x.shape, dtype=x.dtype) < x).astype(x.dtype)


class Gaussian:
    """y = −log p(x|z) = ½ Σ ((m − x)² / variance + log(2π variance)) for the decoder's means m and one fixed variance.
    dm = dy (m − x) / variance."""

    def __init__(self, variance):
        self.variance = float(variance)

    def forward(self, x, means):
        self.error = means - x
        return (self.error**2 / self.variance + float(np.log(2 * np.pi * self.variance))).sum(axis=1) / 2

    def backward(self, dy):
        return dy[:, None] * self.error / self.variance

    def mean(self, means):  # E[x|z] = m
        return means

    output_for = mean

    def observe(self, x, rng):  # the data as they are
        return x


class VAE:
    """q(z|x) = N(mu(x), exp(logvar(x))), p(z) = N(0, I), and p(x|z) as ``likelihood`` has it (where None: Bernoulli).

    data, latent: the number of entries of x and z. mean: that of the training data, (data,); it is subtracted before
    encoding, and the decoder starts from it. hidden: widths of the encoder's hidden layers; the decoder's are the same in
    reverse. ``parameters`` and ``gradients`` map names such as encoder.0.weight to arrays. Every array is taken in the
    precision ``dtype``; one of another shape is a ``ValueError``. Source: Kingma and Welling 2014, arXiv:1312.6114.
    """

    def __init__(self, data, latent, *, mean, hidden=(400,), likelihood=None, rng, dtype=np.float32):
        self.data, self.latent, self.dtype, self.likelihood = data, latent, dtype, likelihood or Bernoulli()
        self.mean = self.checked("mean", mean, data).copy()
        self.encoder = MLP(data, *hidden, 2 * latent, rng=rng, dtype=dtype)
        self.decoder = MLP(latent, *reversed(hidden), data, rng=rng, dtype=dtype)
        self.decoder.affine[-1].bias[:] = self.likelihood.output_for(self.mean)
        self.reparameterise, self.kl = Reparameterise(), GaussianKL()
        self.parameters, self.gradients, self.batch = self.named(""), {}, None

    def encode(self, x):
        """mu and logvar of q(z|x), both (batch, latent)."""
        self.batch = None  # the values that ``backward`` needs are written over here
        return tuple(np.split(self.encoder.forward(self.checked("x", x, "batch", self.data) - self.mean), 2, axis=1))

    def decode(self, z):
        """The parameters of p(x|z), (batch, data): logits of a Bernoulli, means of a Gaussian."""
        self.batch = None  # and here
        return self.decoder.forward(self.checked("z", z, "batch", self.latent))

    def reconstruct(self, x):
        """E[x|z] at the mean z of q(z|x), (batch, data)."""
        return self.likelihood.mean(self.decode(self.encode(x)[0]))

    def sample(self, n, *, rng):
        """E[x|z] for n samples z from the prior N(0, I), (n, data)."""
        return self.likelihood.mean(self.decode(rng.standard_normal((n, self.latent), self.dtype)))

    def negative_elbo(self, x, *, rng=None, eps=None):
        """For each example, (batch,): ``distortion`` = −log p(x|z) at one sample z, ``rate`` = KL(q(z|x) || p(z)), and
        ``loss``, their sum. The noise of z comes from ``rng``, or is given as ``eps``."""
        x = self.checked("x", x, "batch", self.data)
        eps = rng.standard_normal((len(x), self.latent), self.dtype) if eps is None else eps
        mu, logvar = self.encode(x)
        z = self.reparameterise.forward(mu, logvar, self.checked("eps", eps, len(x), self.latent))
        distortion, rate = self.likelihood.forward(x, self.decode(z)), self.kl.forward(mu, logvar)
        self.batch = len(x)
        return {"loss": distortion + rate, "distortion": distortion, "rate": rate}

    def backward(self):
        """Right after ``negative_elbo``: the gradients of the mean over the batch of its ``loss``, into ``gradients``."""
        if self.batch is None:
            raise RuntimeError("backward needs what negative_elbo computed: call that first, and nothing in between")
        dloss = np.full(self.batch, 1 / self.batch, self.dtype)  # the mean over the batch enters here, and only here
        dz = self.decoder.backward(self.likelihood.backward(dloss))
        # mu and logvar reach the loss on two paths, through z and through the KL: the derivatives of the two add up.
        dmu_by_z, dlogvar_by_z = self.reparameterise.backward(dz)
        dmu_by_kl, dlogvar_by_kl = self.kl.backward(dloss)
        dmu = dmu_by_z + dmu_by_kl
        dlogvar = dlogvar_by_z + dlogvar_by_kl
        self.encoder.backward(np.concatenate([dmu, dlogvar], axis=1))
        self.gradients = self.named("d")

    def named(self, prefix):
        nets, kinds = {"encoder": self.encoder, "decoder": self.decoder}, ("weight", "bias")
        layers = {f"{name}.{i}": layer for name, net in nets.items() for i, layer in enumerate(net.affine)}
        return {f"{name}.{kind}": getattr(layer, prefix + kind) for name, layer in layers.items() for kind in kinds}

    def checked(self, name, array, *shape):
        array = np.asarray(array, self.dtype)
        fits = array.ndim == len(shape) and all(n in (m, "batch") for n, m in zip(shape, array.shape, strict=True))
        if not fits or array.size == 0:
            raise ValueError(f"{name} has shape {array.shape}; expected " + str(shape).replace("'", ""))
        return array


class Adam:
    """For each parameter θ with gradient g, at step t = 1, 2, …, and with m = v = 0 before the first:

    m = β₁ m + (1 − β₁) g
    v = β₂ v + (1 − β₂) g²
    m̂ = m / (1 − β₁ᵗ)
    v̂ = v / (1 − β₂ᵗ)
    θ = θ − α m̂ / (√v̂ + δ),   where α is ``learning_rate``. Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    """

    def __init__(self, model, *, learning_rate=1e-3, betas=(0.9, 0.999), delta=1e-8):
        self.model, self.learning_rate, self.betas, self.delta, self.t = model, learning_rate, betas, delta, 0
        self.m = {name: np.zeros_like(theta) for name, theta in model.parameters.items()}
        self.v = {name: np.zeros_like(theta) for name, theta in model.parameters.items()}

    def step(self):
        self.t += 1
        (beta1, beta2), alpha, delta = self.betas, self.learning_rate, self.delta
        for name, theta in self.model.parameters.items():
            g, m, v = self.model.gradients[name], self.m[name], self.v[name]
            m[:] = beta1 * m + (1 - beta1) * g
            v[:] = beta2 * v + (1 - beta2) * g**2
            m_hat = m / (1 - beta1**self.t)
            v_hat = v / (1 - beta2**self.t)
            theta[:] = theta - alpha * m_hat / (np.sqrt(v_hat) + delta)


def fit(model, x, *, epochs, rng, batch_size=128, learning_rate=None, adam=None):
    """Minimise the mean loss over the rows of ``x`` with ``adam``; returns the mean of each term in each epoch.

    rng: for the order of the rows, binary pixels and noise. learning_rate: a number, or a function of the fraction of
    training done, in [0, 1); where None, that of ``adam``. adam: where None, ``Adam(model)``. Changes ``model`` in place."""
    x, adam, history = model.checked("x", x, "batch", model.data), adam or Adam(model), []
    starts = range(0, len(x), batch_size)
    for epoch in range(epochs):
        order, seen = rng.permutation(len(x)), []
        for number, start in enumerate(starts):
            done = (epoch + number / len(starts)) / epochs
            if learning_rate is not None:
                adam.learning_rate = learning_rate(done) if callable(learning_rate) else learning_rate
            batch = model.likelihood.observe(x[order[start : start + batch_size]], rng)
            seen.append(model.negative_elbo(batch, rng=rng))
            model.backward()
            adam.step()
        history.append({name: float(np.concatenate([terms[name] for terms in seen]).mean()) for name in seen[0]})
    return history
