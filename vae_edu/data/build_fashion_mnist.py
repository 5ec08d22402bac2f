"""Build the embedded part of Fashion-MNIST: ``python -m vae_edu.data.build_fashion_mnist``.

From the official training file 1,000 images of each class, from the official test file 200 of each class, drawn with
``SEED`` and stored in random order. The official files (here from the Debian package ``dataset-fashion-mnist``) are
checked by SHA-256, and test images that occur among the training images, if there were any, would not be drawn.

The same files, NumPy and zlib give the same bytes. Another zlib may pack the same arrays into other bytes; the script
says so, and then ``EMBEDDED_SHA256`` changes with the file.
"""

import hashlib
from pathlib import Path

import numpy as np

from vae_edu.data.fashion_mnist import EMBEDDED_FILE, EMBEDDED_SHA256, read_published
from vae_edu.data.images import draw_per_class

SEED = 0
TRAIN_PER_CLASS = 1_000
TEST_PER_CLASS = 200


def build(path: Path, published: list[np.ndarray], train_per_class: int, test_per_class: int) -> str:
    """Write the embedded file to ``path`` and return its SHA-256.

    published: train images (n, height, width), train labels (n,), test images, test labels, all uint8.
    """
    train_images, train_labels, test_images, test_labels = published
    seen = {image.tobytes() for image in train_images}
    unseen = np.array([image.tobytes() not in seen for image in test_images])
    rng = np.random.default_rng(SEED)
    train = draw_per_class(train_labels, train_per_class, rng=rng)
    test = draw_per_class(test_labels, test_per_class, rng=rng, eligible=unseen)
    np.savez_compressed(
        path,
        train_images=train_images[train],
        train_labels=train_labels[train],
        test_images=test_images[test],
        test_labels=test_labels[test],
    )
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    sha256 = build(EMBEDDED_FILE, read_published(), TRAIN_PER_CLASS, TEST_PER_CLASS)
    print(f"{EMBEDDED_FILE.name}: {EMBEDDED_FILE.stat().st_size:,} bytes, SHA-256 {sha256}")
    if sha256 != EMBEDDED_SHA256:
        print(f"fashion_mnist.py says {EMBEDDED_SHA256}: change it there, or bring the old file back")


if __name__ == "__main__":
    main()
