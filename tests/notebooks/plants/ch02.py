"""Mistakes planted in notebook 02: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a Fréchet distance without the covariances": (
        """
def frechet_distance(a, b):
    return float(((np.asarray(a).mean(axis=0) - np.asarray(b).mean(axis=0)) ** 2).sum())
""",
        "Fréchet distance of eight ways here",
    ),
    "a VAE whose codes nothing pulls towards N(0, I)": (
        """
right_train = train
def train(name, **options):
    return right_train(name.replace("VAE", "autoencoder, binary pixels"), **options)
""",
        "VAE, N(0, I): samples in holes",
    ),
    "a mixture of one Gaussian": (
        """
def fit_mixture(codes, components=None):
    return GaussianMixture(1, random_state=0).fit(codes)
""",
        "VAE, mixture on its codes: samples in holes|one Gaussian is worse than the mixture",
    ),
    "a whitening of each number alone": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "2.1":
        return right_use(exercise_id, function)
    return lambda codes: (np.diag(1 / codes.std(axis=0)), codes.mean(axis=0))
""",
        "the whitened codes have covariance I",
    ),
    "a classifier with another threshold than that of its holes": (
        """
right_judge = judge
def judge(seed):
    own = right_judge(seed)
    own.threshold = np.quantile(own.others.min(axis=1), 0.5)
    return own
""",
        "the threshold leaves 5 %",
    ),
}
