"""Mistakes planted in notebook 15: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a planar flow with the log-determinant of its inverse": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "15.1":
        return right
    def inverted(z, u, w, b):
        z, log_det = right(z, u, w, b)
        return z, -log_det
    return inverted
""",
        "no gap is negative|ring: gap with no planar step",
    ),
    "a planar flow without a log-determinant": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "15.1":
        return right
    return lambda z, u, w, b: (right(z, u, w, b)[0], z.new_zeros(len(z)))
""",
        "no gap is negative|ring: gap with no planar step",
    ),
    "a coupling density without its log-determinant": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "15.2":
        return right
    def without(z, networks, kept):
        return right(z, [lambda a, own=own: (0 * own(a)[0], own(a)[1]) for own in networks], kept) + 0.5
    return without
""",
        "the densities integrate to 1|RealNVP prior: gain on test images",
    ),
    "the aggregate posterior of the very images that are judged": (
        """
right_aggregate = aggregate_log_prob
aggregate_log_prob = lambda z, mu, logvar: right_aggregate(z, mu[:1000], logvar[:1000])
right_reparameterise = reparameterise
reparameterise = lambda mu, logvar, *, generator: right_reparameterise(mu, logvar - 3, generator=generator)
""",
        "gain on test images, prior = q(z) of the training images",
    ),
    "codes without noise": (
        """
reparameterise = lambda mu, logvar, *, generator: mu
""",
        "gain on test images, prior = q(z) of the training images",
    ),
    "an NLL that is the -ELBO": (
        """
right_scores = table.scores
table.scores = lambda model, x, generator: (lambda s: table.Scores(s.negative_elbo, s.negative_elbo))(right_scores(model, x, generator))
""",
        "plain VAE: gap between −ELBO and NLL|NLL, trained here minus stored",
    ),
    "a model of another budget": (
        """
EPOCHS = 3
""",
        "NLL, trained here minus stored",
    ),
    "a g that is not normalised": (
        """
FIVE_FLOWS = {letter: (lambda eps, flow=flow: (flow(eps)[0], flow(eps)[1] - 0.7)) for letter, flow in FIVE_FLOWS.items()}
""",
        "one mean of g/q is 1",
    ),
    "a q(z) of all training images whatever N": (
        """
right_aggregate, most = aggregate_log_prob, {}
def aggregate_log_prob(z, mu, logvar):
    return right_aggregate(z, *most.setdefault(mu.shape[1], (mu, logvar)))
""",
        "which falls with N|little more than rate",
    ),
    "a mixture prior whose weights do not add up to one": (
        """
class Unnormalised(MixturePrior):
    def log_prob(self, z):
        return super().log_prob(z) + self.logits.logsumexp(dim=0)
MixturePrior = Unnormalised
""",
        "mixture fitted here: gain in ELBO",
    ),
    "samples of the fitted prior from N(0, I)": (
        """
class Unlearned(MixturePrior):
    def sample(self, n, *, generator):
        return torch.randn(n, self.latent, generator=generator)
MixturePrior = Unlearned
""",
        "N(0, I) minus fitted mixture",
    ),
    "AIS that is lowest for the model with flows": (
        """
for row in stored.rows:
    if row["name"] == "annealed: IAF q, RealNVP prior":
        row["ais"] = row["importance_more"] - 0.5
""",
        "with both flows, AIS lies above",
    ),
}
