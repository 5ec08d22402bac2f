"""Mistakes planted in notebook 12: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "−log K forgotten": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    return (lambda log_w, sizes: found(log_w, sizes) + np.log(sizes)) if exercise_id == "12.1" else found
""",
        "gap at K = 1,024",
    ),
    "E[w²] for the variance of the weights": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    return (lambda *precisions: found(*precisions) + 1) if exercise_id == "12.2" else found
""",
        "r = 0.4: v|gap at K = 1,024",
    ),
    "a wider q whose samples are weighed with a narrower density": (
        """
right_log_prob = gaussian_log_prob
def gaussian_log_prob(z, mu, logvar):
    return right_log_prob(z, mu, logvar.clamp(max=-2.0))
""",
        "r = 0.8, wider q: gap at K = 16,384",
    ),
    "k̂ is held against 0.7 for any number of weights": (
        """
def pareto_k_threshold(count):
    return 0.7
""",
        "256 weights: missed warnings at r = 0.8",
    ),
    "in reverse, the moves are those of the forward path": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    return (lambda *arguments: found(*arguments[:-1], False)) if exercise_id == "12.3" else found
""",
        "upper minus lower bound|on its side|close in|in reverse from the prior",
    ),
    "an effective sample size that always says K": (
        """
def effective_sample_size(log_weights, dim):
    return torch.full_like(log_weights.sum(dim=dim), log_weights.shape[dim])
""",
        "the effective fraction flatters",
    ),
    "a bound from above that is averaged as the one from below": (
        """
right_upper_bound = annealed_upper_bound
def annealed_upper_bound(*arguments, **options):
    found = right_upper_bound(*arguments, **options)
    return found._replace(bound=log_mean_exp(found.log_weights, dim=0) - 0.5)
""",
        "the upper bound is on its side|distance of the bounds",
    ),
    "the path begins at another prior than the model's": (
        """
class Wide(StandardNormal):
    def log_prob(self, z):
        return super().log_prob(z / 2) - self.latent * math.log(2)
    def sample(self, n, *, generator=None):
        return 2 * super().sample(n, generator=generator)
right_lower_bound = annealed_lower_bound
def annealed_lower_bound(log_likelihood, x, prior, **options):
    wide = Wide(prior.latent).to(prior.zero.dtype) if isinstance(prior, StandardNormal) else prior
    return right_lower_bound(log_likelihood, x, wide, **options)
""",
        "distance of the bounds|320 steps: the gap|320 steps against|AIS minus",
    ),
    "test pixels cut at one half": (
        """
right_bernoulli = torch.bernoulli
def cut(probabilities, **options):
    return (probabilities > 0.5).float() if len(probabilities) == len(x_test) else right_bernoulli(probabilities, **options)
class Torch:
    def __getattr__(self, name):
        return cut if name == "bernoulli" else getattr(right_torch, name)
right_torch, torch = torch, Torch()
""",
        "bits per dimension",
    ),
}
