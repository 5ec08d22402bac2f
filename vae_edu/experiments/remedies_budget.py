"""A control of notebook 11's comparison: three of its models, trained for four times as many epochs and else as in ``remedies``."""

from __future__ import annotations

from vae_edu.experiments import remedies

__all__ = ["RUNS", "SETTINGS", "row"]

_KEPT = {"no z": 0, "plain": 0, "free bits": 0}  # the variant that the first sweep kept
SETTINGS = {
    "variants": {name: remedies.VARIANTS[name][index] for name, index in _KEPT.items()},
    "times": 4,
    "seeds": [0, 1],
    "as in remedies": {
        name: remedies.SETTINGS[name] for name in ("held_out", "epochs", "batch_size", "peak", "model", "samples")
    },
}
RUNS = [{"name": name, "seed": seed} for name in _KEPT for seed in SETTINGS["seeds"]]


def row(name: str, seed: int) -> dict:
    """One row of the results, with the columns of ``remedies.row`` but for ``variant``."""
    variant, epochs = SETTINGS["variants"][name], SETTINGS["times"] * remedies.SETTINGS["epochs"]
    model, history, seconds = remedies.train(variant, seed, epochs=epochs)
    return {"name": name, "seed": seed} | remedies.recorded(variant, model, history, seconds)
