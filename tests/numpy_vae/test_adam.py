"""Both Adams against ``torch.optim.Adam``: by themselves, and with the VAE over a thousand steps."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vae_edu import numpy_fast
from vae_edu.models.twin import gradients, to_torch
from vae_edu.objectives import negative_elbo

pytestmark = pytest.mark.filterwarnings("error")

SETTINGS = [
    {"learning_rate": 1e-3, "betas": (0.9, 0.999), "delta": 1e-8},
    {"learning_rate": 0.1, "betas": (0.5, 0.9), "delta": 1e-8},
    {"learning_rate": 3e-4, "betas": (0.9, 0.95), "delta": 1e-2},
    {"learning_rate": 1.0, "betas": (0.0, 0.99), "delta": 1e-4},
    {"learning_rate": 1e-2, "betas": (0.99, 0.9999), "delta": 1.0},
]


def parameters_alone(theta):
    """What either Adam needs of a model: its parameters and their gradients, by name and as long arrays."""
    theta, dtheta = theta.copy(), np.zeros_like(theta)
    return SimpleNamespace(theta=theta, dtheta=dtheta, parameters={"theta": theta}, gradients={"theta": dtheta})


def pair(module, theta, **settings):
    """Our Adam and PyTorch's, each with the parameters ``theta`` of its own."""
    ours = parameters_alone(theta)
    theirs = torch.tensor(theta, requires_grad=True)
    names = {"learning_rate": "lr", "betas": "betas", "delta": "eps"}
    return (
        ours,
        module.Adam(ours, **settings),
        theirs,
        torch.optim.Adam([theirs], **{names[k]: v for k, v in settings.items()}),
    )


def walk(optimisers, gradients):
    """The changes of theta, step by step, of both."""
    ours, adam, theirs, torch_adam = optimisers
    moves = []
    for gradient in gradients:
        before = ours.theta.copy(), theirs.detach().numpy().copy()
        ours.dtheta[:], theirs.grad = gradient, torch.tensor(gradient)
        adam.step()
        torch_adam.step()
        moves.append((ours.theta - before[0], theirs.detach().numpy() - before[1]))
    return moves


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1e-4, 1.0, 1e4])
def test_every_step_agrees_with_torch(module, settings, scale):
    """Gradients of 1e-8 and below are where delta matters, and where it stands: beside the root, not under it."""
    rng = np.random.default_rng(0)
    for ours, theirs in walk(
        pair(module, np.zeros(50), **settings), scale * rng.normal(size=(1, 50)) * rng.normal(size=(40, 50))
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-14 * settings["learning_rate"])


def test_the_settings_are_those_of_torch_where_none_are_given(module):
    rng = np.random.default_rng(1)
    for ours, theirs in walk(pair(module, np.zeros(20)), rng.normal(size=(30, 20)) * 1e-7):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-17)


@pytest.mark.parametrize("gradient", [2.0, -3e-8, 1e-10])
def test_the_first_step_by_hand(module, gradient):
    """Both bias corrections are exact then: m̂ = g, v̂ = g². Without them the step were (1 − β₁) / √(1 − β₂) = 3.2 times as long."""
    for ours, _ in walk(pair(module, np.zeros(1), learning_rate=0.1, delta=1e-8), [np.array([gradient])]):
        assert ours[0] == pytest.approx(-0.1 * gradient / (abs(gradient) + 1e-8), rel=1e-12)


def test_the_second_step_by_hand(module):
    g, h, (beta1, beta2), delta = 2.0, -0.5, (0.9, 0.999), 0.3
    m = (beta1 * (1 - beta1) * g + (1 - beta1) * h) / (1 - beta1**2)
    v = (beta2 * (1 - beta2) * g**2 + (1 - beta2) * h**2) / (1 - beta2**2)
    moves = walk(pair(module, np.zeros(1), learning_rate=0.1, delta=delta), [np.array([g]), np.array([h])])
    assert moves[1][0][0] == pytest.approx(-0.1 * m / (np.sqrt(v) + delta), rel=1e-12)


def test_where_the_gradient_is_zero_nothing_moves(module):
    for ours, _ in walk(pair(module, np.arange(5.0)), np.zeros((3, 5))):
        np.testing.assert_array_equal(ours, 0)


@pytest.mark.parametrize("block", [1, 7, 10, 23, 100])
def test_blocks_of_any_length_change_nothing(monkeypatch, block):
    monkeypatch.setattr(numpy_fast.Adam, "block", block)
    rng = np.random.default_rng(2)
    theta, steps = rng.normal(size=23), rng.normal(size=(12, 23))
    optimisers = pair(numpy_fast, theta, learning_rate=0.05)
    for ours, theirs in walk(optimisers, steps):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert optimisers[1].scratch.size == min(block, 23)


def test_the_learning_rate_may_change_between_steps(module):
    rng = np.random.default_rng(3)
    optimisers = pair(module, rng.normal(size=9), learning_rate=0.1)
    for rate in (0.1, 0.01, 0.5, 0.0):
        optimisers[1].learning_rate = optimisers[3].param_groups[0]["lr"] = rate
        ((ours, theirs),) = walk(optimisers, rng.normal(size=(1, 9)))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)


def test_adam_leaves_the_gradient_and_keeps_the_precision(module):
    rng = np.random.default_rng(4)
    model = parameters_alone(rng.normal(size=9).astype(np.float32))
    model.dtheta[:] = rng.normal(size=9)
    theta, kept, adam = model.theta, model.dtheta.copy(), module.Adam(model)
    before = theta.copy()
    adam.step()
    assert (theta != before).all()
    np.testing.assert_array_equal(model.dtheta, kept)
    assert model.theta is theta
    kept = (adam.M, adam.V) if module is numpy_fast else (adam.m["theta"], adam.v["theta"])
    assert {array.dtype for array in (theta, *kept)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_a_thousand_steps_end_where_torch_ends(module, build, draw, error, likelihood, flat):
    model = build(likelihood, data=8, hidden=(6,), latent=2)
    twin = to_torch(model)
    adam, torch_adam = module.Adam(model), torch.optim.Adam(twin.parameters())
    start, x, noise = flat(model.parameters), draw(model, 64)[0], np.random.default_rng(5)
    losses, expected = [], []
    for step in range(1000):
        batch, eps = x[step * 8 % 64 :][:8], noise.normal(size=(8, 2))
        losses.append(model.negative_elbo(batch, eps=eps)["loss"].mean())
        model.backward()
        adam.step()
        loss = negative_elbo(twin, torch.tensor(batch), eps=torch.tensor(eps))["loss"].mean()
        torch_adam.zero_grad()
        loss.backward()
        torch_adam.step()
        expected.append(loss.item())
    np.testing.assert_allclose(losses, expected, rtol=1e-9)
    for name, array in to_torch(model).named_parameters():
        assert error(array.detach().numpy(), twin.get_parameter(name).detach().numpy()) <= 1e-9, name
    assert error(start, flat(model.parameters)) > 0.1  # it went somewhere
    assert np.mean(losses[-100:]) < np.mean(losses[:100])


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_in_single_precision_every_step_agrees_from_equal_parameters(module, build, draw, error, likelihood):
    model = build(likelihood, data=12, hidden=(9,), latent=3, dtype=np.float32)
    twin = to_torch(model)
    adam, torch_adam = module.Adam(model), torch.optim.Adam(twin.parameters())
    for step in range(50):
        twin.load_state_dict(to_torch(model).state_dict())
        x, eps = draw(model, 16, seed=step)
        terms = model.negative_elbo(x, eps=eps)
        model.backward()
        theirs = negative_elbo(twin, torch.tensor(x), eps=torch.tensor(eps))
        torch_adam.zero_grad()
        theirs["loss"].mean().backward()
        for name, values in terms.items():
            assert error(values, theirs[name].detach().numpy()) <= 1e-5
        autograd = gradients(twin)
        for name, gradient in model.gradients.items():
            assert error(gradient, autograd[name]) <= 1e-5, name
        adam.step()
        torch_adam.step()
        for name, array in to_torch(model).named_parameters():
            assert error(array.detach().numpy(), twin.get_parameter(name).detach().numpy()) <= 1e-5, name
