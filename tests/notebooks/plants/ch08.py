"""Mistakes planted in notebook 08: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a discretised logistic without its edges": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "8.2":
        return right_use(exercise_id, function)
    def without_edges(x, mean, log_scale, levels):
        a, b = ((x + sign * 0.5 / (levels - 1) - mean) / log_scale.exp() for sign in (1, -1))
        logsigmoid = torch.nn.functional.logsigmoid
        return (logsigmoid(a) + logsigmoid(-b) + torch.log(-torch.expm1(b - a))).sum(dim=1)
    return without_edges
""",
        "the probabilities of 256 levels sum to 1",
    ),
    "a score of levels that is density times width": (
        """
from vae_edu.likelihoods import OptimalGaussian
def level_log_prob(self, x, output):
    return self.log_prob(x, output) - x.shape[1] * math.log(255)
OptimalGaussian.level_log_prob = level_log_prob
""",
        "Gaussian with optimal variance, live|live and stored",
    ),
    "a Gaussian whose variance is its standard deviation": (
        """
from vae_edu.likelihoods import OptimalGaussian
OptimalGaussian._logvar = lambda self, like: self.running.sqrt().log()
""",
        "Gaussian with optimal variance, live|live and stored",
    ),
    "test images counted into the histograms": (
        """
right_images = sweep.images
sweep.images = lambda: (right_images()[1].repeat(5, 1), *right_images()[1:])
""",
        "pixel histograms without latents|live and stored",
    ),
    "a Poisson without the factorials": (
        """
def poisson_log_prob(counts, log_mean):
    return (counts * log_mean - log_mean.exp()).sum(dim=1)
""",
        "Poisson minus negative binomial|Poisson is multinomial plus Poisson of the total",
    ),
    "a negative binomial whose shape is turned upside down": (
        """
from vae_edu import count_likelihoods
right = count_likelihoods.negative_binomial_log_prob
class NegativeBinomial(NegativeBinomial):
    def log_prob(self, x, output):
        return right(x, output, (1 / self.log_shape.exp()).exp().log() + 3)
""",
        "Poisson minus negative binomial|under a negative binomial|a tie",
    ),
    "a spike that covers no level above 0": (
        """
right_clip = np.clip
def only_level_0(values, low, high):
    covered = right_clip(values, low, high)
    return np.where(np.arange(256) == 0, covered, 0) if np.shape(values) == (256,) else covered
np.clip = only_level_0
""",
        "a spike of 32 levels, on paper|for wider spikes they agree",
    ),
    "encoders of grey images that score binary ones": (
        """
right_fit = fit
def fit(model, objective, *rest, **named):
    return None if objective.__name__ == "on_binary" else right_fit(model, objective, *rest, **named)
""",
        "with q trained again",
    ),
    "histograms of each class, with the labels of other images": (
        """
from types import SimpleNamespace
right_load = load_fashion_mnist
def load_fashion_mnist():
    data = right_load()
    return SimpleNamespace(train_labels=np.roll(data.train_labels, 1), test_labels=data.test_labels)
""",
        "histograms of each class|less than the Gaussian VAE",
    ),
    "wider families that do not pay for their rate": (
        """
right_results = results.load
def load_without_the_rate(number):
    found = right_results(number)
    for row in found.rows:
        if row["name"] in families.WIDE and "tenths" in row:
            row["tenths"] = [bits - row["rate"] / (784 * math.log(2)) for bits in row["tenths"]]
    return found
results.load = load_without_the_rate
""",
        "mixture minus one logistic",
    ),
}
