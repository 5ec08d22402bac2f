"""Mistakes planted in notebook 07: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "terms whose noise is scaled with the variance": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "7.1":
        return found
    def with_variance(model, x, eps):
        sigma = (model.encoder(x - model.mean).chunk(2, dim=1)[1] / 2).exp()
        return found(model, x, sigma * eps)
    return with_variance
""",
        "largest relative difference of a gradient",
    ),
    "a loop that averages the means of the batches": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "7.2":
        return found
    def unweighted(model, terms, x, optimizer, epochs, batch_size, generator):
        means = []
        def watching(*arguments):
            both = terms(*arguments)
            means.append([each.mean().item() for each in both])
            return both
        found(model, watching, x, optimizer, epochs, batch_size, generator)
        return np.array(means).reshape(epochs, -1, 2).mean(axis=1)
    return unweighted
""",
        "your loop and fit: largest difference in the table",
    ),
    "a loop that shuffles nothing": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    if exercise_id != "7.2":
        return found
    def in_order(*arguments):
        shuffle, torch.randperm = torch.randperm, lambda n, generator: torch.arange(n)
        try:
            return found(*arguments)
        finally:
            torch.randperm = shuffle
    return in_order
""",
        "your loop and fit: largest difference in the table",
    ),
    "a β of A without the half": (
        """
right_use = use
def use(exercise_id, function):
    found = right_use(exercise_id, function)
    return (lambda: (0.00025 * 784, 784.0, 1.0, 0.05)) if exercise_id == "7.3" else found
""",
        "rate with your β over the rate of the loss as written",
    ),
    "the rate counts a tenth when the model is judged": (
        """
right_judged = in_pytorch.judged
def tenth(model, x):
    terms = right_judged(model, x)
    return terms | {"rate": terms["rate"] / 10, "loss": terms["distortion"] + terms["rate"] / 10}
in_pytorch.judged = tenth
""",
        "VAE of this page: −ELBO of a test image|the same minus NumPy, mean of three seeds",
    ),
    "convolutions whose longer warm-up is the old one": (
        """
right_load = results.load
def load(number):
    found = right_load(number)
    if number == "07-controls":
        old = {(row["epochs"], row["seed"]): row for row in right_load("07").rows if row["name"] == "convolutions"}
        for i, row in enumerate(found.rows):
            if row["name"] == "convolutions, longer warm-up":
                found.rows[i] = old[row["epochs"], row["seed"]] | {"name": row["name"]}
    return found
results.load = load
""",
        "longer warm-up, large budget: convolutions minus 400 units|longer warm-up against the short one",
    ),
}
