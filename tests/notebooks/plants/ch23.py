"""Mistakes planted in notebook 23: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "codes of which one bit is compared": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    return right if exercise_id != "23.2" else lambda new, seen, matrix, weight: right(new, seen, matrix[:, :1], weight)
""",
        "pixel codes: bonus after 300 steps",
    ),
    "a television that shows one still": (
        """
look = GridWorld._look
def _look(self):
    self._np_random = np.random.default_rng(0)
    return look(self)
GridWorld._look = _look
""",
        "pixel codes: bonus after 300 steps|pixel codes: pairs of the same place",
    ),
    "an early VAE that is not trained": (
        """
right_codes = CodeCounts
CodeCounts = lambda seed, epochs=None, **rest: right_codes(seed, epochs=0 if epochs else epochs, **rest)
""",
        "early VAE: bonus after 300 steps|early VAE: number of codes",
    ),
    "split and merged, exchanged": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    return right if exercise_id != "23.3" else lambda codes, states: right(codes, states)[::-1]
""",
        "pixel codes: pairs of the same place",
    ),
    "pixels with ten times the variance": (
        """
def small_vae(x, seed, *, epochs):
    from vae_edu.likelihoods import Gaussian
    from vae_edu.models.vae import VAE
    torch.manual_seed(seed)
    return VAE(x.shape[1], 8, mean=x.mean(dim=0), hidden=(48,), likelihood=Gaussian(0.5))
""",
        "television: −ELBO above the place",
    ),
    "a television that is off": (
        """
right_run = exploration.run
exploration.run = lambda name, television, seed, **rest: right_run(name, False, seed, **rest)
""",
        "the run above is the stored one",
    ),
    "seeds of another agent": (
        """
other = {"random": "true counts", "true counts": "random"}
stored = results.Results([row | {"name": other.get(row["name"], row["name"])} for row in stored.rows], stored.made)
""",
        "random: states reached|true counts: states reached",
    ),
}
