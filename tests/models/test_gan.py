"""The small GAN: its two losses against the formulas, who learns from which, and what it can fit."""

import math

import pytest
import torch
from torch import nn

from vae_edu.models.gan import GAN, fit_gan


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def model(seed: int = 0, **options) -> GAN:
    torch.manual_seed(seed)
    return GAN(3, 2, **{"hidden": (16,)} | options)


def test_samples_have_the_shape_of_the_data_and_are_repeated_by_their_seed():
    own = model()
    first, again = (own.sample(7, generator=seeded(1)) for _ in range(2))
    assert first.shape == (7, 3)
    assert not first.requires_grad
    assert torch.equal(first, again)
    assert not torch.equal(first, own.sample(7, generator=seeded(2)))


def test_what_is_generated_for_training_has_a_gradient():
    assert model().generate(4, generator=seeded(1)).requires_grad


def test_one_step_is_that_of_the_formulas():
    """Plain probabilities and two separate optimisers, without detach: only the right player's parameters are stepped."""
    x = torch.randn(40, 3, generator=seeded(3))
    own, twin = model(), model()
    fit_gan(own, x, steps=1, generator=seeded(4), batch_size=8, learning_rate=1e-2, betas=(0.3, 0.9))

    generator = seeded(4)
    real = x[torch.randint(40, (8,), generator=generator)]
    z = torch.randn(8, 2, generator=generator)
    d = torch.optim.Adam(twin.discriminator.parameters(), lr=1e-2, betas=(0.3, 0.9))
    g = torch.optim.Adam(twin.generator.parameters(), lr=1e-2, betas=(0.3, 0.9))
    p_real, p_forged = (torch.sigmoid(twin.discriminator(each)) for each in (real, twin.generator(z)))
    (-p_real.log().mean() - (1 - p_forged).log().mean()).backward()
    d.step()
    g.zero_grad()
    (-torch.sigmoid(twin.discriminator(twin.generator(z))).log().mean()).backward()
    g.step()
    for mine, theirs in zip(own.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-5)


def test_it_finds_the_place_and_the_width_of_a_gaussian():
    x = torch.tensor([1.5, -1.0]) + torch.tensor([0.5, 1.0]) * torch.randn(2000, 2, generator=seeded(5))
    torch.manual_seed(0)
    own = GAN(2, 2, hidden=(32, 32))
    fit_gan(own, x, steps=800, generator=seeded(6), learning_rate=1e-3)
    y = own.sample(4000, generator=seeded(7))
    assert (y.mean(dim=0) - x.mean(dim=0)).abs().max() < 0.25
    assert (y.std(dim=0) / x.std(dim=0)).log().abs().max() < math.log(2)  # it circles about the right width


def test_a_run_is_repeated_by_its_seed():
    x = torch.randn(50, 3, generator=seeded(3))
    runs = [model() for _ in range(2)]
    for own in runs:
        fit_gan(own, x, steps=5, generator=seeded(4))
    assert all(torch.equal(a, b) for a, b in zip(runs[0].parameters(), runs[1].parameters(), strict=True))
    assert not runs[0].training


@pytest.mark.parametrize("argument", ["steps", "batch_size"])
def test_arguments_below_one_are_refused(argument):
    options = {"steps": 3, "batch_size": 4} | {argument: 0}
    with pytest.raises(ValueError, match=argument):
        fit_gan(model(), torch.zeros(5, 3), generator=seeded(0), **options)


def test_a_loss_that_is_not_finite_stops_the_training_and_leaves_the_parameters():
    own = model()
    before = nn.utils.parameters_to_vector(own.parameters()).clone()
    with pytest.raises(FloatingPointError, match="step 0"):
        fit_gan(own, torch.full((5, 3), math.inf), steps=3, generator=seeded(0))
    assert torch.equal(before, nn.utils.parameters_to_vector(own.parameters()))


def test_the_generator_learns_from_a_discriminator_that_is_sure():
    """Where D(G(z)) is 1e-17, log(1 − D) is flat and −log D is not."""
    own = GAN(2, 2)
    with torch.no_grad():
        own.discriminator[-1].bias.fill_(-40)
    before = [parameter.clone() for parameter in own.generator.parameters()]
    fit_gan(own, torch.zeros(8, 2), steps=1, generator=torch.Generator().manual_seed(0), learning_rate=1e-2)
    moved = max((new - old).abs().max() for new, old in zip(own.generator.parameters(), before, strict=True))
    assert moved > 5e-3
