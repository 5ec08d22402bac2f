"""Schematic pictures of anomaly detection, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.figure import Figure

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, RED, arrow, bell, box, canvas, write

__all__ = ["alarm_threshold"]


def alarm_threshold() -> Figure:
    """From a row to a decision. A model gives each row a score. Many normal rows have low scores and a few anomalies high ones, and
    the two overlap. A threshold cuts both: normal rows above it are false alarms, anomalies below it are missed."""
    figure, axes = canvas(7.2, 3.4)
    box(axes, 0.55, 2.1, "row $x$", width=0.8)
    arrow(axes, (0.95, 2.1), (1.2, 2.1))
    box(axes, 1.62, 2.1, "model", width=0.84, color=BLUE)
    arrow(axes, (2.04, 2.1), (2.3, 2.1))
    write(axes, 1.2, 1.62, "score: how badly\nthe model explains $x$", 9)
    base, cut = 0.75, 4.75

    def place(z):
        return 3.72 + 0.52 * z

    axes.plot([2.35, 6.95], [base, base], color=BLACK, linewidth=1.2)
    for mean, sd, inches, color in ((0, 1, 4.2, GREEN), (3.2, 1.1, 1.6, RED)):
        bell(axes, place, mean, sd, base=base, inches=inches, reach=2.6, fill=False, color=color)
        z = np.linspace(mean - 2.6 * sd, mean + 2.6 * sd, 400)
        z = z[place(z) > cut] if mean == 0 else z[place(z) <= cut]
        height = base + inches * np.exp(-0.5 * ((z - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        axes.fill_between(place(z), base, height, color=color, alpha=0.45, linewidth=0)
    axes.plot([cut, cut], [base - 0.08, 2.85], "--", color=BLACK, linewidth=1.4)
    write(axes, cut, 3.0, "threshold")
    write(axes, 3.0, 2.75, "many normal rows", color=GREEN)
    write(axes, 5.75, 1.75, "few anomalies", color=RED)
    arrow(axes, (cut + 0.1, 2.55), (cut + 0.75, 2.55))
    write(axes, cut + 0.85, 2.55, "alarm", ha="left")
    write(axes, 6.7, 0.55, "score", 10)
    write(axes, 3.75, 0.3, "missed anomalies", 9.5, color=RED)
    arrow(axes, (4.0, 0.42), (4.55, base + 0.12), color=RED, head=9)
    write(axes, 5.6, 0.3, "false alarms", 9.5, color=GREEN)
    arrow(axes, (5.25, 0.42), (4.87, base + 0.1), color=GREEN, head=9)
    return figure
