"""Results of long sweeps: the files that are shipped, the command that makes them, and what is refused."""

import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from typer.testing import CliRunner

from vae_edu.course.cli import app
from vae_edu.course.places import root
from vae_edu.experiments import bottleneck, fashion_likelihood, sampling
from vae_edu.experiments.results import SWEEPS, ResultsError, load, make, path_of


@pytest.fixture
def sweep(monkeypatch):
    """A sweep of four runs that takes no time, as that of notebook 77."""
    module = SimpleNamespace(
        SETTINGS={"slope": 2, "names": ["a", "b"]},
        RUNS=[{"name": name, "seed": seed} for name in "ab" for seed in (0, 1)],
        row=lambda name, seed: {"name": name, "seed": seed, "value": 2 * seed + ord(name), "path": [0.5, 1 / 3]},
    )
    monkeypatch.setitem(sys.modules, "sweep_of_77", module)
    monkeypatch.setitem(SWEEPS, "77", "sweep_of_77")
    return module


@pytest.fixture
def made(sweep, tmp_path):
    return make("77", tmp_path / "77.json", report=lambda line: None)


@pytest.mark.parametrize("number", SWEEPS)
def test_the_shipped_results_are_those_of_the_sweep_as_it_is_now(number):
    found = load(number)
    assert found.made["command"] == f"vae-edu results {number}"
    assert {"torch", "numpy", "python", "vae_edu"} <= found.made["versions"].keys()
    assert found.made["seconds"] > 0
    assert path_of(number).stat().st_size < 200_000


class TestAFile:
    def test_it_holds_what_was_run(self, made, sweep):
        found = load("77", made)
        assert found.rows == [sweep.row(**run) for run in sweep.RUNS]
        assert found.of("b", "value").tolist() == [98, 100]
        assert found.of("a", "path").shape == (2, 2)
        assert "4 runs" in repr(found)
        with pytest.raises(KeyError, match="no run 'c'; there are a, b"):
            found.of("c", "value")

    def test_each_run_is_reported(self, sweep, tmp_path):
        lines = []
        make("77", tmp_path / "77.json", report=lines.append)
        assert len(lines) == 4
        assert lines[2].startswith("  3 of 4  b: seed 0, value 98")

    def test_a_run_that_fails_leaves_the_old_file(self, made, sweep):
        before = made.read_bytes()
        sweep.row = lambda name, seed: {"name": name} if name == "a" else 1 / 0
        with pytest.raises(ZeroDivisionError):
            make("77", made, report=lambda line: None)
        assert made.read_bytes() == before
        assert list(made.parent.iterdir()) == [made]

    def test_a_missing_one_is_named_with_the_command(self, sweep, tmp_path):
        with pytest.raises(ResultsError, match=r"no results file .*77\.json: make it anew with `vae-edu results 77`"):
            load("77", tmp_path / "77.json")

    @pytest.mark.parametrize("change", ["cut", "text", "list", "number", "no digest", "other number of a row"])
    def test_a_damaged_one_is_named(self, change, made):
        text = made.read_text(encoding="utf-8")
        content = json.loads(text)
        if change == "number":
            content["rows"][0]["value"] += 1
        elif change == "no digest":
            del content["sha256"]
        elif change == "other number of a row":
            content["rows"] = content["rows"][::-1]
        new = {"cut": text[:-40], "text": "not JSON", "list": "[1]"}.get(change, json.dumps(content))
        made.write_text(new, encoding="utf-8")
        with pytest.raises(ResultsError, match=r"77\.json is damaged"):
            load("77", made)

    @pytest.mark.parametrize("change", [{"slope": 3}, {"offset": 1}, {"names": ["b", "a"]}])
    def test_a_stale_one_is_named_with_what_has_changed(self, change, made, sweep):
        sweep.SETTINGS = sweep.SETTINGS | change
        with pytest.raises(ResultsError, match=rf"77\.json is stale \({next(iter(change))} has changed"):
            load("77", made)

    @pytest.mark.parametrize("runs", [slice(0, 3), slice(None, None, -1)])
    def test_other_runs_are_stale_too(self, runs, made, sweep):
        sweep.RUNS = sweep.RUNS[runs]
        with pytest.raises(ResultsError, match="it holds other runs"):
            load("77", made)

    def test_that_of_another_notebook_is_named(self, made, monkeypatch):
        monkeypatch.setitem(SWEEPS, "78", "sweep_of_77")
        other = made.with_name("78.json")
        shutil.copy(made, other)
        with pytest.raises(ResultsError, match=r"78\.json is that of notebook 77, not 78"):
            load("78", other)


class TestTheCommand:
    def test_it_writes_the_file(self, sweep, tmp_path):
        path = tmp_path / "new" / "77.json"
        output = CliRunner().invoke(app, ["results", "77", "--out", str(path)])
        assert output.exit_code == 0, output.output
        assert "4 of 4" in output.output
        assert len(load("77", path).rows) == 4

    def test_a_notebook_without_a_sweep_is_refused(self):
        output = CliRunner().invoke(app, ["results", "03"])
        assert output.exit_code == 2
        assert f"notebook '03' has no long sweep; there is one of {', '.join(SWEEPS)}" in output.output


class TestTheSampledCodes:
    @pytest.fixture
    def few(self, monkeypatch):
        """Few images, few samples, and a classifier of each test's own."""
        x, labels, test = sampling.images()
        monkeypatch.setattr(sampling, "images", lambda: (x[:600], labels[:600], test[:150]))
        monkeypatch.setattr(sampling, "judge", sampling.Judge)
        settings = {"samples": 100, "samplings": 2, "components": [1, 3], "held_out": 100}
        for name, value in settings.items():
            monkeypatch.setitem(sampling.SETTINGS, name, value)

    @pytest.mark.parametrize(
        ("name", "count"),
        [
            ("controls", 4),
            ("autoencoder, 12 epochs", 4),
            ("VAE, Gaussian pixels, 12 epochs", 4),
            ("closer look: PCA", 8),
            ("closer look: VAE, 12 epochs", 8),
        ],
    )
    def test_a_row_has_the_columns_that_are_shipped(self, name, count, few, monkeypatch):
        monkeypatch.setitem(sampling.SETTINGS["closer look"], "components", [1, 3])
        shipped = json.loads(path_of("02").read_text(encoding="utf-8"))[
            "rows"
        ]  # `load` would miss the changed settings
        row = sampling.row(name, 0)
        assert row.keys() == next(each for each in shipped if each["name"] == name).keys()
        means, spreads = (np.array(each) for each in zip(*(row[way] for way in list(row)[-3:]), strict=True))
        assert means.shape == spreads.shape == (3, count)
        assert ((means >= 0) & (means[:, :1] <= 1) & (means[:, 1:2] <= 1)).all()

    def test_a_row_is_reproduced_and_the_seed_matters(self, few):
        name = "autoencoder, binary pixels, 12 epochs"
        one = sampling.row(name, 1)
        assert one == sampling.row(name, 1)
        assert one["error"] != sampling.row(name, 2)["error"]

    @pytest.mark.parametrize("name", sampling.MODELS)
    def test_codes_of_a_vae_are_samples_and_images_lie_in_0_to_1(self, name, few):
        trained = sampling.train(name, epochs=1, seed=0, latent=3)
        x, _, test = sampling.images()
        assert trained.codes.shape == (len(x), 3)
        assert trained.test_codes.shape == (len(test), 3)
        pictures = trained.decode(5 * trained.codes)
        assert pictures.min() >= 0
        assert pictures.max() <= 1
        if name == "VAE, Gaussian pixels":  # the others encode binary pixels, which are sampled as well
            assert not np.allclose(trained.codes, trained.model.encode(x)[0].detach())

    def test_the_mixture_is_the_one_that_held_out_codes_prefer(self, few):
        rng = np.random.default_rng(0)
        near, apart = rng.normal(size=(400, 2)), rng.normal(size=(400, 2)) + 20 * rng.integers(3, size=400)[:, None]
        assert sampling.fit_mixture(apart).n_components == 3
        assert sampling.fit_mixture(near).n_components == 1

    def test_ways_of_sampling(self, few):
        rng = np.random.default_rng(0)
        codes = rng.normal(size=(800, 2)) @ np.array([[2.0, 1.0], [0.0, 0.5]]) + [7, -3]
        ways = sampling.samplers(codes, sampling.fit_mixture(codes), rng)
        assert tuple(ways) == sampling.SAMPLERS
        drawn = {way: np.concatenate([sample() for _ in range(40)]) for way, sample in ways.items()}
        assert drawn["N(0, I)"].mean(axis=0) == pytest.approx([0, 0], abs=0.1)
        assert drawn["box"].min(axis=0) == pytest.approx(codes.min(axis=0), abs=0.1)
        for way in ("one Gaussian", "mixture", "training codes"):
            assert drawn[way].mean(axis=0) == pytest.approx(codes.mean(axis=0), abs=0.15), way
            assert np.cov(drawn[way].T) == pytest.approx(np.cov(codes.T), rel=0.1), way
        assert set(map(tuple, drawn["training codes"])) <= set(map(tuple, codes))
        assert not np.array_equal(ways["mixture"](), ways["mixture"]())

    def test_the_components_to_choose_from_may_be_others(self, few):
        rng = np.random.default_rng(0)
        apart = rng.normal(size=(400, 2)) + 20 * rng.integers(3, size=400)[:, None]
        assert sampling.fit_mixture(apart, [1, 2]).n_components == 2

    def test_distance_and_threshold_give_the_scored_holes(self, few):
        x, _, test = sampling.images()
        own = sampling.Judge(0)
        pictures = torch.cat([test[:40], torch.rand((60, 784), generator=torch.Generator().manual_seed(0))])
        distance = own.distance(pictures)
        assert distance[:40] == pytest.approx(0, abs=1e-4)  # test images are their own nearest
        assert own.scores(pictures)[0] == np.mean(distance > own.threshold)
        assert np.mean(own.distance(x) > own.threshold) == pytest.approx(0.05, abs=0.005)

    def test_a_closer_look_takes_a_frechet_distance_apart(self, few):
        _, _, test = sampling.images()
        own = sampling.Judge(0)
        pictures = torch.cat([test[:70], torch.rand((30, 784), generator=torch.Generator().manual_seed(0))])
        inside = own.distance(pictures) > own.threshold
        assert 0 < inside.sum() < 100
        variance, shift, without, control = own.closer(pictures, np.random.default_rng(0))
        features = own.classifier.features(pictures).double().numpy()
        assert variance == pytest.approx(np.trace(np.cov(features.T)))
        assert shift == pytest.approx(np.linalg.norm(features.mean(axis=0) - own.test.mean(axis=0)) ** 2)
        assert without == pytest.approx(own.scores(pictures[torch.from_numpy(~inside)])[2])
        assert control != pytest.approx(without)
        # Without a sample in a hole there is nothing to take away, and both are the distance itself.
        _, _, without, control = own.closer(test[:70], np.random.default_rng(0))
        assert without == pytest.approx(own.scores(test[:70])[2])
        assert control == pytest.approx(without)

    def test_an_unknown_model_is_refused(self):
        with pytest.raises(ValueError, match="name is 'GAN'; expected one of"):
            sampling.train("GAN", epochs=1, seed=0)


class TestTheBottleneck:
    @pytest.fixture
    def few(self, monkeypatch):
        """Two batches to train on, and few images to measure on."""
        parts = [part[:count] for part, count in zip(bottleneck.split(), (250, 60, 70), strict=True)]
        monkeypatch.setattr(bottleneck, "split", lambda: parts)
        for cached in (bottleneck.masked_images, bottleneck._principal_directions):
            monkeypatch.setattr(bottleneck, cached.__name__, cached.__wrapped__)
        return parts

    def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(self, few):
        one, again = (bottleneck.row("denoising", 5, 2, 1) for _ in range(2))
        assert one.keys() == load("01").rows[0].keys()
        one.pop("seconds")
        again.pop("seconds")
        assert one == again
        assert bottleneck.row("denoising", 5, 2, 2)["test"] != one["test"]
        assert bottleneck.row("plain", 5, 2, 1)["test"] != one["test"]

    def test_the_gain_is_over_pca_with_as_many_directions_learned_from_the_same_images(self, few):
        x, _, test = (part.numpy().astype(float) for part in few)
        fitted = PCA(5, svd_solver="full").fit(x)
        by_pca = fitted.inverse_transform(fitted.transform(test)).clip(0, 1)
        row = bottleneck.row("plain", 5, 2, 0)
        assert row["gain"] == pytest.approx(((by_pca - test) ** 2).sum(axis=1).mean() - row["test"], abs=1e-3)

    def test_no_image_is_in_two_of_the_three_sets(self):
        kept, held_out, test = ({row.tobytes() for row in part.numpy()} for part in bottleneck.split())
        assert (len(bottleneck.split()[0]), len(bottleneck.split()[1]), len(test)) == (8500, 1500, 2000)
        assert not (kept & held_out)
        assert not (kept & test)
        assert not (held_out & test)

    def test_masking_keeps_the_expected_value(self):
        x = torch.full((400, 100), 0.8)
        masked = bottleneck.mask(x, torch.Generator().manual_seed(3))
        assert (masked == 0).double().mean().item() == pytest.approx(0.6, abs=0.012)
        assert masked.mean().item() == pytest.approx(0.8, abs=0.03)
        assert not torch.equal(masked[0], masked[1])
        assert torch.equal(masked, bottleneck.mask(x, torch.Generator().manual_seed(3)))

    def test_errors_are_sums_over_pixels_after_clamping(self):
        x = torch.tensor([[0.5, 1.0, 0.0], [0.2, 0.2, 0.2]])
        output = torch.tensor([[0.0, 1.7, -3.0], [0.2, 0.2, 1.2]])
        assert bottleneck.squared_errors(output, x).tolist() == pytest.approx([0.25, 0.64])


class TestTheLikelihoodOfFashionMNIST:
    @pytest.fixture
    def short(self, monkeypatch):
        """Two epochs on the digits."""
        few = {"data": "digits", "latent": 4, "epochs": 2, "draws": 20}
        monkeypatch.setitem(fashion_likelihood.SETTINGS, "short", fashion_likelihood.SETTINGS["embedded"] | few)

    def test_a_row_has_the_columns_that_are_shipped(self, short, tmp_path):
        row = fashion_likelihood.row("short", folder=tmp_path)
        shipped = json.loads(path_of("12").read_text(encoding="utf-8"))["rows"]  # `load` would miss the short run
        assert all(row.keys() == each.keys() for each in shipped)
        assert row["nll"]["20"] == pytest.approx(row["nll"]["10"], abs=0.05)
        assert row["negative_elbo"] == pytest.approx(row["distortion"] + row["rate"], abs=2e-4)

    def test_it_goes_on_in_the_users_cache(self, short, monkeypatch, tmp_path):
        monkeypatch.setenv("VAE_EDU_HOME", str(tmp_path))
        row = fashion_likelihood.row("short")
        assert (tmp_path / "cache" / "results" / "12" / "short" / "result.json").exists()
        assert fashion_likelihood.row("short") == row  # the seconds too: it is not trained again

    def test_the_protocol_is_that_of_the_published_numbers(self):
        for name, run in fashion_likelihood.SETTINGS.items():
            assert (run["latent"], run["beta"], run["likelihood"]) == (40, 1.0, "bernoulli"), name
            if name != "embedded":
                assert (run["data"], run["draws"]) == ("full", 5000), name

    def test_what_is_shipped_is_in_order(self):
        """More draws and longer training give lower values, and each run had its epochs."""
        shipped = load("12").rows
        for row in shipped:
            assert list(row["nll"].values()) == sorted(row["nll"].values(), reverse=True)
            assert row["epochs"] == fashion_likelihood.SETTINGS[row["name"]]["epochs"]
        priors = {name: run["prior"] for name, run in fashion_likelihood.SETTINGS.items()}
        full = {
            prior: [row["nll"]["5000"] for row in shipped[1:] if priors[row["name"]] == prior]
            for prior in priors.values()
        }
        assert all(values == sorted(values, reverse=True) for values in full.values())
        assert full["mixture"][-1] < 228.7  # the VAE in print

    def test_the_page_of_long_runs_shows_what_is_shipped(self):
        page = (root() / "vae_edu" / "experiments" / "README.md").read_text(encoding="utf-8")
        for row in load("12").rows[1:]:
            shown = f"| {row['epochs']} | {row['negative_elbo']:.2f} | {row['nll']['5000']:.2f} |"
            assert shown in page, row["name"]
