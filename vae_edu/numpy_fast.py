"""The VAE of ``vae_edu.numpy_vae`` again, about as fast as PyTorch on a CPU: the same names, and the same numbers to 1e-12.

Read the plain one first. Here stands only what is done differently. Three habits make the difference:

- An array that every step needs is made once and written over in the next step (``room``). What ``forward`` and ``backward``
  of an operation return is valid until they are called again, and a ReLU writes over its input. A model returns copies.
- All parameters lie in one long array, ``theta``, and all gradients in another, ``dtheta``; the layers hold views of them. So
  Adam is a loop over blocks that fit into the processor's cache, in place of one over names.
- Nothing is computed that nobody needs: nothing learns below the encoder, so the derivative at its input is left out.

Where the plain model goes on, this one refuses: data that are no floating-point numbers, and numbers that are not finite.
"""

import numpy as np

from vae_edu import numpy_vae
from vae_edu.numpy_vae import GaussianKL, Reparameterise

__all__ = ["MLP", "VAE", "Adam", "Affine", "Bernoulli", "Gaussian", "GaussianKL", "ReLU", "Reparameterise", "fit"]


def room(array, like, columns, dtype=None):
    """An array with the rows and the precision of ``like`` and this many columns: ``array`` itself, to be written over,
    where it fits."""
    dtype = dtype or like.dtype
    fits = array is not None and array.shape == (len(like), columns) and array.dtype == dtype
    return array if fits else np.empty((len(like), columns), dtype)


class Affine(numpy_vae.Affine):
    """y = x W + b. Each product is written straight to where it belongs."""

    y = dx = None

    def __init__(self, fan_in, fan_out, *, rng, dtype=np.float32):
        super().__init__(fan_in, fan_out, rng=rng, dtype=dtype)
        self.dweight, self.dbias = np.empty_like(self.weight), np.empty_like(self.bias)

    def forward(self, x):
        self.x, self.y = x, room(self.y, x, len(self.bias))
        np.matmul(x, self.weight, out=self.y)
        self.y += self.bias
        return self.y

    def backward(self, dy, to_input=True):
        """As in the plain layer, but where ``to_input`` is False there is no dx, and None is returned."""
        np.matmul(self.x.T, dy, out=self.dweight)
        np.add.reduce(dy, axis=0, out=self.dbias)
        if not to_input:
            return None
        self.dx = room(self.dx, dy, len(self.weight))
        return np.matmul(dy, self.weight.T, out=self.dx)


class ReLU:
    """y = max(x, 0), written over x.   dx = dy where x > 0, else 0, written over dy."""

    positive = None

    def forward(self, x):
        self.positive = np.greater(x, 0, out=room(self.positive, x, x.shape[1], bool))
        # A row of zeros: NumPy takes the larger of two arrays in half the time of that of an array and a number.
        return np.maximum(x, np.zeros(x.shape[1], x.dtype), out=x)

    def backward(self, dy):
        return np.multiply(dy, self.positive, out=dy)


class MLP(numpy_vae.MLP):
    """Affine layers of these widths, with a ReLU between each two."""

    def __init__(self, *widths, rng, dtype=np.float32):
        self.affine = [Affine(widths[i], widths[i + 1], rng=rng, dtype=dtype) for i in range(len(widths) - 1)]
        self.operations = [operation for affine in self.affine for operation in (ReLU(), affine)][1:]

    def backward(self, dy, to_input=True):
        """As in the plain network, but where ``to_input`` is False there is no dx, and None is returned."""
        for operation in self.operations[:0:-1]:
            dy = operation.backward(dy)
        return self.operations[0].backward(dy, to_input)


class Bernoulli(numpy_vae.Bernoulli):
    """y = −log p(x|z) = Σ log(1 + e^l) − x l for pixels x of 0 or 1 and the decoder's logits l.

    log(1 + e^l) is l to all digits where l > 40: e^l is not computed beyond, where it may overflow.
    dl = dy (sigmoid(l) − x), with sigmoid(l) = e^l / (1 + e^l) from the e^l that is there already.
    """

    support = 0, 1
    rooms = None, None, None

    def forward(self, x, logits):
        self.x, self.rooms = x, [room(array, x, x.shape[1]) for array in self.rooms]
        exp, softplus, product = self.rooms
        np.exp(np.minimum(logits, np.full(x.shape[1], 40, x.dtype), out=exp), out=exp)  # a row is faster than a number
        np.maximum(np.log1p(exp, out=softplus), logits, out=softplus)
        # Entry by entry: of two large sums, nearly equal, the difference would be rounding error.
        softplus -= np.multiply(x, logits, out=product)
        return softplus @ np.ones(x.shape[1], x.dtype)  # the sum over pixels

    def backward(self, dy):
        exp, one_plus, dlogits = self.rooms
        np.divide(exp, np.add(exp, 1, out=one_plus), out=dlogits)  # the sigmoid
        dlogits -= self.x
        dlogits *= dy[:, None]
        return dlogits


class Gaussian(numpy_vae.Gaussian):
    """y = −log p(x|z) = ½ Σ ((m − x)² / variance + log(2π variance)) for the decoder's means m and one fixed variance.

    dm = dy (m − x) / variance. Raises ``ValueError`` for a variance that is none.
    """

    support = -np.inf, np.inf
    error = dmeans = None

    def __init__(self, variance):
        if not 0 < variance < np.inf:
            raise ValueError(f"variance is {variance}; expected a positive, finite number")
        super().__init__(variance)

    def forward(self, x, means):
        self.error = np.subtract(means, x, out=room(self.error, x, x.shape[1]))
        constant = x.shape[1] * float(np.log(2 * np.pi * self.variance))
        return (np.vecdot(self.error, self.error) / self.variance + constant) / 2

    def backward(self, dy):
        self.dmeans = room(self.dmeans, self.error, self.error.shape[1])
        return np.multiply(self.error, dy[:, None] / self.variance, out=self.dmeans)


def with_rooms(likelihood):
    """The fast likelihood that says the same, with rooms of its own."""
    if likelihood is None or isinstance(likelihood, numpy_vae.Bernoulli):
        return Bernoulli()
    if isinstance(likelihood, numpy_vae.Gaussian):
        return Gaussian(likelihood.variance)
    raise TypeError(f"likelihood is a {type(likelihood).__name__}; expected a Bernoulli or a Gaussian")


class VAE(numpy_vae.VAE):
    """q(z|x) = N(mu(x), exp(logvar(x))), p(z) = N(0, I), and p(x|z) as ``likelihood`` has it (where None: Bernoulli).

    Arguments and methods are those of the plain VAE. ``parameters`` and ``gradients`` are views of ``theta`` and ``dtheta``.
    Bad input raises ``ValueError`` or ``TypeError`` that names it; what is not finite, ``FloatingPointError``.
    """

    def __init__(self, data, latent, *, mean, hidden=(400,), likelihood=None, rng, dtype=np.float32):
        if np.ndim(hidden) != 1 or min(data, latent, *hidden) < 1:
            widths = f"data, latent and hidden are {data}, {latent} and {hidden}"
            raise ValueError(f"{widths}; expected widths of 1 or more, those of hidden in a tuple")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype is {np.dtype(dtype)}; expected float32 or float64")
        self.data, self.latent, self.dtype, self.likelihood = data, latent, dtype, with_rooms(likelihood)
        self.mean = self.checked("mean", np.asarray(mean, dtype), data).copy()
        self.encoder = MLP(data, *hidden, 2 * latent, rng=rng, dtype=dtype)
        self.decoder = MLP(latent, *reversed(hidden), data, rng=rng, dtype=dtype)
        self.decoder.affine[-1].bias[:] = self.likelihood.output_for(self.mean)
        self.reparameterise, self.kl = Reparameterise(), GaussianKL()
        self.centred, self.ready = None, False  # whether the operations hold the values that ``backward`` needs
        self.lay_out([*self.encoder.affine, *self.decoder.affine])
        self.parameters, self.gradients = self.named(""), self.named("d")

    def lay_out(self, layers):
        """Move the arrays of all layers into two long ones. Few large memory pages are faster than many small ones."""
        size = sum(layer.weight.size + layer.bias.size for layer in layers)
        self.theta, self.dtheta = np.zeros((2, size), self.dtype)
        start = 0
        for layer in layers:
            for kind in ("weight", "bias"):
                array = getattr(layer, kind)
                part = slice(start, start := start + array.size)
                self.theta[part] = array.reshape(-1)
                setattr(layer, kind, self.theta[part].reshape(array.shape))  # views, no copies
                setattr(layer, f"d{kind}", self.dtheta[part].reshape(array.shape))

    def encode(self, x):
        mu, logvar = self.posterior(self.checked("x", x, "batch", self.data))
        return mu.copy(), logvar.copy()

    def decode(self, z):
        self.ready = False
        return self.decoder.forward(self.checked("z", z, "batch", self.latent)).copy()

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is named
    def negative_elbo(self, x, *, rng=None, eps=None):
        """As the plain one; raises ``FloatingPointError`` where a term is not finite."""
        x = self.checked("x", x, "batch", self.data)
        if (rng is None) == (eps is None):
            raise TypeError("sampling z needs noise: give either rng or eps")
        self.batch = len(x)
        eps = rng.standard_normal((self.batch, self.latent), self.dtype) if eps is None else eps
        eps = self.checked("eps", eps, self.batch, self.latent)
        mu, logvar = self.posterior(x)
        output = self.decoder.forward(self.reparameterise.forward(mu, logvar, eps))
        distortion, rate = self.likelihood.forward(x, output), self.kl.forward(mu, logvar)
        for name, values in (("distortion", distortion), ("rate", rate)):
            if not np.isfinite(values).all():
                reach = f"mu goes from {mu.min():g} to {mu.max():g}, logvar from {logvar.min():g} to {logvar.max():g}"
                raise FloatingPointError(f"the {name} is not finite ({reach})")
        self.ready = True
        return {"loss": distortion + rate, "distortion": distortion, "rate": rate}

    @np.errstate(over="ignore", invalid="ignore")
    def backward(self):
        """As the plain one, written over ``dtheta``. Raises ``FloatingPointError`` where that is not finite, and
        ``RuntimeError`` where the values of ``negative_elbo`` have been written over."""
        if not self.ready:
            raise RuntimeError("backward needs what negative_elbo computed: call that first, and nothing in between")
        dloss = np.full(self.batch, 1 / self.batch, self.dtype)
        dz = self.decoder.backward(self.likelihood.backward(dloss))
        dposterior = np.empty((self.batch, 2 * self.latent), self.dtype)
        dmu, dlogvar = dposterior[:, : self.latent], dposterior[:, self.latent :]
        (dmu_by_z, dlogvar_by_z), (dmu_by_kl, dlogvar_by_kl) = self.reparameterise.backward(dz), self.kl.backward(dloss)
        np.add(dmu_by_z, dmu_by_kl, out=dmu)
        np.add(dlogvar_by_z, dlogvar_by_kl, out=dlogvar)
        self.encoder.backward(dposterior, to_input=False)
        if not np.isfinite(self.dtheta @ self.dtheta):  # Adam squares them, too
            raise FloatingPointError("the gradient is not finite, or too large to square")

    def posterior(self, x):
        self.ready = False
        self.centred = np.subtract(x, self.mean, out=room(self.centred, x, self.data))
        posterior = self.encoder.forward(self.centred)
        return posterior[:, : self.latent], posterior[:, self.latent :]

    @np.errstate(over="ignore")  # what is too large for the precision is infinite, and refused
    def checked(self, name, array, *shape):
        array = np.asarray(array)
        if array.dtype.kind != "f":
            raise TypeError(f"{name} holds {array.dtype}; expected floating-point numbers")
        array = super().checked(name, array, *shape)
        low, high = self.likelihood.support if name == "x" else (-np.inf, np.inf)
        reach = np.finfo(self.dtype).max
        least, largest = array.min(), array.max()  # NaN, where one entry is
        if not (max(low, -reach) <= least and largest <= min(high, reach)):
            expected = "finite numbers" if high == np.inf else f"numbers in [{low}, {high}]"
            raise ValueError(f"{name} has values from {least:g} to {largest:g}; expected {expected}")
        return array

    def __reduce__(self):
        raise TypeError("a fast VAE is neither copied nor pickled, since its layers hold parts of one array")


class Adam:
    """θ = θ − α m̂ / (√v̂ + δ), with m̂ and v̂ as in the plain Adam; ten operations on each number.

    Kept are M = m / (1 − β₁) and V = v / (1 − β₂): their updates need one product less. The arrays are longer than the
    processor's cache, so the ten operations are done block by block: only the first to touch a block waits for the memory.
    """

    block = 65536  # numbers: five such arrays take 1.3 MB in float32

    def __init__(self, model, *, learning_rate=1e-3, betas=(0.9, 0.999), delta=1e-8):
        self.theta, self.dtheta = model.theta, model.dtheta
        self.learning_rate, self.betas, self.delta, self.t = learning_rate, betas, delta, 0
        self.M, self.V = np.zeros((2, self.theta.size), self.theta.dtype)
        self.scratch = np.empty(min(self.block, self.theta.size), self.theta.dtype)

    def step(self):
        """One step along the gradient that ``backward`` left in ``dtheta``. Raises ``ValueError``, and takes none, where
        the learning rate is not a finite number."""
        if not np.abs(self.learning_rate) < np.finfo(self.theta.dtype).max / 1e4:  # bias correction makes it larger
            raise ValueError(f"learning_rate is {self.learning_rate}; expected a finite number")
        self.t += 1
        beta1, beta2 = self.betas
        # √v̂ = root √V, so α m̂ / (√v̂ + δ) = α (1 − β₁) / (1 − β₁ᵗ) M / (root √V + δ) = scale M / (√V + δ / root).
        root = np.sqrt((1 - beta2) / (1 - beta2**self.t))
        scale = self.learning_rate * (1 - beta1) / (1 - beta1**self.t) / root
        # Arrays without dimensions: NumPy takes longer to prepare a Python number.
        numbers = beta1, beta2, scale, self.delta / root
        beta1, beta2, scale, delta = (np.array(number, self.theta.dtype) for number in numbers)
        for start in range(0, self.theta.size, self.block):
            block = slice(start, start + self.block)
            theta, g, M, V = (array[block] for array in (self.theta, self.dtheta, self.M, self.V))
            s = self.scratch[: len(g)]
            M *= beta1
            M += g
            V *= beta2
            V += np.multiply(g, g, out=s)
            np.sqrt(V, out=s)
            s += delta
            np.divide(M, s, out=s)
            s *= scale
            theta -= s


def fit(model, x, *, epochs, rng, batch_size=128, learning_rate=None, adam=None):
    """As the plain one, with the Adam of this module. Raises ``FloatingPointError`` before a step that is not finite, and
    ``ValueError`` where ``epochs`` or ``batch_size`` is below 1."""
    if min(epochs, batch_size) < 1:
        raise ValueError(f"epochs is {epochs} and batch_size is {batch_size}; expected 1 or more")
    settings = {"epochs": epochs, "rng": rng, "batch_size": batch_size, "learning_rate": learning_rate}
    return numpy_vae.fit(model, x, adam=adam or Adam(model), **settings)
