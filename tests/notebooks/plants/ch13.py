"""Mistakes planted in notebook 13: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a Fréchet distance that is not squared": (
        """
right_distance = frechet_distance
def frechet_distance(a, b):
    return right_distance(a, b) ** 0.5
""",
        "at 100 images|at 1,000 images|how much it falls from 100 to 1,000 images",
    ),
    "a kernel distance that pairs a point with itself": (
        """
def kernel_distance(a, b):
    kernel = lambda x, y: ((x @ y.T / x.shape[1] + 1) ** 3).mean()
    return kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)
""",
        "KID, real against real",
    ),
    "balls around the real points for recall, too": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "13.1":
        return found
    return lambda real, generated, k: (found(real, generated, k)[0], neighbour_scores(real, generated, k=k).coverage)
""",
        "recall of half of the modes, raised by ten outliers",
    ),
    "a null of images against themselves": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "13.2":
        return found
    return lambda score, rows, n, repeats, rng: found(lambda a, b: score(a, a), rows, n, repeats, rng)
""",
        "Fréchet distance, real against real, at 100 images|at 1,000 images|how much it falls",
    ),
    "a p-value of the wrong side": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "13.3":
        return found
    return lambda score, null, worse: found(score, null, "smaller")
""",
        "everything finds it|rate of false alarms|power of the classifier",
    ),
    "a memorisation test whose baseline is one half": (
        """
right_relabelling = relabelling
def relabelling(counts, training):
    found = right_relabelling(counts, training)
    return found._replace(copied=2 * (found.share - 0.5))
""",
        "nothing but copies, distances of features: copied",
    ),
    "samples of the VAE without its noise": (
        """
right_samples = sample_scores.vae_samples
sample_scores.vae_samples = lambda model, z, generator: (right_samples(model, z, generator=generator)[1],) * 2
""",
        "mixture, 1,000 samples: scores of features|and its texture",
    ),
}
