"""Popular sentences about VAEs, and the trials of each: numbers that this course has stored, beside those of a control (notebook 26)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vae_edu.experiments import divergence, results

__all__ = ["BLOCKS", "Sentence", "Trial", "outcome", "overall", "sentences"]

BLOCKS = ("samples", "latent spaces", "training and models", "uses")
HOLDS, TIE, DOES_NOT = "holds", "tie", "does not hold"


@dataclass(frozen=True)
class Trial:
    """One measurement that can speak for a sentence or against it.

    against: the control, and the condition, as words. measured: the number and its unit. notebook: the one that measured it.
    larger_is_for: whether a larger number of the subject than of the control speaks for the sentence. pair: the numbers of the subject and
    of the control, two arrays (runs,) whose entries belong together; a run is a training seed unless ``measured`` says otherwise.
    """

    against: str
    measured: str
    notebook: str
    pair: Callable[[], tuple[np.ndarray, np.ndarray]]
    larger_is_for: bool = True

    def sides(self) -> tuple[np.ndarray, np.ndarray]:
        """Subject and control, with signs so that a larger subject speaks for the sentence."""
        sign = 1 if self.larger_is_for else -1
        subject, control = (np.asarray(each, float) for each in self.pair())
        return sign * subject, sign * control


@dataclass(frozen=True)
class Sentence:
    """A sentence as people make it, the block it belongs to, and its trials."""

    text: str
    block: str
    trials: tuple[Trial, ...]


def overall(verdicts: Sequence[str], against: Sequence[str]) -> str:
    """The verdict on a sentence from those of its trials: it holds if it holds in all, and "holds: …" with the conditions where it does in
    some. Otherwise it does not hold if one trial says so; else it is undecided."""
    held = [name for verdict, name in zip(verdicts, against, strict=True) if verdict == HOLDS]
    if len(held) == len(verdicts):
        return HOLDS
    if held:
        return f"holds: {'; '.join(held)}"
    return DOES_NOT if DOES_NOT in verdicts else "undecided"


def outcome(verdicts: Sequence[str]) -> float:
    """What a guess is scored by: 1 where a sentence holds in all trials, 0 where one speaks against it, and NaN where neither is shown."""
    return 1.0 if set(verdicts) == {HOLDS} else 0.0 if DOES_NOT in verdicts else np.nan


def _of(number: str, name: str, column: str, *place: int) -> np.ndarray:
    """One number of each stored run of this name."""
    values = results.load(number).of(name, column)
    return values[(slice(None), *place)] if place else values


def _where(number: str, column: str, *place: int, **options) -> np.ndarray:
    """One number of each stored run with these options."""
    rows = [row for row in results.load(number).rows if all(row.get(key) == value for key, value in options.items())]
    values = np.array([row[column] for row in rows])
    return values[(slice(None), *place)] if place else values


# --- samples: notebooks 02, 09, 13

IMAGE, TOLD_APART = (
    "VAE",
    2,
)  # notebook 13's columns: 0 Fréchet, 2 accuracy of a classifier; of toys: 1 modes, 2 coverage


def _images(name: str, kind: str, column: int) -> np.ndarray:
    return _of("13-images", name, kind, 0, column)


def _toys(toy: str, model: str, column: int) -> np.ndarray:
    return _of("13", f"{toy}, {model}, 10000 steps", model)[0][:, column]


def _decoded(model: str, way: str, column: int) -> np.ndarray:
    return _of("02", f"{model}, 48 epochs", way, 0, column)


def _by_beta(column: str, *place: int) -> tuple[np.ndarray, np.ndarray]:
    """β = 0.2, which reconstructs better, and β = 1."""
    return tuple(_where("09", column, *place, name="VAE", beta=beta, variance=0.1, epochs=24) for beta in (0.2, 1))


# --- latent spaces: notebooks 17 and 26


def _mig(column: str, beta: int) -> np.ndarray:
    return _where("17", column, beta=beta)


def _here(name: str, column: str, epochs: int = 12) -> np.ndarray:
    return _where("26", column, name=name, epochs=epochs)


def _attacked(name: str, column: str = "probe", epochs: int = 12) -> np.ndarray:
    return np.array([each["attacked"] for each in _where("26", column, name=name, epochs=epochs)])


def _gap(name: str) -> np.ndarray:
    return _here(f"few images, {name}", "test", 100) - _here(f"few images, {name}", "train", 100)


# --- training and models: notebooks 07, 11, 14, 15, 16


def trained(name: str, learning_rate: float) -> np.ndarray:
    """For each seed, 1 where a run of notebook 14 trained, and 0 where it diverged or gained nothing."""
    rows = results.load("14").rows
    single = [row for row in rows if (row["name"], row["learning_rate"], row["epochs"]) == (name, learning_rate, 24)]
    rest = [row for row in rows if row["name"] != name or row["learning_rate"] != learning_rate]
    best = [row for row in rows if row["name"].split(", ")[0] == name.split(", ")[0]]
    return np.array([_trained(row, rest, best, name, learning_rate) for row in single], float)


def _trained(row: dict, rest: list[dict], best: list[dict], name: str, learning_rate: float) -> int:
    # The best run of its kind stays in the comparison, under another learning rate.
    others = [*rest, *({**each, "learning_rate": -1.0} for each in best)]
    return divergence.outcomes([row, *others], name, learning_rate)[divergence.OUTCOMES.index("trained")]


def _convolutions(control: str, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(
        _where("07", "distortion", name=name, epochs=own) + _where("07", "rate", name=name, epochs=own)
        for name, own in (("convolutions", 24), (control, epochs))
    )


# --- uses: notebooks 18, 19, 20

TABLES = ("breast cancer", "Shuttle", "Phishing", "simulated cards")


def _unusual(trained_on: str) -> tuple[np.ndarray, np.ndarray]:
    found = _of("18-both-ways", f"trained on {trained_on}, Bernoulli, 8 epochs", "−ELBO")
    return found, np.full(len(found), 0.5)


def _tables(detector: str) -> np.ndarray:
    return np.array([_of("18", f"{table}, clean", detector, 0).mean() for table in TABLES])


def _transfer(data: str, kind: str) -> np.ndarray:
    return 100 * np.array([each[kind] for each in _of("19", data, "transfer")])


def _labels(count: int, method: str) -> np.ndarray:
    values = _of("19", f"M2, {count} labels", method)
    return 100 * (values[:, 0] if values.ndim == 2 else values)


def sentences() -> tuple[Sentence, ...]:
    """All sentences, block by block."""
    fading = "cross-fade of pixels"
    vae, plain = "VAE, Gaussian pixels", "autoencoder"
    return (
        Sentence(
            "VAEs produce realistic images.",
            "samples",
            (
                Trial(
                    "against independent pixels",
                    "Fréchet distance of features",
                    "13",
                    lambda: (_images("120 epochs", "VAE", 0), _images("controls", "independent pixels", 0)),
                    False,
                ),
                Trial(
                    "against real images",
                    "accuracy of a classifier that tells them apart",
                    "13",
                    lambda: (_images("120 epochs", "VAE", 2), _images("controls", "fresh images", 2)),
                    False,
                ),
            ),
        ),
        Sentence(
            "VAEs give more varied samples than GANs.",
            "samples",
            (
                Trial(
                    "on a grid of Gaussians",
                    "coverage",
                    "13",
                    lambda: (_toys("grid", "VAE", 2), _toys("grid", "GAN", 2)),
                ),
                Trial(
                    "on a ring of Gaussians",
                    "coverage",
                    "13",
                    lambda: (_toys("ring", "VAE", 2), _toys("ring", "GAN", 2)),
                ),
            ),
        ),
        Sentence(
            "VAEs suffer from mode collapse.",
            "samples",
            (
                Trial(
                    "on a grid, against a GAN",
                    "fraction of real points missed",
                    "13",
                    lambda: (1 - _toys("grid", "VAE", 2), 1 - _toys("grid", "GAN", 2)),
                ),
                Trial(
                    "on clothes, against real images",
                    "fraction of test images missed",
                    "02",
                    lambda: (_decoded("VAE", "N(0, I)", 1), _of("02", "controls", "real images", 0, 1)),
                ),
            ),
        ),
        Sentence(
            "To generate, you need a VAE; an autoencoder cannot.",
            "samples",
            (
                Trial(
                    "against an autoencoder with codes from N(0, I)",
                    "fraction of test images missed",
                    "02",
                    lambda: (_decoded("VAE", "N(0, I)", 1), _decoded(plain, "N(0, I)", 1)),
                    False,
                ),
                Trial(
                    "against an autoencoder with a mixture on its codes",
                    "fraction of samples in holes",
                    "02",
                    lambda: (_decoded("VAE", "N(0, I)", 0), _decoded(plain, "mixture", 0)),
                    False,
                ),
            ),
        ),
        Sentence(
            "A good reconstruction shows a good model.",
            "samples",
            (
                Trial(
                    "β = 0.2, which reconstructs better, against β = 1",
                    "Fréchet distance of samples",
                    "09",
                    lambda: _by_beta("samples", 0),
                    False,
                ),
                Trial(
                    "an autoencoder, which reconstructs better, against a VAE",
                    "fraction of test images missed",
                    "02",
                    lambda: (_decoded(plain, "N(0, I)", 1), _decoded("VAE", "N(0, I)", 1)),
                    False,
                ),
            ),
        ),
        Sentence(
            "VAE latent spaces are smooth.",
            "latent spaces",
            (
                Trial(
                    "in mid-path, against an autoencoder",
                    "fraction of pictures in holes",
                    "26",
                    lambda: (_here(vae, "middle"), _here(plain, "middle")),
                    False,
                ),
                Trial(
                    f"in mid-path, against a {fading}",
                    "fraction of pictures in holes",
                    "26",
                    lambda: (_here(vae, "middle"), _here("controls", "middle", 0)),
                    False,
                ),
                Trial(
                    f"in size of step, against a {fading}",
                    "largest step over mean step",
                    "26",
                    lambda: (_here(vae, "jump"), _here("controls", "jump", 0)),
                    False,
                ),
            ),
        ),
        Sentence(
            "The latents of a VAE are interpretable.",
            "latent spaces",
            (
                Trial(
                    "against random axes of the same code",
                    "MIG at β = 1",
                    "17",
                    lambda: (_mig("mig", 1), _mig("rotated", 1)),
                ),
                Trial(
                    "against a linear map from 100 labels",
                    "MIG at β = 1",
                    "17",
                    lambda: (_mig("mig", 1), _mig("probe_mig", 1)),
                ),
            ),
        ),
        Sentence(
            "A larger β disentangles.",
            "latent spaces",
            (
                Trial("from β = 1 to 4", "MIG", "17", lambda: (_mig("mig", 4), _mig("mig", 1))),
                Trial("from β = 4 to 16", "MIG", "17", lambda: (_mig("mig", 16), _mig("mig", 4))),
            ),
        ),
        Sentence(
            "The KL term regularises.",
            "latent spaces",
            (
                Trial(
                    "in the gap, β = 1 against β = 0",
                    "squared error, test minus training images",
                    "26",
                    lambda: (_gap("β = 1"), _gap("β = 0")),
                    False,
                ),
                Trial(
                    "in the gap, β = 1 against an autoencoder",
                    "squared error, test minus training images",
                    "26",
                    lambda: (_gap("β = 1"), _gap(plain)),
                    False,
                ),
                Trial(
                    "on test images, β = 1 against β = 0",
                    "squared error of test images",
                    "26",
                    lambda: (_here("few images, β = 1", "test", 100), _here("few images, β = 0", "test", 100)),
                    False,
                ),
            ),
        ),
        Sentence(
            "VAEs are robust.",
            "latent spaces",
            (
                Trial(
                    "against pixels",
                    "accuracy under attack, linear classifier, %",
                    "26",
                    lambda: (_attacked(vae), _attacked("controls", "pixels", 0)),
                ),
                Trial(
                    "against as many directions of PCA",
                    "accuracy under attack, linear classifier, %",
                    "26",
                    lambda: (_attacked(vae), _attacked("controls", "PCA", 0)),
                ),
                Trial(
                    "against an autoencoder",
                    "accuracy under attack, linear classifier, %",
                    "26",
                    lambda: (_attacked(vae), _attacked(plain)),
                ),
            ),
        ),
        Sentence(
            "VAEs are hard to train.",
            "training and models",
            (
                Trial(
                    "at learning rate 0.01, against an autoencoder",
                    "fraction of runs that trained",
                    "14",
                    lambda: (trained("VAE", 0.01), trained("autoencoder", 0.01)),
                    False,
                ),
                Trial(
                    "at 0.01 with SiLU, against an autoencoder",
                    "fraction of runs that trained",
                    "14",
                    lambda: (trained("VAE, SiLU", 0.01), trained("autoencoder, SiLU", 0.01)),
                    False,
                ),
            ),
        ),
        Sentence(
            "KL warm-up cures posterior collapse.",
            "training and models",
            (
                Trial(
                    "against no warm-up",
                    "rate on names, nats",
                    "11",
                    lambda: (_of("11", "warm-up", "rate"), _of("11", "plain", "rate")),
                ),
                Trial(
                    "against a decoder without z",
                    "−log p(x) of names, nats",
                    "11",
                    lambda: (_of("11", "warm-up", "nll"), _of("11", "no z", "nll")),
                    False,
                ),
            ),
        ),
        Sentence(
            "A more flexible approximate posterior gives a better model.",
            "training and models",
            (
                Trial(
                    "IAF against a diagonal Gaussian",
                    "−log p(x), nats",
                    "15",
                    lambda: (_of("15", "IAF q", "nll"), _of("15", "plain", "nll")),
                    False,
                ),
                Trial(
                    "planar flow against a diagonal Gaussian",
                    "−log p(x), nats",
                    "15",
                    lambda: (_of("15", "planar q", "nll"), _of("15", "plain", "nll")),
                    False,
                ),
            ),
        ),
        Sentence(
            "Deeper hierarchies of latents are better.",
            "training and models",
            (
                Trial(
                    "against one layer with as many parameters",
                    "−log p(x), nats",
                    "16",
                    lambda: (_of("16", "bottom-up, warm-up", "nll"), _of("16", "one layer, wider, warm-up", "nll")),
                    False,
                ),
            ),
        ),
        Sentence(
            "Convolutional VAEs are better on images.",
            "training and models",
            (
                Trial(
                    "with equal parameters and epochs",
                    "−ELBO, nats",
                    "07",
                    lambda: _convolutions("same parameters", 24),
                    False,
                ),
                Trial("with equal time", "−ELBO, nats", "07", lambda: _convolutions("400 units, as long", 60), False),
            ),
        ),
        Sentence(
            "VAEs detect anomalies because these have low likelihood.",
            "uses",
            (
                Trial(
                    "clothes as anomalies, trained on digits",
                    "AUROC of −ELBO; control: chance",
                    "18",
                    lambda: _unusual("digits"),
                ),
                Trial(
                    "digits as anomalies, trained on clothes",
                    "AUROC of −ELBO; control: chance",
                    "18",
                    lambda: _unusual("clothes"),
                ),
            ),
        ),
        Sentence(
            "VAEs find anomalies in tables better than classical detectors.",
            "uses",
            (
                Trial(
                    "against the distance to the mean",
                    "AUROC, mean of each of four tables",
                    "18",
                    lambda: (_tables("VAE: −ELBO"), _tables("distance to the mean")),
                ),
                Trial(
                    "against nearest neighbours",
                    "AUROC, mean of each of four tables",
                    "18",
                    lambda: (_tables("VAE: −ELBO"), _tables("k-NN")),
                ),
            ),
        ),
        Sentence(
            "Pre-training a VAE improves transfer to new classes.",
            "uses",
            tuple(
                Trial(
                    f"on {data}, against pixels",
                    "accuracy of a linear classifier, %",
                    "19",
                    lambda data=data: (
                        _transfer(data, "VAE of the other classes, hidden layer"),
                        _transfer(data, "pixels"),
                    ),
                )
                for data in ("MNIST", "Fashion-MNIST")
            ),
        ),
        Sentence(
            "With few labels, use a semi-supervised VAE.",
            "uses",
            (
                Trial(
                    "M2 against its own classifier alone, 20 labels",
                    "accuracy, %",
                    "19",
                    lambda: (_labels(20, "M2, weight 1"), _labels(20, "q(y|x) alone")),
                ),
                Trial(
                    "M2 against label spreading on pixels, 20 labels",
                    "accuracy, %",
                    "19",
                    lambda: (_labels(20, "M2, weight 1"), _labels(20, "label spreading")),
                ),
            ),
        ),
        Sentence(
            "Augmenting with VAE samples improves a classifier.",
            "uses",
            tuple(
                Trial(
                    f"{count} images, against these alone",
                    "accuracy, %",
                    "20",
                    lambda count=count: (
                        _of("20", f"augmentation, {count}", "VAE"),
                        _of("20", f"augmentation, {count}", "real"),
                    ),
                )
                for count in (50, 500)
            ),
        ),
    )
