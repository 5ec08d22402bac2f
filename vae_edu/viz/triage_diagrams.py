"""The triage tree of notebook 14, as the pictures of ``vae_edu.viz.diagrams``, which lists it."""

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, RED, SHADE, arrow, canvas, write

__all__ = ["triage_tree"]

STEPS = (
    ("Are data and parameters finite,\nand the data of about size 1?", "data: missing values, units, outliers"),
    ("Is the loss before training near\nthat of a constant predictor?", "likelihood, scale of weights, decoder bias"),
    ("Put known values into the loss:\ndoes each term answer as on paper?", "signs, sums and means, noise, KL"),
    ("Does a gradient reach every\nparameter that is trained?", "detached tensors, dead units, optimizer"),
    ("Can it overfit eight examples?", "encoder or decoder ignores its input"),
    ("Does a short run stay away\nfrom NaN, jumps and collapse?", "learning rate, activation, slow start"),
)


def triage_tree() -> Figure:
    """Six questions, one below the other, from cheap to expensive. Each no leads to the right, to what has to be looked at; each yes
    leads down to the next question. After six times yes the long run may begin."""
    figure, axes = canvas(7.4, 5.65)
    width, height, left, gap = 2.9, 0.58, 0.4, 0.83
    top = 5.2
    for index, (question, place) in enumerate(STEPS):
        y = top - index * gap
        box = FancyBboxPatch((left, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.08")
        box.set(facecolor="white", edgecolor=BLUE, linewidth=1.5)
        axes.add_patch(box)
        write(axes, 0.2, y, str(index + 1), 12, color=BLUE)
        write(axes, left + width / 2, y, question, 9.5)
        arrow(axes, (left + width + 0.03, y), (3.85, y), color=RED)
        write(axes, 3.56, y + 0.14, "no", 9.5, color=RED)
        write(axes, 3.92, y, place, 9.5, ha="left")
        arrow(axes, (left + width / 2, y - height / 2), (left + width / 2, y - gap + height / 2 + 0.02), color=GREEN)
        write(axes, left + width / 2 + 0.22, y - gap / 2, "yes", 9.5, color=GREEN)
    y = top - len(STEPS) * gap + 0.1
    box = FancyBboxPatch((left, y - 0.2), width, 0.4, boxstyle="round,pad=0,rounding_size=0.08")
    box.set(facecolor=SHADE, edgecolor=BLACK, linewidth=1.3)
    axes.add_patch(box)
    write(axes, left + width / 2, y, "long run, with a guard", 9.5)
    return figure
