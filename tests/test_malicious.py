"""Every loader, given a file that would run code if it were unpickled: it is refused by name, and the code does not run."""

import hashlib
import json
import pickle
import re

import numpy as np
import pytest
import torch

from vae_edu import checkpoints, numpy_vae, weights
from vae_edu.course.cells import read
from vae_edu.data import emails, fashion_mnist
from vae_edu.exercises import store
from vae_edu.experiments import results
from vae_edu.experiments.train import Run, train


@pytest.fixture(params=["pickle", "npy", "npz", "torch"])
def trap(request, tmp_path, springing):
    """``trap(path)`` writes a malicious file; at the end of the test its code must not have run."""
    sprung = tmp_path / "sprung"

    def write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        objects = np.array([springing(sprung)], dtype=object)
        with path.open("wb") as file:
            if request.param == "pickle":
                pickle.dump(springing(sprung), file)
            elif request.param == "npy":
                np.save(file, objects, allow_pickle=True)
            elif request.param == "npz":
                np.savez(file, train_images=objects, weight=objects)
            else:
                torch.save(springing(sprung), file)
        return path

    yield write
    assert not sprung.exists()


def test_the_trap_works(tmp_path, springing):
    pickle.loads(pickle.dumps(springing(tmp_path / "sprung")))
    assert (tmp_path / "sprung").exists()


def named(path):
    return re.escape(str(path))


def test_weights_in_numpy(trap, tmp_path):
    path = trap(tmp_path / "weights.safetensors")
    model = numpy_vae.VAE(data=4, hidden=(3,), latent=2, mean=np.zeros(4), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=named(path)):
        weights.load(model, path)


@pytest.mark.parametrize("digest", ["wrong", "right"])
def test_a_checkpoint(trap, tmp_path, digest):
    weights = trap(tmp_path / "000001.safetensors")
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest() if digest == "right" else "0" * 64
    described = {"epoch": 1, "run": {}, "history": [], "sha256": sha256}
    weights.with_suffix(".json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(ValueError, match=named(tmp_path)):
        checkpoints.newest(tmp_path, {})


def test_what_describes_a_checkpoint(trap, tmp_path):
    trap(tmp_path / "000001.json")
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(ValueError, match=named(tmp_path)):
        checkpoints.newest(tmp_path, {})


@pytest.mark.parametrize("digest", ["wrong", "right"])
def test_the_embedded_images(trap, tmp_path, monkeypatch, digest):
    path = trap(tmp_path / "fashion_mnist.npz")
    if digest == "right":  # even who can change the digest too gets no code to run
        monkeypatch.setattr(fashion_mnist, "EMBEDDED_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises((ValueError, TypeError, KeyError, IndexError), match=named(path) if digest == "wrong" else None):
        fashion_mnist._load_embedded(path)


@pytest.mark.parametrize("digest", ["wrong", "right"])
def test_the_emails(trap, tmp_path, monkeypatch, digest):
    path = trap(tmp_path / "emails.npz")
    if digest == "right":
        monkeypatch.setattr(emails, "EMBEDDED_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises((ValueError, TypeError, KeyError, IndexError), match=named(path) if digest == "wrong" else None):
        emails._load_embedded(path)


def test_the_full_images(trap, tmp_path, monkeypatch):
    for file in fashion_mnist.FASHION_MNIST.files:
        trap(tmp_path / file.name)
    monkeypatch.setenv("VAE_EDU_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=named(tmp_path)):
        fashion_mnist.load_fashion_mnist("full")


def test_progress(trap, user_home):
    trap(user_home / "data" / "progress" / "0.1.json")
    passed, [message] = store.passed_ids()
    assert passed == set()
    assert "0.1 was damaged" in message


def test_results_of_a_sweep(trap, tmp_path):
    path = trap(tmp_path / "10.json")
    with pytest.raises(results.ResultsError, match=named(path)):
        results.load("11", path)


@pytest.mark.parametrize("name", ["run.json", "result.json"])
def test_a_folder_of_vae_edu_train(trap, tmp_path, name):
    run = Run("digits", "mlp", "bernoulli", "normal", 2, 1.0, 1, 128, 1e-3, None, 0, 0)
    folder = tmp_path / "folder"
    if name == "result.json":
        train(run, folder)
    path = trap(folder / name)
    with pytest.raises(ValueError, match=named(path)):
        train(run, folder)


def test_a_notebook(trap, tmp_path):
    path = trap(tmp_path / "00_mine.ipynb")
    with pytest.raises(ValueError, match=path.name):
        read(path)
