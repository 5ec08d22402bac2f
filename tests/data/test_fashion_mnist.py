import hashlib
import shutil
import struct

import numpy as np
import pytest

from vae_edu.data import BadDataFile, fashion_mnist, load_fashion_mnist
from vae_edu.data.build_fashion_mnist import build
from vae_edu.data.fashion_mnist import EMBEDDED_FILE, EMBEDDED_SHA256, FASHION_MNIST

# From the authors' page; with the second (UTC) that gzip wrote into each file's header.
PUBLISHED_MD5 = {
    "train-images-idx3-ubyte": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 1504176606),
    "train-labels-idx1-ubyte": ("25c81989df183df01b3e8a0aad5dffbe", 1504176606),
    "t10k-images-idx3-ubyte": ("bef4ecab320f06d8554ea6380940ec79", 1504176627),
    "t10k-labels-idx1-ubyte": ("bb300cfdad3c16e7a12a480ee83cd310", 1504176627),
}
needs_debian_package = pytest.mark.skipif(
    not all((FASHION_MNIST.system_folder / file.name).exists() for file in FASHION_MNIST.files),
    reason="the Debian package dataset-fashion-mnist is not installed",
)


@pytest.fixture(scope="module")
def embedded():
    return load_fashion_mnist()


def test_the_embedded_file_is_the_one_that_was_built():
    assert hashlib.sha256(EMBEDDED_FILE.read_bytes()).hexdigest() == EMBEDDED_SHA256
    assert 4e6 < EMBEDDED_FILE.stat().st_size < 6e6


def test_embedded_shapes_types_and_ranges(embedded):
    assert embedded.train_x.shape == (10_000, 784)
    assert embedded.test_x.shape == (2_000, 784)
    assert (embedded.height, embedded.width) == (28, 28)
    for x in (embedded.train_x, embedded.test_x):
        assert x.dtype == np.float32
        assert (x.min(), x.max()) == (0, 1)
        assert np.array_equal(x, (np.rint(x * 255) / 255).astype(np.float32))
    assert embedded.train_labels.dtype == embedded.test_labels.dtype == np.int64
    assert embedded.class_names[0] == "T-shirt/top"
    assert embedded.class_names[9] == "Ankle boot"


def test_embedded_is_balanced_in_random_order(embedded):
    assert np.array_equal(np.bincount(embedded.train_labels), np.full(10, 1_000))
    assert np.array_equal(np.bincount(embedded.test_labels), np.full(10, 200))
    counts = np.bincount(embedded.train_labels[:1_000], minlength=10)
    assert ((counts - 100) ** 2 / 100).sum() < 27.9, "chi-square with 9 degrees of freedom, one in a thousand"


def test_embedded_repeats_no_image(embedded):
    train, test = ({row.tobytes() for row in x} for x in (embedded.train_x, embedded.test_x))
    assert len(train) == 10_000
    assert len(test) == 2_000
    assert not train & test


def test_embedded_rows_keep_their_labels_and_pixels_their_places(embedded):
    means = np.stack([embedded.train_x[embedded.train_labels == k].mean(0) for k in range(10)])
    scores = embedded.test_x @ means.T - (means**2).sum(1) / 2
    assert (scores.argmax(1) == embedded.test_labels).mean() > 0.6
    trouser = means[1].reshape(28, 28)
    assert trouser[:, 12:16].mean() > 3 * trouser[:, :4].mean(), "trousers stand upright in the middle"


def test_loading_again_gives_the_same_in_fresh_arrays(embedded):
    again = load_fashion_mnist("embedded")
    assert np.array_equal(again.train_x, embedded.train_x)
    assert not np.shares_memory(again.train_x, embedded.train_x)


@pytest.mark.parametrize("damage", ["altered", "truncated", "empty"])
def test_an_altered_embedded_file_is_refused_by_name(damage, tmp_path, monkeypatch):
    packed = bytearray(EMBEDDED_FILE.read_bytes())
    packed[1_000_000] ^= 1
    content = {"altered": packed, "truncated": packed[:-1], "empty": b""}[damage]
    bad = tmp_path / "fashion_mnist.npz"
    bad.write_bytes(content)
    with pytest.raises(BadDataFile) as caught:
        fashion_mnist._load_embedded(bad)
    for part in (str(bad), hashlib.sha256(content).hexdigest(), EMBEDDED_SHA256, "git checkout"):
        assert part in str(caught.value)


def test_another_which_is_refused():
    with pytest.raises(ValueError, match='which is \'tiny\', expected "embedded" or "full"'):
        load_fashion_mnist("tiny")


def test_the_licence_lies_beside_the_data():
    notice = EMBEDDED_FILE.with_name("FASHION_MNIST_LICENSE").read_text(encoding="utf-8")
    for part in ("MIT", "2017 Zalando SE", "Permission is hereby granted, free of charge", "1708.07747"):
        assert part in notice


def test_full_puts_every_array_in_its_place(bodies, arrays, publication, tmp_path, monkeypatch):
    for name, body in bodies.items():
        (tmp_path / "system" / name).write_bytes(body)
    data = fashion_mnist._load_full(publication)
    train_images, train_labels, test_images, test_labels = arrays
    assert np.array_equal(np.rint(data.train_x * 255), train_images.reshape(80, 784))
    assert np.array_equal(np.rint(data.test_x * 255), test_images.reshape(40, 784))
    assert np.array_equal(data.train_labels, train_labels)
    assert np.array_equal(data.test_labels, test_labels)
    assert data.train_x.dtype == np.float32
    assert data.train_labels.dtype == np.int64


def test_build_is_deterministic_balanced_and_leaves_out_what_training_has_seen(arrays, tmp_path):
    train_images, train_labels, test_images, test_labels = arrays
    test_images = test_images.copy()
    test_images[[0, 11]] = train_images[[5, 6]]
    published = [train_images, train_labels, test_images, test_labels]
    first, second = (build(tmp_path / name, published, 5, 3) for name in ("a.npz", "b.npz"))
    assert first == second
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    built = np.load(tmp_path / "a.npz", allow_pickle=False)
    assert np.array_equal(np.bincount(built["train_labels"]), np.full(10, 5))
    assert np.array_equal(np.bincount(built["test_labels"]), np.full(10, 3))
    seen = {image.tobytes() for image in train_images}
    assert not seen & {image.tobytes() for image in built["test_images"]}
    labels = {image.tobytes(): label for image, label in zip(train_images, train_labels, strict=True)}
    assert [labels[image.tobytes()] for image in built["train_images"]] == list(built["train_labels"])


@needs_debian_package
def test_the_embedded_images_come_from_the_official_files_of_their_side(embedded, tmp_path):
    full = load_fashion_mnist("full")
    assert full.train_x.shape == (60_000, 784)
    assert full.test_x.shape == (10_000, 784)
    for side in ("train", "test"):
        x, labels = getattr(full, f"{side}_x"), getattr(full, f"{side}_labels")
        label_of = {row.tobytes(): label for row, label in zip(x, labels, strict=True)}
        assert len(label_of) == len(x), "no image occurs twice"
        small_x, small_labels = getattr(embedded, f"{side}_x"), getattr(embedded, f"{side}_labels")
        assert [label_of[row.tobytes()] for row in small_x] == list(small_labels)


@needs_debian_package
def test_the_official_files_build_the_embedded_arrays(tmp_path):
    build(tmp_path / "again.npz", fashion_mnist.read_published(), 1_000, 200)
    again, shipped = np.load(tmp_path / "again.npz"), np.load(EMBEDDED_FILE)
    assert again.files == shipped.files
    for name in shipped.files:  # arrays, not bytes: another zlib may pack them otherwise
        assert np.array_equal(again[name], shipped[name])


@needs_debian_package
def test_the_debian_files_are_the_published_ones_without_their_gzip_header():
    for file in FASHION_MNIST.files:
        name = file.name.removesuffix(".gz")
        md5, written = PUBLISHED_MD5[name]
        header = b"\x1f\x8b\x08\x08" + struct.pack("<I", written) + b"\x00\x03" + name.encode() + b"\x00"
        published = header + (FASHION_MNIST.system_folder / file.name).read_bytes()[10:]
        assert hashlib.md5(published).hexdigest() == md5
        assert hashlib.sha256(published).hexdigest() == file.gz_sha256


@needs_debian_package
def test_an_altered_official_file_is_refused_by_name(tmp_path, monkeypatch):
    labels = FASHION_MNIST.files[3]
    for file in FASHION_MNIST.files:
        (tmp_path / file.name).symlink_to(FASHION_MNIST.system_folder / file.name)
    (tmp_path / labels.name).unlink()
    shutil.copy(FASHION_MNIST.system_folder / FASHION_MNIST.files[1].name, tmp_path / labels.name)
    monkeypatch.setenv("VAE_EDU_DATA", str(tmp_path))
    with pytest.raises(BadDataFile, match=r"t10k-labels-idx1-ubyte\.gz is not the published file"):
        load_fashion_mnist("full")
