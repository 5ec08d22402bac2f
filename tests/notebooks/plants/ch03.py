"""Mistakes planted in notebook 03: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a posterior of the mixture without its prior": (
        """
right_use = use
def use(exercise_id, function):
    density = right_use(exercise_id, function)
    if exercise_id != "3.1":
        return density
    return lambda x, probabilities, means, variances: density(x, probabilities**0 / len(probabilities), means, variances)
""",
        "log p(x) is that of scikit-learn",
    ),
    "the tangent's m without J z": (
        """
right_use = use
def use(exercise_id, function):
    proposal = right_use(exercise_id, function)
    if exercise_id != "3.2":
        return proposal
    def wrong(x, decoder, jacobian, variance, start, steps):
        z = start
        for _ in range(steps):
            J = jacobian(z)
            z = np.linalg.solve(J.T @ J + variance * np.eye(len(z)), J.T @ (x - decoder(z)))
        return z, proposal(x, decoder, jacobian, variance, z, 0)[1]
    return wrong
""",
        "16 latents, q: largest error of 40 estimates|linear decoder: the mean of q",
    ),
    "a covariance without the noise": (
        """
right_use = use
def use(exercise_id, function):
    proposal = right_use(exercise_id, function)
    if exercise_id != "3.2":
        return proposal
    def wrong(x, decoder, jacobian, variance, start, steps):
        mean, covariance = proposal(x, decoder, jacobian, variance, start, steps)
        return mean, covariance / variance
    return wrong
""",
        "q: the reported cost is the exact one|linear decoder: the covariance of q",
    ),
    "a defensive mixture without its prior": (
        """
def with_prior(parts, fraction):
    return parts
""",
        "A, C and E with 10 % prior: largest error of 40 runs each",
    ),
    "a Laplace estimate without the volume of its Gaussian": (
        """
np.linalg.slogdet = lambda matrix: (1.0, 0.0)
""",
        "16 latents, Laplace: a typical error below 0.1",
    ),
    "an evidence that forgets the determinant": (
        """
class PPCA(PPCA):
    def log_prob(self, x):
        return super().log_prob(x) + self._inner_factor.diagonal().log().sum()
""",
        "each latent multiplies S/ESS by|the lines are straight",
    ),
}
