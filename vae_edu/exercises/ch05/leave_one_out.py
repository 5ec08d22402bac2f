"""Exercise 5.2: a baseline that does not bias."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def leave_one_out(values, scores):
    """Score-function estimates with a leave-one-out baseline, one row per sample: (samples, latent).

    values (samples,) holds f(z) and scores (samples, latent) the gradient of log q at each sample. The baseline of a sample is the
    mean value of f over all other samples.
    """
    others = (values.sum() - values) / (len(values) - 1)
    return (values - others)[:, None] * scores


def draw_cases(rng: np.random.Generator):
    """Values of both signs, all negative, all equal; two samples; one latent; as many samples as latents."""
    for samples, latent, mean in ((5, 2, 3.0), (8, 3, -4.0), (4, 4, 0.3), (2, 3, 1.5), (6, 1, -0.5), (3, 6, 2.0)):
        yield mean + 2 * skewed(rng, samples), rng.normal(size=(samples, latent))
    yield np.full(5, 2.5), rng.normal(size=(5, 3))


def skewed(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Noise whose median is not its mean."""
    return rng.exponential(size=samples) - 1


def others_mean(values):
    return (values.sum(axis=0) - values) / (len(values) - 1)


def minus(baseline):
    """(f − baseline) times the score: ``baseline`` gets the values."""

    def wrong(values, scores):
        with np.errstate(all="ignore"):
            return (values - baseline(values))[:, None] * scores

    return wrong


def scaled_by(deviation, centre):
    """(f − centre) over its standard deviation, times the score; the same where the values are all equal."""

    def wrong(values, scores):
        with np.errstate(all="ignore"):
            return ((values - centre(values)) / (deviation(values) or 1.0))[:, None] * scores

    return wrong


def median_of_the_others(values):
    return np.array([np.median(np.delete(values, place)) for place in range(len(values))])


def running_mean(values):
    """The mean of the earlier values; 0 for the first."""
    return np.concatenate([[0], np.cumsum(values)[:-1] / np.arange(1, len(values))])


OWN_VALUE = "the baseline contains the sample's own value: on average the estimate is too small by the factor (S − 1)/S"
SCALED = "the values are also divided by their standard deviation: that changes the length of the gradient"
ONE_OTHER = "only one other sample is used: that adds no bias, but the mean of all S − 1 others is less noisy"

EXERCISE = Exercise(
    id="5.2",
    title="A baseline that adds no bias",
    minutes=7,
    difficulty=2,
    answer=leave_one_out,
    cases=draw_cases,
    mistakes=(
        Mistake(OWN_VALUE, minus(np.mean)),
        Mistake(
            "the sum over the other samples is divided by S: there are S − 1 of them",
            minus(lambda values: (values.sum() - values) / len(values)),
        ),
        Mistake(
            "the sum over the other samples is not divided at all: the baseline is their mean",
            minus(lambda values: values.sum() - values),
        ),
        Mistake(
            "the own value is still in the sum, which is divided by S − 1: take it out first",
            minus(lambda values: values.sum() / (len(values) - 1)),
        ),
        Mistake(
            "this is the median of all values, and the own one counts in it: take the mean of the other samples",
            minus(np.median),
        ),
        Mistake(
            "this is the median of the other values: it adds no bias, but the text asks for their mean",
            minus(median_of_the_others),
        ),
        Mistake(
            "this is the mean of the *earlier* samples: it adds no bias, but the later ones are left out",
            minus(running_mean),
        ),
        Mistake(
            "the smallest value is subtracted from all: it belongs to one of the samples, so it is not independent of it",
            minus(np.min),
        ),
        Mistake(
            "the largest value is subtracted from all: it belongs to one of the samples, so it is not independent of it",
            minus(np.max),
        ),
        Mistake(
            "the baseline is added: subtract it from f(z)",
            lambda values, scores: (values + others_mean(values))[:, None] * scores,
        ),
        Mistake(
            "the sign is wrong: f(z) minus baseline, not baseline minus f(z)",
            lambda values, scores: (others_mean(values) - values)[:, None] * scores,
        ),
        Mistake("no baseline is subtracted", lambda values, scores: values[:, None] * scores),
        Mistake(
            "this is the baseline times the score: f(z) itself is missing",
            lambda values, scores: others_mean(values)[:, None] * scores,
        ),
        Mistake(
            "the scores are not used: subtract the baseline from f(z), then multiply with the score",
            lambda values, scores: np.repeat((values - others_mean(values))[:, None], scores.shape[1], axis=1),
        ),
        Mistake(
            "the scores are not used: subtract the baseline from f(z), then multiply with the score",
            lambda values, scores: values - others_mean(values),
        ),
        Mistake(
            "the baseline is subtracted after f(z) is multiplied with the score, and shifts every estimate: subtract it before",
            lambda values, scores: values[:, None] * scores - others_mean(values)[:, None],
        ),
        Mistake(
            "the mean of the other *estimates* is subtracted, and 0 is left on average: subtract the mean of the other values",
            lambda values, scores: values[:, None] * scores - others_mean(values[:, None] * scores),
        ),
        *(
            Mistake(SCALED, scaled_by(deviation, centre))
            for deviation in (np.std, lambda values: np.std(values, ddof=1))
            for centre in (np.mean, others_mean)
        ),
        Mistake(
            "this is the best constant, estimated from all samples: each sample's own value counts in it, and biases",
            lambda values, scores: (
                (values[:, None] - (values[:, None] * scores**2).mean(axis=0) / (scores**2).mean(axis=0)) * scores
            ),
        ),
        Mistake(ONE_OTHER, minus(lambda values: np.roll(values, 1))),
        Mistake(ONE_OTHER, minus(lambda values: np.roll(values, -1))),
        Mistake(
            "the correction for the own value is upside down: S/(S − 1), not (S − 1)/S",
            lambda values, scores: ((values - values.mean()) * (len(values) - 1) / len(values))[:, None] * scores,
        ),
        Mistake(
            "the mean over the samples is taken already: return one row per sample",
            lambda values, scores: leave_one_out(values, scores).mean(axis=0),
        ),
        Mistake(
            "the sum over the samples is taken already: return one row per sample",
            lambda values, scores: leave_one_out(values, scores).sum(axis=0),
        ),
        Mistake(
            "the estimates are added up over the latents: each latent has its own",
            lambda values, scores: leave_one_out(values, scores).sum(axis=1),
        ),
        Mistake(
            "transposed: samples are rows, latents columns",
            lambda values, scores: leave_one_out(values, scores).T,
        ),
    ),
    hints=(
        "A baseline may depend on anything but the sample that it is used for. Which values may you use for the first sample?",
        "The mean over all samples but one follows from the sum over all of them, without a loop.",
        "others = (values.sum() - values) / (len(values) - 1)",
    ),
)
