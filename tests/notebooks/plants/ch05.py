"""Mistakes planted in notebook 05: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a score that is divided by the variance": (
        """
right_use = use
def use(exercise_id, function):
    estimators = right_use(exercise_id, function)
    if exercise_id != "5.1":
        return estimators
    def planted(f, slope, mu, logvar, eps):
        found = estimators(f, slope, mu, logvar, eps)
        return found[0], found[1], found[2] / np.exp(logvar / 2), found[3]
    return planted
""",
        "score-function estimates with the wrong sign|the measured variances lie on their curves",
    ),
    "noise with the right variance that is not Gaussian": (
        """
class Uniform(np.random.Generator):
    def standard_normal(self, size=None):
        return self.uniform(-3**0.5, 3**0.5, size)
rng = Uniform(np.random.PCG64(SEED))
""",
        "variance of the score function over pathwise variance|the measured variances lie on their curves",
    ),
    "a baseline that holds the sample's own value": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id == "5.2":
        return lambda f, log_q, rate: rate.mean() - (f + (f - f.mean(dim=0)).detach() * log_q).mean()
    return right_use(exercise_id, function)
""",
        "mean of the other samples: largest distance from the exact gradient",
    ),
    "a score-function loss without a baseline": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id == "5.2":
        return lambda f, log_q, rate: rate.mean() - (f + f.detach() * log_q).mean()
    return right_use(exercise_id, function)
""",
        "slow f: leave-one-out error over pathwise error|fast f, two samples: leave-one-out error",
    ),
    "four runs with one right sampler": (
        """
FOUR_RUNS = dict.fromkeys(FOUR_RUNS, FOUR_SAMPLERS["B"])
""",
        "run 1: reported ELBO above the largest possible",
    ),
    "variances of a score that is not divided by the width of q": (
        """
right_variances = experiment.variances
experiment.variances = lambda f, slope, sigma, eps: right_variances(f, slope, torch.ones_like(sigma), eps)
""",
        "parabola, narrow q|one run again, 300 steps",
    ),
    "an exact ELBO that forgets what the spread of q costs": (
        """
class PPCA(PPCA):
    def elbo(self, x, mu, covariance):
        spread = (self.weight.T @ self.weight * covariance).sum(dim=(-2, -1))
        return super().elbo(x, mu, covariance) + spread / (2 * self.variance)
""",
        "run 1: exact ELBO far below",
    ),
}
