"""Mistakes planted in notebook 17: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a gap without the second latent": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "17.1":
        return find(exercise_id).answer
    def largest(codes, factors, shuffles):
        from vae_edu.evaluation.disentanglement import mutual_information, mutual_information_gap
        score = mutual_information_gap(codes.astype(float), factors.astype(float)).shares.max(axis=0).mean()
        return score, 0.001
    return largest
""",
        "with another seed: MIG",
    ),
    "two models with one seed": (
        """
right_train = latent_axes.train
latent_axes.train = lambda name, **rest: right_train(name, **(rest | {"seed": 6}))
""",
        "with another seed: MIG",
    ),
    "fractions of the wrong axis": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "17.2":
        return find(exercise_id).answer
    return lambda scores: find("17.2").answer(scores.T)
""",
        "fraction that β explains",
    ),
    "a rotation that costs nothing": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "17.3":
        return find(exercise_id).answer
    return lambda W, variance, angles: 0 * angles
""",
        "the gap rises|λ₁ = 8 λ₂, at 45 degrees",
    ),
    "labels of other images": (
        """
right_probe = labelled_probe
labelled_probe = lambda features, factors, labelled: right_probe(features, np.roll(factors, 1, axis=0), labelled)
""",
        "linear map from 100 labels",
    ),
    "codes that are not sampled with their variance": (
        """
right_reparameterise = reparameterise
reparameterise = lambda mu, logvar, *, generator: right_reparameterise(mu, logvar + 3, generator=generator)
""",
        "model A: MIG",
    ),
    "a decoder that does not undo the rotation": (
        """
def one_way(model, x, R, eps, beta):
    mu, logvar = model.encode(x)
    mean, precision = mu @ R.T, (-logvar).exp() @ (R**2).T
    from vae_edu.densities import gaussian_kl
    return (model.log_prob(x, mean + (eps @ R.T) / precision.sqrt()) - beta * gaussian_kl(mean, -precision.log())).detach()
latent_axes.rotated_objective = one_way
""",
        "loss at 45 degrees from mixing two active latents|a rotation by 90 degrees",
    ),
    "ten training sets that are one": (
        """
right_draw = draw_ellipses
draw_ellipses = lambda n, *, rng: right_draw(n, rng=np.random.default_rng(100))
""",
        "range of the MIG over ten training sets|linear VAE minus β-VAE",
    ),
    "random axes that are the code's own": (
        """
random_rotation = lambda latent, rng: np.eye(latent)
""",
        "random axes: mean MIG of A",
    ),
    "labels that select the worst seed": (
        """
right_load = results.load
def load(number):
    loaded = right_load(number)
    if number == "17":
        for row in loaded.rows:
            row["few_mig"] = [-each for each in row["few_mig"]]
    return loaded
results.load = load
""",
        "selection with 100 labels: MIG above",
    ),
}
