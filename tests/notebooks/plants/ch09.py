"""Mistakes planted in notebook 09: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "the variance of the decoder squared": (
        """
right_gaussian = Gaussian
def Gaussian(variance):
    return right_gaussian(variance**2)
""",
        "largest difference of a reconstructed pixel|the rates are the same",
    ),
    "an objective that forgets its beta": (
        """
right_elbo = negative_elbo
def negative_elbo(model, x, generator, *, beta=1.0):
    return right_elbo(model, x, generator)
""",
        "largest difference of a reconstructed pixel|the rates are the same",
    ),
    "a linear curve that leaves the same error at every beta": (
        """
right_use = use
def use(exercise_id, function):
    curve = right_use(exercise_id, function)
    if exercise_id != "9.1":
        return curve
    return lambda eigenvalues, latent, variance, betas: curve(eigenvalues, latent, variance, 0 * betas + 1)
""",
        "linear VAEs: largest difference of the loss from the closed form",
    ),
    "a linear curve in bits": (
        """
right_use = use
def use(exercise_id, function):
    curve = right_use(exercise_id, function)
    if exercise_id != "9.1":
        return curve
    def in_bits(*arguments):
        rates, distortions = curve(*arguments)
        return rates / math.log(2), distortions
    return in_bits
""",
        "linear VAEs: largest difference of the loss from the closed form|never beats the closed form",
    ),
    "a q(z) that is the sum of the densities": (
        """
right_use = use
def use(exercise_id, function):
    split = right_use(exercise_id, function)
    if exercise_id != "9.3":
        return split
    def without_log_n(log_q, log_p):
        information, gap = split(log_q, log_p)
        return information - math.log(len(log_q)), gap + math.log(len(log_q))
    return without_log_n
""",
        "from β = 3 to 30, KL falls|largest difference between the estimated KL and a sum over a grid",
    ),
    "a sweep that trains without a beta": (
        """
right_train = rate_distortion.train
rate_distortion.train = lambda beta, **options: right_train(1, **options)
""",
        "β = 10, trained here and stored",
    ),
    "a mixture of one Gaussian": (
        """
RightMixture = GaussianMixture
def GaussianMixture(components, **options):
    return RightMixture(1, **options)
""",
        "distance with a mixture fitted to the codes",
    ),
    "a KL that is the whole rate": (
        """
def aggregate_kl(mu, logvar, generator):
    return gaussian_kl(mu, logvar)
""",
        "the estimated KL falls with N",
    ),
}
