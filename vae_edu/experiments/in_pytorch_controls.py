"""Two controls of notebook 07's comparison of convolutions with linear layers, selected, trained and judged as in ``in_pytorch``:
the small linear model for as long as the convolutional one, and convolutions whose learning rate climbs four times as slowly.
"""

from __future__ import annotations

from vae_edu.experiments import in_pytorch

__all__ = ["CONTROLS", "RUNS", "SETTINGS", "row"]

CONTROLS = ("convolutions, longer warm-up", "69 units, as long")
SETTINGS = {
    "architecture": dict(zip(CONTROLS, ("convolutions", "same parameters"), strict=True)),
    "epochs": dict(zip(CONTROLS, (6, 32), strict=True)),  # 32 epochs of 69 units take as long as 6 of convolutions
    "warm_up": dict(zip(CONTROLS, (0.2, 0.05), strict=True)),  # the fraction of training
    "peaks": dict(zip(CONTROLS, (0.012, 0.012), strict=True)),
    "as in in_pytorch": {
        name: in_pytorch.SETTINGS[name] for name in ("times", "candidates", "held_out", "seeds", "pixels")
    },
}


def _runs():
    for name in CONTROLS:
        for peak in in_pytorch.SETTINGS["candidates"]:
            yield {
                "name": f"chosen on held-out images: {name}",
                "epochs": SETTINGS["epochs"][name],
                "peak": peak,
                "seed": 0,
            }
    for times in in_pytorch.SETTINGS["times"]:
        for name in CONTROLS:
            for seed in in_pytorch.SETTINGS["seeds"]:
                epochs = times * SETTINGS["epochs"][name]
                yield {"name": name, "epochs": epochs, "peak": SETTINGS["peaks"][name], "seed": seed}


RUNS = list(_runs())


def row(name: str, epochs: int, peak: float, seed: int) -> dict:
    """One row of the results, with the columns of ``in_pytorch.row``."""
    control = name.removeprefix("chosen on held-out images: ")
    own = name.replace(control, SETTINGS["architecture"][control])
    return in_pytorch.row(own, epochs, peak, seed, warm_up=SETTINGS["warm_up"][control]) | {"name": name}
