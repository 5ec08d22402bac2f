"""The claims bite: a wrong implementation planted behind a notebook's imports makes one of its claims fail."""

import pytest
from nbformat.v4 import new_code_cell

from vae_edu.course.cells import read, tags
from vae_edu.course.executing import execute
from vae_edu.course.places import notebook_path

PLANTS = {
    "00: torch is missing": (
        "00",
        """
from vae_edu.course.doctor import Finding
examine = lambda: [Finding("missing", "torch is not installed")]
""",
        "nothing essential is missing",
    ),
    "00: the mean over pixels in place of the sum": (
        "00",
        """
right_elbo = negative_elbo
def negative_elbo(model, x, generator):
    terms = right_elbo(model, x, generator)
    return {"loss": terms["distortion"] / 784 + terms["rate"], "distortion": terms["distortion"] / 784, "rate": terms["rate"]}
""",
        "nats per test image",
    ),
    "01: an encoder that never learns and a code that is too small": (
        "01",
        """
class LinearAutoencoder(LinearAutoencoder):
    def __init__(self, data, latent):
        super().__init__(data, latent)
        self.encode.weight.data[0] = 0
        self.encode.weight.requires_grad_(False)
""",
        "less than a hundredth of a degree",
    ),
    "02: a Fréchet distance without the covariances": (
        "02",
        """
def frechet_distance(a, b):
    return float(((np.asarray(a).mean(axis=0) - np.asarray(b).mean(axis=0)) ** 2).sum())
""",
        "real images against real images|the mixture|one Gaussian",
    ),
}


@pytest.mark.parametrize(("number", "plant", "claim"), PLANTS.values(), ids=PLANTS)
def test_a_planted_mistake_makes_a_claim_fail(number, plant, claim):
    notebook = read(notebook_path(number))
    place = next(index for index, cell in enumerate(notebook.cells) if "setup" in tags(cell))
    notebook.cells.insert(place + 1, new_code_cell(plant.strip()))
    failure = execute(notebook, threads=1).failure
    assert failure is not None
    assert "ClaimFailed" in failure
    assert any(sentence in failure for sentence in claim.split("|"))
