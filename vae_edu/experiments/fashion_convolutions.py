"""The likelihood of the full Fashion-MNIST with convolutions, and with a decoder that reads the pixels before each pixel.

Protocol as in ``fashion_likelihood``, with 500 draws. No run takes more than the processor time of an hour on two cores. Nothing was
selected on test images.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from vae_edu.experiments.fashion_likelihood import folder_of, trained
from vae_edu.experiments.train import Run

__all__ = ["RUNS", "SETTINGS", "row"]

_MASKED = Run(
    data="full",
    model="masked-conv",
    likelihood="bernoulli",
    prior="mixture",
    latent=40,
    beta=1.0,
    epochs=60,
    batch_size=128,
    learning_rate=2e-3,
    max_norm=150.0,
    seed=0,
    draws=500,
)
SETTINGS = {
    "masked convolution": asdict(_MASKED),
    "convolutions": asdict(replace(_MASKED, model="residual-conv")),
}
RUNS = [{"name": name} for name in SETTINGS]


def row(name: str, *, folder: Path | None = None) -> dict:
    """One row of the results: a run by its name, trained and measured on the test images, in nats per image, as in
    ``fashion_likelihood.trained``.

    ``folder`` (in the user's cache by default) holds checkpoints: a run that was stopped resumes. Raises ``KeyError`` for a name
    that there is not.
    """
    return {"name": name} | trained(Run(**SETTINGS[name]), folder or folder_of("16-fashion", name))
