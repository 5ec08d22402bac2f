"""``vae-edu train``: what it writes, that it resumes, and that two processes do what one does."""

import json
import subprocess
import sys
import typing
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from vae_edu.course import cli
from vae_edu.data import load_digits
from vae_edu.experiments import train as training
from vae_edu.objectives import negative_elbo
from vae_edu.training import evaluate

SHORT = ("--data", "digits", "--latent", "4", "--draws", "20", "--learning-rate", "0.01")


def run(folder, *options):
    return CliRunner().invoke(cli.app, ["train", *SHORT, *options, "--out", str(folder)])


def result_in(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("done")
    output = run(folder, "--epochs", "4", "--model", "conv")
    assert output.exit_code == 0, output.output
    return folder


def test_the_options_are_those_that_there_are():
    hints = typing.get_type_hints(cli.train, include_extras=True)
    tables = {
        "data": training.DATA,
        "model": training.MODELS,
        "likelihood": training.LIKELIHOODS,
        "prior": training.PRIORS,
    }
    for name, table in tables.items():
        literal = typing.get_args(hints[name])[0]
        assert set(typing.get_args(literal)) == set(table), name


def test_the_result_says_what_was_run_and_what_came_out(done):
    result = result_in(done)
    assert result["run"] == json.loads((done / "run.json").read_text(encoding="utf-8"))
    assert (result["run"]["model"], result["run"]["latent"], result["processes"]) == ("conv", 4, 1)
    assert len(result["history"]) == 4
    assert result["training_seconds"] == pytest.approx(sum(row["seconds"] for row in result["history"]))
    test = result["test"]
    assert test["negative_elbo"] == pytest.approx(test["distortion"] + test["rate"])
    assert test["negative_log_likelihood"] < test["negative_elbo"]  # of the same binary pixels
    assert 0 < test["standard_error"] < 2
    assert list(test["by_draws"]) == ["10", "20"]
    assert test["by_draws"]["20"] == test["negative_log_likelihood"]
    assert test["by_draws"]["10"] == pytest.approx(test["negative_log_likelihood"], abs=0.05)
    assert "validation" not in result


def test_a_finished_run_is_read_not_repeated(done):
    path, result = done / "result.json", result_in(done)
    try:
        path.write_text(json.dumps(result | {"test": {"rate": 1234.0}}), encoding="utf-8")
        output = run(done, "--epochs", "4", "--model", "conv")
        assert (output.exit_code, "1234" in output.output) == (0, True)
    finally:
        path.write_text(json.dumps(result, indent=1), encoding="utf-8")


def test_the_weights_are_those_of_the_result(done):
    images = load_digits()
    mean = torch.from_numpy(images.train_x).mean(dim=0)
    model = training.MODELS["conv"](8, 4, mean=mean, likelihood=training.LIKELIHOODS["bernoulli"]())
    assert model.load_state_dict(load_file(done / "model.safetensors"))
    assert sum(each.numel() for each in model.parameters()) == result_in(done)["parameters"]
    terms = evaluate(model, negative_elbo, torch.from_numpy(images.test_x), generator=torch.Generator().manual_seed(9))
    assert -terms["elbo"] == pytest.approx(result_in(done)["test"]["negative_elbo"], abs=0.6)  # other binary pixels


def test_the_prior_that_is_asked_for_is_trained_and_saved(done, tmp_path):
    output = run(tmp_path, "--epochs", "1", "--prior", "mixture")
    assert output.exit_code == 0, output.output
    weights = load_file(tmp_path / "model.safetensors")
    assert weights["prior.means"].shape == (100, 4)
    assert weights["prior.logits"].abs().max() > 0  # they begin at 0
    assert not any(name.startswith("prior") for name in load_file(done / "model.safetensors"))


def test_a_run_that_was_stopped_ends_as_one_that_was_not(done, tmp_path, monkeypatch):
    def stopping(*arguments, **options):
        if next(calls) == 30:  # in the third epoch of twelve steps
            raise KeyboardInterrupt
        return negative_elbo(*arguments, **options)

    calls = iter(range(10**6))
    monkeypatch.setattr(training, "negative_elbo", stopping)
    assert run(tmp_path, "--epochs", "4", "--model", "conv").exit_code != 0
    assert not (tmp_path / "result.json").exists()
    assert list((tmp_path / "checkpoints").glob("*.json"))
    monkeypatch.undo()
    assert run(tmp_path, "--epochs", "4", "--model", "conv").exit_code == 0
    stopped, whole = load_file(tmp_path / "model.safetensors"), load_file(done / "model.safetensors")
    assert all(torch.equal(stopped[name], whole[name]) for name in whole)
    assert result_in(tmp_path)["test"] == result_in(done)["test"]


def test_another_run_in_the_same_folder_is_refused_by_the_option_that_differs(done):
    before = (done / "result.json").read_bytes()
    output = run(done, "--epochs", "4", "--model", "conv", "--beta", "2")
    assert output.exit_code == 2
    assert "beta is 1.0 there, and 2.0 here" in output.output
    assert (done / "result.json").read_bytes() == before


@pytest.mark.parametrize("likelihood", ["learned-gaussian", "optimal-gaussian"])
def test_real_pixels(likelihood, tmp_path):
    assert run(tmp_path, "--epochs", "2", "--likelihood", likelihood).exit_code == 0
    test = result_in(tmp_path)["test"]
    assert test["negative_log_likelihood"] < test["negative_elbo"] < 64  # below that of a standard deviation of 1


def test_data_that_a_likelihood_cannot_have_are_refused(tmp_path):
    output = run(tmp_path, "--epochs", "1", "--likelihood", "discretised-logistic")  # 17 grey levels, not 256
    assert output.exit_code == 2
    assert "not one of the 256 grey values" in output.output


def test_what_is_reported_is_at_beta_one(tmp_path):
    assert run(tmp_path, "--epochs", "2", "--beta", "7", "--draws", "0").exit_code == 0
    result = result_in(tmp_path)
    test, last = result["test"], result["history"][-1]
    assert test["negative_elbo"] == pytest.approx(test["distortion"] + test["rate"])
    assert last["loss"] == pytest.approx(last["distortion"] + 7 * last["rate"], rel=1e-5)
    assert -last["elbo"] == pytest.approx(last["distortion"] + last["rate"], rel=1e-5)
    assert "negative_log_likelihood" not in test


def test_two_processes_train_what_one_does(done, tmp_path):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
    command = [
        *torchrun,
        str(Path(sys.executable).with_name("vae-edu")),
        "train",
        *SHORT,
        "--epochs",
        "4",
        "--model",
        "conv",
        "--out",
        str(tmp_path),
    ]
    output = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert output.returncode == 0, output.stderr
    assert output.stdout.count("written to") == 1  # by one process alone
    result, alone = result_in(tmp_path), result_in(done)
    assert result["processes"] == 2
    assert result["test"]["negative_log_likelihood"] == pytest.approx(alone["test"]["negative_log_likelihood"], abs=1.5)
    assert [row["loss"] for row in result["history"]] == pytest.approx(
        [row["loss"] for row in alone["history"]], rel=0.05
    )
