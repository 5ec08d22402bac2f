"""The controls of notebook 21: other priors, a constant scale, and a lead with its error over messages."""

import numpy as np
import pytest
import torch

from vae_edu.evaluation.topics import perplexity
from vae_edu.experiments import topics, topics_controls
from vae_edu.experiments.results import load


@pytest.fixture
def few(monkeypatch):
    small = {name: (counts[:150], labels[:150]) for name, (counts, labels) in topics.parts().items()}
    monkeypatch.setattr(topics, "parts", lambda: small)
    monkeypatch.setattr(topics, "SETTINGS", topics.SETTINGS | {"epochs": 1})


def test_a_small_concentration_is_a_wide_prior(few):
    model = topics.train(topics_controls.MODELS["α = 0.02"], 0)
    assert model.prior.logvar.exp().item() == pytest.approx((1 - 1 / 20) / 0.02)


def test_ten_times_multiplies_the_proportions_alone(few):
    model = topics.train(topics_controls.MODELS["ten times"], 0).eval()
    z = torch.randn(4, 20, generator=torch.Generator().manual_seed(0))
    linear = model.decoder[2]
    expected = 10 * z.softmax(dim=1) @ linear.weight.T + linear.bias
    assert torch.allclose(model.decode(z), expected, atol=1e-4)


def test_the_lead_and_its_error():
    rng = np.random.default_rng(1)
    lengths = rng.integers(20, 60, 400)
    first = -lengths * rng.normal(6.0, 0.3, 400)
    second = first - lengths * rng.normal(0.02, 0.1, 400)
    lead, error = topics_controls.difference(first, second, lengths)
    assert lead == pytest.approx(perplexity(second, lengths) - perplexity(first, lengths))
    parts = np.array_split(rng.permutation(400), 20)
    scattered = [perplexity(second[p], lengths[p]) - perplexity(first[p], lengths[p]) for p in parts]
    assert error == pytest.approx(np.std(scattered, ddof=1) / np.sqrt(20), rel=0.4)


def test_a_row_has_the_columns_of_the_shipped_rows(few):
    row = topics_controls.row("α = 0.1", 1)
    shipped = next(each for each in load("21-controls").rows if each["name"] == "α = 0.1")
    assert row.keys() == shipped.keys()
    with pytest.raises(KeyError):
        topics_controls.row("α = 7", 0)
