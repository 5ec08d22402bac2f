"""Exercise 5.2: a loss that trains a VAE with the score function and a leave-one-out baseline."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property


def score_function_loss(f, log_q, rate):
    """A loss whose gradient is an unbiased estimate of that of the negative ELBO, mean over the batch: one number.

    f (samples, batch) is log p(x|z), and log_q (samples, batch) is log q(z|x), at samples z that are cut off from the encoder;
    rate (batch,) is the exact KL divergence. Torch tensors, in nats.
    """
    others = (f.sum(dim=0) - f) / (len(f) - 1)  # the mean over the other samples of the same example
    credit = (f - others).detach()
    return rate.mean() - f.mean() - (credit * log_q).mean()


SIZES = ((5, 3), (2, 4), (4, 1), (3, 3))  # samples, examples: two samples, one example, as many samples as examples


def drawn(rng: np.random.Generator, samples: int, batch: int):
    """f skewed, so that its median is not its mean, and of both signs; tensors that are leaves of a graph."""
    import torch

    f = rng.choice([-3.0, 2.0], batch) + 2 * (rng.exponential(size=(samples, batch)) - 1)
    log_q, rate = rng.normal(-1, 1.2, (samples, batch)), rng.uniform(0.5, 4, batch)
    return tuple(torch.from_numpy(each).requires_grad_() for each in (f, log_q, rate))


def draw_cases(rng: np.random.Generator):
    for samples, batch in SIZES:
        yield drawn(rng, samples, batch)


WRITTEN = ("f", "log_q", "rate")
NAMES = tuple(
    f"{samples} samples, {batch} example{'s' if batch > 1 else ''}: gradient with respect to {name}[{place}], times "
    + ("the batch size" if name == "rate" else "samples × batch size")
    for samples, batch in SIZES
    for name in WRITTEN
    for place in (
        range(batch) if name == "rate" else (f"{row}, {column}" for row in range(samples) for column in range(batch))
    )
)


def gradients(function, rng):
    """The gradients with respect to f, log_q and rate, on inputs that are the same for every function: 0 where no path leads there."""
    import torch

    own, found = np.random.default_rng(5), []
    for samples, batch in SIZES:
        leaves = drawn(own, samples, batch)
        loss = function(*leaves)
        by_leaf = (None,) * 3
        if isinstance(loss, torch.Tensor) and loss.requires_grad:
            by_leaf = torch.autograd.grad(loss.sum(), leaves, allow_unused=True)
        for leaf, gradient in zip(leaves, by_leaf, strict=True):
            found.append(np.zeros(leaf.shape) if gradient is None else gradient.numpy() * leaf.numel())
    return np.concatenate([each.ravel() for each in found])


def any_value(output, *_arguments):
    """The view: only the gradient of the loss counts. (Mistakes that share the value are told apart by their gradients.)"""
    return np.zeros(np.shape(output))


# Wrong answers are the right one with one part changed.


def others_mean(f):
    return (f.sum(dim=0) - f) / (len(f) - 1)


def median_of_others(f):
    places = range(len(f))
    rows = [f[[other for other in places if other != place]].median(dim=0).values for place in places]
    return f.new_tensor([row.tolist() for row in rows])


def right_credit(f):
    return (f - others_mean(f)).detach()


def with_parts(credit=right_credit, of_decoder=lambda f: f, of_rate=lambda rate: rate, sign=-1):
    """The loss, put together from: the factor of log q; what the decoder learns from; the rate; the sign of the score term."""

    def wrong(f, log_q, rate):
        return of_rate(rate).mean() - of_decoder(f).mean() + sign * (credit(f) * log_q).mean()

    return wrong


def with_baseline(baseline):
    return with_parts(credit=lambda f: (f - baseline(f)).detach())


def from_terms(put_together):
    """``put_together`` gets the three terms (samples, batch), (samples, batch) and (batch,): f, its score term, and the rate."""
    return lambda f, log_q, rate: put_together(f, right_credit(f) * log_q, rate)


NOTHING = lambda f: 0 * f.detach()  # noqa: E731

NO_DECODER = "the decoder gets no gradient: f has to be in the loss on its own as well, neither detached nor with its baseline subtracted"
RATE_ONLY = "the encoder learns from the rate only. Since z is cut off, it needs a term with log_q: a number that depends on f, times log_q"
NO_RATE = "the rate is missing, or detached: the encoder has to learn from its gradient, too"
NOT_DETACHED = (
    "the factor of log_q is a number here: undetached, it gives the decoder a second gradient, which is wrong"
)
OWN_VALUE = "the baseline contains the sample's own value: on average the estimate is too small by the factor (S − 1)/S"
SCALED = "f minus baseline is also divided by its standard deviation: that changes the length of the gradient"
ONE_OTHER = "only one other sample is used: that adds no bias, but the mean of all S − 1 others has less variance"
ACROSS = "the baseline is the mean over the *examples*: take the mean over the other samples of the same example"
SUM_OF_BATCH = "the loss is a sum over the batch: return the mean over the batch"
SUM_OF_SAMPLES = "the terms are added up over the samples: take their mean, or the rate counts too little"

EXERCISE = Exercise(
    id="5.2",
    title="A loss for the score function",
    minutes=12,
    difficulty=3,
    answer=score_function_loss,
    cases=draw_cases,
    view=any_value,
    properties=(
        Property(
            "the decoder gets the gradient of −f, the encoder its score-function estimate with the leave-one-out baseline, and the "
            "gradient of the rate",
            gradients,
            1e-4,
            names=NAMES,
        ),
    ),
    mistakes=(
        # what the decoder gets
        Mistake(NO_DECODER, with_parts(of_decoder=NOTHING)),
        Mistake(NO_DECODER, with_parts(of_decoder=lambda f: f.detach())),
        Mistake(NO_DECODER, with_parts(of_decoder=lambda f: f - others_mean(f))),
        Mistake(
            "the decoder gets no gradient, and no baseline is subtracted",
            with_parts(of_decoder=NOTHING, credit=lambda f: f.detach()),
        ),
        Mistake(
            f"the decoder gets no gradient. And {OWN_VALUE}",
            with_parts(of_decoder=NOTHING, credit=lambda f: (f - f.mean(dim=0)).detach()),
        ),
        Mistake(
            "no baseline is subtracted, and f is not detached where it multiplies log_q: the decoder's gradient is wrong",
            with_parts(credit=lambda f: f),
        ),
        Mistake(
            "f stands in the score term alone, undetached and without a baseline: the decoder's gradient is multiplied with log_q",
            with_parts(of_decoder=NOTHING, credit=lambda f: f),
        ),
        Mistake(NOT_DETACHED, with_parts(credit=lambda f: f - others_mean(f))),
        Mistake(NOT_DETACHED, with_parts(credit=lambda f: f - others_mean(f).detach())),
        Mistake(NOT_DETACHED, with_parts(credit=lambda f: f.detach() - others_mean(f))),
        Mistake(
            "f stands in the score term alone, and is not detached there: the decoder's gradient is multiplied with log_q",
            with_parts(credit=lambda f: f - others_mean(f), of_decoder=NOTHING),
        ),
        Mistake(
            "f stands in the score term alone, and is not detached there: the decoder's gradient is multiplied with log_q",
            with_parts(credit=lambda f: f - others_mean(f).detach(), of_decoder=NOTHING),
        ),
        Mistake(
            "the decoder learns to lower f: f is a log-likelihood, and a loss is minimised",
            with_parts(of_decoder=lambda f: -f),
        ),
        Mistake(
            "the decoder's term counts twice: f is in the loss once, beside the score term",
            with_parts(of_decoder=lambda f: 2 * f),
        ),
        # what the encoder gets
        Mistake(
            RATE_ONLY,
            lambda f, log_q, rate: rate.mean() - f.mean() + 0 * log_q.detach().mean(),
        ),
        Mistake(
            RATE_ONLY,
            lambda f, log_q, rate: rate.mean() - f.mean() - (right_credit(f) * log_q.detach()).mean(),
        ),
        Mistake(
            "the wrong one is detached: the score is the gradient of log_q, and what multiplies log_q is a number",
            lambda f, log_q, rate: rate.mean() - f.mean() - ((f - others_mean(f)) * log_q.detach()).mean(),
        ),
        Mistake(
            "the score term has the wrong sign, so the encoder learns to lower f: a loss is minimised, and the factor is f minus baseline",
            with_parts(sign=1),
        ),
        Mistake("no baseline is subtracted", with_parts(credit=lambda f: f.detach())),
        Mistake("the baseline is added: subtract it from f", with_baseline(lambda f: -others_mean(f))),
        Mistake(OWN_VALUE, with_baseline(lambda f: f.mean(dim=0))),
        Mistake(
            "the sum over the other samples is divided by S: there are S − 1 of them",
            with_baseline(lambda f: (f.sum(dim=0) - f) / len(f)),
        ),
        Mistake(
            "the sum over the other samples is not divided at all: the baseline is their mean",
            with_baseline(lambda f: f.sum(dim=0) - f),
        ),
        Mistake(
            "the own value is still in the sum, which is divided by S − 1: take it out first",
            with_baseline(lambda f: f.sum(dim=0) / (len(f) - 1)),
        ),
        Mistake(
            "the baseline mixes the examples: take the mean over the other samples of the same example",
            with_baseline(lambda f: f.mean()),
        ),
        Mistake(
            "the baseline mixes the examples: take the mean over the other samples of the same example",
            with_baseline(lambda f: (f.sum() - f) / (f.numel() - 1)),
        ),
        Mistake(ACROSS, with_baseline(lambda f: f.mean(dim=1, keepdim=True))),
        Mistake(
            ACROSS,
            with_baseline(lambda f: (f.sum(dim=1, keepdim=True) - f) / max(f.shape[1] - 1, 1)),
        ),
        Mistake(
            "this is the median: the text asks for the mean of the other samples",
            with_baseline(lambda f: f.median(dim=0).values),
        ),
        Mistake(
            "this is the median: the text asks for the mean of the other samples",
            with_baseline(median_of_others),
        ),
        Mistake(ONE_OTHER, with_baseline(lambda f: f.roll(1, dims=0))),
        Mistake(ONE_OTHER, with_baseline(lambda f: f.roll(-1, dims=0))),
        *(
            Mistake(
                SCALED,
                with_parts(credit=lambda f, c=centre, u=unbiased: ((f - c(f)) / f.std(dim=0, correction=u)).detach()),
            )
            for unbiased in (0, 1)
            for centre in (others_mean, lambda f: f.mean(dim=0))
        ),
        *(
            Mistake(SCALED, with_parts(credit=lambda f, s=scaled, u=unbiased: s(right_credit(f), u)))
            for unbiased in (0, 1)
            for scaled in (
                lambda credit, u: credit / credit.std(correction=u),
                lambda credit, u: (credit - credit.mean()) / credit.std(correction=u),
                lambda credit, u: credit / credit.std(dim=0, correction=u),
            )
        ),
        Mistake(
            "log q is averaged beside the exact rate: the rate is the mean of log q − log p already, so its gradient counts twice",
            lambda f, log_q, rate: score_function_loss(f, log_q, rate) + log_q.mean(),
        ),
        Mistake(
            "you take it for granted that f is negative: a log-density may be positive",
            with_parts(credit=lambda f: right_credit(-f.abs())),
        ),
        Mistake(
            "the rate is subtracted from f, and no other samples: the baseline is the mean of f over the other samples",
            lambda f, log_q, rate: rate.mean() - f.mean() - ((f - rate).detach() * log_q).mean(),
        ),
        Mistake(
            "q itself stands where log q belongs",
            lambda f, log_q, rate: rate.mean() - f.mean() - (right_credit(f) * log_q.exp()).mean(),
        ),
        Mistake(
            "log_q is used without f minus baseline: that gradient is zero on average",
            lambda f, log_q, rate: rate.mean() - f.mean() - log_q.mean(),
        ),
        # the rate
        Mistake(NO_RATE, with_parts(of_rate=lambda rate: 0 * rate.detach())),
        Mistake(NO_RATE, with_parts(of_rate=lambda rate: rate.detach())),
        Mistake(
            "the rate is subtracted: it is a cost, and the loss is minimised", with_parts(of_rate=lambda rate: -rate)
        ),
        Mistake(
            "the rate is added up over the batch, and all else averaged: take its mean, too",
            lambda f, log_q, rate: score_function_loss(f, log_q, rate) - rate.mean() + rate.sum(),
        ),
        Mistake(
            "the rate is divided by the number of samples as well: it has no axis of samples",
            lambda f, log_q, rate: score_function_loss(f, log_q, rate) - (1 - 1 / len(f)) * rate.mean(),
        ),
        Mistake(
            "the rate counts once for each sample: its gradient is S times the right one",
            lambda f, log_q, rate: score_function_loss(f, log_q, rate) + (len(f) - 1) * rate.mean(),
        ),
        # all of it
        Mistake(
            "the sign of the whole is wrong: this is an ELBO, and the loss is minimised",
            lambda f, log_q, rate: -score_function_loss(f, log_q, rate),
        ),
        Mistake(SUM_OF_SAMPLES, from_terms(lambda f, score, rate: (rate - f.sum(dim=0) - score.sum(dim=0)).mean())),
        Mistake(
            "the score term is added up over the samples: take its mean",
            from_terms(lambda f, score, rate: (rate - f.mean(dim=0) - score.sum(dim=0)).mean()),
        ),
        Mistake(SUM_OF_BATCH, from_terms(lambda f, score, rate: (rate - f.mean(dim=0) - score.mean(dim=0)).sum())),
        Mistake(
            "the loss is a sum over samples and batch: return the mean over both",
            from_terms(lambda f, score, rate: (rate - f - score).sum()),
        ),
        Mistake(
            "the loss is not reduced: return one number, the mean over samples and batch",
            from_terms(lambda f, score, rate: rate - f - score),
        ),
        Mistake(
            "the mean over the batch is not taken: return one number",
            from_terms(lambda f, score, rate: rate - f.mean(dim=0) - score.mean(dim=0)),
        ),
        Mistake(
            "the loss is detached, or made into a plain number: no gradient leads anywhere",
            lambda f, log_q, rate: score_function_loss(f, log_q, rate).detach(),
        ),
    ),
    hints=(
        "Differentiate your loss on paper with respect to f, log_q and rate. Who is behind each: the decoder or the encoder?",
        "Two terms hold f. One is for the decoder. In the other f is only a number, and its baseline comes from the other samples of "
        "the same example.",
        "others = (f.sum(dim=0) - f) / (len(f) - 1), and credit = (f - others).detach(). What does credit multiply?",
    ),
)
