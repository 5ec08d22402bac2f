"""The model of the world: its density against torch.distributions, one step against many, and dreams against their distribution."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Bernoulli, Categorical, Independent, MixtureSameFamily, Normal

from vae_edu.models.world import MixtureRNN, dream_step, mixture_log_prob, world_objective
from vae_edu.training import fit

LATENT, PARTS = 2, 3


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def mixture(*shape, seed=0):
    def normal(i, *more):
        return torch.randn(*shape, PARTS, *more, generator=seeded(seed + i))

    return normal(0), 2 * normal(1, LATENT), normal(2, LATENT) - 1


def theirs(logits, mu, logvar):
    return MixtureSameFamily(Categorical(logits=logits), Independent(Normal(mu, (0.5 * logvar).exp()), 1))


@pytest.mark.parametrize("shape", [(5,), (4, 3)])
def test_the_density_is_that_of_torch_distributions(shape):
    parameters, z = mixture(*shape), torch.randn(*shape, LATENT, generator=seeded(9))
    torch.testing.assert_close(mixture_log_prob(z, *parameters), theirs(*parameters).log_prob(z))


def test_no_ghost_modes_where_entries_of_two_components_are_crossed():
    mu = torch.tensor([[[4.0, 4.0], [-4.0, -4.0]]])
    crossed, right = (
        mixture_log_prob(torch.tensor([z]), torch.zeros(1, 2), mu, torch.zeros(1, 2, 2))
        for z in ([4.0, -4.0], [4.0, 4.0])
    )
    assert right - crossed > 30


def test_one_step_after_another_is_the_whole_sequence():
    torch.manual_seed(0)
    model, z = MixtureRNN(LATENT, width=5), torch.randn(4, 6, LATENT, generator=seeded(1))
    actions = torch.randint(2, (4, 6), generator=seeded(2))
    h, each = model.start(4), []
    for t in range(6):
        h = model.remember(h, z[:, t], actions[:, t])
        each.append(h)
    torch.testing.assert_close(torch.stack(each, dim=1), model.states(z, actions))
    for whole, one in zip(model.predict(model.states(z, actions), z), model.predict(h, z[:, -1]), strict=True):
        torch.testing.assert_close(whole[:, -1], one)


def test_the_loss_counts_the_steps_of_an_episode_and_no_filling():
    torch.manual_seed(0)
    model, z = MixtureRNN(LATENT, width=5), torch.randn(2, 5, LATENT, generator=seeded(1))
    actions, ends = torch.tensor([[0, 1, 1, 0], [1, 1, 0, 0]]), torch.tensor([[0.0, 1, 0, 0], [0, 0, 0, 0]])
    there = torch.tensor([[1.0, 1, 0, 0], [1, 1, 1, 1]])
    terms = world_objective(model, (z, actions, ends, there), seeded(0))
    for row, steps in ((0, 2), (1, 4)):
        h, latent, over = model.start(1), 0.0, 0.0
        for t in range(steps):
            h = model.remember(h, z[row : row + 1, t], actions[row : row + 1, t])
            *parameters, end = model.predict(h, z[row : row + 1, t])
            latent -= theirs(*parameters).log_prob(z[row, t + 1]).item() / steps
            over -= Bernoulli(logits=end).log_prob(ends[row, t]).item() / steps
        assert terms["latent"][row].item() == pytest.approx(latent, rel=1e-4)
        assert terms["end"][row].item() == pytest.approx(over, rel=1e-4)
    torch.testing.assert_close(terms["loss"], terms["latent"] + terms["end"])
    z[0, 3:] = 100.0
    torch.testing.assert_close(world_objective(model, (z, actions, ends, there), seeded(0))["loss"], terms["loss"])


def test_training_finds_two_futures_where_there_are_two():
    torch.manual_seed(0)
    n = 400
    side = torch.where(torch.rand(n, generator=seeded(3)) < 0.25, -1.0, 1.0)
    z = torch.stack([torch.zeros(n), side + 0.05 * torch.randn(n, generator=seeded(4))], dim=1)[:, :, None]
    model = MixtureRNN(1, width=8, parts=2)
    data = z, torch.zeros(n, 1, dtype=torch.long), torch.zeros(n, 1), torch.ones(n, 1)
    fit(model, world_objective, data, epochs=60, generator=seeded(0), batch_size=100, learning_rate=2e-2)
    with torch.no_grad():
        logits, mu, _, end = model.predict(model.states(z[:1, :1], data[1][:1])[:, 0], z[:1, 0])
    order = mu[0, :, 0].argsort()
    np.testing.assert_allclose(mu[0, order, 0], [-1, 1], atol=0.1)
    np.testing.assert_allclose(logits.softmax(dim=1)[0, order], [0.25, 0.75], atol=0.06)
    assert end.sigmoid() < 0.05


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_dreams_have_the_distribution_of_the_tempered_mixture(temperature):
    logits, mu, logvar = (each.double().numpy() for each in mixture(1, seed=5))
    n, rng = 20000, np.random.default_rng(0)
    many = [np.repeat(each, n, axis=0) for each in (logits, mu, logvar)]
    noise = rng.random(n), rng.standard_normal((n, LATENT)), rng.random(n)
    z, over = dream_step(*many, np.full(n, -1.3), np.zeros((n, LATENT)), np.zeros(n, bool), temperature, *noise)
    weights = np.exp(logits[0] / temperature) / np.exp(logits[0] / temperature).sum()
    for i in range(LATENT):
        parts = [
            stats.norm(m, (temperature * np.exp(v)) ** 0.5) for m, v in zip(mu[0, :, i], logvar[0, :, i], strict=True)
        ]
        distance = stats.kstest(
            z[:, i], lambda x, parts=parts: sum(w * p.cdf(x) for w, p in zip(weights, parts, strict=True))
        )
        assert distance.pvalue > 1e-3
    assert over.mean() == pytest.approx(1 / (1 + np.exp(1.3)), abs=5 * 0.42 / n**0.5)


def test_a_dream_that_is_over_stays_and_a_cold_one_takes_the_likeliest():
    logits, mu, logvar = (each.double().numpy() for each in mixture(4))
    z, over = np.ones((4, LATENT)), np.array([True, False, False, False])
    noise = np.full(4, 0.99), np.full((4, LATENT), 5.0), np.array([0.99, 0.0, 0.99, 0.5])
    moved, ended = dream_step(logits, mu, logvar, np.array([-800.0, -800, 800, 0.1]), z, over, 0, *noise)
    np.testing.assert_array_equal(moved[0], z[0])
    np.testing.assert_array_equal(moved[1:], mu[np.arange(4), logits.argmax(axis=1)][1:])
    assert ended.tolist() == [True, False, True, True]
    with pytest.raises(ValueError, match="temperature is -1"):
        dream_step(logits, mu, logvar, z[:, 0], z, over, -1, *noise)
