"""``fit``: which rows it sees, what it reports, and that its steps are those of PyTorch on the same batches and noise."""

import numpy as np
import pytest
import torch

from vae_edu.models.twin import to_torch
from vae_edu.objectives import negative_elbo

pytestmark = pytest.mark.filterwarnings("error")

BOTH = pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])


@pytest.fixture
def record(monkeypatch):
    """A function that makes a model keep x, eps and the terms of every batch that it is trained on."""

    def record(model):
        batches, original = [], model.negative_elbo

        def recorded(x, *, rng):
            eps = rng.standard_normal((len(x), model.latent), x.dtype)
            terms = original(x, eps=eps)
            batches.append((x.copy(), eps, {name: values.copy() for name, values in terms.items()}))
            return terms

        monkeypatch.setattr(model, "negative_elbo", recorded)
        return batches

    return record


@BOTH
def test_the_steps_are_those_of_torch(module, build, draw, record, error, likelihood):
    model = build(likelihood)
    twin, batches, rates = to_torch(model), record(model), [0.1, 0.01, 0.05, 0.02, 0.03, 0.001]
    x, _ = draw(model, n=23)
    module.fit(
        model,
        x,
        epochs=2,
        rng=np.random.default_rng(0),
        batch_size=10,
        learning_rate=lambda share: rates[round(6 * share)],
    )
    optimiser = torch.optim.Adam(twin.parameters())
    assert len(batches) == len(rates)
    for (batch, eps, _), optimiser.param_groups[0]["lr"] in zip(batches, rates, strict=True):
        optimiser.zero_grad()
        negative_elbo(twin, torch.tensor(batch), eps=torch.tensor(eps))["loss"].mean().backward()
        optimiser.step()
    for name, parameter in to_torch(model).named_parameters():
        assert error(parameter.detach().numpy(), twin.get_parameter(name).detach().numpy()) <= 1e-9


@BOTH
def test_the_history_is_the_mean_over_examples(module, build, draw, record, likelihood):
    """10 rows as 7 + 3: the mean of the two batches' means would weigh the last three more than twice as much."""
    model = build(likelihood)
    batches, (x, _) = record(model), draw(model, n=10)
    history = module.fit(model, x, epochs=4, rng=np.random.default_rng(0), batch_size=7, learning_rate=0.1)
    assert [len(batch) for batch, *_ in batches] == [7, 3] * 4
    for epoch, report in enumerate(history):
        seen = [terms for *_, terms in batches[2 * epoch : 2 * epoch + 2]]
        assert set(report) == {"loss", "distortion", "rate"}
        for name, value in report.items():
            assert type(value) is float
            assert value == pytest.approx(np.concatenate([terms[name] for terms in seen]).mean(), rel=1e-12)
            assert value != pytest.approx(np.mean([terms[name].mean() for terms in seen]), rel=1e-4)
        assert report["loss"] == pytest.approx(report["distortion"] + report["rate"])


def test_every_row_is_seen_once_an_epoch_in_a_new_order(module, record):
    model = module.VAE(3, 2, mean=np.zeros(3), hidden=(4,), likelihood=module.Gaussian(1), rng=np.random.default_rng(0))
    batches, x = record(model), np.arange(30, dtype=np.float32).reshape(10, 3)
    kept = x.copy()
    module.fit(model, x, epochs=5, rng=np.random.default_rng(0), batch_size=4)
    np.testing.assert_array_equal(x, kept)
    assert [len(batch) for batch, *_ in batches] == [4, 4, 2] * 5
    orders = [np.concatenate([batch[:, 0] for batch, *_ in batches[i : i + 3]]) / 3 for i in range(0, 15, 3)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(10))
    assert len({tuple(order) for order in orders}) == 5


def test_grey_pixels_are_binarised_afresh_in_every_epoch(module, record):
    n = 400
    model = module.VAE(5, 2, mean=np.full(5, 0.3), hidden=(4,), rng=np.random.default_rng(0))
    batches, x = record(model), np.full((n, 5), 0.3, np.float32)
    module.fit(model, x, epochs=4, rng=np.random.default_rng(0), batch_size=n, learning_rate=0.0)
    assert set(np.unique([batch for batch, *_ in batches])) == {0, 1}
    for i, (batch, *_) in enumerate(batches):
        assert abs(batch.mean() - 0.3) < 4.5 * np.sqrt(0.21 / batch.size)
        for other, *_ in batches[:i]:
            assert abs(np.corrcoef(batch.ravel(), other.ravel())[0, 1]) < 4.5 / np.sqrt(batch.size)
            assert (batch.sum(axis=0) != other.sum(axis=0)).any()  # not the same pixels in another order
    np.testing.assert_array_equal(x, np.full_like(x, 0.3))


def test_every_batch_has_noise_of_its_own(module, build, draw, record):
    model = build()
    batches, (x, _) = record(model), draw(model, n=12)
    module.fit(model, x, epochs=2, rng=np.random.default_rng(0), batch_size=4)
    noise = np.concatenate([eps for _, eps, _ in batches]).ravel()
    assert len(np.unique(noise)) == noise.size == 6 * 4 * 2


@BOTH
def test_the_seed_decides_everything(module, build, draw, likelihood, flat):
    def trained(seed):
        model = build(likelihood)
        return module.fit(model, draw(model, n=20)[0], epochs=3, rng=np.random.default_rng(seed), batch_size=8), flat(
            model.parameters
        )

    (history, theta), (again, same), (other, different) = trained(1), trained(1), trained(2)
    assert history == again != other
    np.testing.assert_array_equal(theta, same)
    assert (theta != different).any()


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_falls(module, build, likelihood, dtype):
    rng = np.random.default_rng(0)
    model = build(likelihood, data=8, hidden=(16,), dtype=dtype)
    x = (rng.random((200, 1)) < 0.5) * np.ones(8)  # all pixels black, or all white
    history = module.fit(model, x.astype(dtype), epochs=40, rng=rng, batch_size=20, learning_rate=0.01)
    assert len(history) == 40
    assert history[-1]["loss"] < history[0]["loss"] / 2
    assert history[-1]["loss"] < history[10]["loss"]


def test_a_schedule_is_asked_at_the_share_of_training_done(module, build, draw, monkeypatch):
    model, shares, used = build(), [], []
    step = module.Adam.step
    monkeypatch.setattr(module.Adam, "step", lambda self: [used.append(self.learning_rate), step(self)][1])

    def schedule(share):
        shares.append(share)
        return 0.01 * (1 - share)

    module.fit(
        model, draw(model, n=10)[0], epochs=3, rng=np.random.default_rng(0), batch_size=4, learning_rate=schedule
    )
    assert shares == pytest.approx([i / 9 for i in range(9)])
    assert used == [0.01 * (1 - share) for share in shares]


def test_an_optimiser_keeps_its_learning_rate_where_none_is_given(module, build, draw):
    model = build()
    adam = module.Adam(model, learning_rate=0.05)
    module.fit(model, draw(model, n=10)[0], epochs=1, rng=np.random.default_rng(0), adam=adam)
    assert adam.learning_rate == 0.05


def test_the_learning_rate_and_the_batch_size_where_none_are_given(module, build, draw, flat):
    results = []
    for given in ({}, {"learning_rate": 1e-3}, {"learning_rate": lambda share: 1e-3, "batch_size": 128}):
        model = build()
        module.fit(model, draw(model, n=150)[0], epochs=2, rng=np.random.default_rng(0), **given)
        results.append(flat(model.parameters))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_a_batch_larger_than_the_data_is_all_of_them(module, build, draw, record):
    model = build()
    batches, (x, _) = record(model), draw(model, n=10)
    assert len(module.fit(model, x, epochs=3, rng=np.random.default_rng(0), batch_size=1000)) == 3
    assert [len(batch) for batch, *_ in batches] == [10] * 3


def test_data_of_another_precision_are_taken_in_the_models(module, build, draw, flat):
    results = []
    for dtype in (np.float32, np.float64):
        model = build(dtype=np.float32)
        module.fit(model, draw(model, n=20)[0].astype(dtype), epochs=2, rng=np.random.default_rng(0))
        results.append(flat(model.parameters))
        assert model.dtype == np.float32
    np.testing.assert_array_equal(*results)


def test_an_adam_of_ones_own_is_used(module, build, draw):
    """Such as the learner's: one that takes no steps leaves the parameters as they are."""

    class Still:
        steps = 0

        def step(self):
            self.steps += 1

    model, still = build(), Still()
    before = {name: array.copy() for name, array in model.parameters.items()}
    module.fit(model, draw(model, n=10)[0], epochs=3, rng=np.random.default_rng(0), batch_size=4, adam=still)
    assert still.steps == 9
    for name, array in model.parameters.items():
        np.testing.assert_array_equal(array, before[name])
