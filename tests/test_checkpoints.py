"""A run that is stopped and resumed ends as one that was never stopped; what is damaged is refused by name."""

import json
import signal
import subprocess
import sys
import time

import pytest
import torch
from torch import nn

from vae_edu import checkpoints
from vae_edu.likelihoods import LearnedGaussian, OptimalGaussian
from vae_edu.models.vae import VAE, ConvVAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, fit

EPOCHS = 6


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


MODELS = {
    "binary": lambda mean, width: VAE(16, 2, mean=mean, hidden=(width,)),
    "optimal variance": lambda mean, width: VAE(16, 2, mean=mean, hidden=(width,), likelihood=OptimalGaussian()),
    "convolutional": lambda mean, width: ConvVAE(4, 2, mean=mean, channels=(3, width), likelihood=LearnedGaussian(0.3)),
}
each_model = pytest.mark.parametrize("kind", MODELS)


def new_run(kind: str, width: int) -> tuple[nn.Module, torch.Generator]:
    """A model with dropout, which draws from torch's global generator, and the generator of its run."""
    torch.manual_seed(3)
    model = MODELS[kind](torch.full((16,), 0.5), width)
    model.encoder.insert(0, nn.Dropout(0.3))
    return model, seeded(1)


def train(folder=None, *, stop_after=None, kind="binary", width=5, **options):
    """Train, and raise after so many epochs."""
    model, generator = new_run(kind, width)
    x = torch.rand(23, 16, generator=seeded(0))
    calls = []

    def objective(model, batch, generator):
        calls.append(1)
        if stop_after is not None and len(calls) > 3 * stop_after + 1:  # in the middle of an epoch
            raise RuntimeError("stopped")
        return negative_elbo(model, batch, generator)

    arguments = {"epochs": EPOCHS, "batch_size": 8, "learning_rate": cosine(1e-2), "max_norm": 5.0} | options
    history = fit(model, objective, x, generator=generator, checkpoints=folder, **arguments)
    return model, history


def same(model: nn.Module, other: nn.Module) -> bool:
    pairs = zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


@each_model
def test_checkpoints_change_nothing(tmp_path, kind):
    assert same(train(kind=kind)[0], train(tmp_path, kind=kind)[0])


@each_model
@pytest.mark.parametrize("epochs_done", range(EPOCHS))
def test_a_resumed_run_ends_as_one_never_stopped(tmp_path, epochs_done, kind):
    model, history = train(kind=kind)
    with pytest.raises(RuntimeError, match="stopped"):
        train(tmp_path, stop_after=epochs_done, kind=kind)
    torch.manual_seed(99)  # a new process would start with another state
    resumed, resumed_history = train(tmp_path, kind=kind)
    assert same(model, resumed)
    for term in ("loss", "elbo", "distortion", "rate"):
        assert history[term].tolist() == resumed_history[term].tolist()
    assert len(resumed_history["seconds"]) == EPOCHS


def test_a_finished_run_is_not_trained_further(tmp_path):
    model, _ = train(tmp_path)
    again, history = train(tmp_path, stop_after=0)  # the objective would raise at its second call
    assert same(model, again)
    assert len(history) == EPOCHS


def test_the_newest_two_are_kept_in_a_folder_named_by_a_string_too(tmp_path):
    train(str(tmp_path))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["000005.json", "000005.safetensors", "000006.json", "000006.safetensors"]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)


def replace(path):
    path.write_bytes(b"hello")


@pytest.mark.parametrize("damage", [truncate, flip, replace, lambda path: path.unlink()])
@pytest.mark.parametrize("file", ["json", "safetensors"])
@pytest.mark.parametrize("kind", ["binary", "convolutional"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_used(tmp_path, damage, file, kind):
    with pytest.raises(RuntimeError, match="stopped"):
        train(tmp_path, stop_after=4, kind=kind)
    whole = train(kind=kind)[0]
    path = tmp_path / f"000004.{file}"
    if file == "json" and damage is flip:
        path.write_text(path.read_text().replace('"epoch": 4', '"epoch": 4,,'))
    else:
        damage(path)
    if path.exists() or file == "safetensors":
        with pytest.warns(UserWarning, match=r"000004\.json is damaged .* the one before it is used"):
            resumed, _ = train(tmp_path, kind=kind)
    else:  # without its JSON file a checkpoint is not there
        resumed, _ = train(tmp_path, kind=kind)
    assert same(whole, resumed)


def test_when_all_are_damaged_nothing_is_trained_over_them(tmp_path):
    train(tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        truncate(path)
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(ValueError, match=r"all checkpoints in .* are damaged: 000006.json, 000005.json"),
    ):
        train(tmp_path)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"width": 7}, "model is"),
        ({"kind": "optimal variance"}, "model is"),
        ({"max_norm": 6.0}, "max_norm is 5.0 there, and 6.0 here"),
        ({"batch_size": 9}, "batch_size is 8 there, and 9 here"),
        ({"epochs": 7}, "epochs is 6"),
    ],
)
def test_checkpoints_of_another_run_are_refused(tmp_path, other, named):
    train(tmp_path)
    with pytest.raises(ValueError, match=named):
        train(tmp_path, **other)


def test_a_crash_while_writing_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    def crash(tensors, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(RuntimeError, match="stopped"):
        train(tmp_path, stop_after=3)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save_file", crash)
        with pytest.raises(OSError, match="No space"):
            train(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_files_hold_no_pickle(tmp_path):
    train(tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        length = int.from_bytes(path.read_bytes()[:8], "little")
        header = json.loads(path.read_bytes()[8 : 8 + length])  # JSON, then numbers
        assert {"generator", "torch.generator"} <= header.keys()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_run_killed_at_any_moment_is_resumed(tmp_path):
    """In processes of their own, killed again and again until one reaches the end."""
    program = """
import pathlib, sys, torch
from vae_edu import likelihoods, objectives, training
from vae_edu.models.vae import ConvVAE
torch.manual_seed(3); torch.set_num_threads(1)
model = ConvVAE(8, 2, mean=torch.full((64,), 0.5), channels=(4, 8), likelihood=likelihoods.LearnedGaussian())
model.encoder.insert(0, torch.nn.Dropout(0.3))
x = torch.rand(400, 64, generator=torch.Generator().manual_seed(0))
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
print("ready", flush=True)
training.fit(model, objectives.negative_elbo, x, epochs=100, generator=torch.Generator().manual_seed(1), batch_size=100,
             learning_rate=training.cosine(1e-2), max_norm=5.0, checkpoints=folder)
print(sum(p.double().sum().item() for p in model.parameters()).hex(), flush=True)
"""

    def start(*arguments):
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    straight = start()
    expected = straight.communicate()[0].split()[1]
    kills, done = 0, ""
    for pause in (0.05, 0.11, 0.17, 0.23, 60):
        process = start(str(tmp_path / "run"))
        assert process.stdout.readline() == "ready\n"
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        done = process.communicate()[0]
        if done:
            break
        time.sleep(0.01)
    assert kills >= 1
    assert done.strip() == expected
