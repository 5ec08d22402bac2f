"""Fashion-MNIST: the part that is embedded in the course, and all of it on demand.

Source of the data: Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747. Licence: MIT, in ``FASHION_MNIST_LICENSE``.
"""

import hashlib
import io
from pathlib import Path

import numpy as np

from vae_edu.data import folders
from vae_edu.data.images import ImageData, to_unit_interval
from vae_edu.data.sources import BadDataFile, DataFile, Publication, read_file

__all__ = ["CLASS_NAMES", "EMBEDDED_FILE", "EMBEDDED_SHA256", "FASHION_MNIST", "load_fashion_mnist", "read_published"]

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

EMBEDDED_FILE = Path(__file__).with_name("fashion_mnist.npz")
EMBEDDED_SHA256 = "4b57e2a0653ebdb00b1c63bb9e774879a564910b8a8c89e0a62ac4901c4b93de"

# The Debian package repacks the files without the name and date that gzip puts in front (`gzip -n`). Putting these back
# (31 August 2017) gives the published MD5 sums, so the compressed data are the same; but the files' own hashes differ.
# This is why what is inside is checked as well, and not the file's hash alone.
FASHION_MNIST = Publication(
    files=(
        DataFile(
            "train-images-idx3-ubyte.gz",
            content_sha256="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            gz_sha256="3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        DataFile(
            "train-labels-idx1-ubyte.gz",
            content_sha256="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            gz_sha256="a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        DataFile(
            "t10k-images-idx3-ubyte.gz",
            content_sha256="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            gz_sha256="346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        DataFile(
            "t10k-labels-idx1-ubyte.gz",
            content_sha256="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            gz_sha256="67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    cache_name="fashion-mnist",
    system_folder=Path("/usr/share/datasets/fashion-mnist"),
    system_package="dataset-fashion-mnist",
    base_url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)


def load_fashion_mnist(which: str = "embedded") -> ImageData:
    """Fashion-MNIST, 28×28 pixels in the 256 grey values 0, 1/255, …, 1, ten classes of clothing.

    which: "embedded" (10,000 training and 2,000 test images, balanced over the classes, part of this package: no
        download; drawn from the official training and test files by ``build_fashion_mnist.py``) or "full" (the official
        60,000 and 10,000).

    "full" takes each of its four files from the first that has it: the folder ``$VAE_EDU_DATA``, the user's cache, the
    Debian package ``dataset-fashion-mnist``, a download (31 MB) into the cache. Loading takes about 350 MB of memory.

    No image occurs twice in Fashion-MNIST (checked pixel by pixel), so training and test set share none.

    Raises ``ValueError`` for another ``which``; ``BadDataFile`` (a ``ValueError``) for a file with a wrong SHA-256;
    ``DataNotFound`` (an ``OSError``) when a file is nowhere to be had.
    """
    if which == "embedded":
        return _load_embedded()
    if which == "full":
        return _load_full()
    raise ValueError(f'which is {which!r}, expected "embedded" or "full"')


def read_published(publication: Publication = FASHION_MNIST, *, timeout: float = 20.0) -> list[np.ndarray]:
    """The published arrays: train images (n, height, width), train labels (n,), test images, test labels, all uint8.

    Raises what ``vae_edu.data.sources.read_file`` raises.
    """
    cache = folders.user_cache_dir()
    return [_from_idx(read_file(file, publication, cache=cache, timeout=timeout)) for file in publication.files]


def _load_full(publication: Publication = FASHION_MNIST, *, timeout: float = 20.0) -> ImageData:
    return _image_data(*read_published(publication, timeout=timeout))


def _load_embedded(path: Path = EMBEDDED_FILE) -> ImageData:
    packed = path.read_bytes()
    sha256 = hashlib.sha256(packed).hexdigest()
    if sha256 != EMBEDDED_SHA256:
        raise BadDataFile(
            f"{path} is damaged: its SHA-256 is {sha256}, expected {EMBEDDED_SHA256}. "
            "Bring it back with `git checkout`, or install vae_edu again."
        )
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return _image_data(*(arrays[name] for name in ("train_images", "train_labels", "test_images", "test_labels")))


def _from_idx(content: bytes) -> np.ndarray:
    """An array from the idx format of MNIST: two zero bytes, type (8: uint8), axes, sizes (big-endian), data."""
    axes = content[3]
    shape = np.frombuffer(content, dtype=">i4", count=axes, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


def _image_data(train_images, train_labels, test_images, test_labels) -> ImageData:
    _, height, width = train_images.shape
    return ImageData(
        train_x=to_unit_interval(train_images.reshape(-1, height * width), 255),
        test_x=to_unit_interval(test_images.reshape(-1, height * width), 255),
        train_labels=train_labels.astype(np.int64),
        test_labels=test_labels.astype(np.int64),
        class_names=CLASS_NAMES,
        height=height,
        width=width,
    )
