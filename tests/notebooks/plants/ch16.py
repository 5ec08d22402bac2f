"""Mistakes planted in notebook 16: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "codes that were never chosen are moved": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "16.2":
        return right
    def to_the_mean(e, counts, sums, gradient, decay, commitment):
        z, to_e, new_counts, new_sums = right(e, counts, sums, gradient, decay, commitment)
        unused = (new_counts < counts * decay + 1e-12)[:, None]
        return z, to_e, new_counts, np.where(unused, new_sums + 0.05 * (e.mean(axis=0) * new_counts[:, None] - new_sums), new_sums)
    return to_the_mean
""",
        "that stay where they began",
    ),
    "the perplexity of batches, twice": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    return right if exercise_id != "16.3" else lambda codes, size: (right(codes, size)[0],) * 2
""",
        "started at data: perplexity of all places",
    ),
    "a rate of z2 that costs nothing": (
        """
right_elbo = layered_elbo
def layered_elbo(model, x, generator, **rest):
    terms = right_elbo(model, x, generator, **rest)
    return terms | {"loss": terms["loss"] - terms["rate_2"]}
""",
        "Gaussian, bottom-up: it is dead|clusters, bottom-up",
    ),
    "a ladder that is inferred bottom-up": (
        "LadderVAE = BottomUpVAE",
        "clusters, ladder: ELBO above|the ladder wakes",
    ),
    "a difference with the wrong sign": (
        """
right_compare = compare
def compare(model, control):
    return right_compare(control, model)
""",
        "two layers bottom-up, warm-up, against one",
    ),
    "NLLs of one layer that are those of another": (
        """
other = {"bottom-up, warm-up": "ladder", "ladder": "bottom-up, warm-up"}
stored = results.Results([row | {"name": other.get(row["name"], row["name"])} for row in stored.rows], stored.made)
""",
        "two layers bottom-up, warm-up, against one|rate of z2, lowest",
    ),
    "a prior that is not trained": (
        """
hierarchies.fit_prior = lambda model, seed: CodePrior(model.codes, model.places)
""",
        "what the codes cost",
    ),
    "codes without their cost": (
        """
right_scores = hierarchies.score_codes
hierarchies.score_codes = lambda *arguments: (right_scores(*arguments)[0], 0 * right_scores(*arguments)[1])
""",
        "what the codes cost",
    ),
}
