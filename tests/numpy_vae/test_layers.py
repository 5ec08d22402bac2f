"""Each operation by itself, plain and fast: its value against an independent formula, its derivatives against central
differences, and one contract, ``dx = backward(dy)``."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Normal, kl_divergence

from vae_edu import numpy_fast, numpy_vae

pytestmark = pytest.mark.filterwarnings("error")


def slopes(function, array, step=1e-5):
    """The derivative of ``function()`` with respect to every entry of ``array``, by central differences."""
    result = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept, ends = array[index], []
        for end in (kept + step, kept - step):
            array[index] = end
            ends.append(function())
        array[index] = kept
        result[index] = (ends[0] - ends[1]) / (2 * step)
    return result


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("batch", [1, 5])
def test_affine(module, rng, error, batch):
    layer = module.Affine(3, 4, rng=rng, dtype=np.float64)
    x, dy = rng.normal(size=(batch, 3)), rng.normal(size=(batch, 4))
    np.testing.assert_allclose(layer.forward(x), [[w @ row for w in layer.weight.T] + layer.bias for row in x])
    dx = layer.backward(dy).copy()
    for gradient, array in ((layer.dweight, layer.weight), (layer.dbias, layer.bias), (dx, x)):
        assert gradient.shape == array.shape
        numeric = slopes(lambda: (layer.forward(x) * dy).sum(), array)
        assert error(gradient, numeric) <= 1e-7


def test_affine_starts_uniform_up_to_one_over_the_root_of_the_fan_in(module, rng):
    layer = module.Affine(50, 80, rng=rng)
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    scaled = np.concatenate([layer.weight.ravel(), layer.bias]) * np.sqrt(50)
    assert np.abs(scaled).max() <= 1
    assert stats.kstest(scaled, "uniform", (-1, 2)).pvalue > 1e-3


def test_a_second_backward_gives_the_same(module, rng):
    """No operation uses up what the way back needs, and derivatives of parameters are not added to."""
    mu, logvar, eps, dz = rng.normal(size=(4, 5, 3))
    each = rng.normal(size=5)
    operations = [
        (module.Affine(3, 3, rng=rng, dtype=np.float64), (mu,), dz),
        (module.ReLU(), (mu,), dz),
        (module.MLP(3, 4, 3, rng=rng, dtype=np.float64), (mu,), dz),
        (module.Reparameterise(), (mu, logvar, eps), dz),
        (module.GaussianKL(), (mu, logvar), each),
        (module.Bernoulli(), (np.clip(np.round(mu), 0, 1), logvar), each),
        (module.Gaussian(0.3), (mu, logvar), each),
    ]
    for operation, arguments, dy in operations:
        operation.forward(*(array.copy() for array in arguments))
        once, twice = (np.array(operation.backward(dy.copy())) for _ in range(2))  # copies
        np.testing.assert_array_equal(once, twice)
        layers = operation.affine if hasattr(operation, "affine") else [operation] * hasattr(operation, "dweight")
        before = [layer.dweight.copy() for layer in layers]
        operation.backward(dy.copy())
        for layer, kept in zip(layers, before, strict=True):
            np.testing.assert_array_equal(layer.dweight, kept)


def test_plain_operations_write_over_nothing(rng):
    mu, logvar, eps, dz = rng.normal(size=(4, 5, 3))
    each, kept = rng.normal(size=5), [array.copy() for array in (mu, logvar, eps, dz)]
    results = []
    for operation, arguments, dy in [
        (numpy_vae.MLP(3, 4, 3, rng=rng, dtype=np.float64), (mu,), dz),
        (numpy_vae.ReLU(), (mu,), dz),
        (numpy_vae.Reparameterise(), (mu, logvar, eps), dz),
        (numpy_vae.GaussianKL(), (mu, logvar), each),
        (numpy_vae.Bernoulli(), (np.clip(mu, 0, 0.5), logvar), each),
        (numpy_vae.Gaussian(0.3), (mu, logvar), each),
    ]:
        y = operation.forward(*arguments)
        before = y.copy()
        operation.forward(*(2 * array for array in arguments))
        operation.backward(dy)
        results += [(y, before)]
    for array, before in [*zip((mu, logvar, eps, dz), kept, strict=True), *results]:
        np.testing.assert_array_equal(array, before)


def test_fast_layers_make_new_room_where_the_batch_changes_size(rng):
    layer = numpy_fast.Affine(3, 4, rng=rng, dtype=np.float64)
    for batch in (5, 2, 6, 1):
        x, dy = rng.normal(size=(batch, 3)), rng.normal(size=(batch, 4))
        np.testing.assert_allclose(layer.forward(x), x @ layer.weight + layer.bias)
        np.testing.assert_allclose(layer.backward(dy), np.einsum("nj,ij->ni", dy, layer.weight))
        np.testing.assert_allclose(layer.dweight, np.einsum("ni,nj->ij", x, dy))


def test_fast_layers_leave_out_the_derivative_at_the_input_where_asked_to(rng):
    net = numpy_fast.MLP(3, 5, 4, rng=rng, dtype=np.float64)
    x, dy = rng.normal(size=(6, 3)), rng.normal(size=(6, 4))
    net.forward(x)
    assert net.backward(dy) is not None
    expected = [layer.dweight.copy() for layer in net.affine]
    assert net.backward(dy, to_input=False) is None
    for layer, dweight in zip(net.affine, expected, strict=True):
        np.testing.assert_array_equal(layer.dweight, dweight)


def test_relu(module, rng, error):
    layer, x = module.ReLU(), rng.normal(size=(6, 5))
    x[np.abs(x) < 0.01] = 0.5  # away from the kink
    dy = rng.normal(size=x.shape)
    np.testing.assert_array_equal(layer.forward(x.copy()), np.where(x > 0, x, 0))
    gradient = layer.backward(dy.copy())
    assert (gradient == 0).any()
    assert error(gradient, slopes(lambda: (layer.forward(x.copy()) * dy).sum(), x)) <= 1e-7


def test_relu_has_slope_zero_at_zero_as_in_torch(module):
    layer, x = module.ReLU(), np.array([[-1.0, -0.0, 0.0, 1e-300, 2.0]])
    layer.forward(x.copy())
    other = torch.tensor(x, requires_grad=True)
    other.relu().sum().backward()
    assert layer.backward(np.ones_like(x)).tolist() == other.grad.tolist() == [[0, 0, 0, 1, 1]]


@pytest.mark.parametrize("widths", [(3, 4), (3, 6, 4), (2, 1, 5), (3, 5, 6, 2), (4, 3, 5, 1, 3)])
def test_mlp(module, rng, error, widths):
    net = module.MLP(*widths, rng=rng, dtype=np.float64)
    x, dy = rng.normal(size=(5, widths[0])), rng.normal(size=(5, widths[-1]))
    expected = x
    for layer in net.affine:
        expected = (np.maximum(expected, 0) if layer is not net.affine[0] else x) @ layer.weight + layer.bias
    np.testing.assert_allclose(net.forward(x), expected)
    masks = [relu.positive.copy() for relu in net.operations[1::2]]
    assert len(masks) == len(widths) - 2
    dx = net.backward(dy.copy()).copy()
    gradients = [(layer.dweight.copy(), layer.dbias.copy()) for layer in net.affine]

    def functional():
        value = (net.forward(x) * dy).sum()
        for relu, mask in zip(net.operations[1::2], masks, strict=True):
            np.testing.assert_array_equal(relu.positive, mask)  # no kink in between, or the difference means nothing
        return value

    assert error(dx, slopes(functional, x)) <= 1e-7
    for layer, (dweight, dbias) in zip(net.affine, gradients, strict=True):
        assert error(dweight, slopes(functional, layer.weight)) <= 1e-7
        assert error(dbias, slopes(functional, layer.bias)) <= 1e-7


def test_reparameterise(module, rng, error):
    layer = module.Reparameterise()
    mu, logvar, eps, dz = rng.normal(size=(4, 5, 3))
    logvar *= 2
    std = np.sqrt(np.exp(logvar))
    np.testing.assert_allclose(layer.forward(mu, logvar, eps), mu + std * eps, rtol=1e-13)
    dmu, dlogvar = layer.backward(dz)
    np.testing.assert_allclose(dmu, dz, rtol=1e-13)
    np.testing.assert_allclose(dlogvar, std * eps * dz / 2, rtol=1e-13)
    for gradient, array in ((dmu, mu), (dlogvar, logvar)):
        assert error(gradient, slopes(lambda: (layer.forward(mu, logvar, eps) * dz).sum(), array)) <= 1e-7


@pytest.mark.parametrize("logvar", [-2.0, 2.0])
def test_the_noise_of_a_draw_has_the_variance_exp_logvar(module, logvar, rng):
    """No gradient check sees a sampler that takes the variance for the standard deviation; the moments do."""
    n, mu = 40_000, -1.5
    z = module.Reparameterise().forward(np.full((n, 1), mu), np.full((n, 1), logvar), rng.normal(size=(n, 1)))
    variance = np.exp(logvar)
    assert abs(z.mean() - mu) < 4 * np.sqrt(variance / n)
    assert abs(z.var() / variance - 1) < 4 * np.sqrt(2 / n)


def test_the_divergence_agrees_with_torch_distributions(module, rng, error):
    layer = module.GaussianKL()
    mu, logvar = rng.normal(size=(6, 3)), 2 * rng.normal(size=(6, 3))
    q = Normal(torch.tensor(mu), torch.tensor(logvar).div(2).exp())
    expected = kl_divergence(q, Normal(torch.zeros(3).double(), torch.ones(3).double())).sum(1).numpy()
    np.testing.assert_allclose(layer.forward(mu, logvar), expected, rtol=1e-13)
    dy = rng.normal(size=6)
    dmu, dlogvar = layer.backward(dy)
    for gradient, array in ((dmu, mu), (dlogvar, logvar)):
        assert error(gradient, slopes(lambda: layer.forward(mu, logvar) @ dy, array)) <= 1e-7


@pytest.mark.parametrize(
    ("mu", "logvar", "divergence"),
    [
        (1.0, 0.0, 0.5),
        (0.0, np.log(0.25), 0.5 * (0.25 - 1 + np.log(4))),  # the other way round: ½ (4 − 1 − log 4)
        (0.0, 2.0, 0.5 * (np.exp(2) - 3)),
        (0.0, -2.0, 0.5 * (np.exp(-2) + 1)),
    ],
)
def test_the_divergence_by_hand(module, mu, logvar, divergence):
    value = module.GaussianKL().forward(np.array([[mu]]), np.array([[logvar]]))
    assert value.tolist() == pytest.approx([divergence], rel=1e-14)


@pytest.mark.parametrize("grey", [False, True])
def test_bernoulli(module, rng, error, grey):
    layer, x, logits = module.Bernoulli(), rng.random((6, 5)), 4 * rng.normal(size=(6, 5))
    x = x if grey else np.round(x)
    p = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(layer.forward(x, logits), -(x * np.log(p) + (1 - x) * np.log1p(-p)).sum(axis=1))
    dy = rng.normal(size=6)
    gradient = layer.backward(dy).copy()
    np.testing.assert_allclose(gradient, dy[:, None] * (p - x), rtol=1e-12, atol=1e-15)
    assert error(gradient, slopes(lambda: layer.forward(x, logits) @ dy, logits)) <= 1e-7
    np.testing.assert_allclose(layer.mean(logits), p, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bernoulli_at_extreme_logits(module, dtype):
    ends = np.array([0, 1, 15, 20, 30, 36, 39, 40, 41, 60, 88, 89, 100, 104, 500, 709, 710, 745, 1e3, 1e4], dtype)
    logits = np.concatenate([-ends[::-1], ends])[:, None]
    for pixel in (0.0, 1.0):
        layer, x = module.Bernoulli(), np.full_like(logits, pixel)
        terms, gradient = layer.forward(x, logits), layer.backward(np.ones(len(x), dtype))
        twin = torch.tensor(logits.astype(float), requires_grad=True)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            twin, torch.tensor(x.astype(float)), reduction="none"
        )
        loss.sum().backward()
        tolerance = {"rtol": 10 * np.finfo(dtype).eps, "atol": 40 * np.finfo(dtype).eps}
        assert terms.dtype == gradient.dtype == dtype
        np.testing.assert_allclose(terms, loss.detach().numpy()[:, 0], **tolerance)
        np.testing.assert_allclose(gradient, twin.grad.numpy(), **tolerance)
        probability = layer.mean(logits)
        assert probability.dtype == dtype
        np.testing.assert_allclose(probability, torch.sigmoid(twin).detach().numpy(), **tolerance)


def test_a_confident_right_answer_costs_nothing(module):
    """The sigmoid taken twice would make it log(1 + e^-1) = 0.313 for a 1, and log 2 = 0.693 for a 0."""
    terms = module.Bernoulli().forward(np.array([[1.0], [0.0]]), np.array([[60.0], [-60.0]]))
    assert terms.tolist() == pytest.approx([0, 0], abs=1e-15)


def test_the_mean_of_a_bernoulli_and_the_logits_for_it(module):
    grey = np.array([0.0, 0.005, 0.01, 0.3, 0.5, 0.99, 1.0])
    likelihood = module.Bernoulli()
    np.testing.assert_allclose(likelihood.mean(likelihood.output_for(grey)), grey.clip(0.01, 0.99), rtol=1e-12)


def test_binary_pixels_are_drawn_with_the_grey_value_as_probability(module, rng):
    n, grey = 40_000, np.array([0.0, 0.1, 0.3, 0.5, 0.8, 1.0])
    x = np.tile(grey, (n, 1))
    binary = module.Bernoulli().observe(x, rng)
    assert set(np.unique(binary)) == {0, 1}
    assert np.abs(binary.mean(axis=0) - grey).max() < 4 * 0.5 / np.sqrt(n)
    assert np.ptp(binary[:, 0]) == np.ptp(binary[:, -1]) == 0  # black and white stay as they are
    assert np.abs(np.corrcoef(binary[:, 1:-1].T) - np.eye(4)).max() < 4.5 / np.sqrt(n)
    assert abs(np.corrcoef(binary[1:, 3], binary[:-1, 3])[0, 1]) < 4.5 / np.sqrt(n)
    assert not np.array_equal(binary, module.Bernoulli().observe(x, rng))
    np.testing.assert_array_equal(x, np.tile(grey, (n, 1)))
    assert module.Bernoulli().observe(x.astype(np.float32), rng).dtype == np.float32


@pytest.mark.parametrize("variance", [0.1, 1.0, 7.0])
def test_gaussian(module, rng, error, variance):
    layer = module.Gaussian(variance)
    x, means = rng.normal(size=(2, 6, 5))
    expected = -Normal(torch.tensor(means), variance**0.5).log_prob(torch.tensor(x)).sum(1).numpy()
    np.testing.assert_allclose(layer.forward(x, means), expected, rtol=1e-13)
    dy = rng.normal(size=6)
    gradient = layer.backward(dy).copy()
    assert error(gradient, slopes(lambda: layer.forward(x, means) @ dy, means)) <= 1e-7
    for same in (layer.mean(means), layer.output_for(means), layer.observe(means, rng)):
        np.testing.assert_array_equal(same, means)


def test_the_best_variance_of_a_gaussian_is_the_mean_squared_error(module, rng):
    """Without log σ it would be infinite; without 1/(2σ²) it would not matter."""
    x, means = rng.normal(size=(2, 40, 5))
    best = ((x - means) ** 2).mean()
    below, at, above = (module.Gaussian(best * ratio).forward(x, means).sum() for ratio in (0.99, 1, 1.01))
    assert at < below
    assert at < above


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_keep_the_precision(module, dtype, rng):
    mu, logvar, eps, dz = rng.normal(size=(4, 5, 3)).astype(dtype)
    reparameterise, kl, gaussian = module.Reparameterise(), module.GaussianKL(), module.Gaussian(0.3)
    results = [reparameterise.forward(mu, logvar, eps), *reparameterise.backward(dz)]
    results += [kl.forward(mu, logvar), *kl.backward(mu[:, 0])]
    gaussian.forward(mu, logvar)
    results.append(gaussian.backward(mu[:, 0]))
    assert {result.dtype for result in results} == {np.dtype(dtype)}
