"""The fast VAE is the plain one: the same names, and the same numbers to 1e-12 over a thousand steps."""

import copy
import inspect
import re

import numpy as np
import pytest

from vae_edu import numpy_fast, numpy_vae

pytestmark = pytest.mark.filterwarnings("error")

LIKELIHOODS = {"bernoulli": lambda module: module.Bernoulli(), "gaussian": lambda module: module.Gaussian(0.3)}
BOTH = pytest.mark.parametrize("likelihood", LIKELIHOODS)


def pair(likelihood, hidden=(9, 7), dtype=np.float64):
    """The plain and the fast model from the same seed, and their Adams."""
    models = [
        module.VAE(
            12,
            3,
            mean=np.linspace(0.1, 0.9, 12),
            hidden=hidden,
            likelihood=LIKELIHOODS[likelihood](module),
            rng=np.random.default_rng(0),
            dtype=dtype,
        )
        for module in (numpy_vae, numpy_fast)
    ]
    return models, [numpy_vae.Adam(models[0]), numpy_fast.Adam(models[1])]


def equal(ours, theirs):
    assert list(ours) == list(theirs)
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-12, atol=1e-12)


@BOTH
@pytest.mark.parametrize("hidden", [(), (16,), (9, 7)])
def test_a_thousand_steps_are_the_same(likelihood, hidden):
    models, adams = pair(likelihood, hidden)
    rng, first = np.random.default_rng(1), None
    for step in range(1000):
        x = rng.random((16 if step % 7 else 5, 12))  # batches of two sizes
        x, eps = np.round(x) if likelihood == "bernoulli" else x, rng.normal(size=(len(x), 3))
        terms = [model.negative_elbo(x, eps=eps) for model in models]
        equal(*terms)
        for model, adam in zip(models, adams, strict=True):
            model.backward()
            adam.step()
        if first is None:
            first = {name: array.copy() for name, array in models[0].parameters.items()}
        if step % 50 == 0 or step == 999:
            equal(*(model.gradients for model in models))
            equal(*(model.parameters for model in models))
    assert max(np.abs(first[name] - array).max() for name, array in models[0].parameters.items()) > 0.05  # it moved


@BOTH
def test_all_that_a_model_says_is_the_same(likelihood):
    models, _ = pair(likelihood)
    x = np.random.default_rng(2).random((6, 12))
    said = [
        {
            "mu": model.encode(x)[0],
            "logvar": model.encode(x)[1],
            "decoded": model.decode(x[:, :3]),
            "reconstructed": model.reconstruct(x),
            "sampled": model.sample(4, rng=np.random.default_rng(3)),
            "loss": model.negative_elbo(x, rng=np.random.default_rng(4))["loss"],
        }
        for model in models
    ]
    equal(*said)


@BOTH
def test_fit_is_the_same(likelihood):
    models, _ = pair(likelihood)
    x = np.random.default_rng(5).random((50, 12))
    settings = {"epochs": 3, "batch_size": 16, "learning_rate": lambda done: 0.01 * (1 - done)}
    histories = [
        module.fit(model, x, rng=np.random.default_rng(6), **settings)
        for module, model in zip((numpy_vae, numpy_fast), models, strict=True)
    ]
    for ours, theirs in zip(*histories, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12)
    equal(*(model.parameters for model in models))
    # the plain Adam trains the fast model, too: that of a learner does
    numpy_fast.fit(models[1], x, rng=np.random.default_rng(7), adam=numpy_vae.Adam(models[1]), **settings)
    numpy_vae.fit(models[0], x, rng=np.random.default_rng(7), **settings)
    equal(*(model.parameters for model in models))


def test_the_names_and_signatures_are_the_same():
    assert numpy_fast.__all__ == numpy_vae.__all__
    for name in numpy_vae.__all__:
        plain, fast = getattr(numpy_vae, name), getattr(numpy_fast, name)
        assert inspect.signature(plain) == inspect.signature(fast), name
        methods = [each for each in vars(plain) if not each.startswith("_") and callable(getattr(plain, each))]
        if inspect.isclass(plain):
            for method in methods:
                ours, theirs = (inspect.signature(getattr(each, method)).parameters for each in (plain, fast))
                assert list(theirs)[: len(ours)] == list(ours), f"{name}.{method}"


def test_the_lines_of_adam_are_those_of_its_docstring():
    """What is said in symbols is done in names, line for line and in this order."""
    said = re.findall(r"^    (m|v|m̂|v̂|θ) = (.*?)(?:,   where.*)?$", numpy_vae.Adam.__doc__, flags=re.MULTILINE)
    code = inspect.getsource(numpy_vae.Adam.step)
    done = re.findall(r"^ +(m|v|m_hat|v_hat|theta)(?:\[:\])? = (.*)$", code, flags=re.MULTILINE)
    words = [("̂", "_hat"), ("ᵗ", "**self.t"), ("²", "**2"), ("β₁", "beta1"), ("β₂", "beta2"), ("θ", "theta")]
    words += [("α", "alpha"), ("δ", "delta"), ("−", "-"), ("√v_hat", "np.sqrt(v_hat)")]

    def in_names(text):
        for symbol, name in words:
            text = text.replace(symbol, name)
        return re.sub(r"[ *]", "", text)

    assert len(said) == 5
    assert [(in_names(name), in_names(value)) for name, value in said] == [
        (name, re.sub(r"[ *]", "", value)) for name, value in done
    ]


@BOTH
def test_a_copy_of_the_plain_model_goes_its_own_way(likelihood):
    (model, _), _ = pair(likelihood)
    twin = copy.deepcopy(model)
    x, eps = np.round(np.random.default_rng(8).random((4, 12))), np.zeros((4, 3))
    before = model.negative_elbo(x, eps=eps)["loss"]
    twin.negative_elbo(x, eps=eps)
    twin.backward()
    numpy_vae.Adam(twin, learning_rate=0.1).step()
    np.testing.assert_array_equal(model.negative_elbo(x, eps=eps)["loss"], before)
    assert (twin.negative_elbo(x, eps=eps)["loss"] != before).all()


def bad_shapes():
    x, z, eps = np.full((3, 12), 0.5), np.zeros((3, 3)), np.zeros((3, 3))
    yield "x has shape (12,); expected (batch, 12)", lambda model: model.encode(x[0])
    yield "x has shape (3, 11); expected (batch, 12)", lambda model: model.reconstruct(x[:, :11])
    yield "x has shape (0, 12); expected (batch, 12)", lambda model: model.negative_elbo(x[:0], eps=eps[:0])
    yield "z has shape (3, 2); expected (batch, 3)", lambda model: model.decode(z[:, :2])
    yield "eps has shape (1, 3); expected (3, 3)", lambda model: model.negative_elbo(x, eps=eps[:1])
    yield "eps has shape (3, 1); expected (3, 3)", lambda model: model.negative_elbo(x, eps=eps[:, :1])
    rng = np.random.default_rng(0)
    yield "x has shape (12,); expected (batch, 12)", lambda model: numpy_vae.fit(model, x[0], epochs=1, rng=rng)
    yield "mean has shape (1, 4); expected (4,)", lambda model: type(model)(4, 2, mean=np.zeros((1, 4)), rng=rng)


@pytest.mark.parametrize(("said", "call"), [*bad_shapes()])
@pytest.mark.parametrize("which", [0, 1], ids=["plain", "fast"])
def test_a_bad_shape_is_named(which, said, call):
    """Many of these would broadcast in silence."""
    model = pair("bernoulli")[0][which]
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        call(model)
