"""A variational autoencoder in NumPy and nothing else, to be read from top to bottom.

Each operation stands with its derivative: ``forward`` computes a value, and the methods below it take the derivative of
the loss with respect to that value (``dy`` for a value ``y``) and return the one with respect to the operation's input.
x is ``(batch, data)``; z, mu, logvar and the noise eps are ``(batch, latent)``; every term is in nats, per example.

Two habits make it about as fast as its twin in PyTorch (``vae_edu.models.twin``): an array that each step needs is made
once and filled again (``room``), and all parameters lie in one array.
"""

import numpy as np

__all__ = ["MLP", "VAE", "Adam", "Affine", "Bernoulli", "Gaussian", "GaussianKL", "ReLU", "Reparameterise", "fit"]


def room(array, like, columns, dtype=None):
    """An array with the rows and the precision of ``like`` and this many columns: ``array`` itself, to be written over,
    where it fits."""
    dtype = dtype or like.dtype
    fits = array is not None and array.shape == (len(like), columns) and array.dtype == dtype
    return array if fits else np.empty((len(like), columns), dtype)


class Affine:
    """y = x W + b, with W ``(fan_in, fan_out)`` and b ``(fan_out,)``.

    dW = xᵀ dy,   db = Σ over the rows of dy,   dx = dy Wᵀ. Each product is written straight to where it belongs.
    """

    def __init__(self, fan_in, fan_out):
        self.shapes = {"weight": (fan_in, fan_out), "bias": (fan_out,)}
        # VAE.__init__ sets weight, bias, dweight and dbias: parts of its long arrays.
        self.y = self.dx = None

    def forward(self, x):
        self.x, self.y = x, room(self.y, x, len(self.bias))
        np.matmul(x, self.weight, out=self.y)
        self.y += self.bias
        return self.y

    def parameter_gradients(self, dy):
        np.matmul(self.x.T, dy, out=self.dweight)
        np.add.reduce(dy, axis=0, out=self.dbias)
        flat = self.dweight.reshape(-1)
        if not np.isfinite(flat @ flat + self.dbias @ self.dbias):  # Adam squares them, too
            raise FloatingPointError(
                f"the gradient of a weight {self.weight.shape} is not finite, or too large to square"
            )

    def input_gradient(self, dy):
        self.dx = room(self.dx, dy, len(self.weight))
        return np.matmul(dy, self.weight.T, out=self.dx)


class ReLU:
    """y = max(x, 0), written over x.   dx = dy where y > 0, else 0, written over dy."""

    passes = None

    def forward(self, x):
        self.y = np.maximum(x, 0, out=x)
        return self.y

    def input_gradient(self, dy):
        self.passes = np.greater(self.y, 0, out=room(self.passes, self.y, self.y.shape[1], bool))
        return np.multiply(dy, self.passes, out=dy)


class MLP:
    """Affine layers of these widths with a ReLU between each two: y = A_n(ReLU(… A_1(x)))."""

    def __init__(self, *widths):
        self.affine = [Affine(*fans) for fans in zip(widths[:-1], widths[1:], strict=True)]  # noqa: RUF007
        self.relu = [ReLU() for _ in self.affine[1:]]

    def forward(self, x):
        y = self.affine[0].forward(x)
        for relu, affine in zip(self.relu, self.affine[1:], strict=True):
            y = affine.forward(relu.forward(y))
        return y

    def parameter_gradients(self, dy):
        """Those of all layers; returns the derivative at the first layer's output, from which ``input_gradient`` goes on."""
        for relu, affine in zip(self.relu[::-1], self.affine[:0:-1], strict=True):  # from the last down to the second
            affine.parameter_gradients(dy)
            dy = relu.input_gradient(affine.input_gradient(dy))
        self.affine[0].parameter_gradients(dy)
        return dy

    def input_gradient(self, dy):
        """Apart from the rest: nothing learns below the encoder, and this product would be wasted there."""
        return self.affine[0].input_gradient(dy)


class Reparameterise:
    """z = mu + σ eps with σ = exp(logvar / 2): a draw from N(mu, σ²) where eps is one from N(0, 1).

    dmu = dz,   dlogvar = ½ σ eps dz.   Kingma and Welling 2014, arXiv:1312.6114, section 2.4.
    """

    def forward(self, mu, logvar, eps):
        self.noise = np.exp(logvar / 2) * eps
        return mu + self.noise

    def input_gradient(self, dz):
        return dz, dz * self.noise / 2


class GaussianKL:
    """KL(N(mu, exp(logvar)) || N(0, I)) = ½ Σ (mu² + exp(logvar) − 1 − logvar) per example, shape ``(batch,)``.

    dmu = mu,   dlogvar = ½ (exp(logvar) − 1).   Kingma and Welling 2014, arXiv:1312.6114, appendix B.
    """

    def forward(self, mu, logvar):
        self.mu, self.variance = mu, np.exp(logvar)
        return (mu**2 + self.variance - 1 - logvar).sum(axis=1) / 2

    def input_gradient(self):
        return self.mu, (self.variance - 1) / 2


class Bernoulli:
    """−log p(x|z) = Σ softplus(l) − x l for pixels x of 0 or 1 and logits l: sigmoid(l) is the probability of a 1.

    softplus(l) = log(1 + e^l), which is l to all digits where l > 40: e^l is not computed beyond, where it may overflow.
    dl = sigmoid(l) − x, with sigmoid(l) = e^l / (1 + e^l).
    """

    name, support = "Bernoulli", (0, 1)

    def __init__(self):
        self.rooms = None, None, None

    def forward(self, x, logits):
        self.x, self.rooms = x, [room(array, x, x.shape[1]) for array in self.rooms]
        exp, softplus, product = self.rooms
        np.exp(np.minimum(logits, 40, out=exp), out=exp)
        np.maximum(np.log1p(exp, out=softplus), logits, out=softplus)
        # Entry by entry: of two large sums, nearly equal, the difference would be rounding error.
        softplus -= np.multiply(x, logits, out=product)
        return softplus @ np.ones(x.shape[1], x.dtype)  # the sum over pixels

    def input_gradient(self):
        exp, one_plus, _ = self.rooms
        exp /= np.add(exp, 1, out=one_plus)  # the sigmoid
        exp -= self.x
        self.dlogits = exp
        return self.dlogits

    def new(self):
        return Bernoulli()  # with rooms of its own

    def mean(self, logits):
        """E[x|z] = sigmoid(l)."""
        return (1 + np.tanh(logits / 2)) / 2

    def output_for(self, mean):
        """The logits that stand for this mean."""
        p = mean.clip(0.01, 0.99)
        return np.log(p / (1 - p))

    def observe(self, x, rng):
        """Binary pixels drawn from grey ones, which have no Bernoulli likelihood: 1 with probability x."""
        return (rng.random(x.shape, dtype=x.dtype) < x).astype(x.dtype)


class Gaussian:
    """−log p(x|z) = Σ ½ ((x − m)² / σ_x² + log(2π σ_x²)) for the decoder's means m and one fixed variance σ_x².

    dm = (m − x) / σ_x².
    """

    support = -np.inf, np.inf

    def __init__(self, variance):
        if not 0 < variance < np.inf:
            raise ValueError(f"variance is {variance}; expected a positive, finite number")
        self.variance, self.name, self.error = float(variance), f"Gaussian of variance {float(variance)}", None

    def forward(self, x, means):
        self.error = np.subtract(means, x, out=room(self.error, x, x.shape[1]))
        constant = x.shape[1] * float(np.log(2 * np.pi * self.variance))
        return (np.vecdot(self.error, self.error) / self.variance + constant) / 2

    def input_gradient(self):
        self.error /= self.variance
        return self.error

    def new(self):
        return Gaussian(self.variance)  # with a room of its own

    def mean(self, means):
        """E[x|z] = m."""
        return means

    output_for = mean

    def observe(self, x, rng):
        """The data as they are."""
        return x


class VAE:
    """q(z|x) = N(mu(x), exp(logvar(x))), p(z) = N(0, I), and p(x|z) as ``likelihood`` has it.

    data, latent: the number of entries of x and of z. mean: the mean of the training data, ``(data,)``; it is subtracted
    before encoding, and the decoder starts from it. hidden: widths of the encoder's hidden layers; the decoder has the
    same in reverse. rng: draws the initial weights and biases, uniform on ±1/√fan_in.

    ``parameters`` and ``gradients`` map names to arrays, which are parts of the long arrays ``theta`` and ``dtheta``.
    Bad input raises ``ValueError`` or ``TypeError`` that names it. Source: Kingma and Welling 2014, arXiv:1312.6114.
    """

    def __init__(self, data, latent, *, mean, hidden=(400,), likelihood=None, rng, dtype=np.float32):
        if np.ndim(hidden) != 1 or min(data, latent, *hidden) < 1:
            widths = f"data, latent and hidden are {data}, {latent} and {hidden}"
            raise ValueError(f"{widths}; expected widths of 1 or more, those of hidden in a tuple")
        if np.shape(mean) != (data,) or not np.isfinite(mean).all():
            raise ValueError(
                f"mean has shape {np.shape(mean)}; expected ({data},), one finite number for each entry of x"
            )
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype is {np.dtype(dtype)}; expected float32 or float64")
        self.data, self.latent, self.mean = data, latent, np.array(mean, dtype)
        self.encoder, self.decoder = MLP(data, *hidden, 2 * latent), MLP(latent, *reversed(hidden), data)
        self.reparameterise, self.kl = Reparameterise(), GaussianKL()
        self.likelihood, self.centred = (likelihood or Bernoulli()).new(), None
        self.ready = False  # whether the layers hold the values that ``backward`` needs
        layers = {f"encoder.{i}": layer for i, layer in enumerate(self.encoder.affine)}
        layers |= {f"decoder.{i}": layer for i, layer in enumerate(self.decoder.affine)}
        size = sum(np.prod(shape) for layer in layers.values() for shape in layer.shapes.values())
        self.theta, self.dtheta = np.zeros(
            (2, size), dtype
        )  # all parameters, and all gradients: few large memory pages
        self.parameters, self.gradients, start = {}, {}, 0
        for name, layer in layers.items():
            for kind, shape in layer.shapes.items():
                part = slice(start, start + np.prod(shape))
                value, gradient = self.theta[part].reshape(shape), self.dtheta[part].reshape(shape)  # views, no copies
                value[...] = rng.uniform(-1, 1, shape) / np.sqrt(layer.shapes["weight"][0])
                self.parameters[f"{name}.{kind}"], self.gradients[f"{name}.{kind}"] = value, gradient
                setattr(layer, kind, value), setattr(layer, f"d{kind}", gradient)
                start = part.stop
        self.decoder.affine[-1].bias[:] = self.likelihood.output_for(self.mean)

    def encode(self, x):
        """mu and logvar of q(z|x), both ``(batch, latent)``."""
        mu, logvar = self._posterior(self.checked("x", x, self.data, *self.likelihood.support))
        return mu.copy(), logvar.copy()

    def decode(self, z):
        """The parameters of p(x|z), ``(batch, data)``: logits of a Bernoulli, means of a Gaussian."""
        self.ready = False
        return self.decoder.forward(self.checked("z", z, self.latent)).copy()

    def sample(self, n, *, rng):
        """E[x|z] for ``n`` draws of z from the prior N(0, I), ``(n, data)``. It never looks at data."""
        return self.likelihood.mean(self.decode(rng.standard_normal((n, self.latent), self.theta.dtype)))

    def reconstruct(self, x):
        """E[x|z] at the mean z of q(z|x), ``(batch, data)``."""
        return self.likelihood.mean(self.decode(self.encode(x)[0]))

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is named
    def negative_elbo(self, x, *, rng=None, eps=None):
        """Per example: ``distortion`` = −log p(x|z) at one draw of z, ``rate`` = KL(q(z|x) || p(z)), ``loss`` their sum.

        x is taken as it is: a Bernoulli wants binary pixels (``likelihood.observe`` draws them). The noise comes from
        ``rng``, or is given as ``eps``. Raises ``FloatingPointError`` where a term overflows.
        """
        x = self.checked("x", x, self.data, *self.likelihood.support)
        if (rng is None) == (eps is None):
            raise TypeError("the draw of z needs noise: give either rng or eps")
        eps = rng.standard_normal((len(x), self.latent), x.dtype) if eps is None else eps
        eps = self.checked("eps", eps, self.latent)
        if len(eps) != len(x):
            raise ValueError(f"eps has {len(eps)} rows, and x has {len(x)}")
        mu, logvar = self._posterior(x)
        output = self.decoder.forward(self.reparameterise.forward(mu, logvar, eps))
        terms = {"distortion": self.likelihood.forward(x, output), "rate": self.kl.forward(mu, logvar)}
        for name, values in terms.items():
            if not np.isfinite(values).all():
                reach = f"mu goes from {mu.min():g} to {mu.max():g}, logvar from {logvar.min():g} to {logvar.max():g}"
                raise FloatingPointError(f"the {name} is not finite ({reach})")
        self.ready = True
        return {"loss": terms["distortion"] + terms["rate"], **terms}

    @np.errstate(over="ignore", invalid="ignore")
    def backward(self):
        """Fill ``gradients`` with those of the mean, over the batch, of the ``loss`` that ``negative_elbo`` just returned.

        Its x must not have been written over in between. Raises ``FloatingPointError`` where a gradient is not finite, and
        ``RuntimeError`` when ``negative_elbo`` was not called.
        """
        if not self.ready:
            raise RuntimeError("backward needs what negative_elbo computed: call that first, and nothing in between")
        self.ready = False  # what it computed is overwritten on the way
        doutput = self.likelihood.input_gradient()
        doutput /= len(doutput)
        dz = self.decoder.input_gradient(self.decoder.parameter_gradients(doutput))
        both_paths = zip(self.reparameterise.input_gradient(dz), self.kl.input_gradient(), strict=True)
        self.dposterior = np.concatenate([by_z + by_kl / len(dz) for by_z, by_kl in both_paths], axis=1)
        self.encoder.parameter_gradients(self.dposterior)

    def _posterior(self, x):
        self.ready = False
        self.centred = np.subtract(x, self.mean, out=room(self.centred, x, self.data))
        posterior = self.encoder.forward(self.centred)
        return posterior[:, : self.latent], posterior[:, self.latent :]

    def checked(self, name, array, columns, low=-np.inf, high=np.inf):
        """``array`` in the model's precision; raises an error that says what it is and what was expected."""
        array, reach = np.asarray(array), np.finfo(self.theta.dtype).max
        if array.dtype.kind != "f":
            raise TypeError(f"{name} holds {array.dtype}; expected floating-point numbers")
        if array.ndim != 2 or array.shape[1] != columns or len(array) == 0:
            raise ValueError(f"{name} has shape {array.shape}; expected (batch, {columns}) with one row or more")
        least, largest = array.min(), array.max()  # NaN, where one entry is
        if not (max(low, -reach) <= least and largest <= min(high, reach)):
            expected = "finite numbers" if high == np.inf else f"numbers in [{low}, {high}]"
            raise ValueError(f"{name} has values from {least:g} to {largest:g}; expected {expected}")
        return array.astype(self.theta.dtype, copy=False)

    def __reduce__(self):
        raise TypeError(
            "a VAE is neither copied nor pickled, since its layers hold parts of one array: use save and load"
        )

    def save(self, path):
        """Write everything to a new ``.npz`` file. Raises ``FileExistsError``: no file is ever overwritten. Should writing
        fail half-way, ``load`` refuses what is there."""
        with open(path, "xb") as file:
            np.savez(file, **self._state())

    def load(self, path):
        """Take everything from a file of ``save``. Raises ``ValueError`` when it is damaged, or of a model with another
        architecture, likelihood or precision; this model is then as it was."""
        with open(path, "rb") as file:
            try:
                archive = np.load(file, allow_pickle=False)
                stored = {name: np.asarray(archive[name]) for name in archive.files}  # other members are bytes
            except Exception as error:  # NumPy, zipfile and zlib each raise their own
                raise ValueError(f"{path} is not a readable .npz file: {error}") from error
        state = self._state()
        for name in sorted(stored.keys() | state.keys()):
            came, expected = (_kind(arrays.get(name)) for arrays in (stored, state))
            if came != expected:
                raise ValueError(f"{path} does not fit this model: {name} is {came}, expected {expected}")
            if state[name].ndim and not np.isfinite(stored[name]).all():
                raise ValueError(f"{path} is damaged: {name} has values that are NaN or infinite")
        self.ready = False
        for name, array in state.items():
            array[...] = stored[name]

    def _state(self):
        return {"likelihood": np.array(self.likelihood.name), "mean": self.mean, **self.parameters}


def _kind(array):
    return "not there" if array is None else f"{array.dtype} {array.shape or array}"


class Adam:
    """θ ← θ − α m̂ / (√v̂ + δ) at step t = 1, 2, …, with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), and the running means

    m ← β₁ m + (1 − β₁) g of the gradient g,   v ← β₂ v + (1 − β₂) g² of its square.

    Kept are M = m / (1 − β₁) and V = v / (1 − β₂): their updates need one product less. The arrays are longer than the
    processor's cache, so the ten operations are done block by block: only the first to touch a block waits for the memory.
    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
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


def fit(model, x, *, epochs, rng, batch_size=128, learning_rate=1e-3):
    """Minimise the mean negative ELBO over the rows of ``x`` with Adam; changes ``model`` in place.

    rng: draws the order of the rows, the binary pixels of a Bernoulli, and the noise. learning_rate: a number, or a
    function of the share of training done, in [0, 1). Returns, for each epoch, the mean of each term of ``negative_elbo``
    over its examples. Raises ``FloatingPointError`` before a step that is not finite.
    """
    if min(epochs, batch_size) < 1:
        raise ValueError(f"epochs is {epochs} and batch_size is {batch_size}; expected 1 or more")
    x = model.checked("x", x, model.data, *model.likelihood.support)
    adam, history, steps = Adam(model), [], epochs * -(-len(x) // batch_size)
    for _ in range(epochs):
        sums = {"loss": 0.0, "distortion": 0.0, "rate": 0.0}
        for rows in np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size)):
            adam.learning_rate = learning_rate(adam.t / steps) if callable(learning_rate) else learning_rate
            terms = model.negative_elbo(model.likelihood.observe(x[rows], rng), rng=rng)
            model.backward()
            adam.step()
            sums = {name: total + float(terms[name].sum()) for name, total in sums.items()}
        history.append({name: total / len(x) for name, total in sums.items()})
    return history
