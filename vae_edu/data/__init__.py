"""The data of the course: images, names and e-mails with a fixed split, tables, and distributions sampled from a generator.

Importing this package loads NumPy and nothing heavier; scikit-learn, SciPy, river, mlxtend and pooch are loaded by the
functions that need them.
"""

from vae_edu.data.cards import CardTable, simulate_cards, split_by_day
from vae_edu.data.digits import load_digits, load_mnist
from vae_edu.data.emails import EmailData, EmailPart, load_emails
from vae_edu.data.fashion_mnist import load_fashion_mnist
from vae_edu.data.images import ImageData
from vae_edu.data.names import NameData, load_names
from vae_edu.data.shapes import (
    ELLIPSE_FACTORS,
    ELLIPSE_HIGH,
    ELLIPSE_LOW,
    FACTORS,
    LABELLED,
    SHAPES,
    LabelledSample,
    ShapesSample,
    draw_ellipses,
    draw_labelled_ellipses,
    draw_shapes,
    render_ellipses,
    render_shapes,
)
from vae_edu.data.sources import BadDataFile, DataNotFound
from vae_edu.data.tables import Table, TableSplit, load_breast_cancer, load_phishing, load_shuttle
from vae_edu.data.toys import (
    MixtureSample,
    PPCASample,
    grid_of_gaussians,
    ppca_data,
    ring_of_gaussians,
    two_moons,
)

__all__ = [
    "ELLIPSE_FACTORS",
    "ELLIPSE_HIGH",
    "ELLIPSE_LOW",
    "FACTORS",
    "LABELLED",
    "SHAPES",
    "BadDataFile",
    "CardTable",
    "DataNotFound",
    "EmailData",
    "EmailPart",
    "ImageData",
    "LabelledSample",
    "MixtureSample",
    "NameData",
    "PPCASample",
    "ShapesSample",
    "Table",
    "TableSplit",
    "draw_ellipses",
    "draw_labelled_ellipses",
    "draw_shapes",
    "grid_of_gaussians",
    "load_breast_cancer",
    "load_digits",
    "load_emails",
    "load_fashion_mnist",
    "load_mnist",
    "load_names",
    "load_phishing",
    "load_shuttle",
    "ppca_data",
    "render_ellipses",
    "render_shapes",
    "ring_of_gaussians",
    "simulate_cards",
    "split_by_day",
    "two_moons",
]
