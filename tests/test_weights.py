"""``save`` and ``load`` of a NumPy VAE: every bit comes back, or nothing changes and the error says what is wrong."""

import pickle
import re
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from vae_edu import numpy_fast, numpy_vae, weights
from vae_edu.weights import digest, load, save

pytestmark = pytest.mark.filterwarnings("error")

BOTH = pytest.mark.parametrize("module", [numpy_vae, numpy_fast], ids=["plain", "fast"])


def built(module=numpy_vae, likelihood="bernoulli", *, seed=0, data=5, latent=2, hidden=(4,), dtype=np.float64):
    rng = np.random.default_rng(seed)
    named = {"bernoulli": module.Bernoulli, "gaussian": lambda: module.Gaussian(0.3)}
    mean = rng.uniform(0.2, 0.8, data)
    return module.VAE(data, latent, mean=mean, hidden=hidden, likelihood=named[likelihood](), rng=rng, dtype=dtype)


def everything(model):
    return {name: array.tobytes() for name, array in {"mean": model.mean, **model.parameters}.items()}


@pytest.fixture
def saved(tmp_path):
    """A model, the file that it was saved to, and another model of the same kind."""
    model, path = built(seed=1), tmp_path / "model.safetensors"
    save(model, path)
    return model, path, built(seed=2)


def refuses(model, path, *said):
    before = everything(model)
    with pytest.raises(ValueError, match=re.escape(str(path))) as error:
        load(model, path)
    for words in said:
        assert words in str(error.value)
    assert everything(model) == before


def rewrite(path, *, likelihood="Bernoulli", whole=True, **changes):
    """The same file with arrays put in, or left out where they are None."""
    arrays = load_file(path) | {name.replace("__", "."): array for name, array in changes.items()}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    about = {"likelihood": likelihood, "sha256": digest(arrays)} if whole else None
    path.unlink()  # on some systems the old one is still mapped
    save_file(arrays, path, about)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("hidden", [(), (4, 3)])
@BOTH
def test_every_bit_comes_back(tmp_path, module, likelihood, dtype, hidden):
    model, other = (built(module, likelihood, seed=seed, dtype=dtype, hidden=hidden) for seed in (1, 2))
    path = tmp_path / "no suffix"
    save(model, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["no suffix"]
    assert everything(other) != everything(model)
    load(other, path)
    assert everything(other) == everything(model)
    x = np.round(np.random.default_rng(0).random((7, 5)))
    np.testing.assert_array_equal(other.reconstruct(x), model.reconstruct(x))  # the layers have them, too


def test_plain_and_fast_models_read_each_others_files(tmp_path):
    plain, fast = built(numpy_vae, seed=1), built(numpy_fast, seed=2)
    save(plain, tmp_path / "plain")
    load(fast, tmp_path / "plain")
    assert everything(fast) == everything(plain)
    np.testing.assert_array_equal(fast.theta, np.concatenate([each.ravel() for each in plain.parameters.values()]))
    other = built(numpy_vae, seed=3)
    save(fast, tmp_path / "fast")
    load(other, tmp_path / "fast")
    assert everything(other) == everything(plain)


def test_the_file_is_safetensors_and_names_what_it_holds(saved):
    model, path, _ = saved
    arrays = load_file(path)
    assert set(arrays) == {"mean", *model.parameters}
    for name, array in model.parameters.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_no_file_is_overwritten(saved):
    _, path, other = saved
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"model\.safetensors"):
        save(other, path)
    assert path.read_bytes() == before


def test_a_file_that_is_not_there(saved, tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        load(saved[0], tmp_path / "nothing")


def test_a_failed_save_leaves_nothing(saved, tmp_path, monkeypatch):
    def full_disk(arrays, path, about):
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(weights, "save_file", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save(saved[0], tmp_path / "other")
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.2, 0.5, 0.9, 0.99, 0.999])
def test_a_file_cut_short_is_refused(saved, share):
    _, path, other = saved
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refuses(other, path, "is not a readable safetensors file")


def test_a_flipped_byte_is_refused_or_makes_no_difference(saved):
    """Spaces that fill up the header may change without harm."""
    model, path, other = saved
    content, start, refused = path.read_bytes(), everything(other), 0
    for place in range(0, len(content), 37):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x5A]) + content[place + 1 :])
        other, problem = built(seed=2), None
        try:
            load(other, path)
        except ValueError as error:
            problem = str(error)
        assert everything(other) == (start if problem else everything(model))
        assert problem is None or str(path) in problem
        refused += problem is not None
    assert refused > len(content) / 37 / 2


def test_flipped_bytes_in_every_array_are_refused(saved):
    model, path, other = saved
    content = path.read_bytes()
    for array in (model.mean, *model.parameters.values()):
        place = content.index(array.tobytes()) + array.nbytes // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refuses(other, path, "is damaged")


@pytest.mark.parametrize("kind", ["pickle", "object array"])
def test_a_file_that_would_run_code_is_refused_and_does_not_run(saved, springing, tmp_path, kind):
    _, path, other = saved
    sprung = tmp_path / "sprung"
    trap = np.array([springing(sprung)], dtype=object)
    if kind == "pickle":
        path.write_bytes(pickle.dumps(springing(sprung)))
    else:
        with open(path, "wb") as file:
            np.save(file, trap, allow_pickle=True)
    refuses(other, path, "is not a readable safetensors file")
    assert not sprung.exists()
    pickle.loads(pickle.dumps(springing(sprung)))  # the trap works
    assert sprung.exists()


def foreign(kind, path):
    if kind == "npy":
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
    elif kind == "text":
        path.write_text("not an archive")
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "hello")
    elif kind == "safetensors":
        save_file({"weights": np.zeros(3)}, path)
    else:
        save_file({}, path)


@pytest.mark.parametrize("kind", ["npy", "text", "zip", "safetensors", "nothing inside"])
def test_a_foreign_file_is_refused(saved, kind):
    _, path, other = saved
    path.unlink()
    foreign(kind, path)
    refuses(other, path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"decoder__1__bias": None}, "decoder.1.bias is not there, expected float64 (5,)"),
        ({"mean": None}, "mean is not there, expected float64 (5,)"),
        ({"whole": False}, "likelihood is not there, expected Bernoulli"),
        ({"likelihood": "Poisson"}, "likelihood is Poisson, expected Bernoulli"),
        ({"decoder__2__bias": np.zeros(5)}, "decoder.2.bias is float64 (5,), expected not there"),
        ({"decoder__1__weight": np.zeros((5, 4))}, "decoder.1.weight is float64 (5, 4), expected float64 (4, 5)"),
        ({"decoder__1__bias": np.zeros((1, 5))}, "decoder.1.bias is float64 (1, 5), expected float64 (5,)"),
        ({"decoder__1__bias": np.array(1.0)}, "decoder.1.bias is float64 (), expected float64 (5,)"),
        ({"mean": np.zeros(5, np.float32)}, "mean is float32 (5,), expected float64 (5,)"),
        ({"decoder__1__bias": np.zeros(5, int)}, "decoder.1.bias is int64 (5,), expected float64 (5,)"),
        ({"decoder__1__bias": np.full(5, np.nan)}, "decoder.1.bias has values that are NaN or infinite"),
        ({"mean": np.array([0, 0, 0, 0, np.inf])}, "mean has values that are NaN or infinite"),
    ],
)
def test_a_file_with_something_else_inside_is_refused(saved, changes, said):
    _, path, other = saved
    rewrite(path, **changes)
    refuses(other, path, said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"hidden": (3,)}, "is float64 (4,), expected float64 (3,)"),
        ({"hidden": (4, 4)}, "expected float64"),
        ({"hidden": ()}, "expected float64"),
        ({"latent": 3}, "expected float64"),
        ({"data": 6}, "expected float64"),
        ({"dtype": np.float32}, "is float64 (4,), expected float32 (4,)"),
        ({"likelihood": "gaussian"}, "likelihood is Bernoulli, expected Gaussian of variance 0.3"),
    ],
)
def test_a_file_of_another_model_is_refused(saved, arguments, said):
    refuses(built(**arguments), saved[1], "does not fit this model", said)


def test_a_file_of_another_variance_is_refused(tmp_path):
    models = [built() for _ in range(3)]
    for model, variance in zip(models, (0.1, 0.1 + 1e-16, 1), strict=True):
        model.likelihood = numpy_vae.Gaussian(variance)
    save(models[0], tmp_path / "model")
    for other, said in zip(models[1:], ("0.10000000000000010", "1.0"), strict=True):
        refuses(other, tmp_path / "model", f"variance 0.1, expected Gaussian of variance {said[:3]}", said[:3])
    assert models[1].likelihood.variance != 0.1


def test_values_that_are_not_those_of_the_digest_are_refused(saved):
    _, path, other = saved
    arrays = load_file(path)
    arrays["mean"][0] += 1e-9
    about = {"likelihood": "Bernoulli", "sha256": digest(load_file(path))}
    path.unlink()
    save_file(arrays, path, about)
    refuses(other, path, "its values are not those that were saved")
