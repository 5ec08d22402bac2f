"""Measure the five reports of exercise 20.3: ``python -m vae_edu.experiments.five_reports`` writes the file that the exercise reads.
Four of them are wrong on purpose."""

import json
from functools import cache

import torch
from torch import Tensor

from vae_edu.evaluation.samples import memorisation
from vae_edu.exercises.ch20.five_reports import FILE
from vae_edu.experiments.conditional import (
    classes,
    clothes,
    from_model,
    label_sample,
    seeded,
    train_classifier,
)
from vae_edu.models.conditional import ConditionalVAE, conditional_negative_elbo
from vae_edu.training import fit

__all__ = ["generator", "report"]

LABELS, MORE, SEED, STEPS = 50, 200, 3, 250
KINDS = {"A": "test images", "B": "sound", "C": "steps", "D": "more real images", "E": "more images"}


def parts() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """1,000 test images, and 1,000 fresh ones."""
    x, labels = clothes()["test"]
    return (x[:1000], labels[:1000]), (x[1000:], labels[1000:])


@cache
def generator(kind: str) -> ConditionalVAE:
    """A conditional VAE of the classifier's images, and of those that it should not see."""
    x, labels = label_sample(LABELS, SEED)
    steps = 300
    if kind == "more images":
        x, labels = clothes()["pool"]
        steps = 700
    if kind == "test images":
        new, theirs = parts()[0]
        x, labels, steps = torch.cat([x, new]), torch.cat([labels, theirs]), 1500
    torch.manual_seed(SEED)
    model = ConditionalVAE(784, 10, 16, mean=x.mean(dim=0), hidden=(256,))
    size = min(100, len(x))
    fit(
        model,
        conditional_negative_elbo,
        (x, classes(labels)),
        epochs=max(1, steps * size // len(x)),
        batch_size=size,
        learning_rate=2e-3,
        generator=seeded(SEED),
    )
    return model


def accuracies(model) -> list[float]:
    """On test and on fresh images, in per cent."""
    with torch.no_grad():
        return [100 * (model(x).argmax(dim=1) == labels).double().mean().item() for x, labels in parts()]


def report(kind: str) -> list[float]:
    """The seven numbers; see ``vae_edu.exercises.ch20.five_reports``."""
    clean = generator("sound")
    own = generator(kind) if kind in ("test images", "more images") else clean
    given = label_sample(LABELS, SEED)
    with_samples = label_sample(MORE, SEED) if kind == "more real images" else given

    def trained(images, *, model=None, steps=STEPS) -> list[float]:
        augment = None if model is None else from_model(model)
        return accuracies(train_classifier(*images, SEED, augment=augment, steps=steps))

    steps = 20 if kind == "steps" else STEPS
    without = trained(given, steps=steps)[0]
    test, fresh = trained(with_samples, model=own)
    as_many_steps = trained(given)[0]
    same_images = trained(with_samples, steps=steps)[0]
    anew = trained(with_samples, model=clean)[0]
    wanted = given[1].repeat(20)
    samples = own.sample(classes(wanted), generator=seeded(SEED))
    share = memorisation(samples, parts()[0][0], parts()[1][0]).share
    return [without, test, fresh, as_many_steps, same_images, anew, 100 * share]


if __name__ == "__main__":
    measured = {}
    for letter, kind in KINDS.items():
        measured[letter] = [round(value, 1) for value in report(kind)]
        print(letter, measured[letter], flush=True)
    FILE.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
