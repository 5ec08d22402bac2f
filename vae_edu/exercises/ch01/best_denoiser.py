"""Exercise 1.4: the denoiser with the smallest expected squared error."""

import numpy as np

from vae_edu.exercises.record import Exercise, Family, Mistake


def best_denoiser(noisy, clean, sigma):
    """E[x | noisy] for each row of noisy (m, data): an array (m, data). x is one of the rows of clean (n, data), all equally
    likely, and noisy = x + sigma · standard normal noise."""
    squared_distance = ((noisy[:, None] - clean[None]) ** 2).sum(axis=2)  # (m, n)
    log_weight = -squared_distance / (2 * sigma**2)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return weight @ clean / weight.sum(axis=1, keepdims=True)


def draw_cases(rng: np.random.Generator):
    """Noise of the size of the distances; one example alone; one clean row; small noise, where every weight underflows; rows far
    from all, beside some that are near; such rows to which two clean ones are about as near; tiny distances and tiny noise; large
    noise."""
    for m, n, data, sigma in ((5, 7, 3, 0.8), (1, 6, 4, 1.2), (3, 1, 2, 0.7), (4, 9, 2, 5.0)):
        clean = rng.normal(1, 1, (n, data))
        yield (
            clean[rng.integers(n, size=m)] + sigma * rng.normal(size=(m, data)),
            clean,
            sigma * rng.uniform(0.95, 1.05),
        )
    clean = rng.normal(1, 1, (8, 3))
    yield clean[:5] + rng.normal(0, 0.5, (5, 3)), clean, 0.004 * rng.uniform(0.95, 1.05)  # every exponent is below -745
    clean = rng.normal(0, 1, (6, 2))
    yield (
        np.concatenate([clean[:2] + rng.normal(0, 0.6, (2, 2)), rng.normal(60, 1, (2, 2))]),
        clean,
        rng.uniform(0.7, 0.8),
    )
    clean = rng.normal(0, 1, (6, 2))
    clean[:, 0] = clean[0, 0]  # a row that is far away in this direction alone is no nearer to one of them
    noisy = clean[:4] + rng.normal(0, 0.6, (4, 2))
    noisy[2:, 0] += 60
    yield noisy, clean, rng.uniform(0.7, 0.8)
    sigma = 1e-5 * rng.uniform(0.95, 1.05)
    clean = sigma * rng.normal(1, 1, (6, 3))
    yield clean[:4] + sigma * rng.normal(size=(4, 3)), clean, sigma


def squared_distances(noisy, clean):
    return ((noisy[:, None] - clean[None]) ** 2).sum(axis=2)


def normalised(log_weight, axis=1):
    weight = np.exp(log_weight - log_weight.max(axis=axis, keepdims=True))
    return weight / weight.sum(axis=axis, keepdims=True)


def weighing(log_weight):
    """Right but for the log-weights: ``log_weight`` gets the squared distances (m, n) and sigma."""
    return lambda noisy, clean, sigma: normalised(log_weight(squared_distances(noisy, clean), sigma)) @ clean


def quiet(function):
    """Numbers that are no number must not warn here."""

    def wrong(*arguments):
        with np.errstate(all="ignore"):
            return function(*arguments)

    return wrong


def plain_weights(noisy, clean, sigma):
    return np.exp(-squared_distances(noisy, clean) / (2 * sigma**2))


def guarded(guard):
    """The weights as they are, with a small number added to their sum."""

    def wrong(noisy, clean, sigma):
        weight = plain_weights(noisy, clean, sigma)
        return weight @ clean / (weight.sum(axis=1, keepdims=True) + guard)

    return wrong


def divided_by_columns(subtracted):
    """The weights over the sum of their column, the noisy rows, after ``subtracted`` of the log-weights was taken out."""

    def wrong(noisy, clean, sigma):
        log_weight = -squared_distances(noisy, clean) / (2 * sigma**2)
        weight = np.exp(log_weight - subtracted(log_weight))
        return weight / weight.sum(axis=0) @ clean

    return quiet(wrong)


def one_maximum(noisy, clean, sigma):
    log_weight = -squared_distances(noisy, clean) / (2 * sigma**2)
    weight = np.exp(log_weight - log_weight.max())
    return weight @ clean / weight.sum(axis=1, keepdims=True)


def unstable(noisy, clean, sigma):
    weight = plain_weights(noisy, clean, sigma)
    return weight @ clean / weight.sum(axis=1, keepdims=True)


def rescued(rescue):
    """The weights as they are; where all are rounded to 0, what ``rescue`` makes of noisy and clean."""

    def wrong(noisy, clean, sigma):
        weight = plain_weights(noisy, clean, sigma)
        total = weight.sum(axis=1, keepdims=True)
        return np.where(total > 0, weight @ clean / total, rescue(noisy, clean))

    return quiet(wrong)


def per_dimension(noisy, clean, sigma):
    log_weight = -((noisy[:, None] - clean[None]) ** 2) / (2 * sigma**2)  # (m, n, data)
    return (normalised(log_weight) * clean).sum(axis=1)


def nearest(noisy, clean, sigma):
    return clean[squared_distances(noisy, clean).argmin(axis=1)]


RESCUED = "where all weights are rounded to 0, you return {}: subtract the largest exponent of each row before np.exp"
UNDERFLOW = (
    "where sigma is small or a noisy row lies far away, all weights are rounded to 0: subtract the largest exponent of each row "
    "before np.exp"
)

EXERCISE = Exercise(
    id="1.4",
    title="The best denoiser there is",
    minutes=12,
    difficulty=2,
    answer=best_denoiser,
    cases=draw_cases,
    mistakes=(
        Mistake(UNDERFLOW, quiet(unstable)),
        *(
            Mistake(
                "where all weights are rounded to 0, you return 0, by a small number in the denominator or by np.nan_to_num: "
                "subtract the largest exponent of each row before np.exp",
                guarded(guard),
            )
            for guard in (1e-6, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-30, 1e-300)
        ),
        Mistake(
            "one largest exponent for all rows: a row that lies far away loses all its weights. Take the largest of each row",
            quiet(one_maximum),
        ),
        Mistake(
            RESCUED.format("the nearest clean row, and others may be about as near"),
            rescued(lambda noisy, clean: nearest(noisy, clean, 1.0)),
        ),
        Mistake(RESCUED.format("noisy as it is"), rescued(lambda noisy, clean: noisy)),
        Mistake(RESCUED.format("the mean of all clean rows"), rescued(lambda noisy, clean: clean.mean(axis=0))),
        Family(
            "sigma is kept above a small number: where sigma is smaller, the weights are wrong",
            lambda least: weighing(lambda d, sigma: -d / (2 * max(sigma, least) ** 2)),
            (1e-3, 1e-4, 1e-2),
        ),
        Family(
            "a small number is added to 2σ²: where sigma is tiny, the weights are wrong",
            lambda guard: weighing(lambda d, sigma: -d / (2 * sigma**2 + guard)),
            (1e-8, 1e-12, 1e-10, 1e-6, 1e-9, 1e-7),
        ),
        Mistake(
            "this is the nearest clean row: the best denoiser averages over all that are plausible",
            nearest,
        ),
        Mistake(
            "every clean row has the same weight: the nearer it is, the more plausible",
            lambda noisy, clean, sigma: np.tile(clean.mean(axis=0), (len(noisy), 1)),
        ),
        Mistake("sigma where sigma² belongs", weighing(lambda d, sigma: -d / (2 * sigma))),
        Mistake("the 2 in 2σ² is missing", weighing(lambda d, sigma: -d / sigma**2)),
        Mistake("the 2 is squared as well: (2σ)² where 2σ² belongs", weighing(lambda d, sigma: -d / (2 * sigma) ** 2)),
        Mistake("the exponent is multiplied by σ²: it is divided by 2σ²", weighing(lambda d, sigma: -d / 2 * sigma**2)),
        Mistake("sigma is not used in the weights", weighing(lambda d, sigma: -d / 2)),
        Mistake("sigma is not used in the weights", weighing(lambda d, sigma: -d)),
        Mistake(
            "the distance in the exponent is not squared",
            weighing(lambda d, sigma: -np.sqrt(d) / (2 * sigma**2)),
        ),
        Mistake(
            "the exponent has the mean over the data entries: the squared distance is their sum",
            lambda noisy, clean, sigma: (
                normalised(-squared_distances(noisy, clean) / noisy.shape[1] / (2 * sigma**2)) @ clean
            ),
        ),
        Mistake(
            "the minus sign in the exponent is missing: the farthest clean row gets the largest weight",
            weighing(lambda d, sigma: d / (2 * sigma**2)),
        ),
        *(
            Mistake(
                "the weights are 1 over the squared distance: the noise is Gaussian, so they fall as the exponential of it",
                quiet(weighing(lambda d, sigma, guard=guard: -np.log(d + guard))),
            )
            for guard in (0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6)
        ),
        Mistake(
            "the weights are not divided by their sum",
            lambda noisy, clean, sigma: plain_weights(noisy, clean, sigma) @ clean,
        ),
        Mistake(
            "the weights are divided by the number of clean rows: divide them by their own sum",
            lambda noisy, clean, sigma: plain_weights(noisy, clean, sigma) @ clean / len(clean),
        ),
        Mistake(
            "the weights are normalised over the noisy rows: for each noisy row, those of the clean rows add up to 1",
            lambda noisy, clean, sigma: normalised(-squared_distances(noisy, clean) / (2 * sigma**2), axis=0) @ clean,
        ),
        *(
            Mistake(
                "the weights are normalised over the noisy rows: for each noisy row, those of the clean rows add up to 1",
                divided_by_columns(subtracted),
            )
            for subtracted in (lambda logs: logs.max(axis=1, keepdims=True), np.max, np.zeros_like)
        ),
        Mistake(
            "the weights of the whole table add up to 1: for each noisy row, those of the clean rows add up to 1",
            lambda noisy, clean, sigma: (
                normalised(-squared_distances(noisy, clean) / (2 * sigma**2), axis=None) @ clean
            ),
        ),
        Mistake(
            "each coordinate has weights of its own: a clean row is plausible or not as a whole, so sum over the data first",
            per_dimension,
        ),
        Mistake(
            "this is what the denoiser moves noisy by: return where it ends, E[x | noisy]",
            lambda noisy, clean, sigma: best_denoiser(noisy, clean, sigma) - noisy,
        ),
        Mistake(
            "this is (E[x | noisy] − noisy) / σ²: return E[x | noisy] itself",
            lambda noisy, clean, sigma: (best_denoiser(noisy, clean, sigma) - noisy) / sigma**2,
        ),
        Mistake(
            "these are the weights, (m, n): average the clean rows with them",
            lambda noisy, clean, sigma: normalised(-squared_distances(noisy, clean) / (2 * sigma**2)),
        ),
        Mistake("noisy is returned as it is", lambda noisy, clean, sigma: noisy + 0.0),
    ),
    hints=(
        "You see one noisy row. Which clean rows could it have come from, and how plausible is each of them?",
        "Bayes' rule with equal priors: the probability of a clean row is its likelihood over the sum of all likelihoods. "
        "E[x | noisy] is the average of the clean rows with these probabilities.",
        "log_weight = -((noisy[:, None] - clean[None]) ** 2).sum(axis=2) / (2 * sigma**2), of shape (m, n). Subtract the largest "
        "of each row before np.exp.",
    ),
)
