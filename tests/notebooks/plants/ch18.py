"""Mistakes planted in notebook 18: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "the ELBO as a score, not its negative": (
        """
right_terms = detection.elbo_terms
def flipped(model, x, samples, **options):
    terms = right_terms(model, x, samples, **options)
    return terms._replace(score=-terms.score)
detection.elbo_terms = flipped
""",
        "everyone finds the outside|VAE: smallest AUROC on anomalies in the middle",
    ),
    "a threshold that forgets the base rate": (
        """
def use(exercise_id, function):
    def threshold(normal, anomalous, base_rate, miss, false_alarm):
        tried = np.unique(np.concatenate([normal, anomalous]))
        cost = [miss * (anomalous <= t).mean() + false_alarm * (normal > t).mean() for t in tried]
        return tried[np.argmin(cost)], min(cost)
    return threshold
""",
        "cost per payment",
    ),
    "the quantile of the wrong tail": (
        """
detection.false_alarm_threshold = lambda scores, rate: np.quantile(scores, rate)
""",
        "the false-alarm rate is about what was asked for",
    ),
    "reasons that are the most usual columns": (
        """
def use(exercise_id, function):
    return lambda own, normal, top: np.argsort((own - normal.mean(axis=0)) / normal.std(axis=0), axis=1)[:, :top]
""",
        "alarms for stolen cards whose first reason is an amount|another row's value: found by the VAE",
    ),
    "binary pixels by a threshold in place of samples": (
        """
from vae_edu.likelihoods import Bernoulli
Bernoulli.observe = lambda self, x, *, generator=None: (x > 0.5).float()
""",
        "Bernoulli VAE: AUROC of digits as anomalies",
    ),
    "the limits of the normal distribution for five seeds": (
        """
class student_t:
    ppf = staticmethod(lambda q, df: 1.96)
""",
        "until flat: it is ahead on Shuttle, and three are ties",
    ),
    "the risk columns are forgotten": (
        """
right_table = sweep.table
class Without:
    def __init__(self, inner): self.inner = inner
    def __getattr__(self, name): return getattr(self.inner, name)
    def with_risk(self): return self
sweep.table = lambda name: Without(right_table(name)) if name == "simulated cards" else right_table(name)
""",
        "risk: compromised terminals are found",
    ),
    "both directions are the same one": (
        """
right_direction = both_ways.direction
both_ways.direction = lambda kind: right_direction("clothes")
""",
        "what is trained here agrees with what is stored",
    ),
    "the entropy of pixels that are not sampled": (
        """
torch.xlogy = lambda a, b: torch.zeros_like(a)
""",
        "−H alone: AUROC trained on digits",
    ),
    "a swap that moves whole rows, not one column": (
        """
class Shuffles(np.random.Generator):
    def permutation(self, x, axis=0):
        return np.asarray(x)
rng = Shuffles(np.random.PCG64(SEED))
""",
        "another row's value: found by the VAE, minus largest scaled value",
    ),
}
