"""Mistakes planted in notebook 25: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a loss that is that of another noise": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "25.2":
        return right
    return lambda predict, x, eps, t, logsnr: right(lambda z, own: -predict(z, own), x, eps, t, logsnr)
""",
        "live: −ELBO of the diffusion model|the run above is close",
    ),
    "a network that is not trained": (
        "fit = lambda *arguments, **options: None",
        "live: −ELBO of the diffusion model|the run above is close",
    ),
    "a step back without its noise": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "25.1":
        return right
    return lambda *arguments: (right(*arguments)[0], 0 * right(*arguments)[1])
""",
        "sampling is that of the package|guidance 1",
    ),
    "a bound without the distortion": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    right = find(exercise_id).answer
    if exercise_id != "25.3":
        return right
    return lambda errors, logsnr, second, data: right(errors, logsnr, second, data) - 0.5 * data * (1 + np.log(2 * np.pi) - logsnr[0])
""",
        "best prediction, even schedule",
    ),
    "the weights of the cosine schedule in the even one": (
        "linear_schedule = cosine_schedule",
        "best prediction, even schedule",
    ),
    "guidance with the wrong sign": (
        """
right_guided = guided
guided = lambda without, told, weight: right_guided(told, without, weight)
""",
        "guidance 4: samples",
    ),
    "VAE and diffusion exchanged": (
        """
other = {"VAE": "diffusion", "diffusion": "VAE"}
stored = results.Results([row | {"name": other.get(row["name"], row["name"])} for row in stored.rows], stored.made)
""",
        "160 epochs: diffusion below the VAE",
    ),
    "mixture and N(0, I) exchanged": (
        """
other = {"mixture": "N(0, I)", "N(0, I)": "mixture"}
stored_codes = results.Results([row | {"name": other.get(row["name"], row["name"])} for row in stored_codes.rows], stored_codes.made)
""",
        "codes: nats saved by the mixture",
    ),
}
