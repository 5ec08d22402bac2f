"""The document models: what they start from, the prior against the formula and against samples of a Dirichlet distribution, what batch
normalisation forces, and that training finds planted topics."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.distributions import Dirichlet, Multinomial, Normal, kl_divergence

from vae_edu.evaluation.topics import top_words
from vae_edu.models.topics import NVDM, LogisticNormal, ProdLDA
from vae_edu.objectives import negative_elbo
from vae_edu.training import fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


FREQUENCIES = torch.tensor([0.4, 0.3, 0.1, 0.1, 0.06, 0.04])
COUNTS = torch.randint(0, 4, (9, 6), generator=seeded(0)).float()
BUILDS = [
    partial(NVDM, 6, 3, frequencies=FREQUENCIES),
    partial(ProdLDA, 6, 3, frequencies=FREQUENCIES),
    partial(ProdLDA, 6, 3, frequencies=FREQUENCIES, batch_norm=()),
]


@pytest.mark.parametrize("build", BUILDS)
def test_shapes_and_likelihood(build):
    model = build().eval()
    mu, logvar = model.encode(COUNTS)
    assert mu.shape == logvar.shape == (9, 3)
    logits = model.decode(mu)
    expected = [
        Multinomial(int(own.sum()), logits=row).log_prob(own).item() if own.sum() else 0.0
        for own, row in zip(COUNTS, logits, strict=True)
    ]
    assert model.log_prob(COUNTS, mu).tolist() == pytest.approx(expected, rel=1e-4)
    assert model.topics.shape == (3, 6)
    assert model.sample(4).sum(dim=1).tolist() == pytest.approx([1] * 4)


@pytest.mark.parametrize("build", BUILDS)
def test_without_its_weights_the_decoder_is_the_unigram_model(build):
    model = build().eval()
    with torch.no_grad():
        next(layer for layer in model.decoder if isinstance(layer, torch.nn.Linear)).weight.zero_()
    p = model.likelihood.mean(model.decode(torch.randn(5, 3)))
    torch.testing.assert_close(p, FREQUENCIES.expand(5, 6), rtol=1e-4, atol=1e-5)


def test_the_encoder_reads_the_logarithm_of_the_counts():
    model = NVDM(6, 3, frequencies=FREQUENCIES).eval()
    torch.testing.assert_close(torch.cat(model.encode(COUNTS), dim=1), model.encoder((1 + COUNTS).log()))


@pytest.mark.parametrize(("latent", "concentration"), [(2, 1.0), (10, 1.0), (20, 0.1)])
def test_the_prior_has_the_variance_of_the_source(latent, concentration):
    alpha = np.full(latent, concentration)
    variance = (1 - 2 / latent) / alpha + (1 / alpha).sum() / latent**2
    prior = LogisticNormal(latent, concentration)
    assert prior.logvar.exp().item() == pytest.approx(variance[0], rel=1e-6)
    z = prior.sample(20_000, generator=seeded(1))
    assert z.var().item() == pytest.approx(variance[0], rel=0.03)
    assert z.mean().item() == pytest.approx(0, abs=0.1)


def test_the_prior_resembles_a_dirichlet():
    own = LogisticNormal(5, 3.0).sample(40_000, generator=seeded(2)).softmax(dim=1)
    torch.manual_seed(0)
    dirichlet = Dirichlet(torch.full((5,), 3.0)).sample((40_000,))
    assert own.std(dim=0).mean().item() == pytest.approx(dirichlet.std(dim=0).mean().item(), rel=0.1)


def test_rates_and_density_of_the_prior_are_those_of_torch():
    prior = LogisticNormal(4, 0.5)
    mu, logvar = torch.randn(7, 4, generator=seeded(3)), torch.randn(7, 4, generator=seeded(4))
    p = Normal(torch.zeros(()), (0.5 * prior.logvar).exp())
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), p)
    torch.testing.assert_close(prior.rates(mu, logvar, mu), expected)
    torch.testing.assert_close(prior.log_prob(mu), p.log_prob(mu).sum(dim=1))


@pytest.mark.parametrize(("arguments", "told"), [((1, 1.0), "latent is 1"), ((3, 0.0), "concentration is 0")])
def test_the_prior_refuses(arguments, told):
    with pytest.raises(ValueError, match=told):
        LogisticNormal(*arguments)


def test_an_unknown_place_of_batch_normalisation_is_refused():
    with pytest.raises(ValueError, match="'decode'"):
        ProdLDA(6, 3, frequencies=FREQUENCIES, batch_norm=("decode",))


def test_proportions_are_a_softmax():
    model = ProdLDA(6, 3, frequencies=FREQUENCIES).eval()
    theta = model.proportions(COUNTS)
    torch.testing.assert_close(theta, model.encode(COUNTS)[0].softmax(dim=1))
    torch.testing.assert_close(theta.sum(dim=1), torch.ones(9))


def test_batch_normalisation_of_the_encoder_keeps_the_rate_up():
    model = ProdLDA(6, 3, frequencies=FREQUENCIES, batch_norm=("encoder",), dropout=0.0)
    with torch.no_grad():
        model.encoder[-2].weight.mul_(0.3)  # an encoder that hardly looks
    mu, logvar = model.encode(COUNTS)
    assert mu.var(dim=0, unbiased=False).tolist() == pytest.approx([1] * 3, abs=0.2)
    least = 0.5 * 3 / model.prior.logvar.exp().item()  # half of E[mu²] over the prior's variance, for each topic
    assert model.prior.rates(mu, logvar, mu).sum(dim=1).mean().item() > 0.8 * least
    assert all(not each.weight.requires_grad for each in model.modules() if isinstance(each, torch.nn.BatchNorm1d))


@pytest.mark.parametrize("build", [NVDM, partial(ProdLDA, dropout=0.0)])
def test_training_finds_planted_topics(build):
    rng = np.random.default_rng(6)
    topics = np.full((2, 12), 0.005)
    topics[0, :6], topics[1, 6:] = 0.16, 0.16
    topics /= topics.sum(axis=1, keepdims=True)
    theta = rng.dirichlet([0.3, 0.3], 400)
    counts = torch.tensor(np.stack([rng.multinomial(30, p) for p in theta @ topics]), dtype=torch.float32)
    torch.manual_seed(0)
    model = build(12, 2, frequencies=counts.mean(dim=0), hidden=(32,))
    history = fit(model, negative_elbo, counts, epochs=60, generator=seeded(7), batch_size=50, learning_rate=0.01)
    assert history["elbo"][-1] > history["elbo"][0] + 5
    if build is not NVDM:  # whose two axes may be rotated
        found = sorted(sorted(row) for row in top_words((model.topics - model.topics.mean(dim=0)).numpy(), 6).tolist())
        assert found == [list(range(6)), list(range(6, 12))]
    unigram = Multinomial(30, probs=counts.mean(dim=0)).log_prob(counts).mean().item()
    assert history["elbo"][-1] > unigram + 2
    assert math.isfinite(history["rate"][-1])
