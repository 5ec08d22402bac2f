"""Decoders that read what they have written: their probabilities sum to 1, and their draws have these probabilities."""

import itertools
import math

import pytest
import torch

from vae_edu.models.autoregressive import AutoregressiveVAE
from vae_edu.models.vae import VAE


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


EVERY_X = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4))).double()


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = AutoregressiveVAE(4, 2, mean=torch.tensor([0.2, 0.5, 0.7, 0.4]), hidden=(5,)).double()
    with torch.no_grad():
        model.before.copy_(2 * torch.randn(4, 4, generator=seeded(1)))
    return model


def test_the_probabilities_of_all_images_sum_to_one(model):
    for z in torch.randn(5, 2, generator=seeded(2), dtype=torch.float64):
        probabilities = model.log_prob(EVERY_X, z.expand(16, 2)).exp()
        assert probabilities.sum().item() == pytest.approx(1, abs=1e-12)
        assert probabilities.std() > 0.02


def test_before_it_has_learned_to_read_it_is_the_factorised_decoder(model):
    model = AutoregressiveVAE(4, 2, mean=model.mean, hidden=(5,)).double()
    factorised = VAE(4, 2, mean=model.mean, hidden=(5,)).double()
    factorised.load_state_dict({name: value for name, value in model.state_dict().items() if name != "before"})
    z = torch.randn(16, 2, generator=seeded(3), dtype=torch.float64)
    torch.testing.assert_close(model.log_prob(EVERY_X, z), factorised.log_prob(EVERY_X, z))


def test_a_pixel_is_predicted_from_those_before_it_alone(model):
    z = torch.zeros(1, 2).double()
    x = EVERY_X[5:6].clone().requires_grad_()
    logits = model.decode(z) + (x - model.mean) @ model.before.tril(-1).T
    for d in range(4):
        (gradient,) = torch.autograd.grad(logits[0, d], x, retain_graph=True)
        assert (gradient[0, d:] == 0).all()
        assert (gradient[0, :d] != 0).all()


def test_draws_have_the_probabilities(model):
    n, z = 40_000, torch.tensor([[0.3, -1.0]]).double()
    drawn = model.draw(z.expand(n, 2), generator=seeded(4))
    index = (drawn @ torch.tensor([8.0, 4.0, 2.0, 1.0]).double()).long()
    frequency = torch.bincount(index, minlength=16) / n
    p = model.log_prob(EVERY_X, z.expand(16, 2)).exp()
    assert ((frequency - p).abs() < 4.5 * (p * (1 - p) / n).sqrt() + 1e-9).all()


def test_samples_and_reconstructions_are_binary_and_repeat_by_seed(model):
    for one, again in (
        (model.sample(30, generator=seeded(5)), model.sample(30, generator=seeded(5))),
        (model.reconstruct(EVERY_X, generator=seeded(6)), model.reconstruct(EVERY_X, generator=seeded(6))),
    ):
        assert torch.equal(one, again)
        assert set(one.unique().tolist()) == {0.0, 1.0}


def test_reading_is_learned():
    n = 400  # the second pixel copies the first, so the factorised decoder without z is right half of the time
    x = torch.bernoulli(torch.full((n, 1), 0.5), generator=seeded(7)).repeat(1, 2)
    model = AutoregressiveVAE(2, 1, mean=x.mean(dim=0), hidden=(3,))
    optimizer = torch.optim.Adam([model.before], lr=0.1)
    for _ in range(200):
        loss = -model.log_prob(x, torch.zeros(n, 1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < math.log(2) + 0.1
