"""A curve of notebook 11: word dropout of several strengths, in the VAE of names and in the same decoder without z."""

from __future__ import annotations

from vae_edu.experiments import remedies

__all__ = ["FRACTIONS", "RUNS", "SETTINGS", "row"]

FRACTIONS = (0.4, 0.8)  # 0 is plain training, and the control without z, in the first sweep
SETTINGS = {
    "variants": {f"VAE, {fraction:g} hidden": {"word_dropout": fraction} for fraction in FRACTIONS}
    | {f"no z, {fraction:g} hidden": {"classes": 1, "word_dropout": fraction} for fraction in FRACTIONS},
    "seeds": [0, 1, 2],
    "as in remedies": {
        name: remedies.SETTINGS[name] for name in ("held_out", "epochs", "batch_size", "peak", "model", "samples")
    },
}
RUNS = [{"name": name, "seed": seed} for name in SETTINGS["variants"] for seed in SETTINGS["seeds"]]


def row(name: str, seed: int) -> dict:
    """One row of the results, with the columns of ``remedies.row`` but for ``variant``. In training, this fraction of the letters that
    the decoder reads is hidden; what is measured is measured with all letters."""
    variant = SETTINGS["variants"][name]
    return {"name": name, "seed": seed} | remedies.recorded(variant, *remedies.train(variant, seed))
