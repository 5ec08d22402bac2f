"""Exercise 4.3: a test that tells a wrong ELBO from a noisy one."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def which_are_wrong(values, log_evidence, gap):
    """Which candidates are wrong? An array of truth values, (candidates,).

    values (candidates, samples) holds single-sample estimates of the ELBO of one example, in nats. log_evidence is the exact
    log p(x), and gap the exact KL(q(z|x) || p(z|x)): two numbers.
    """
    error = values.std(axis=1) / np.sqrt(values.shape[1])
    return np.abs(values.mean(axis=1) - (log_evidence - gap)) > 4 * error


# Candidates: how many standard errors the mean lies from the exact ELBO, and the standard deviation of the values in nats. Right
# ones and wrong ones, too high and too low, quiet and noisy; none so near to 4 that S or S − 1 decides.
EVERY_KIND = [
    (-9.0, 1.0),
    (40.0, 1.0),
    (0.1, 1.0),
    (0.4, 1.0),
    (90.0, 1.0),
    (5.5, 0.5),
    (-2.5, 2.0),
    (3.4, 60.0),
    (-4.6, 1.0),
    (1.5, 1.0),
    (-3.3, 0.7),
]
NEAR_AND_FAR = (-40.0, -6.0, -3.4, -1.2, 0.6, 2.7, 4.7, 7.0)


def draw_candidates(rng: np.random.Generator):
    """log p(x) of both signs, gaps far from 0 and equal to 0, a candidate that is alone."""
    yield candidates(rng, rng.permutation(EVERY_KIND), 400, 3.0, rng.uniform(-9, -3))
    for count, samples, gap, log_evidence in ((6, 100, 0.0, -4.0), (8, 900, 0.6, 7.0), (5, 12, 0.4, 2.0)):
        kinds = np.stack([rng.choice(NEAR_AND_FAR, count), rng.uniform(0.5, 4, count)], axis=1)
        kinds[0, 0], kinds[1, 0] = 7.0, 0.6
        yield candidates(rng, kinds, samples, gap, log_evidence + rng.uniform(-1, 1))
    for score in (-6.0, 2.7):  # a candidate that is alone: a wrong one, and a right one
        yield candidates(rng, np.array([(score, rng.uniform(0.5, 4))]), 250, 0.5, rng.uniform(3, 9))
    # Means of both signs around an ELBO near 0.
    yield candidates(rng, np.array([(-9.0, 1.0), (-5.0, 1.0), (1.5, 1.0), (6.0, 1.0), (-1.0, 1.0)]), 100, 0.9, 1.1)
    # A wrong one that stays below log p(x), and right ones whose means lie above it by chance.
    yield candidates(rng, np.array([(-8.0, 1.0), (3.2, 2.0), (30.0, 1.0), (1.7, 1.0)]), 400, 0.02, -5.48)


def candidates(rng: np.random.Generator, kinds: np.ndarray, samples: int, gap: float, log_evidence: float):
    """Rows whose means lie exactly that many standard errors from the ELBO, log p(x) and the gap. The values have a long tail to
    the left, as log w has, so that their median is not their mean."""
    scores, spread = kinds.T[:, :, None]
    noise = -rng.exponential(size=(len(kinds), samples))
    noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, keepdims=True)
    return log_evidence - gap + spread * (noise + scores / np.sqrt(samples)), log_evidence, gap


def scores_of(values, target):
    return (values.mean(axis=1) - target) / (values.std(axis=1) / np.sqrt(values.shape[1]))


def by(decide):
    """``decide`` gets the values, the exact ELBO and log p(x)."""
    return lambda values, log_evidence, gap: decide(values, log_evidence - gap, log_evidence)


EXERCISE = Exercise(
    id="4.3",
    title="Wrong, or only noisy?",
    minutes=8,
    difficulty=2,
    answer=which_are_wrong,
    cases=draw_candidates,
    mistakes=(
        Mistake(
            "you compare with log p(x): the ELBO lies below it by the gap",
            by(lambda values, elbo, top: np.abs(scores_of(values, top)) > 4),
        ),
        Mistake(
            "you only ask whether the estimate lies above log p(x): a wrong ELBO may lie below it",
            by(lambda values, elbo, top: scores_of(values, top) > 4),
        ),
        Mistake(
            "you only ask whether the mean lies above log p(x), without its standard error",
            by(lambda values, elbo, top: values.mean(axis=1) > top),
        ),
        Mistake(
            "only estimates that are too high are flagged: those that are too low by 4 standard errors are wrong as well",
            by(lambda values, elbo, top: scores_of(values, elbo) > 4),
        ),
        Mistake(
            "only estimates that are too low are flagged: those that are too high by 4 standard errors are wrong as well",
            by(lambda values, elbo, top: scores_of(values, elbo) < -4),
        ),
        Mistake(
            "the gap is added: ELBO = log p(x) − gap",
            by(lambda values, elbo, top: np.abs(scores_of(values, 2 * top - elbo)) > 4),
        ),
        Mistake(
            "this marks the right ones: True stands for a wrong candidate",
            by(lambda values, elbo, top: np.abs(scores_of(values, elbo)) <= 4),
        ),
        Mistake(
            "you divide by the standard deviation: the standard error is smaller by the square root of the number of samples",
            by(lambda values, elbo, top: np.abs(values.mean(axis=1) - elbo) > 4 * values.std(axis=1)),
        ),
        Mistake(
            "the standard error is the standard deviation over the *square root* of the number of samples",
            by(lambda values, elbo, top: np.abs(values.mean(axis=1) - elbo) > 4 * values.std(axis=1) / values.shape[1]),
        ),
        Mistake(
            "the standard error is divided by the square root of the number of candidates: divide by that of the number of samples",
            by(
                lambda values, elbo, top: (
                    np.abs(values.mean(axis=1) - elbo) > 4 * values.std(axis=1) / len(values) ** 0.5
                )
            ),
        ),
        Mistake(
            "one standard deviation for all candidates: each candidate has its own, over its samples (axis 1)",
            by(
                lambda values, elbo, top: (
                    np.abs(values.mean(axis=1) - elbo) > 4 * values.std() / np.sqrt(values.shape[1])
                )
            ),
        ),
        Mistake(
            "every candidate is flagged: a right one is within 4 standard errors of the exact ELBO",
            by(lambda values, elbo, top: values.mean(axis=1) != elbo),
        ),
        Mistake(
            "you flag a candidate as soon as one sample lies above log p(x): about half of the samples of a right one do",
            by(lambda values, elbo, top: (values > top).any(axis=1)),
        ),
        Mistake(
            "you accept what lies between the ELBO and log p(x): the mean must be near the exact ELBO, wherever the gap ends",
            by(lambda values, elbo, top: (scores_of(values, elbo) < -4) | (scores_of(values, top) > 4)),
        ),
        Mistake(
            "the spread is taken around the exact ELBO: the standard error uses the spread around the mean",
            by(
                lambda values, elbo, top: (
                    np.abs(values.mean(1) - elbo) > 4 * np.sqrt(((values - elbo) ** 2).mean(1) / values.shape[1])
                )
            ),
        ),
        Mistake(
            "you allow 3 standard errors: allow 4. With 3, a right estimator is flagged in one run of 370",
            by(lambda values, elbo, top: np.abs(scores_of(values, elbo)) > 3),
        ),
        Mistake(
            "you allow 2 standard errors: allow 4. With 2, a right estimator is flagged in one run of 20",
            by(lambda values, elbo, top: np.abs(scores_of(values, elbo)) > 2),
        ),
        Mistake(
            "you allow one standard error: allow 4. A right estimator is further away than one in every third run",
            by(lambda values, elbo, top: np.abs(scores_of(values, elbo)) > 1),
        ),
        Mistake(
            "you allow 4 nats: allow 4 standard errors",
            by(lambda values, elbo, top: np.abs(values.mean(axis=1) - elbo) > 4),
        ),
        Mistake(
            "these are the positions of the wrong candidates: return one truth value for each candidate",
            by(lambda values, elbo, top: np.flatnonzero(np.abs(scores_of(values, elbo)) > 4)),
        ),
        Mistake(
            "these are the z-scores: return whether each is larger than 4 in size",
            by(lambda values, elbo, top: scores_of(values, elbo)),
        ),
    ),
    hints=(
        "What number should the mean of a right candidate approach as the samples grow? You have both pieces of it.",
        "How uncertain is a mean of S values with this spread? Measure the distance in units of that, in both directions.",
        "error = values.std(axis=1) / np.sqrt(values.shape[1])",
    ),
)
