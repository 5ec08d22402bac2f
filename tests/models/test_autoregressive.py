"""Decoders that read what they have written: their probabilities sum to 1, and their draws have these probabilities."""

import itertools
import math

import pytest
import torch

from vae_edu.likelihoods import OptimalGaussian
from vae_edu.models.autoregressive import AutoregressiveVAE, MaskedConvVAE
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo


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
    logits = model.logits_given(z)(x)
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


def masked(side: int = 4, *, reach: int = 2, features: int = 3) -> MaskedConvVAE:
    """One whose pixels read those before them."""
    torch.manual_seed(8)
    mean = torch.linspace(0.2, 0.8, side**2)
    model = MaskedConvVAE(side, 2, mean=mean, channels=(2, 3), width=5, reach=reach, features=features).double()
    return model


def test_the_probabilities_of_all_images_of_a_masked_convolution_sum_to_one():
    model = masked()
    images = torch.tensor(list(itertools.product([0.0, 1.0], repeat=16))).double()
    z = torch.randn(1, 2, generator=seeded(9), dtype=torch.float64)
    with torch.no_grad():
        total = sum(model.log_prob(some, z.expand(len(some), 2)).exp().sum() for some in images.split(4096))
    assert total.item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("reach", [1, 3])
def test_a_masked_convolution_sees_the_pixels_before_that_are_in_reach_and_no_other(reach):
    side = 8
    x = torch.rand(1, side**2, generator=seeded(10), dtype=torch.float64).requires_grad_()
    logits = masked(side, reach=reach).logits_given(torch.zeros(1, 2).double())(x)[0]
    row, column = torch.arange(side**2) // side, torch.arange(side**2) % side
    for d in (0, 7, 8, 27, 63):
        (gradient,) = torch.autograd.grad(logits[d], x, retain_graph=True)
        near = ((row - row[d]).abs() <= reach) & ((column - column[d]).abs() <= reach)
        assert torch.equal(gradient[0] != 0, near & (torch.arange(side**2) < d))


def test_without_its_weights_a_masked_convolution_is_a_factorised_decoder():
    model, z = masked(8), torch.randn(5, 2, generator=seeded(13), dtype=torch.float64)
    x = torch.bernoulli(model.mean.expand(5, 64), generator=seeded(12))
    assert not torch.equal(model.log_prob(x, z), model.likelihood.log_prob(x, model.decode(z)))
    with torch.no_grad():
        model.weight.zero_()
    torch.testing.assert_close(model.log_prob(x, z), model.likelihood.log_prob(x, model.decode(z)))


def test_a_masked_convolution_starts_from_the_mean_and_its_gradient_reaches_every_parameter():
    model = masked(8)
    torch.testing.assert_close(model.head[-1].bias, model.likelihood.output_for(model.mean), atol=1e-6, rtol=0)
    x = torch.rand(9, 64, generator=seeded(16), dtype=torch.float64)
    negative_elbo(model, x, seeded(17))["loss"].mean().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in model.parameters())


def test_draws_of_a_masked_convolution_have_the_probabilities():
    model, n = masked(), 4000
    drawn = model.draw(torch.zeros(n, 2).double(), generator=seeded(14))
    # The first pixel has nothing before it, and the second has the first alone.
    logits = model.logits_given(torch.zeros(2, 2).double())(torch.cat([drawn[:1] * 0, drawn[:1] * 0 + 1]))
    for first in (0, 1):
        some = drawn[drawn[:, 0] == first]
        p = logits[first, 1].sigmoid().item()
        assert abs(some[:, 1].mean().item() - p) < 4.5 * (p * (1 - p) / len(some)) ** 0.5
    assert set(model.sample(3, generator=seeded(15)).unique().tolist()) <= {0.0, 1.0}


def test_what_a_masked_convolution_cannot_be_made_of_is_refused():
    with pytest.raises(ValueError, match="OptimalGaussian; expected Bernoulli"):
        MaskedConvVAE(8, 2, mean=torch.full((64,), 0.3), likelihood=OptimalGaussian())
    with pytest.raises(ValueError, match="reach is 0"):
        MaskedConvVAE(8, 2, mean=torch.full((64,), 0.3), reach=0)
    with pytest.raises(ValueError, match="side is 6"):
        MaskedConvVAE(6, 2, mean=torch.full((36,), 0.3))
