"""Mistakes planted in notebook 20: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a conditional ELBO whose prior is N(0, I)": (
        """
def use(exercise_id, function):
    from vae_edu.densities import gaussian_kl
    from vae_edu.exercises.registry import find
    from vae_edu.likelihoods import bernoulli_log_prob
    if exercise_id != "20.1":
        return find(exercise_id).answer
    def elbo(x, c, encoder, prior, decoder, eps):
        mu, logvar = encoder(x, c)
        return bernoulli_log_prob(x, decoder(mu + (logvar / 2).exp() * eps, c)) - gaussian_kl(mu, logvar)
    return elbo
""",
        "samples of the requested class",
    ),
    "the known half is the hidden half": (
        """
right_quadrants = sweep.quadrants
sweep.quadrants = lambda given: (right_quadrants(given)[0],) * 2
""",
        "right half",
    ),
    "an error of the mean that is that of one completion": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "20.2":
        return find(exercise_id).answer
    return lambda samples, x: (((samples - x) ** 2).sum(axis=2).mean(axis=0), samples.var(axis=0, ddof=1).sum(axis=1))
""",
        "the mean completion is about as good as the network|squared error of one completion",
    ),
    "samples for the wrong classes": (
        """
right_sample = ConditionalVAE.sample
ConditionalVAE.sample = lambda self, c, *, generator=None: right_sample(self, c.roll(1, dims=1), generator=generator)
""",
        "samples of the requested class",
    ),
    "an attack by the negative of the score": (
        """
right_membership = sweep.membership
sweep.membership = lambda *arguments: 1 - right_membership(*arguments)
""",
        "50 training images: AUROC",
    ),
    "Gaussians that are fitted to nothing": (
        """
right_normal = MultivariateNormal
MultivariateNormal = lambda mean, covariance: right_normal(0 * mean, torch.eye(len(mean)))
""",
        "then Gaussians fitted to the codes",
    ),
    "completions of other digits": (
        """
right_completions = completions
completions = lambda model, c, *rest, **more: right_completions(model, c.roll(1, dims=0), *rest, **more)
""",
        "for the mean of the VAE's completions|the mean completion is about as good as the network",
    ),
    "a referee that believes every report": (
        """
right_use = use
use = lambda exercise_id, function: (lambda *numbers: 0) if exercise_id == "20.3" else right_use(exercise_id, function)
""",
        "the faults of A to E",
    ),
    "an autoregressive control that never looks at the pixels before": (
        """
right_training = sweep.train_completion
sweep.train_completion = lambda kind, *rest, **more: right_training(
    "network" if kind == "autoregressive" else kind, *rest, **more
)
""",
        "the autoregressive control is far ahead of the network",
    ),
}
