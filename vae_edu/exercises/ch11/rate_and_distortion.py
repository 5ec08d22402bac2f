"""Exercise 11.1: the rate and the distortion of a latent with an exact posterior."""

import numpy as np
from scipy.special import log_softmax, logsumexp

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, any_guard, slip


def rate_and_distortion(log_given, log_prior):
    """The rate KL(p(l|x) ‖ p(l)), the distortion and the NLL of each name: three arrays (names,), in nats."""
    from scipy.special import logsumexp

    log_joint = log_given + log_prior
    log_evidence = logsumexp(log_joint, axis=1)
    log_posterior = log_joint - log_evidence[:, None]
    posterior = np.exp(log_posterior)
    rate = (posterior * (log_posterior - log_prior)).sum(axis=1)
    return rate, -(posterior * log_given).sum(axis=1), -log_evidence


def draw_names(rng: np.random.Generator):
    """Posteriors that spread over the languages and disagree with the prior; one name; two languages; and log-probabilities near −2,000,
    where some posteriors are 0 in floating point: of all names alike, and beside names that are far more probable."""
    for names, languages, level, spread, more in (
        (7, 5, -17, 1.5, 0),
        (1, 3, -12, 1.0, 0),
        (4, 2, -15, 1.0, 0),
        (3, 4, -2000, 600, 0),
        (6, 4, -2000, 600, 1300),
    ):
        log_prior = np.log(rng.dirichlet(np.full(languages, 3.0)))
        steps = np.linspace(-1, 1, languages)
        log_given = level + spread * rng.permuted(steps + rng.uniform(-0.1, 0.1, (names, languages)), axis=1)
        if spread > 100:  # two languages close together, the others far below
            log_given[:, 0] = log_given.max(axis=1) + rng.uniform(0.5, 1.5, names)
            log_given[::3] += more
        yield log_given, log_prior


def the_posterior(log_given, log_prior):
    return log_softmax(log_given + log_prior, axis=1)


def the_rate(log_posterior, log_given, log_prior):
    return (np.exp(log_posterior) * (log_posterior - log_prior)).sum(axis=1)


def the_distortion(log_posterior, log_given, log_prior):
    return -(np.exp(log_posterior) * log_given).sum(axis=1)


def the_nll(log_given, log_prior):
    return -logsumexp(log_given + log_prior, axis=1)


def answer_with(
    posterior=the_posterior,
    rate=the_rate,
    distortion=the_distortion,
    nll=the_nll,
    give=lambda *three: three,
):
    """``rate_and_distortion`` with some of its parts of another kind."""

    def answer(log_given, log_prior):
        log_posterior = posterior(log_given, log_prior)
        rest = log_posterior, log_given, log_prior
        return give(rate(*rest), distortion(*rest), nll(log_given, log_prior))

    return answer


def most_probable(log_posterior):
    return np.arange(len(log_posterior)), log_posterior.argmax(axis=1)


def without_subtracting(log_given, log_prior):
    """The log of a sum of exponentials as it stands: log 0 where all of them underflow, and 0/0 in the posterior."""
    with np.errstate(all="ignore"):
        joint = np.exp(log_given) * np.exp(log_prior)
        evidence = joint.sum(axis=1)
        posterior = joint / evidence[:, None]
        rate = (posterior * (np.log(posterior) - log_prior)).sum(axis=1)
        return rate, -(posterior * log_given).sum(axis=1), -np.log(evidence)


def one_maximum(log_given, log_prior):
    joint = log_given + log_prior
    with np.errstate(all="ignore"):
        return with_evidence(joint.max() + np.log(np.exp(joint - joint.max()).sum(axis=1)), log_given, log_prior)


def with_evidence(log_evidence, log_given, log_prior):
    """The three results that follow from log p(x), right or wrong."""
    log_posterior = log_given + log_prior - log_evidence[:, None]
    with np.errstate(all="ignore"):
        rest = log_posterior, log_given, log_prior
        return the_rate(*rest), the_distortion(*rest), -log_evidence


def answer_of_joint(joint, log_given, log_prior):
    """The three results where ``joint`` is taken for log p(x, l)."""
    rest = log_softmax(joint, axis=1), log_given, log_prior
    return the_rate(*rest), the_distortion(*rest), -logsumexp(joint, axis=1)


def added_to_the_evidence(small):
    def wrong(given, prior):
        with np.errstate(divide="ignore"):
            return with_evidence(np.log(np.exp(given + prior).sum(axis=1) + small), given, prior)

    return wrong


def least_evidence(small):
    return lambda given, prior: with_evidence(
        np.log(np.maximum(np.exp(given + prior).sum(axis=1), small)), given, prior
    )


def added_everywhere(small):
    """The posterior as a fraction, with a small number wherever a 0 could be."""

    def wrong(log_given, log_prior):
        joint = np.exp(log_given + log_prior)
        evidence = joint.sum(axis=1) + small
        posterior = joint / evidence[:, None]
        rate = (posterior * (np.log(posterior + small) - log_prior)).sum(axis=1)
        return rate, -(posterior * log_given).sum(axis=1), -np.log(evidence)

    return wrong


def log_of_the_posterior(log_given, log_prior):
    """0 · log 0, which is not a number, where a posterior is 0 in floating point."""
    with np.errstate(all="ignore"):
        posterior = np.exp(the_posterior(log_given, log_prior))
        rate = (posterior * np.log(posterior / np.exp(log_prior))).sum(axis=1)
    return rate, -(posterior * log_given).sum(axis=1), the_nll(log_given, log_prior)


GUARD = (
    "a small number hides the logarithm of 0 where the probabilities underflow: stay with logarithms, as logsumexp does"
)

EXERCISE = Exercise(
    id="11.1",
    title="What a latent costs and saves",
    minutes=10,
    difficulty=2,
    answer=rate_and_distortion,
    cases=draw_names,
    mistakes=(
        slip(
            "your posterior leaves out the prior: p(l|x) is proportional to p(x|l) p(l)",
            answer_with,
            posterior=lambda given, prior: log_softmax(given, axis=1),
        ),
        slip(
            "your posterior sums to 1 over the names: normalise over the languages, axis=1",
            answer_with,
            posterior=lambda given, prior: log_softmax(given + prior, axis=0),
        ),
        slip(
            "your rate is the entropy of p(l|x): a KL divergence to the prior needs log p(l) as well",
            answer_with,
            rate=lambda post, given, prior: -(np.exp(post) * post).sum(axis=1),
        ),
        slip(
            "your rate is −E[log p(l)]: this is what naming a language costs, and the term log p(l|x) is missing",
            answer_with,
            rate=lambda post, given, prior: -(np.exp(post) * prior).sum(axis=1),
        ),
        slip(
            "your rate is the KL divergence the other way round: its average is over p(l|x)",
            answer_with,
            rate=lambda post, given, prior: (np.exp(prior) * (prior - post)).sum(axis=1),
        ),
        slip(
            "your rate has the wrong sign",
            answer_with,
            rate=lambda post, given, prior: -the_rate(post, given, prior),
        ),
        slip(
            "your rate compares with a uniform prior: use log_prior",
            answer_with,
            rate=lambda post, given, prior: (np.exp(post) * post).sum(axis=1) + np.log(len(prior)),
        ),
        slip(
            "your distortion averages over p(l): average over p(l|x), as a VAE's distortion averages over q(z|x)",
            answer_with,
            distortion=lambda post, given, prior: -(np.exp(prior) * given).sum(axis=1),
        ),
        slip(
            "your distortion averages over all languages alike: weight each with p(l|x)",
            answer_with,
            distortion=lambda post, given, prior: -given.mean(axis=1),
        ),
        slip(
            "your distortion takes the most probable language alone: average over p(l|x)",
            answer_with,
            distortion=lambda post, given, prior: -given[most_probable(post)],
        ),
        slip(
            "your distortion contains log p(l): it is the mean of −log p(x|l) alone",
            answer_with,
            distortion=lambda post, given, prior: -(np.exp(post) * (given + prior)).sum(axis=1),
        ),
        slip(
            "your distortion has the wrong sign: it is the mean of −log p(x|l)",
            answer_with,
            distortion=lambda post, given, prior: -the_distortion(post, given, prior),
        ),
        slip(
            "your NLL is a mean of logarithms: p(x) is the sum of p(l) p(x|l), and the logarithm comes last",
            answer_with,
            nll=lambda given, prior: -(given @ np.exp(prior)),
        ),
        slip(
            "your NLL leaves out the prior: p(x) is the sum of p(l) p(x|l)",
            answer_with,
            nll=lambda given, prior: -logsumexp(given, axis=1),
        ),
        any_of(
            "your NLL takes one language alone: p(x) is the sum of p(l) p(x|l) over all of them",
            answer_with(nll=lambda given, prior: -given.max(axis=1)),
            answer_with(nll=lambda given, prior: -(given + prior).max(axis=1)),
        ),
        any_of(
            "log_prior is a logarithm already: it is added to log p(x|l) as it is",
            lambda given, prior: answer_of_joint(given + np.exp(prior), given, prior),
            lambda given, prior: answer_of_joint(given + np.log(-prior), given, prior),
            lambda given, prior: answer_of_joint(given * prior, given, prior),
        ),
        Mistake(
            "log_prior is not used: the languages are not equally frequent",
            lambda given, prior: rate_and_distortion(given, np.full_like(prior, -np.log(len(prior)))),
        ),
        slip(
            "your NLL weights all languages alike: weight them with p(l)",
            answer_with,
            nll=lambda given, prior: np.log(len(prior)) - logsumexp(given, axis=1),
        ),
        slip(
            "this is log p(x): the NLL is −log p(x)",
            answer_with,
            nll=lambda given, prior: -the_nll(given, prior),
        ),
        any_of(
            "these are means over the names: return a number for each name, (names,)",
            answer_with(give=lambda *three: tuple(each.mean() for each in three)),
            answer_with(give=lambda *three: np.array([each.mean() for each in three])),
        ),
        any_of(
            "e to the power of −2,000 is 0 in floating point: stay with logarithms, as logsumexp does",
            without_subtracting,
            added_to_the_evidence(0.0),
        ),
        Mistake(
            "one maximum is taken out of the whole table, and names far below it underflow: use the maximum of each name",
            one_maximum,
        ),
        *(any_guard(GUARD, make) for make in (added_to_the_evidence, least_evidence, added_everywhere)),
        Mistake(
            "0 · log 0 is not a number in NumPy: take log p(l|x) from the logarithms, not from the posterior",
            log_of_the_posterior,
        ),
    ),
    hints=(
        "Which of the three needs the posterior p(l|x), and which does not?",
        "log p(x, l) = log p(x|l) + log p(l). Its logsumexp over the languages is log p(x), and log p(x, l) − log p(x) is log p(l|x).",
        "log_joint = log_given + log_prior; log_evidence = scipy.special.logsumexp(log_joint, axis=1)",
    ),
)
