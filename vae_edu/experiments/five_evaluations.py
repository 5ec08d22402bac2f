"""Five evaluations with 100 labels, to be examined in exercise 19.4. Look at what is measured, not at this file.

``measured("A")`` returns six numbers; see the notebook.
"""

from functools import cache

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from vae_edu.experiments.few_labels import images, label_sample

_SEED, _TRAIN, _TEST, _LABELS, _COMPONENTS = 0, 500, 300, 100, 60
_KINDS = {"A": "transductive", "B": "copies", "C": "supervised", "D": "chosen", "E": "sound"}


@cache
def _parts() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Images and labels: 500 for training, 300 test images, and the rest, fresh."""
    own = images("MNIST")
    x = np.concatenate([own.x.numpy(), own.test_x.numpy()]).astype(float)
    labels = np.concatenate([own.labels.numpy(), own.test_labels.numpy()])
    train = label_sample(labels, _TRAIN, _SEED)
    rest = np.setdiff1d(np.arange(len(x)), train)
    test = rest[label_sample(labels[rest], _TEST, _SEED)]
    fresh = np.setdiff1d(rest, test)
    return tuple((x[rows], labels[rows]) for rows in (train, test, fresh))


def _copies(x: np.ndarray, labelled: np.ndarray) -> float:
    """The fraction of images that are closer than 1 to a labelled one."""
    return float(np.mean([((row - labelled) ** 2).sum(axis=1).min() < 1 for row in x]))


def _ridge(inputs: np.ndarray, labels: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The classes of other rows by least squares with a penalty."""
    centre = inputs.mean(axis=0)
    targets, own = np.eye(10)[labels], inputs - centre
    weights = np.linalg.solve(own.T @ own + 10.0 * np.eye(own.shape[1]), own.T @ (targets - targets.mean(axis=0)))
    return ((other - centre) @ weights + targets.mean(axis=0)).argmax(axis=1)


def ratio_of_means(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """The mean of ``first`` (n,) divided by that of ``second`` (m,), and its standard error to first order, where both are independent."""
    ratio = first.mean() / second.mean()
    relative = (own.std(ddof=1) / len(own) ** 0.5 / own.mean() for own in (first, second))
    return float(ratio), float(ratio * np.hypot(*relative))


def _run(kind: str, *, shuffle: bool) -> tuple[float, ...]:
    """Accuracy on test and on fresh images, copies among the test images, and the ratio of the reconstruction errors with its standard
    error."""
    (x, labels), (test, test_labels), (fresh, fresh_labels) = _parts()
    rng = np.random.default_rng(_SEED)
    own = label_sample(labels, _LABELS, _SEED)
    if shuffle:
        labels = labels.copy()
        others = np.setdiff1d(np.arange(len(labels)), own)
        labels[others] = np.random.default_rng(_SEED + 1).permutation(labels[others])
    labelled, known = x[own], labels[own]
    if kind == "copies":  # five noisy copies of 40 images: copied first, split afterwards
        few = rng.permutation(own)[:40]
        many = np.repeat(x[few], 5, axis=0)
        many, of_many = many + rng.normal(0, 0.03, many.shape), np.repeat(labels[few], 5)
        order = rng.permutation(len(many))
        labelled, known = many[order[:_LABELS]], of_many[order[:_LABELS]]
        test = np.concatenate([many[order[_LABELS:]], test[::3]])
        test_labels = np.concatenate([of_many[order[_LABELS:]], test_labels[::3]])
    unlabelled = np.concatenate([x, test]) if kind == "transductive" else x
    if kind == "supervised":
        view = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1).fit(x, labels).transform
    else:
        view = PCA(_COMPONENTS, random_state=0).fit(unlabelled).transform
    columns = np.arange(view(x[:1]).shape[1])
    scale = view(x).std()

    inputs = view(labelled) / scale

    if kind == "chosen":  # one column after the other, by the accuracy on 100 test images
        few = rng.permutation(len(test))[:100]
        test, test_labels = test[few], test_labels[few]
        seen, columns = view(test) / scale, np.zeros(0, int)
        for _ in range(15):
            tried = [np.append(columns, c) for c in np.setdiff1d(np.arange(40), columns)]
            columns = max(tried, key=lambda c: (_ridge(inputs[:, c], known, seen[:, c]) == test_labels).mean())
    found = [
        float((_ridge(inputs[:, columns], known, view(z)[:, columns] / scale) == y).mean())
        for z, y in ((test, test_labels), (fresh, fresh_labels))
    ]
    # The best linear reconstruction from the representation, fitted where the representation was.
    base = np.column_stack([view(unlabelled)[:, columns], np.ones(len(unlabelled))])
    weights = np.linalg.lstsq(base, unlabelled, rcond=None)[0]
    errors = [
        ((np.column_stack([view(z)[:, columns], np.ones(len(z))]) @ weights - z) ** 2).mean(axis=1)
        for z in (test, fresh)
    ]
    return *found, _copies(test, labelled), *ratio_of_means(*errors)


@cache
def measured(name: str) -> tuple[float, ...]:
    """Of one of the evaluations, A to E: its accuracy on its test images; on 4,200 fresh images; on fresh images when the labels of
    all training images but the labelled ones are shuffled beforehand; the fraction of its test images that are closer than
    1 to a labelled image; and its reconstruction error of test images, divided by that of fresh images, with the standard
    error of this ratio."""
    test, fresh, *rest = _run(_KINDS[name], shuffle=False)
    return test, fresh, _run(_KINDS[name], shuffle=True)[1], *rest
