"""Mistakes planted in notebook 21: source that runs right behind the set-up, and what must fail then."""

PLANTS = {
    "a multinomial likelihood without its coefficient": (
        """
right_log_prob = multinomial_log_prob
def multinomial_log_prob(counts, logits):
    return (counts * logits.log_softmax(dim=1)).sum(dim=1)
""",
        "unigram model: perplexity of test messages|the likelihood is PyTorch's",
    ),
    "a product of experts in place of the mixture": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "21.2":
        return right_use(exercise_id, function)
    from vae_edu.evaluation.topics import log_coefficient
    def product(counts, theta, weights):
        logits = theta @ weights
        log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return log_coefficient(counts) + (counts * log_p).sum(axis=1)
    return product
""",
        "LDA with 20 topics|the sweep has the same",
    ),
    "words to predict that were seen already": (
        """
def split_words(counts, rng):
    return counts, counts
""",
        "LDA with 20 topics|the sweep has the same",
    ),
    "a perplexity with the coefficient left in": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "21.1":
        return right_use(exercise_id, function)
    return lambda log_prob, counts: float(np.exp(-log_prob.sum() / counts.sum()))
""",
        "unigram model: perplexity of test messages",
    ),
    "a loss with the rate to another prior": (
        """
right_use = use
def use(exercise_id, function):
    if exercise_id != "21.3":
        return right_use(exercise_id, function)
    right = right_use(exercise_id, function)
    return lambda counts, mu, logvar, eps, decode, variance: right(counts, mu, logvar, eps, decode, 2 * variance)
""",
        "your loss is −ELBO but for the coefficient",
    ),
    "ProdLDA without batch normalisation": (
        """
class ProdLDA(ProdLDA):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options | {"batch_norm": ()})
""",
        "ProdLDA: the same as in the sweep|both batch normalisations",
    ),
    "VAEs that are shown the words that they are asked for": (
        """
right_probabilities = word_probabilities
def word_probabilities(model, counts, **options):
    return right_probabilities(model, x_test - counts, **options)
""",
        "the same as in the sweep",
    ),
    "every message is about one topic": (
        """
ProdLDA.proportions = lambda self, x: (20 * self.encode(x)[0]).softmax(dim=1).detach()
""",
        "largest proportion of a test message",
    ),
}
