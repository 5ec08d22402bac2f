"""More about the learning rates of notebook 08: what a larger peak does, and which peak is best when it is judged in bits.

``five_likelihoods`` chose the peak of each likelihood by the model's own −ELBO of 2,000 held-out training images, and the largest
candidate was often the best. Here each is trained once more on the same images, also with twice that peak, and both scores are kept.
"""

from __future__ import annotations

import time

import torch

from vae_edu.experiments import five_likelihoods as sweep
from vae_edu.training import TrainingDiverged

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {"peaks": [0.004, 0.008, 0.016, 0.032], "epochs": sweep.SETTINGS["epochs"], "seed": 0}
RUNS = [{"name": name, "peak": peak} for name in (*sweep.FIVE, *sweep.CONTROLS) for peak in SETTINGS["peaks"]]


def row(name: str, peak: float) -> dict:
    """One row of the results. diverged: whether training did. held_out: the mean −ELBO of the held-out images, in nats. bits: −ELBO per
    pixel of their 256 levels, in bits; not for the Bernoulli. Without a model there is neither."""
    start, result = time.process_time(), {"name": name, "peak": peak, "diverged": False}
    x, kept = sweep.images()[0], len(sweep.images()[0]) - sweep.SETTINGS["held_out"]
    try:
        model = sweep.train(name, epochs=SETTINGS["epochs"], peak=peak, seed=SETTINGS["seed"], x=x[:kept])
    except TrainingDiverged:
        result["diverged"] = True
    else:
        binary = torch.bernoulli(x[kept:], generator=torch.Generator().manual_seed(sweep.SETTINGS["noise"]))
        found = sweep.judged(model, x[kept:], binary)
        result["held_out"] = round(found["own"].mean().item(), 3)
        if "bits" in found:
            result["bits"] = round(found["bits"].mean().item(), 5)
    return result | {"seconds": round(time.process_time() - start, 1)}
