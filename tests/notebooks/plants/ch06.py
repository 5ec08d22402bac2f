"""Mistakes planted in notebook 06: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "the variance as the standard deviation, with the matching backward pass": (
        """
class Reparameterise(numpy_vae.Reparameterise):
    def forward(self, mu, logvar, eps):
        self.noise = np.exp(logvar) * eps
        return mu + self.noise
    def backward(self, dz):
        return dz, dz * self.noise
numpy_vae.Reparameterise = Reparameterise
""",
        "the gradients are those of the package",
    ),
    "a backward pass with one factor too many": (
        """
right_use = use
def use(number, function):
    found = right_use(number, function)
    return (lambda *given: tuple(1.001 * each for each in found(*given))) if number == "6.2" else found
class VAE(VAE):
    def backward(self):
        super().backward()
        self.gradients = {name: 1.001 * each for name, each in self.gradients.items()}
""",
        "central difference: smallest relative error",
    ),
    "a third program without a mistake": (
        """
THREE_PROGRAMS["C"] = lambda x, eps, params: yours(x, eps, params)
""",
        "C: largest relative distance from the independent gradients",
    ),
    "Adam without the correction for its start": (
        """
right_use = use
def use(number, function):
    found = right_use(number, function)
    return (lambda theta, g, m, v, t, rate: found(theta, g, m, v, 10**6, rate)) if number == "6.4" else found
""",
        "length of the first step",
    ),
    "C with the right sampler": (
        """
by_hand.SamplerOfC = numpy_vae.Reparameterise
""",
        "C's sampler: rate by its own samples",
    ),
    "samples that are a tenth too wide": (
        """
class Reparameterise(numpy_vae.Reparameterise):
    def forward(self, mu, logvar, eps):
        return super().forward(mu, logvar, eps * 1.1)
numpy_vae.Reparameterise = Reparameterise
""",
        "the right sampler: the same rate",
    ),
    "a distortion that clips its logits": (
        """
right_use = use
def use(number, function):
    found = right_use(number, function)
    return (lambda x, logits: found(x, np.clip(logits, -30, 30))) if number == "6.1" else found
""",
        "your function at a logit of 100",
    ),
}
