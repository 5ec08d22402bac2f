"""Controls of notebook 17: a penalty on the total correlation alone, and four times as many epochs of both penalties. All else is as in
``latent_axes``."""

from __future__ import annotations

from vae_edu.experiments import latent_axes

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {
    "tc_beta": 8,
    "tc_seeds": [0, 1, 2, 3, 4],
    "long": [["β-VAE", 4], ["β-VAE", 8], ["β-TCVAE", 8]],
    "long_seeds": [0, 1, 2],
    "times": 4,
    "as in latent_axes": {
        name: value for name, value in latent_axes.SETTINGS.items() if name not in ("betas", "seeds")
    },
}
RUNS = [{"name": "β-TCVAE", "beta": SETTINGS["tc_beta"], "times": 1, "seed": seed} for seed in SETTINGS["tc_seeds"]] + [
    {"name": name, "beta": beta, "times": SETTINGS["times"], "seed": seed}
    for seed in SETTINGS["long_seeds"]
    for name, beta in SETTINGS["long"]
]


def row(name: str, beta: float, times: int, seed: int) -> dict:
    """One row of the results, with ``times`` the epochs of ``latent_axes``."""
    model = latent_axes.train(name, beta=beta, epochs=times * latent_axes.SETTINGS["epochs"], seed=seed)
    return {"name": name, "beta": beta, "times": times, "seed": seed} | latent_axes.measured(model, seed)
