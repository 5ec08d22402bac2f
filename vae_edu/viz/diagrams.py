"""Schematic pictures of the course: what a notebook is about, before any data. ``png`` gives one as an image to embed.

A diagram is a function without required arguments that returns a figure, listed in ``__all__`` of one of ``MODULES``. It is drawn
on a canvas whose coordinates are inches, so sizes can be read off the code. In all of them an observed node is a shaded
circle, a latent or random node a white circle, and a deterministic node a box. What belongs to q is blue.
"""

from matplotlib.figure import Figure

from vae_edu.viz import (
    autoencoder_diagrams,
    axes_diagrams,
    collapse_diagrams,
    conditional_diagrams,
    detection_diagrams,
    diffusion_diagrams,
    document_diagrams,
    editing_diagrams,
    evaluation_diagrams,
    exploration_diagrams,
    figures,
    flow_diagrams,
    gradient_diagrams,
    hierarchy_diagrams,
    latent_variable_diagrams,
    likelihood_diagrams,
    rate_diagrams,
    sample_diagrams,
    semi_supervised_diagrams,
    text_diagrams,
    training_diagrams,
    triage_diagrams,
    verdict_diagrams,
    world_diagrams,
)

__all__ = ["DIAGRAMS", "MODULES", "png", "svg"]

MODULES = (
    autoencoder_diagrams,
    collapse_diagrams,
    latent_variable_diagrams,
    gradient_diagrams,
    training_diagrams,
    rate_diagrams,
    text_diagrams,
    likelihood_diagrams,
    detection_diagrams,
    conditional_diagrams,
    document_diagrams,
    evaluation_diagrams,
    semi_supervised_diagrams,
    triage_diagrams,
    sample_diagrams,
    axes_diagrams,
    flow_diagrams,
    hierarchy_diagrams,
    editing_diagrams,
    verdict_diagrams,
    exploration_diagrams,
    world_diagrams,
    diffusion_diagrams,
)
DIAGRAMS = {name: getattr(module, name) for module in MODULES for name in module.__all__}
PIXELS_PER_INCH = 110


def png(name: str) -> bytes:
    """The diagram called ``name`` as the bytes of a PNG file, 110 pixels per inch.

    Raises ``ValueError`` when there is no diagram of that name.
    """
    return figures.as_png(_drawn(name), PIXELS_PER_INCH)


def svg(name: str) -> str:
    """The diagram called ``name`` as the text of an SVG file. Raises ``ValueError`` when there is no diagram of that name."""
    return figures.as_svg(_drawn(name))


def _drawn(name: str) -> Figure:
    if name not in DIAGRAMS:
        raise ValueError(f"name={name!r} is not a diagram, expected one of: {', '.join(DIAGRAMS)}")
    return DIAGRAMS[name]()
