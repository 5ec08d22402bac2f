"""``fit``: what it minimises, what it writes down, and when it refuses."""

import copy
import io
import math
import re

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn
from tqdm import tqdm

from vae_edu import processes
from vae_edu.likelihoods import OptimalGaussian
from vae_edu.models.autoencoder import LinearAutoencoder, MLPAutoencoder
from vae_edu.models.text import TextVAE
from vae_edu.models.vae import VAE
from vae_edu.objectives import Scheduled, negative_elbo, squared_error
from vae_edu.training import AggressiveEncoder, History, TrainingDiverged, _progress_bar, cosine, evaluate, fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class OneNumber(nn.Module):
    """A model with one parameter."""

    def __init__(self, value: float = 0.0):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value, dtype=torch.float64))


def falling(model, x, _generator):
    """A loss whose gradient is 1 everywhere: Adam then moves by exactly the learning rate."""
    return {"loss": model.value.expand(len(x))}


def first_column(model, x, _generator):
    return {"loss": x[:, 0] + 0 * model.value, "square": x[:, 0] ** 2}


def trained_vae(seed: int, **options):
    torch.manual_seed(3)  # the initial weights
    model = VAE(6, 2, mean=torch.full((6,), 0.5), hidden=(5,))
    x = torch.rand(23, 6, generator=seeded(0))
    history = fit(model, negative_elbo, x, epochs=3, generator=seeded(seed), batch_size=8, **options)
    return torch.cat([weights.detach().flatten() for weights in model.parameters()]), history


def test_a_seed_repeats_a_run_bit_for_bit():
    (weights, history), (again, history_again) = trained_vae(1), trained_vae(1)
    assert torch.equal(weights, again)
    for term in ("loss", "elbo", "distortion", "rate"):
        assert history[term].tolist() == history_again[term].tolist()


def test_a_run_is_the_loop_that_one_would_write_bit_for_bit():
    """The order of the rows and the noise from one generator, the mean over the batch, and Adam."""
    weights, history = trained_vae(1, learning_rate=0.01)
    torch.manual_seed(3)
    model = VAE(6, 2, mean=torch.full((6,), 0.5), hidden=(5,))
    x, generator = torch.rand(23, 6, generator=seeded(0)), seeded(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    for epoch in range(3):
        rates = []
        for rows in torch.randperm(23, generator=generator).split(8):
            terms = negative_elbo(model, x[rows], generator)
            optimizer.zero_grad()
            terms["loss"].mean().backward()
            optimizer.step()
            rates += terms["rate"].tolist()
        assert history["rate"][epoch] == pytest.approx(sum(rates) / 23)
    assert torch.equal(weights, torch.cat([each.detach().flatten() for each in model.parameters()]))


def test_another_seed_gives_another_run():
    assert not torch.equal(trained_vae(1)[0], trained_vae(2)[0])


def test_a_run_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    model, x = VAE(6, 2, mean=torch.full((6,), 0.5), hidden=(5,)), torch.rand(23, 6, generator=seeded(0))
    before = torch.get_rng_state()
    fit(model, negative_elbo, x, epochs=1, generator=seeded(1))
    evaluate(model, negative_elbo, x, generator=seeded(1))
    assert torch.equal(torch.get_rng_state(), before)


def test_history_holds_means_over_examples_with_a_ragged_last_batch():
    x = torch.arange(10, dtype=torch.float64)[:, None]  # as 7 + 3
    history = fit(OneNumber(), first_column, x, epochs=5, generator=seeded(2), batch_size=7)
    assert len(history) == 5
    assert history["loss"].tolist() == [4.5] * 5
    assert history["square"].tolist() == [28.5] * 5
    assert (history["seconds"] > 0).all()


def test_every_row_is_seen_once_an_epoch_in_another_order():
    seen = []

    def note(model, x, _generator):
        seen.append(x[:, 0].tolist())
        return falling(model, x, None)

    fit(OneNumber(), note, torch.arange(10.0)[:, None], epochs=2, generator=seeded(3), batch_size=4)
    assert [len(batch) for batch in seen] == [4, 4, 2, 4, 4, 2]
    first, second = sum(seen[:3], []), sum(seen[3:], [])
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert first != sorted(first)


def test_history_names_its_terms():
    history = fit(OneNumber(), first_column, torch.ones(4, 1), epochs=1, generator=seeded(4))
    with pytest.raises(KeyError, match="loss, square, seconds, peak_mb, not 'rate'"):
        history["rate"]
    assert "loss 1" in repr(history)
    assert repr(History()) == "History(0 epochs; last: empty)"


def test_each_step_is_as_long_as_the_learning_rate_says():
    model = OneNumber()
    fit(model, falling, torch.ones(6, 1), epochs=5, generator=seeded(5), batch_size=2, learning_rate=0.01)
    assert model.value.item() == pytest.approx(-15 * 0.01, rel=1e-5)  # no step lost, gradients not piled up


def test_a_schedule_is_followed():
    asked, model = [], OneNumber()

    def schedule(done):
        asked.append(done)
        return 0.1 * (1 + done)

    fit(model, falling, torch.ones(5, 1), epochs=2, generator=seeded(6), batch_size=2, learning_rate=schedule)
    assert asked == pytest.approx([step / 6 for step in range(6)])
    assert model.value.item() == pytest.approx(-sum(0.1 * (1 + step / 6) for step in range(6)), rel=1e-5)


def test_cosine_rises_and_falls():
    rate = cosine(0.4, warm_up=0.2)
    assert [rate(done) for done in (0.0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx([0.0, 0.2, 0.4, 0.2, 0.0])
    shares = np.linspace(0, 1, 101)
    rates = np.array([rate(done) for done in shares])
    assert (np.diff(rates[:21]) > 0).all()
    assert (np.diff(rates[20:]) < 0).all()
    assert cosine(0.4, warm_up=0)(0) == pytest.approx(0.4)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_before_the_step(bad):
    calls = []

    def spoiled(model, x, generator):
        calls.append(1)
        loss = model.value.expand(len(x))
        return {"loss": loss * bad if len(calls) == 3 else loss}

    model = OneNumber(1.0)
    with pytest.raises(TrainingDiverged, match=r"loss is \S+ at step 2; at the step before: loss 0.99") as caught:
        fit(model, spoiled, torch.ones(4, 1), epochs=9, generator=seeded(7), batch_size=2, learning_rate=0.01)
    assert (caught.value.step, caught.value.term) == (2, "loss")
    assert caught.value.last_good == {"loss": pytest.approx(0.99, rel=1e-6)}
    assert model.value.item() == pytest.approx(1 - 2 * 0.01, rel=1e-5)  # two steps, not three
    assert len(calls) == 3


def test_one_bad_example_is_enough_to_stop():
    x = torch.ones(8, 1, dtype=torch.float64)
    x[5] = math.nan
    with pytest.raises(TrainingDiverged, match="square is nan at step 0; there was none before"):  # not only the loss
        fit(OneNumber(), first_column, x, epochs=1, generator=seeded(8))


@pytest.mark.parametrize("cause", ["rate", "distortion"])
def test_the_term_that_is_named_is_the_cause(cause):
    def spoiled(model, x, _generator):
        terms = dict.fromkeys(("distortion", "rate"), model.value.expand(len(x)))
        terms[cause] = terms[cause] * math.nan
        return {"loss": sum(terms.values()), "elbo": -sum(terms.values()), **terms}

    with pytest.raises(TrainingDiverged, match=f"{cause} is nan at step 0"):
        fit(OneNumber(), spoiled, torch.ones(4, 1), epochs=1, generator=seeded(8))


def test_a_step_that_is_not_taken_leaves_the_optimal_variance_alone():
    model = VAE(6, 2, mean=torch.full((6,), 0.5), hidden=(5,), likelihood=OptimalGaussian())
    x = torch.rand(8, 6, generator=seeded(0))
    fit(model, negative_elbo, x, epochs=1, generator=seeded(1))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    x[3, 2] = math.nan
    with pytest.raises(TrainingDiverged):
        fit(model, negative_elbo, x, epochs=1, generator=seeded(1))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_gradient_that_is_not_finite_stops_before_the_step():
    def kink(model, x, _generator):
        return {"loss": (model.value.expand(len(x)) - 1).abs().sqrt()}  # its slope at 1 is infinite times zero

    model = OneNumber(1.0)
    with pytest.raises(TrainingDiverged, match="gradient is nan at step 0"):
        fit(model, kink, torch.ones(4, 1), epochs=1, generator=seeded(8))
    assert model.value.item() == 1


def test_a_long_gradient_is_scaled_down():
    norms = []

    class Watched(OneNumber):
        def __init__(self):
            super().__init__()
            self.other = nn.Parameter(torch.zeros(3, dtype=torch.float64))
            for parameter in (self.value, self.other):
                parameter.register_post_accumulate_grad_hook(lambda each: norms.append(each))

    def steep(model, x, _generator):
        return {"loss": (300 * model.value + 200 * model.other.sum()).expand(len(x))}

    model = Watched()
    fit(model, steep, torch.ones(2, 1), epochs=1, generator=seeded(8), max_norm=5.0)
    total = math.sqrt(sum((each.grad**2).sum().item() for each in model.parameters()))
    assert total == pytest.approx(5, rel=1e-4)
    assert model.other.grad[0].item() / model.value.grad.item() == pytest.approx(2 / 3)  # its direction is kept
    model = Watched()
    fit(model, steep, torch.ones(2, 1), epochs=1, generator=seeded(8), max_norm=1e9)
    assert model.value.grad.item() == 300  # a short one is left alone


def test_an_interrupt_in_a_notebook_keeps_the_model_and_the_history(monkeypatch, capsys):
    calls = []

    def stopped(model, x, _generator):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return falling(model, x, None)

    def run(model):
        calls.clear()
        return fit(model, stopped, torch.ones(4, 1), epochs=9, generator=seeded(7), batch_size=2, learning_rate=0.01)

    model = OneNumber()
    with pytest.raises(KeyboardInterrupt):  # a script ends
        run(model)
    monkeypatch.setattr("vae_edu.training._in_notebook", lambda: True)
    model = OneNumber()
    assert len(run(model)) == 2
    assert model.value.item() == pytest.approx(-5 * 0.01, rel=1e-5)
    assert not model.training
    assert "epoch 3 of 9" in capsys.readouterr().out


def test_the_history_holds_seconds_and_memory():
    history = fit(OneNumber(), falling, torch.ones(4, 1), epochs=2, generator=seeded(1))
    assert (history["peak_mb"] > 50).all()  # Python with torch takes more
    assert (history["peak_mb"] < 100_000).all()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal to write to, as if no test were run."""
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    terminal = Terminal()
    options = {"file": terminal, "mininterval": 0, "ncols": 200}
    monkeypatch.setattr("vae_edu.training.tqdm", lambda **given: tqdm(**given | options))
    return terminal


def test_the_bar_shows_the_terms_and_the_time_left(terminal):
    trained_vae(1)  # 3 epochs with 3 steps each
    lines = terminal.getvalue().split("\r")
    *_, last = (line for line in lines if line.strip())
    values = {term: float(value) for term, value in re.findall(r"(\w+)=(-?\d+\.\d\d)\b", last)}
    assert list(values) == ["loss", "elbo", "distortion", "rate"]
    assert values["elbo"] == pytest.approx(-values["distortion"] - values["rate"], abs=0.02)
    assert values["distortion"] == pytest.approx(6 * math.log(2), rel=0.5)  # that of one example with six pixels
    assert re.search(r"9/9 \[\d\d:\d\d<\d\d:\d\d, ", last)  # gone, and left
    assert any("4/9" in line for line in lines)
    assert not lines[-1].strip()  # it leaves nothing behind


def test_the_bar_of_a_resumed_run_goes_on_where_it_was(terminal, tmp_path):
    trained_vae(1, checkpoints=tmp_path)
    (tmp_path / "000003.json").unlink()
    terminal.truncate(terminal.seek(0))
    trained_vae(1, checkpoints=tmp_path)
    lines = terminal.getvalue().split("\r")
    assert next(line.split("|")[2].split()[0] for line in lines if "/9" in line) == "6/9"


def test_only_process_0_has_a_bar(terminal, monkeypatch):
    disabled = []
    for number in range(2):
        monkeypatch.setattr(processes, "number", lambda number=number: number)
        with _progress_bar(9, 0) as bar:
            disabled.append(bool(bar.disable))
    assert disabled == [False, True]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"max_norm": 0.0}, "max_norm is 0.0"),
        ({"max_norm": math.nan}, "max_norm is nan"),
    ],
)
def test_bad_arguments_are_named(options, named):
    arguments = {"data": torch.ones(4, 1), "epochs": 1, "generator": seeded(9)} | options
    model = OneNumber()
    with pytest.raises(ValueError, match=f"{named}; expected"):
        fit(model, falling, **arguments)
    assert model.value.item() == 0


@pytest.mark.parametrize(
    ("data", "named"),
    [(torch.ones(0, 1), "data has 0 rows"), ((torch.ones(3, 1), torch.ones(2)), "data has 3 and 2 rows")],
)
def test_fit_refuses_no_rows_and_parts_of_different_length(data, named):
    with pytest.raises(ValueError, match=named):
        fit(OneNumber(), falling, data, epochs=1, generator=seeded(9))


def test_evaluate_refuses_no_rows():
    with pytest.raises(ValueError, match="data has 0 rows"):
        evaluate(OneNumber(), falling, torch.ones(0, 1), generator=seeded(9))


def test_fit_trains_in_training_mode_and_leaves_evaluation_mode():
    modes = []

    def note(model, x, generator):
        modes.append(model.training)
        return falling(model, x, generator)

    model = OneNumber().eval()
    fit(model, note, torch.ones(4, 1), epochs=2, generator=seeded(10), batch_size=2)
    assert modes == [True] * 4
    assert not model.training


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_leaves_the_mode_and_the_gradients_alone(training):
    seen = []

    def note(model, x, generator):
        seen.append((model.training, torch.is_grad_enabled()))
        return falling(model, x, generator)

    model = OneNumber(2.0).train(training)
    model.value.grad = torch.tensor(7.0, dtype=torch.float64)
    assert evaluate(model, note, torch.ones(5, 1), generator=seeded(11), batch_size=2) == {"loss": 2.0}
    assert seen == [(False, False)] * 3
    assert model.training is training
    assert (model.value.item(), model.value.grad.item()) == (2.0, 7.0)


def test_evaluate_takes_means_over_examples_with_a_ragged_last_batch():
    x = torch.arange(10, dtype=torch.float64)[:, None]
    means = evaluate(OneNumber(), first_column, x, generator=seeded(12), batch_size=7)
    assert means == {"loss": 4.5, "square": 28.5}


def test_dropout_and_batch_norm_work_in_training_and_rest_in_evaluation():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))

        def encode(self, x):
            return self.layers(x)

        def decode(self, z):
            return z

    model, x = Noisy(), torch.randn(20, 3, generator=seeded(13))
    fit(model, squared_error, x, epochs=2, generator=seeded(14), batch_size=10)
    statistics = model.layers[1].running_mean.clone()
    assert statistics.abs().sum() > 0
    whole = evaluate(model, squared_error, x, generator=seeded(15))
    in_parts = evaluate(model, squared_error, x, generator=seeded(16), batch_size=3)
    assert whole == pytest.approx(in_parts)
    assert torch.equal(model.layers[1].running_mean, statistics)


def test_a_linear_autoencoder_reaches_the_error_of_pca():
    rng = np.random.default_rng(17)
    data = rng.normal(size=(120, 6)) * [3, 2, 1, 0.7, 0.5, 0.3] @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    data -= data.mean(axis=0)
    pca = PCA(2).fit(data)
    best = np.square(data - pca.inverse_transform(pca.transform(data))).sum(axis=1).mean()
    torch.manual_seed(18)
    model, x = LinearAutoencoder(6, 2).double(), torch.from_numpy(data)
    fit(model, squared_error, x, epochs=150, generator=seeded(19), batch_size=40, learning_rate=cosine(0.03))
    reached = evaluate(model, squared_error, x, generator=seeded(20))["loss"]
    assert best * (1 - 1e-9) <= reached <= best * 1.01


def test_training_a_vae_lowers_its_loss():
    torch.manual_seed(21)
    x = (torch.rand(200, 1, generator=seeded(22)) < 0.5).float().expand(200, 8).contiguous()  # all on or all off
    model = VAE(8, 1, mean=torch.full((8,), 0.5), hidden=(16,))
    before = evaluate(model, negative_elbo, x, generator=seeded(23))["loss"]
    history = fit(model, negative_elbo, x, epochs=60, generator=seeded(24), batch_size=50, learning_rate=0.01)
    after = evaluate(model, negative_elbo, x, generator=seeded(25))
    assert history["loss"][-1] < history["loss"][0]
    assert after["loss"] < 0.5 * before
    assert math.log(2) * 0.9 < after["loss"] < 2.5  # no bound goes below the entropy of the data, log 2


class TestAggressiveEncoder:
    """On a model of 2 latents, with 4 steps in an epoch."""

    X = torch.randint(0, 2, (32, 12), generator=torch.Generator().manual_seed(50)).float()

    def model(self):
        torch.manual_seed(7)
        return VAE(12, 2, mean=torch.full((12,), 0.5), hidden=(8,))

    def aggressive(self, model, objective=negative_elbo, information=lambda _model: 0.0, **options):
        options = {"generator": torch.Generator().manual_seed(51), "batch_size": 8} | options
        return AggressiveEncoder(model, objective, self.X, information=information, **options)

    def fit(self, model, before_step, epochs=1):
        generator = torch.Generator().manual_seed(52)
        options = {"batch_size": 8, "learning_rate": 1e-3, "before_step": before_step}
        return fit(model, negative_elbo, self.X, epochs=epochs, generator=generator, **options)

    def test_it_trains_the_encoder_alone(self):
        model = self.model()
        before = {name: value.clone() for name, value in model.state_dict().items()}
        self.aggressive(model)(0, 0.0)
        changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
        assert changed == {name for name in before if name.startswith("encoder.")}

    def test_the_encoder_parameters_are_all_that_the_posterior_hangs_on_and_no_more(self):
        for model, x in (
            (self.model(), self.X),
            (TextVAE(5, 2, hidden=6), torch.tensor([[1, 2, 4, 0], [3, 0, 0, 0]])),
        ):
            sum(each.sum() for each in model.encode(x)).backward()
            reached = {id(each) for each in model.parameters() if each.grad is not None}
            assert {id(each) for each in model.encoder_parameters()} == reached

    @pytest.mark.parametrize(
        ("losses", "updates"), [([3.0, 2.0, 2.0, 1.0], 15), ([3.0, 4.0], 10), ([5.0, 4.0, 3.0, 2.0, 1.0], 20)]
    )
    def test_it_ends_where_the_loss_no_longer_falls_or_at_the_most(self, losses, updates):
        model, calls = self.model(), iter(range(1000))

        def objective(model, x, generator):
            loss = losses[min(next(calls) // 5, len(losses) - 1)]
            return {"loss": negative_elbo(model, x, generator)["loss"] * 0 + loss}

        aggressive = self.aggressive(model, objective, at_most=20, look_every=5)
        aggressive(0, 0.0)
        assert aggressive.updates == updates

    def test_it_goes_on_while_the_information_rises_from_epoch_to_epoch(self):
        model, known = self.model(), iter([0.5, 0.9, 0.8, 99.0])
        modes = []

        def information(model):
            modes.append(model.training)
            return next(known)

        aggressive = self.aggressive(model, information=information, at_most=2, look_every=2)
        steps, training = [], []

        def before_step(step, done):
            assert done == step / 20
            aggressive(step, done)
            steps.append((aggressive.active, aggressive.updates))
            training.append(model.training)

        self.fit(model, before_step, epochs=5)
        assert [active for active, _ in steps] == [True] * 12 + [False] * 8
        assert [updates for _, updates in steps] == [2 * (step + 1) for step in range(12)] + [24] * 8
        assert modes == [False] * 3
        assert training == [True] * 20
        assert next(known) == 99.0

    def test_information_that_stays_the_same_ends_it(self):
        aggressive = self.aggressive(self.model(), information=lambda _model: 0.5, at_most=1, look_every=1)
        assert [(aggressive(step, 0.0), aggressive.active)[1] for step in (0, 4, 8)] == [True, True, False]

    def test_the_step_that_follows_is_as_ever(self):
        left_alone, trained = self.model(), self.model()
        self.fit(left_alone, None)
        self.fit(trained, lambda _step, _done: None)
        for one, other in zip(left_alone.parameters(), trained.parameters(), strict=True):
            assert torch.equal(one, other)

    def test_a_loss_that_is_not_finite_leaves_the_encoder_as_it_was(self):
        model = self.model()
        before = [value.clone() for value in model.parameters()]

        def objective(model, x, generator):
            return {"loss": negative_elbo(model, x, generator)["loss"] * math.nan}

        with pytest.raises(TrainingDiverged, match="the encoder's loss is nan at step 3"):
            self.aggressive(model, objective)(3, 0.0)
        assert all(torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))

    def test_a_scheduled_objective_is_taken_as_it_is_at_the_step(self):
        asked = []

        def objective(model, x, generator, *, beta):
            asked.append(beta)
            return negative_elbo(model, x, generator, beta=beta)

        rising = Scheduled(objective, beta=lambda done: 2 * done)
        aggressive = self.aggressive(self.model(), rising, at_most=3, look_every=3)
        for step, done in ((0, 0.0), (1, 0.25)):
            aggressive(step, done)
        assert asked == [0.0] * 3 + [0.5] * 3

    def test_it_does_not_go_with_checkpoints(self, tmp_path):
        model = self.model()
        with pytest.raises(ValueError, match="before_step and checkpoints"):
            fit(
                model,
                negative_elbo,
                self.X,
                epochs=1,
                generator=torch.Generator(),
                before_step=self.aggressive(model),
                checkpoints=tmp_path,
            )


def test_momentum_is_that_of_adam():
    x = torch.randn(12, 3, generator=seeded(40))
    runs = {}
    for momentum in (0.9, 0.5):
        torch.manual_seed(0)
        model = MLPAutoencoder(3, 2, mean=torch.full((3,), 0.5), hidden=(4,))
        twin = copy.deepcopy(model)
        fit(
            model,
            squared_error,
            x,
            epochs=6,
            generator=seeded(41),
            batch_size=12,
            learning_rate=0.01,
            momentum=momentum,
        )
        optimizer = torch.optim.Adam(twin.parameters(), lr=0.01, betas=(momentum, 0.999))
        for _ in range(6):
            optimizer.zero_grad()
            squared_error(twin, x, seeded(0))["loss"].mean().backward()
            optimizer.step()
        for own, other in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-6)
        runs[momentum] = torch.cat([each.flatten() for each in model.parameters()])
    assert not torch.allclose(runs[0.9], runs[0.5])
