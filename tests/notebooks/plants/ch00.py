"""Mistakes planted in notebook 00: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "torch is missing": (
        """
from vae_edu.course.learner.doctor import Finding
examine = lambda: [Finding("missing", "torch is not installed")]
""",
        "nothing essential is missing",
    ),
    "the mean over pixels in place of the sum": (
        """
right_elbo = negative_elbo
def negative_elbo(model, x, generator):
    terms = right_elbo(model, x, generator)
    return {"loss": terms["distortion"] / 784 + terms["rate"], "distortion": terms["distortion"] / 784, "rate": terms["rate"]}
""",
        "the course's loss is what is computed here|VAE: cost of a test image|error of the difference from the mean image",
    ),
    "pixels that are black where they are grey by half": (
        """
def binarise(x, generator):
    return (x > 0.5).float()
""",
        "a list of 200 mean images|the course's loss is what is computed here|VAE: cost of a test image",
    ),
    "a loss that averages over the pixels": (
        """
def use(exercise_id, function):
    return lambda distortion, rate: distortion.mean() + rate.sum(axis=1).mean()
""",
        "bags: cost on top of chance",
    ),
    "a loss of the whole batch": (
        """
def use(exercise_id, function):
    return lambda distortion, rate: distortion.sum() + rate.sum()
""",
        "bags: cost on top of chance",
    ),
}
