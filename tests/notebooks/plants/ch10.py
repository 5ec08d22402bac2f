"""Mistakes planted in notebook 10: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a report whose mixture forgets log n": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "10.1":
        return found
    def report(mu, logvar, z, order, log_prob):
        rates, active, information, sensitivity = found(mu, logvar, z, order, log_prob)
        return rates, active, information - math.log(len(mu)), sensitivity
    return report
""",
        "whisper: information|information at σ_x² = 2",
    ),
    "active units by the mean of squares": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "10.1":
        return found
    def report(mu, logvar, z, order, log_prob):
        rates, _, information, sensitivity = found(mu, logvar, z, order, log_prob)
        return rates, (mu**2).mean(dim=0) > 0.01, information, sensitivity
    return report
""",
        "active units",
    ),
    "a squared error without its half": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "10.2":
        return found
    return lambda x, latent, weight: found(x, latent, weight / 2)
""",
        "survivors of the five losses",
    ),
    "a decoder whose variance is a standard deviation": (
        """
right_gaussian = Gaussian
def Gaussian(variance):
    return right_gaussian(variance**2)
""",
        "σ_x² = 2: rate of the more active latent|and of the other one|σ_x² = 0.05: both are active",
    ),
    "samples without noise": (
        """
def reparameterise(mu, logvar, *, generator=None):
    return mu
""",
        "both on again at σ_x² = 2",
    ),
    "a learned variance that starts small": (
        """
right_train = collapse.train_grey
collapse.train_grey = lambda name, **options: right_train("ReLU from 0.01", **options)
""",
        "latents above 0.05 nats here, after 1,600 steps",
    ),
    "a density without its constant": (
        """
right_log_prob = gaussian_log_prob
def gaussian_log_prob(x, mean, logvar):
    return right_log_prob(x, mean, logvar) + 0.5 * math.log(2 * math.pi) * x.shape[1]
""",
        "a parameter and the closed form|what a model without z recovers",
    ),
    "a decoder that reads the pixel itself": (
        """
from vae_edu.models.autoregressive import AutoregressiveVAE
def log_prob(self, x, z):
    return self.likelihood.log_prob(x, self.decode(z) + (x - self.mean) @ self.before.tril().T)
AutoregressiveVAE.log_prob = log_prob
""",
        "rate here, after training on this page|the decoder is the one above",
    ),
}
