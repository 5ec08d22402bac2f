"""Five VAEs to be examined in exercise 9.2, as ``rate_distortion.train`` with seed 0 left them
after 24 epochs (one of them after a single epoch). Look at the notebook, not at this file.

For each letter: rate and distortion on the training images, in nats per image, the distortion computed with σ_x² = 0.2.
"""

__all__ = ["COLLAPSED", "FIVE_MODELS"]

FIVE_MODELS: dict[str, tuple[float, float]] = {
    "A": (7.30, 138.3),
    "B": (6.52, 177.9),
    "C": (1.29, 192.5),
    "D": (15.01, 127.0),
    "E": (3.32, 158.0),
}
COLLAPSED = (0.0, 259.5)
