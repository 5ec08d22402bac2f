"""Mistakes planted in notebook 24: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "the line in place of the arc": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "24.1":
        return find(exercise_id).answer
    return lambda a, b, t: a + t[:, None] * (b - a)
""",
        "distance of slerp's middle above",
    ),
    "a vector that is not balanced": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "24.2":
        return find(exercise_id).answer
    return lambda codes, target, others: (difference_of_means(codes, target), 1.0)
""",
        "balanced vector: change of position x",
    ),
    "labels without correlation": (
        """
right_ellipses = attribute_vectors.ellipses
attribute_vectors.ellipses = lambda right, upper, seed: right_ellipses(0.0, upper, seed)
""",
        "difference of means: change of position x",
    ),
    "a sleeve vector that points the other way": (
        """
right_vector = image_edits.sleeve_vector
image_edits.sleeve_vector = lambda model: -right_vector(model)
""",
        "edited T-shirts taken for pullovers",
    ),
    "originals in another order": (
        """
right_fates = image_edits.fates
image_edits.fates = lambda pictures, originals: right_fates(pictures, originals.roll(1, 0))
""",
        "edited T-shirts whose own original is the nearest",
    ),
    "a label of dark chests that says nothing": (
        """
right_rows = image_edits.biased_rows
def biased_rows(seed):
    chosen, pullover, dark = right_rows(seed)
    return chosen, pullover, np.random.default_rng(seed).permutation(dark)
image_edits.biased_rows = biased_rows
""",
        "rise of the chest with the vector from biased labels, balanced",
    ),
    "all rows are used": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "24.2":
        return right
    return lambda codes, target, others: (right(codes, target, others)[0], 1.0)
""",
        "fraction of 200 rows",
    ),
    "a path that does not return": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "24.3":
        return find(exercise_id).answer
    def loop(keys, frames):
        times = np.linspace(0, len(keys) - 1, frames)
        return np.stack([np.interp(times, np.arange(len(keys)), column) for column in keys.T], axis=1)
    return loop
""",
        "from the last frame to the first",
    ),
    "a first frame that is shown twice": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "24.3":
        return right
    return lambda keys, frames: np.concatenate([right(keys, frames - 1), keys[:1]])
""",
        "from the last frame to the first",
    ),
    "runs in which everything has a label": (
        """
usual = {row["seed"]: row for row in stored.rows if row["name"] == "usual" and row["correlation"] == 0.8}
exchanged = [usual[row["seed"]] | {"name": row["name"]} if row["name"] == "upper too" else row for row in stored.rows]
stored = results.Results(exchanged, stored.made)
""",
        "an attribute without a label",
    ),
}
