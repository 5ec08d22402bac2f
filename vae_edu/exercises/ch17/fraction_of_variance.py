"""Exercise 17.2: how much of a score's variance is due to a setting."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, slip


def fraction_of_variance(scores):
    """The fraction of the variance of scores (settings, seeds) that is between settings, and its expected value for noise: two numbers."""
    between = scores.shape[1] * ((scores.mean(axis=1) - scores.mean()) ** 2).sum()
    return between / ((scores - scores.mean()) ** 2).sum(), (len(scores) - 1) / (scores.size - 1)


def by_within(scores):
    within = sum(((each - each.mean()) ** 2).sum() for each in scores)
    return 1 - within / (scores.size * scores.var()), (scores.shape[0] - 1) / (scores.shape[0] * scores.shape[1] - 1)


def fraction_with(
    *,
    fraction=lambda scores: scores.mean(axis=1).var() / scores.var(),
    null=lambda settings, seeds: (settings - 1) / (settings * seeds - 1),
    give=lambda fraction, null: (fraction, null),
):
    """The model answer, put together from its parts."""

    def both(scores):
        scores = np.asarray(scores, float)
        return give(fraction(scores), null(*scores.shape))

    return both


def f_statistic(scores):
    settings, seeds = scores.shape
    between = seeds * scores.mean(axis=1).var() * settings / (settings - 1)
    return between / (scores.var(axis=1, ddof=1).mean())


def draw_cases(rng: np.random.Generator):
    """Settings that matter and that do not; two settings; two seeds; negative scores; settings that explain nearly everything."""
    for settings, seeds, effect, noise in ((5, 10, 0.5, 1.0), (3, 4, 2.0, 0.5), (2, 7, 0.0, 1.0), (4, 2, 1.0, 1.0)):
        yield (rng.normal(-3, effect, (settings, 1)) + rng.normal(0, noise, (settings, seeds)),)
    yield (rng.normal(size=(4, 1)) + rng.normal(0, 0.02, (4, 3)),)


EXERCISE = Exercise(
    id="17.2",
    title="Setting or seed?",
    minutes=6,
    difficulty=1,
    answer=fraction_of_variance,
    cases=draw_cases,
    also_right=(by_within, fraction_with()),
    mistakes=(
        slip(
            "this is the fraction within settings, which is due to the seeds: subtract it from 1",
            fraction_with,
            fraction=lambda scores: scores.var(axis=1).mean() / scores.var(),
        ),
        slip(
            "this is the fraction between seeds: rows are settings, so average over axis 1",
            fraction_with,
            fraction=lambda scores: scores.mean(axis=0).var() / scores.var(),
        ),
        slip(
            "you divide standard deviations: a fraction of variance divides variances",
            fraction_with,
            fraction=lambda scores: scores.mean(axis=1).std() / scores.std(),
        ),
        slip(
            "you divide by the number of settings minus 1 above and by that of scores minus 1 below: the parts then do not add up. "
            "Use sums of squares, or ddof=0 in both",
            fraction_with,
            fraction=lambda scores: scores.mean(axis=1).var(ddof=1) / scores.var(ddof=1),
        ),
        slip(
            "you divide by the variance within settings: divide by that of all scores",
            fraction_with,
            fraction=lambda scores: scores.mean(axis=1).var() / scores.var(axis=1).mean(),
        ),
        slip(
            "the sum of squares between settings has to count each setting once for each of its seeds",
            fraction_with,
            fraction=lambda scores: scores.mean(axis=1).var() / (scores.var() * scores.shape[1]),
        ),
        slip(
            "without any effect the expected fraction is not 0: means of noise differ too",
            fraction_with,
            null=lambda settings, seeds: 0.0,
        ),
        slip(
            "the null divides settings by scores: both lose 1, for the overall mean",
            fraction_with,
            null=lambda settings, seeds: 1 / seeds,
        ),
        any_of(
            "this is the F statistic, a ratio of mean squares: the fraction divides the variance between settings by that of all scores",
            fraction_with(fraction=f_statistic),
            fraction_with(fraction=f_statistic, null=lambda settings, seeds: 1.0),
        ),
        slip(
            "the null divides by the number of scores: around their mean, one less is free",
            fraction_with,
            null=lambda settings, seeds: (settings - 1) / (settings * seeds),
        ),
        slip(
            "the null counts all settings: around the overall mean, one less of their means is free",
            fraction_with,
            null=lambda settings, seeds: settings / (settings * seeds - 1),
        ),
        slip(
            "the null counts settings and seeds alone: all scores, of which there are settings times seeds, vary around their mean",
            fraction_with,
            null=lambda settings, seeds: (settings - 1) / (settings + seeds - 2),
        ),
        slip(
            "the null counts seeds: count settings, (settings − 1) over (scores − 1)",
            fraction_with,
            null=lambda settings, seeds: (seeds - 1) / (settings * seeds - 1),
        ),
        slip(
            "the null divides by the degrees of freedom within settings: divide by those of all scores around their mean",
            fraction_with,
            null=lambda settings, seeds: (settings - 1) / (settings * (seeds - 1)),
        ),
        any_of(
            "the null is already taken out of the first number: return both as they are",
            fraction_with(give=lambda fraction, null: (fraction - null, null)),
            fraction_with(give=lambda fraction, null: ((fraction - null) / (1 - null), null)),
            fraction_with(give=lambda fraction, null: (fraction / null, null)),
        ),
        any_of(
            "the two results are exchanged: first the fraction, then its null",
            fraction_with(give=lambda fraction, null: (null, fraction)),
        ),
    ),
    hints=(
        "Replace each score by the mean of its setting. How much of the variance is left?",
        "The fraction is the variance of the settings' means over the variance of all scores, both with ddof=0. For the null, think of "
        "sums of squares of noise: each degree of freedom contributes the same.",
        "scores.mean(axis=1).var() / scores.var() is the fraction. B settings have B − 1 degrees of freedom, and all N scores have N − 1.",
    ),
)
