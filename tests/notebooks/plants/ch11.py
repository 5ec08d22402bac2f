"""Mistakes planted in notebook 11: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "free bits after the sum over all latents": (
        """
keep = use
def use(exercise_id, function):
    if exercise_id != "11.3":
        return keep(exercise_id, function)
    return lambda distortion, rates, threshold, groups: distortion + rates.sum(dim=1).mean().clamp(min=threshold)
""",
        "16 groups: rate",
    ),
    "a KL divergence without its factor of a half": (
        """
whole = gaussian_kl_per_dimension
gaussian_kl_per_dimension = lambda mu, logvar: 2 * whole(mu, logvar)
""",
        "16 groups: rate",
    ),
    "standard errors that are not paired": (
        """
def unpaired(model, control):
    one, other = model.mean(axis=0), control.mean(axis=0)
    error = ((one.var(ddof=1) + other.var(ddof=1)) / len(one)) ** 0.5
    difference = one.mean() - other.mean()
    return difference, error, "tie" if abs(difference) <= 2 * error else "worse" if difference > 0 else "better"
remedies.compare = unpaired
""",
        "the standard error is paired",
    ),
    "a rate that forgets the prior": (
        """
keep = use
def use(exercise_id, function):
    if exercise_id != "11.1":
        return keep(exercise_id, function)
    def entropy(log_given, log_prior):
        rate, distortion, nll = keep(exercise_id, function)(log_given, log_prior)
        joint = log_given + log_prior
        posterior = np.exp(joint + nll[:, None])
        return -(posterior * (joint + nll[:, None])).sum(axis=1), distortion, nll
    return entropy
""",
        "rate and distortion make the NLL|a code for the language takes about 1.7 nats",
    ),
    "letters that are hidden from what has to be written": (
        """
keep = use
def use(exercise_id, function):
    if exercise_id != "11.2":
        return keep(exercise_id, function)
    def unshifted(x, noise, fraction, blank, training):
        return np.where((noise < fraction) & training, blank, x), x
    return unshifted
""",
        "40 % hidden: trained here as in the sweep",
    ),
    "a control whose vector starts large": (
        """
small = ConditionalText
def ConditionalText(*arguments, **options):
    model = small(*arguments, **options)
    torch.nn.init.normal_(model.vectors.weight, std=3.0)
    return model
""",
        "trained here as in the sweep|distortion that the language saves",
    ),
    "a warm-up that is none": (
        """
warm_up = lambda fraction: lambda done: 1.0
""",
        "warm-up, step 20|warm-up ends on the diagonal",
    ),
}
