"""Rows with columns of different kinds: against ``torch.distributions``, column by column, and what a VAE fills in."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Categorical, Normal, Poisson

from vae_edu.likelihoods import Mixed
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import fit

KINDS = ("real", 3, "binary", "count", 2, "real", "count")  # x: 0, 1–3, 4, 5, 6–7, 8, 9
NAN = math.nan


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def likelihood() -> Mixed:
    mixed = Mixed(KINDS)
    with torch.no_grad():
        mixed.logvar.copy_(torch.tensor([0.7, -1.2]))
    return mixed


def table(rows: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = seeded(seed)
    draw = [
        torch.randn(rows, generator=generator),
        torch.randint(0, 3, (rows,), generator=generator),
        torch.randint(0, 2, (rows,), generator=generator),
        torch.randint(0, 9, (rows,), generator=generator),
        torch.randint(0, 2, (rows,), generator=generator),
        5 + torch.randn(rows, generator=generator),
        torch.randint(0, 2, (rows,), generator=generator),
    ]
    return torch.stack([column.to(dtype) for column in draw], dim=1)


def output(rows: int, seed: int = 1, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(rows, 10, generator=seeded(seed), dtype=dtype)


def expected(rows: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """log p of each column by ``torch.distributions``, from the table with one column for each category."""
    sd = torch.tensor([0.7, -1.2], dtype=rows.dtype).mul(0.5).exp()
    return torch.stack(
        [
            Normal(out[:, 0], sd[0]).log_prob(rows[:, 0]),
            Categorical(logits=out[:, 1:4]).log_prob(rows[:, 1]),
            Bernoulli(logits=out[:, 4]).log_prob(rows[:, 2]),
            Poisson(out[:, 5].exp()).log_prob(rows[:, 3]),
            Categorical(logits=out[:, 6:8]).log_prob(rows[:, 4]),
            Normal(out[:, 8], sd[1]).log_prob(rows[:, 5]),
            Poisson(out[:, 9].exp()).log_prob(rows[:, 6]),
        ],
        dim=1,
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-6)])
@pytest.mark.parametrize("rows", [1, 40])
def test_it_agrees_with_torch_distributions(rows, dtype, tolerance):
    mixed, values, out = likelihood(), table(rows, dtype=dtype), output(rows, dtype=dtype)
    x = mixed.expand(values)
    assert x.shape == (rows, 10) == (rows, mixed.data)
    each = mixed.column_log_prob(x, out)
    assert each.dtype == dtype
    torch.testing.assert_close(each, expected(values, out), atol=tolerance, rtol=tolerance)
    assert mixed.log_prob(x, out).shape == (rows,)
    torch.testing.assert_close(mixed.log_prob(x, out), expected(values, out).sum(dim=1), atol=1e-4, rtol=1e-5)


def test_missing_entries_contribute_nothing():
    mixed, values, out = likelihood(), table(60), output(60)
    missing = torch.rand(60, 7, generator=seeded(5)) < 0.4
    missing[0], missing[1] = True, False
    x = mixed.expand(values.masked_fill(missing, NAN))
    assert torch.equal(mixed.known(x), ~missing)
    each = mixed.column_log_prob(x, out)
    torch.testing.assert_close(each, expected(values, out).masked_fill(missing, 0.0), atol=1e-6, rtol=1e-6)
    assert mixed.log_prob(x, out)[0] == 0


def test_no_gradient_comes_from_what_is_missing():
    mixed, out = likelihood(), output(7).requires_grad_()
    values = table(7)
    values[torch.arange(7), torch.arange(7)] = NAN  # in row i, column i
    mixed.log_prob(mixed.expand(values), out).sum().backward()
    of = [[0], [1, 2, 3], [4], [5], [6, 7], [8], [9]]
    for row, entries in enumerate(of):
        assert (out.grad[row, entries] == 0).all()
        others = [entry for entry in range(10) if entry not in entries]
        assert (out.grad[row, others] != 0).all()
    assert mixed.logvar.grad.isfinite().all()
    assert (mixed.logvar.grad != 0).all()


@pytest.mark.parametrize("huge", [100.0, 1e30, -1e30])
def test_an_overflow_where_an_entry_is_missing_reaches_no_gradient(huge):
    """exp(100) is infinite in single precision, and 0 · ∞ is NaN."""
    mixed = likelihood()
    out = torch.full((1, 10), huge, requires_grad=True)
    x = mixed.expand(torch.tensor([[NAN, 1.0, 1.0, NAN, NAN, 0.0, NAN]]))
    fine = torch.zeros(10, dtype=torch.bool)
    fine[[1, 2, 3, 4, 8]] = True  # the entries of what is there have outputs that are fine
    mixed.log_prob(x, torch.where(fine, 0.1 * out / huge, out)).sum().backward()
    assert out.grad.isfinite().all()
    assert mixed.logvar.grad.isfinite().all()


@pytest.mark.parametrize("shape", [(4, 9), (4, 11), (1, 10), (5, 10)])
def test_an_output_of_another_shape_is_refused(shape):
    mixed = likelihood()
    with pytest.raises(ValueError, match=rf"output has shape \({shape[0]}, {shape[1]}\); expected \(4, 10\)"):
        mixed.log_prob(mixed.expand(table(4)), torch.zeros(shape, dtype=torch.float64))


def test_the_number_of_levels_may_be_numpy_s():
    mixed = Mixed(["real", np.int64(3), np.uint8(2)])
    assert mixed.kinds == ("real", 3, 2)
    assert mixed.data == 6
    assert mixed.expand(torch.tensor([[0.5, 2.0, 1.0]])).tolist() == [[0.5, 0, 0, 1, 0, 1]]


def test_a_column_that_is_missing_in_every_row_is_refused_by_its_entry():
    mixed = likelihood()
    values = table(20, dtype=torch.float32)
    values[:, 5] = NAN
    x = mixed.expand(values)
    with pytest.raises(
        ValueError, match=r"mean is NaN or infinite at entries \[8\]; a column that is missing in every row"
    ):
        VAE(mixed.data, 2, mean=x.nanmean(dim=0), likelihood=mixed)


def test_training_with_missing_entries_gives_finite_gradients_everywhere():
    mixed = likelihood()
    values = table(200, dtype=torch.float32)
    values[torch.rand(200, 7, generator=seeded(2)) < 0.5] = NAN
    x = mixed.expand(values)
    torch.manual_seed(0)
    model = VAE(mixed.data, 2, mean=x.nanmean(dim=0), hidden=(8,), likelihood=mixed)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(50):
        optimiser.zero_grad()
        negative_elbo(model, x, seeded(step))["loss"].mean().backward()
        assert all(parameter.grad.isfinite().all() for parameter in model.parameters()), step
        optimiser.step()


def test_the_mean_is_that_of_the_distributions():
    mixed, out = likelihood(), output(5)
    mean = mixed.mean(out)
    torch.testing.assert_close(mean[:, [0, 8]], out[:, [0, 8]])
    torch.testing.assert_close(mean[:, 1:4], Categorical(logits=out[:, 1:4]).probs)
    torch.testing.assert_close(mean[:, 4], Bernoulli(logits=out[:, 4]).mean)
    torch.testing.assert_close(mean[:, [5, 9]], Poisson(out[:, [5, 9]].exp()).mean)
    torch.testing.assert_close(mean[:, 6:8], Categorical(logits=out[:, 6:8]).probs)


def test_samples_have_the_moments_of_the_distributions():
    mixed, out = likelihood(), output(1).expand(40_000, 10)
    x = mixed.draw(out, generator=seeded(3))
    mean = mixed.mean(out[:1])[0]
    error = x.std(dim=0) / math.sqrt(len(x))
    assert ((x.mean(dim=0) - mean).abs() < 5 * error).all()
    assert x[:, [0, 8]].var(dim=0).log().tolist() == pytest.approx([0.7, -1.2], abs=0.05)
    assert x[:, 5].var() == pytest.approx(mean[5].item(), rel=0.05), "Poisson"
    assert (x[:, 1:4].sum(dim=1) == 1).all()
    assert mixed.log_prob(x, out).isfinite().all()
    assert torch.equal(mixed.draw(out[:9], generator=seeded(4)), mixed.draw(out[:9], generator=seeded(4)))
    again = mixed.draw(out[:9], generator=seeded(4))
    assert not torch.equal(again, mixed.draw(out[:9], generator=seeded(5)))


def test_the_output_for_a_mean_has_that_mean():
    mixed = likelihood()
    mean = mixed.expand(table(500)).mean(dim=0)
    torch.testing.assert_close(mixed.mean(mixed.output_for(mean)[None])[0], mean)
    extreme = torch.tensor([3.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, -2.0, 0.0])
    assert mixed.output_for(extreme).isfinite().all()


def test_rare_counts_and_levels_start_from_their_means():
    mixed = Mixed(["count", 3, "binary"])
    mean = torch.tensor([0.002, 0.0005, 0.2, 0.7995, 0.05])
    torch.testing.assert_close(mixed.mean(mixed.output_for(mean)[None])[0], mean)
    nothing = mixed.mean(mixed.output_for(torch.tensor([0.0, 0.0, 0.5, 0.5, 0.0]))[None])[0]
    torch.testing.assert_close(nothing, torch.tensor([1e-4, 1e-4, 0.5, 0.5, 0.01]), atol=1e-4, rtol=1e-6)


def test_there_and_back():
    mixed, values = likelihood(), table(30)
    values[3, 1] = values[4, 0] = values[5, 3] = NAN
    x = mixed.expand(values)
    assert x[3, 1:4].isnan().all()
    assert torch.equal(mixed.collapse(x).nan_to_num(-9), values.nan_to_num(-9))
    assert mixed.collapse(torch.tensor([[0, 0.2, 0.5, 0.3, 0.7, 2.5, 0.9, 0.1, 1, 0]])).tolist() == [
        pytest.approx([0, 1, 0.7, 2.5, 0, 1, 0])
    ]


def test_columns_of_one_kind_are_that_likelihood():
    x, out = torch.randint(0, 2, (6, 4), generator=seeded(0)).double(), output(6)[:, :4]
    torch.testing.assert_close(Mixed(["binary"] * 4).log_prob(x, out), Bernoulli(logits=out).log_prob(x).sum(dim=1))
    one = Mixed([4])
    x = one.expand(torch.tensor([[0.0], [3.0], [NAN]]).double())
    torch.testing.assert_close(one.log_prob(x, out[:3])[:2], out[:3].log_softmax(dim=1)[[0, 1], [0, 3]])


def test_it_fits_the_vae():
    mixed = likelihood()
    values = table(50, dtype=torch.float32)
    values[torch.rand(50, 7, generator=seeded(2)) < 0.2] = NAN
    x = mixed.expand(values)
    model = VAE(mixed.data, 2, mean=x.nanmean(dim=0), hidden=(8,), likelihood=mixed)
    terms = negative_elbo(model, x, seeded(0))
    assert terms["loss"].isfinite().all()
    assert model.reconstruct(x).isfinite().all()
    assert model.sample(3, generator=seeded(1)).shape == (3, 10)
    mean_in_place = torch.where(x.isnan(), model.mean, x)
    torch.testing.assert_close(model.encode(x)[0], model.encode(mean_in_place)[0])


def test_a_vae_fills_in_better_than_the_mean():
    """Two latent numbers behind eight columns of all kinds, a fifth of the entries missing, in training and in test."""
    generator = seeded(11)
    torch.manual_seed(0)  # the weights
    z = torch.randn(2_600, 2, generator=generator)
    kinds = ("real", "real", "real", "binary", "binary", "count", "count", 3)
    angle = torch.arange(10) * math.pi / 5
    signal = 1.5 * z @ torch.stack([angle.cos(), angle.sin()])
    values = torch.empty(2_600, 8)
    values[:, :3] = signal[:, :3] + 0.3 * torch.randn(2_600, 3, generator=generator)
    values[:, 3:5] = torch.bernoulli((2 * signal[:, 3:5]).sigmoid(), generator=generator)
    values[:, 5:7] = torch.poisson((0.5 + 0.5 * signal[:, 5:7]).clamp(max=3).exp(), generator=generator)
    values[:, 7] = (
        torch.distributions.Categorical(logits=2 * signal[:, 7:])
        .probs.cumsum(1)
        .lt(torch.rand(2_600, 1, generator=generator))
        .sum(dim=1)
    )
    values[:, :3] = (values[:, :3] - values[:, :3].mean(dim=0)) / values[:, :3].std(dim=0)
    missing = torch.rand(2_600, 8, generator=generator) < 0.2
    mixed = Mixed(kinds)
    truth, x = mixed.expand(values), mixed.expand(values.masked_fill(missing, NAN))
    train, test = x[:2_000], x[2_000:]
    mean = train.nanmean(dim=0)
    model = VAE(mixed.data, 2, mean=mean, hidden=(32,), likelihood=mixed)
    history = fit(model, negative_elbo, train, epochs=40, generator=generator, learning_rate=5e-3)
    assert history["loss"][-1] < history["loss"][0] - 1
    assert (mixed.logvar.exp() < 0.5).all(), "the variances are learned"
    model.eval()
    filled, hidden = model.reconstruct(test), missing[2_000:]
    with torch.no_grad():
        by_vae = mixed.column_log_prob(truth[2_000:], model.decode(model.encode(test)[0]))
        by_mean = mixed.column_log_prob(truth[2_000:], mixed.output_for(mean).expand(600, -1))
    for column in range(8):
        assert by_vae[hidden[:, column], column].mean() > by_mean[hidden[:, column], column].mean(), kinds[column]
    for entries, columns, at_most in (([0, 1, 2], [0, 1, 2], 0.5), ([5, 6], [5, 6], 0.8)):
        at = hidden[:, columns]
        errors = [
            ((guess[:, entries] - truth[2_000:, entries]) ** 2)[at].mean() for guess in (filled, mean.expand(600, -1))
        ]
        assert errors[0] < at_most * errors[1]


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ([], "kinds is empty"),
        (["real", "text"], r"kinds\[1\] is 'text'; expected one of real, binary, count, or the number of levels"),
        ([1], r"kinds\[0\] is 1"),
        ([True], r"kinds\[0\] is True"),
    ],
)
def test_other_kinds_are_refused(kinds, message):
    with pytest.raises(ValueError, match=message):
        Mixed(kinds)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (4, 0.5, "binary column that are neither 0 nor 1"),
        (5, -1.0, "column of counts that are not non-negative integers"),
        (9, 1.5, "column of counts that are not non-negative integers"),
        (1, 0.5, "category 1 that are not one 1 and zeros"),
        (6, 2.0, "category 4 that are not one 1 and zeros"),
        (2, NAN, "column 1 is missing in part; expected all of its 3 entries, or none"),
    ],
)
def test_impossible_entries_are_refused(place, value, message):
    mixed = likelihood()
    x = mixed.expand(table(4))
    x[2, place] = value
    with pytest.raises(ValueError, match=message):
        mixed.log_prob(x, output(4))


def test_a_category_without_a_level_is_refused():
    mixed = likelihood()
    x = mixed.expand(table(4))
    x[1, 1:4] = 0
    with pytest.raises(ValueError, match="category 1"):
        mixed.log_prob(x, output(4))


def test_tables_that_do_not_fit_are_refused():
    mixed, values = likelihood(), table(4)
    with pytest.raises(ValueError, match=r"table has shape \(4, 6\); expected \(rows, 7\)"):
        mixed.expand(values[:, :6])
    values[2, 1] = 3
    with pytest.raises(ValueError, match="column 1 holds 3; expected a level, 0 to 2"):
        mixed.expand(values)
    with pytest.raises(ValueError, match=r"x has shape \(4, 7\); expected \(batch, 10\)"):
        mixed.log_prob(values, output(4))
