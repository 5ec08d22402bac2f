"""The axis of notebooks 15 and 16: its images, its models, and its scores on a model whose likelihood is known."""

import math

import pytest
import torch

from vae_edu.data import load_fashion_mnist
from vae_edu.experiments import likelihood_table as table
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_the_images_are_split_without_overlap_and_binarised_once():
    train, held_out, test = table.images()
    assert [len(each) for each in (train, held_out, test)] == [9000, 1000, 2000]
    for binary in (held_out, test):
        assert set(binary.unique().tolist()) == {0.0, 1.0}
    data = load_fashion_mnist()
    grey = torch.from_numpy(data.train_x)
    assert torch.equal(train, grey[:9000])
    for binary, of in ((held_out, grey[9000:]), (test, torch.from_numpy(data.test_x))):
        assert (binary[of == 0] == 0).all()
        assert (binary[of == 1] == 1).all()
        assert abs(binary.mean() - of.mean()) < 0.002
    table.images.cache_clear()
    assert torch.equal(table.images().test, test)


@pytest.mark.parametrize("name", table.MODELS)
def test_every_model_of_the_table_is_trained_and_scored_as_it_is(name, monkeypatch):
    few = table.Images(table.images().train[:300], *(each[:20] for each in table.images()[1:]))
    monkeypatch.setattr(table, "images", lambda: few)
    monkeypatch.setitem(table.SETTINGS, "samples", 3)
    model, seconds = table.train(table.MODELS[name], 0, rate=1e-3, epochs=1)
    again, _ = table.train(table.MODELS[name], 0, rate=1e-3, epochs=1)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    scores = table.scores(model, few.test, seeded(0))
    assert scores.negative_elbo.shape == scores.nll.shape == (20,)
    assert scores.nll.mean() < scores.negative_elbo.mean() + 1
    assert seconds > 0
    assert math.isfinite(table.held_out_nll(model, 0))


def test_the_wider_control_has_as_many_parameters_as_the_largest_model():
    counts = {name: table.parameters(build(table.images().train)) for name, build in table.MODELS.items()}
    largest = max(count for name, count in counts.items() if name != "plain, wider")
    assert largest <= counts["plain, wider"] < 1.05 * largest


def test_the_scores_of_a_linear_model_are_its_exact_values():
    """With W = 0, x does not depend on z, and q = p(z) is the posterior: both scores are −log p(x)."""
    model = VAE(4, 2, mean=torch.zeros(4), hidden=(), likelihood=Gaussian(0.5)).double()
    with torch.no_grad():
        for each in (*model.encoder.parameters(), *model.decoder.parameters()):
            each.zero_()
    x = torch.randn(30, 4, generator=seeded(1), dtype=torch.float64)
    exact = -torch.distributions.Normal(0.0, math.sqrt(0.5)).log_prob(x).sum(dim=1)
    for score in table.scores(model, x, seeded(2)):
        torch.testing.assert_close(score, exact)


def test_the_rate_with_the_lowest_held_out_nll_is_chosen(monkeypatch):
    monkeypatch.setattr(table, "train", lambda build, seed, *, rate, objective: (rate, 1.0))
    monkeypatch.setattr(table, "held_out_nll", lambda model, seed: abs(model - 2e-3))
    rate, found = table.chosen_rate(table.plain)
    assert rate == 2e-3
    assert list(found) == table.SETTINGS["rates"]
