"""``save`` and ``load``: every bit comes back, or nothing changes and the error says what is wrong with the file."""

import io
import pickle
import re
import zipfile

import numpy as np
import pytest

from vae_edu.numpy_vae import VAE, Gaussian

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def saved(build, tmp_path):
    """A model, the file that it was saved to, and another model of the same kind."""
    model, path = build(seed=1), tmp_path / "model.npz"
    model.save(path)
    return model, path, build(seed=2)


def refuses(model, path, *said):
    before = model.theta.copy(), model.mean.copy()
    with pytest.raises(ValueError, match=re.escape(str(path))) as error:
        model.load(path)
    for words in said:
        assert words in str(error.value)
    np.testing.assert_array_equal(model.theta, before[0])
    np.testing.assert_array_equal(model.mean, before[1])


def rewrite(path, **changes):
    """The same file with arrays put in, or left out where they are None."""
    with np.load(path) as archive:
        arrays = dict(archive) | {name.replace("__", "."): array for name, array in changes.items()}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("hidden", [(), (4, 3)])
def test_every_bit_comes_back(build, draw, tmp_path, likelihood, dtype, hidden):
    model, other = (build(likelihood, seed=seed, dtype=dtype, hidden=hidden) for seed in (1, 2))
    path = tmp_path / "no suffix"
    model.save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["no suffix"]
    theta = other.theta
    other.load(path)
    assert other.theta is theta
    assert other.theta.tobytes() == model.theta.tobytes()
    assert other.mean.tobytes() == model.mean.tobytes()
    x, eps = draw(model)
    np.testing.assert_array_equal(other.negative_elbo(x, eps=eps)["loss"], model.negative_elbo(x, eps=eps)["loss"])
    np.testing.assert_array_equal(other.encode(x)[0], model.encode(x)[0])


def test_the_file_opens_without_pickle_and_names_what_it_holds(saved):
    model, path, _ = saved
    with np.load(path, allow_pickle=False) as archive:
        assert set(archive.files) == {"likelihood", "mean", *model.parameters}
        assert archive["likelihood"] == "Bernoulli"
        for name, array in model.parameters.items():
            np.testing.assert_array_equal(archive[name], array)


def test_no_file_is_overwritten(saved):
    _, path, other = saved
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"model\.npz"):
        other.save(path)
    assert path.read_bytes() == before


def test_a_file_that_is_not_there(saved, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz"):
        saved[0].load(tmp_path / "nothing.npz")
    with pytest.raises(FileNotFoundError):
        saved[0].save(tmp_path / "no folder" / "model.npz")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.2, 0.5, 0.9, 0.99, 0.999])
def test_a_file_cut_short_is_refused(saved, share):
    _, path, other = saved
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refuses(other, path, "is not a readable .npz file")


def test_a_flipped_byte_is_refused_or_makes_no_difference(saved):
    """Bytes of the archive's own bookkeeping, such as a date, may change without harm."""
    model, path, other = saved
    content, start, refused = path.read_bytes(), other.theta.copy(), 0
    for place in range(0, len(content), 37):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x5A]) + content[place + 1 :])
        other.theta[:], problem = start, None
        try:
            other.load(path)
        except ValueError as error:
            problem = str(error)
        np.testing.assert_array_equal(other.theta, start if problem else model.theta)
        assert problem is None or str(path) in problem
        refused += problem is not None
    assert refused > len(content) / 37 / 2


def test_flipped_bytes_in_every_array_are_refused(saved):
    model, path, other = saved
    content = path.read_bytes()
    for array in model.parameters.values():
        place = content.index(array.tobytes()) + array.nbytes // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refuses(other, path, "is not a readable .npz file", "CRC")


@pytest.mark.parametrize("kind", ["pickle", "object array", "object array inside"])
def test_a_file_that_would_run_code_is_refused_and_does_not_run(saved, springing, tmp_path, kind):
    _, path, other = saved
    sprung = tmp_path / "sprung"
    trap = np.array([springing(sprung)], dtype=object)
    if kind == "pickle":
        path.write_bytes(pickle.dumps(springing(sprung)))
    elif kind == "object array":
        with open(path, "wb") as file:
            np.save(file, trap, allow_pickle=True)
    else:
        rewrite(path, encoder__0__bias=trap)
    refuses(other, path, "is not a readable .npz file")
    assert not sprung.exists()
    if kind == "object array inside":  # the trap works
        with np.load(path, allow_pickle=True) as archive:
            archive["encoder.0.bias"]
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
    elif kind == "npz":
        np.savez(path, weights=np.zeros(3))
    else:
        np.savez(path)


@pytest.mark.parametrize("kind", ["npy", "text", "zip", "npz", "nothing inside"])
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
        ({"likelihood": None}, "likelihood is not there, expected <U9 Bernoulli"),
        ({"likelihood": np.array("Poisson")}, "likelihood is <U7 Poisson, expected <U9 Bernoulli"),
        ({"decoder__2__bias": np.zeros(5)}, "decoder.2.bias is float64 (5,), expected not there"),
        ({"decoder__1__weight": np.zeros((5, 4))}, "decoder.1.weight is float64 (5, 4), expected float64 (4, 5)"),
        ({"decoder__1__bias": np.zeros((1, 5))}, "decoder.1.bias is float64 (1, 5), expected float64 (5,)"),
        ({"decoder__1__bias": np.array(1.0)}, "decoder.1.bias is float64 1.0, expected float64 (5,)"),
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
        ({"likelihood": "gaussian"}, "likelihood is <U9 Bernoulli, expected <U24 Gaussian of variance 0.3"),
    ],
)
def test_a_file_of_another_model_is_refused(saved, build, arguments, said):
    refuses(build(**arguments), saved[1], "does not fit this model", said)


def test_a_file_of_another_variance_is_refused(tmp_path):
    models = [
        VAE(5, 2, mean=np.zeros(5), likelihood=Gaussian(variance), rng=np.random.default_rng(0))
        for variance in (0.1, 0.1 + 1e-16, 1)
    ]
    models[0].save(tmp_path / "model.npz")
    for other, said in zip(models[1:], ("0.10000000000000010", "1.0"), strict=True):
        refuses(
            other, tmp_path / "model.npz", f"variance 0.1, expected <U{len(other.likelihood.name)} Gaussian", said[:3]
        )


def test_an_archive_with_compressed_arrays_is_read_too(saved):
    model, path, other = saved
    with np.load(path) as archive:
        arrays, buffer = dict(archive), io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    path.write_bytes(buffer.getvalue())
    other.load(path)
    np.testing.assert_array_equal(other.theta, model.theta)
