"""Mistakes planted in notebook 14: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a decoder that does not start at the mean": (
        """
def fresh(likelihood=None, **options):
    torch.manual_seed(SEED)
    return VAE(64, 8, mean=0.5 + 0 * x.mean(dim=0), hidden=(128, 128), likelihood=likelihood, **options)
""",
        "bias at the mean",
    ),
    "a loss at which μ is not what was asked for": (
        """
right_patched = patched
def patched(model, encode, decode):
    return right_patched(model, encode=lambda original, x: [each / 2 for each in encode(original, x)], decode=decode)
""",
        "growth of the loss over growth of the KL",
    ),
    "an activation under which no unit can die, where there should be ReLUs": (
        """
right_vae = VAE
def VAE(*arguments, **options):
    return right_vae(*arguments, **(options | {"activation": nn.SiLU}))
""",
        "dead units after five steps",
    ),
    "a decoder that is cut off from z": (
        """
def fresh(likelihood=None, seed=SEED, **options):
    torch.manual_seed(seed)
    model = VAE(64, 8, mean=x.mean(dim=0), hidden=(128, 128), likelihood=likelihood, **options)
    model.decoder[0].weight.requires_grad_(False).zero_()
    return model
""",
        "sound: −ELBO of eight examples",
    ),
    "a guard that never stops": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    if exercise_id != "14.2":
        return find(exercise_id).answer
    return lambda *rows: (-1, 0)
""",
        "stopped because the rate is near 0",
    ),
    "a guard without patience": (
        """
def use(exercise_id, function):
    from vae_edu.exercises.registry import find
    answer = find(exercise_id).answer
    if exercise_id != "14.2":
        return answer
    return lambda loss, rate, logvar, gradient, constant, patience: answer(loss, rate, logvar, gradient, constant, 1)
""",
        "the guard lets it go on",
    ),
    "another run than the stored one": (
        """
right_row = divergence.row
divergence.row = lambda name, **options: right_row("VAE, slow start", **options)
""",
        "one run again",
    ),
}
