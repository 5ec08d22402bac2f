"""Mistakes planted in notebook 04: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "samples with the variance as standard deviation": (
        """
right_use = use
def use(exercise_id, function):
    estimator = right_use(exercise_id, function)
    if exercise_id != "4.1":
        return estimator
    return lambda x, log_likelihood, mu, logvar, eps: estimator(x, log_likelihood, mu, logvar, np.exp(logvar / 2) * eps)
""",
        "upper ends of q₁ to q₅|the upper ends agree with log p(x)",
    ),
    "an ELBO that forgets what the spread of q costs": (
        """
class PPCA(PPCA):
    def elbo(self, x, mu, covariance):
        spread = (self.weight.T @ self.weight * covariance).sum(dim=(-2, -1))
        return super().elbo(x, mu, covariance) + spread / (2 * self.variance)
""",
        "ELBO + KL is log p(x) for 500 random q's",
    ),
    "a rate without the variances": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id == "4.2":
        return lambda mu, logvar: 0.5 * (mu**2).sum(axis=1)
    return right_use(exercise_id, function)
""",
        "the rate is that of the package",
    ),
}
