"""More answers to exercises 21.1 to 21.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
from scipy import stats
from scipy.special import gammaln, log_softmax, logsumexp, softmax


def coef(counts):
    return gammaln(counts.sum(1) + 1) - gammaln(counts + 1).sum(1)


# --- 21.2 -------------------------------------------------------------------------------------------------------------
def with_b(counts, theta, weights):
    lt = weights - logsumexp(weights, axis=1, keepdims=True)
    lp = logsumexp(lt[None], axis=1, b=theta[:, :, None])
    return coef(counts) + (counts * lp).sum(1)


def with_log_theta(counts, theta, weights):
    with np.errstate(divide="ignore"):
        lth = np.log(theta)
    lt = log_softmax(weights, axis=1)
    return coef(counts) + np.einsum("bw,bw->b", counts, logsumexp(lth[:, :, None] + lt[None], axis=1))


def loops(counts, theta, weights):
    out = []
    for x, t in zip(counts, theta):
        lp = np.full(counts.shape[1], -np.inf)
        for tk, w in zip(t, weights):
            if tk > 0:
                lp = np.logaddexp(lp, math.log(tk) + w - logsumexp(w))
        out.append(math.lgamma(x.sum() + 1) - sum(math.lgamma(n + 1) for n in x) + x @ lp)
    return np.array(out)


def in_torch(counts, theta, weights):
    from vae_edu.likelihoods import multinomial_log_prob

    lt = torch.log_softmax(torch.tensor(weights), 1)
    lp = torch.logsumexp(torch.tensor(theta).log()[:, :, None] + lt, 1)
    return multinomial_log_prob(torch.tensor(counts), lp).numpy()


def noticing_nonzero_only(counts, theta, weights):
    lt = log_softmax(weights, axis=1)
    out = np.zeros(len(counts))
    for d in range(len(counts)):
        on = theta[d] > 0
        w = counts[d] > 0
        if not w.any():
            continue
        lp = logsumexp(np.log(theta[d][on])[:, None] + lt[on][:, w], axis=0)
        out[d] = gammaln(counts[d].sum() + 1) - gammaln(counts[d][w] + 1).sum() + counts[d][w] @ lp
    return out


def product(counts, theta, weights):
    return coef(counts) + (counts * log_softmax(theta @ weights, axis=1)).sum(1)


def naive_log(counts, theta, weights):
    with np.errstate(all="ignore"):
        return coef(counts) + (counts * np.log(theta @ softmax(weights, axis=1))).sum(1)


def guarded(counts, theta, weights):
    return coef(counts) + (counts * np.log(theta @ softmax(weights, axis=1) + 1e-12)).sum(1)


def clipped_p(counts, theta, weights):
    return coef(counts) + (counts * np.log(np.clip(theta @ softmax(weights, axis=1), 1e-300, None))).sum(1)


def no_coefficient(counts, theta, weights):
    return with_b(counts, theta, weights) - coef(counts)


def coefficient_subtracted(counts, theta, weights):
    return with_b(counts, theta, weights) - 2 * coef(counts)


def gamma_of_n(counts, theta, weights):
    return with_b(counts, theta, weights) - gammaln(counts.sum(1) + 1) + gammaln(np.maximum(counts.sum(1), 1))


def mean_of_logs(counts, theta, weights):
    return coef(counts) + (counts * (theta @ log_softmax(weights, axis=1))).sum(1)


def softmax_over_topics(counts, theta, weights):
    return coef(counts) + (counts * logsumexp(log_softmax(weights, axis=0)[None], axis=1, b=theta[:, :, None])).sum(1)


def one_topic_per_document(counts, theta, weights):
    return coef(counts) + logsumexp(counts @ log_softmax(weights, axis=1).T, axis=1, b=theta)


def theta_guarded(counts, theta, weights):
    return coef(counts) + (
        counts * logsumexp(np.log(theta + 1e-12)[:, :, None] + log_softmax(weights, axis=1), axis=1)
    ).sum(1)


def theta_ignored(counts, theta, weights):
    return with_b(counts, np.full_like(theta, 1 / theta.shape[1]), weights)


def summed(counts, theta, weights):
    return with_b(counts, theta, weights).sum()


def mean_docs(counts, theta, weights):
    return with_b(counts, theta, weights).mean()


def in_place(counts, theta, weights):
    weights -= logsumexp(weights, axis=1, keepdims=True)
    return with_b(counts, theta, weights)


def global_max(counts, theta, weights):
    m = weights.max(1, keepdims=True)
    lt = weights - m - np.log(np.exp(weights - m).sum(1, keepdims=True))
    M = lt.max()
    with np.errstate(all="ignore"):
        return coef(counts) + np.where(counts > 0, counts * (np.log(theta @ np.exp(lt - M)) + M), 0).sum(1)


def exp_weights(counts, theta, weights):
    with np.errstate(all="ignore"):
        b = np.exp(weights)
        b = b / b.sum(1, keepdims=True)
        return coef(counts) + (counts * np.log(theta @ b)).sum(1)


def scipy_multinomial(counts, theta, weights):
    p = theta @ softmax(weights, axis=1)
    return np.array([stats.multinomial.logpmf(c, int(c.sum()), q / q.sum()) for c, q in zip(counts, p)])


def factorials(counts, theta, weights):
    from scipy.special import factorial

    with np.errstate(all="ignore"):
        return (
            with_b(counts, theta, weights)
            - coef(counts)
            + np.log(factorial(counts.sum(1)))
            - np.log(factorial(counts)).sum(1)
        )


def per_word(counts, theta, weights):
    with np.errstate(all="ignore"):
        return with_b(counts, theta, weights) / counts.sum(1)


def squeeze_one(counts, theta, weights):
    return np.squeeze(with_b(counts, theta, weights))


def weights_not_normalised(counts, theta, weights):
    return coef(counts) + (counts * logsumexp(weights[None], axis=1, b=theta[:, :, None])).sum(1)


def best_topic_only(counts, theta, weights):
    return coef(counts) + (counts * log_softmax(weights, axis=1)[theta.argmax(1)]).sum(1)


def empty_given_minus_inf(counts, theta, weights):
    return np.where(counts.sum(1) > 0, with_b(counts, theta, weights), -np.inf)


# --- 21.1 -------------------------------------------------------------------------------------------------------------
def closed(elbo, counts):
    return np.exp(-(elbo - coef(counts)).sum() / counts.sum())


def loop3(elbo, counts):
    nats = words = 0
    for e, row in zip(elbo, counts):
        if row.sum() == 0:
            continue
        nats += e - math.lgamma(row.sum() + 1) + sum(math.lgamma(v + 1) for v in row)
        words += row.sum()
    return math.exp(-nats / words)


def given_away(elbo, counts):
    from vae_edu.evaluation.topics import log_coefficient, perplexity

    return perplexity(elbo - log_coefficient(counts), counts.sum(axis=1))


def weighted_mean(elbo, counts):
    N = counts.sum(1)
    ok = N > 0
    per = (elbo - coef(counts))[ok] / N[ok]
    return float(np.exp(-np.average(per, weights=N[ok])))


def in_torch3(elbo, counts):
    e, c = torch.tensor(elbo), torch.tensor(counts)
    return torch.exp(-(e - torch.lgamma(c.sum(1) + 1) + torch.lgamma(c + 1).sum(1)).sum() / c.sum()).item()


def coefficient_left_in(elbo, counts):
    return np.exp(-elbo.sum() / counts.sum())


def coefficient_added(elbo, counts):
    return np.exp(-(elbo + coef(counts)).sum() / counts.sum())


def by_document(elbo, counts):
    N = counts.sum(1)
    ok = N > 0
    return np.exp(-((elbo - coef(counts))[ok] / N[ok]).mean())


def by_document_nan(elbo, counts):
    with np.errstate(all="ignore"):
        return np.exp(-((elbo - coef(counts)) / counts.sum(1)).mean())


def mean_of_exps(elbo, counts):
    N = counts.sum(1)
    ok = N > 0
    return np.exp(-(elbo - coef(counts))[ok] / N[ok]).mean()


def by_document_zero_kept(elbo, counts):
    N = np.maximum(counts.sum(1), 1)
    return np.exp(-((elbo - coef(counts)) / N).mean())


def per_document(elbo, counts):
    return np.exp(-(elbo - coef(counts)).mean())


def vocabulary(elbo, counts):
    return np.exp(-(elbo - coef(counts)).sum() / counts.size)


def distinct(elbo, counts):
    return np.exp(-(elbo - coef(counts)).sum() / (counts > 0).sum())


def no_exp(elbo, counts):
    return -(elbo - coef(counts)).sum() / counts.sum()


def sign(elbo, counts):
    return np.exp((elbo - coef(counts)).sum() / counts.sum())


def two_to(elbo, counts):
    return 2 ** (-(elbo - coef(counts)).sum() / counts.sum())


def only_n(elbo, counts):
    return np.exp(-(elbo - gammaln(counts.sum(1) + 1)).sum() / counts.sum())


def gamma_n(elbo, counts):
    return np.exp(
        -(elbo - gammaln(np.maximum(counts.sum(1), 1)) + gammaln(np.maximum(counts, 1)).sum(1)).sum() / counts.sum()
    )


def one_coefficient(elbo, counts):
    N = counts.sum()
    return np.exp(-(elbo.sum() - gammaln(N + 1) + gammaln(counts + 1).sum()) / N)


def one_each_for_empty(elbo, counts):
    return np.exp(-(elbo - coef(counts)).sum() / np.maximum(counts.sum(1), 1).sum())


def in_place3(elbo, counts):
    elbo -= coef(counts)
    return np.exp(-elbo.sum() / counts.sum())


def array_out(elbo, counts):
    with np.errstate(all="ignore"):
        return np.exp(-(elbo - coef(counts)) / counts.sum(1))


def ignores_elbo(elbo, counts):
    f = counts.sum(0) / counts.sum()
    f = f[f > 0]
    return np.exp(-(f * np.log(f)).sum())


def factorial3(elbo, counts):
    from scipy.special import factorial

    with np.errstate(all="ignore"):
        c = np.log(factorial(counts.sum(1)) / factorial(counts).prod(1))
        return np.exp(-(elbo - c).sum() / counts.sum())


def r214():
    return [2, 3, 0, 1, 4]


def n214():
    return np.array([2, 3, 0, 1, 4])


def w_ad():
    return (1, 3, 0, 2, 4)


def w_ce():
    return (2, 3, 4, 1, 0)


def w_b0():
    return (2, 0, 3, 1, 4)


def w_be():
    return (2, 4, 0, 1, 3)


def w_ae():
    return (4, 3, 0, 1, 2)


def w_e0():
    return (2, 3, 0, 1, 0)


def w_short():
    return (2, 3, 0, 1)


def w_inverse():
    return (2, 3, 0, 1, 5)


def w_str():
    return "23014"


def w_letters():
    return "C", "D", "A", "B", "E"


def w_d3():
    return (2, 1, 0, 3, 4)


RIGHT = {
    "21.2": [with_b, with_log_theta, loops, in_torch, noticing_nonzero_only],
    "21.1": [closed, loop3, given_away, weighted_mean, in_torch3],
    "21.4": [r214, n214],
}
WRONG = {
    "21.2": [
        product,
        naive_log,
        guarded,
        clipped_p,
        no_coefficient,
        coefficient_subtracted,
        gamma_of_n,
        mean_of_logs,
        softmax_over_topics,
        one_topic_per_document,
        theta_guarded,
        theta_ignored,
        summed,
        mean_docs,
        in_place,
        global_max,
        exp_weights,
        scipy_multinomial,
        factorials,
        per_word,
        squeeze_one,
        weights_not_normalised,
        best_topic_only,
        empty_given_minus_inf,
    ],
    "21.1": [
        coefficient_left_in,
        coefficient_added,
        by_document,
        by_document_nan,
        mean_of_exps,
        by_document_zero_kept,
        per_document,
        vocabulary,
        distinct,
        no_exp,
        sign,
        two_to,
        only_n,
        gamma_n,
        one_coefficient,
        one_each_for_empty,
        in_place3,
        array_out,
        ignores_elbo,
        factorial3,
    ],
    "21.4": [w_ad, w_ce, w_b0, w_be, w_ae, w_e0, w_short, w_inverse, w_str, w_letters, w_d3],
}
HEARS = {
    "21.2": {
        "product": "this is the product of experts",
        "naive_log": "your probabilities underflow",
        "guarded": "a small number inside the logarithm",
        "clipped_p": "a small number inside the logarithm",
        "no_coefficient": "the coefficient is missing",
        "coefficient_subtracted": "the sign of the coefficient",
        "gamma_of_n": "gammaln(n) is log (n − 1)!",
        "mean_of_logs": "you average the logarithms",
        "softmax_over_topics": "the topics are normalised over the topics",
        "one_topic_per_document": "each document has one topic",
        "theta_guarded": "a small number is added to theta",
        "theta_ignored": "theta is not used",
        "summed": "this is one number for the whole batch",
        "in_place": "the value is right, but your function changes its input weights",
        "factorials": "a factorial is computed before its logarithm",
        "weights_not_normalised": "the topics are not normalised",
        "best_topic_only": "only the largest topic",
    },
    "21.1": {
        "coefficient_left_in": "the coefficient is still in it",
        "coefficient_added": "the coefficient is added",
        "by_document": "you average over documents first",
        "mean_of_exps": "you average the perplexities",
        "per_document": "you divide by the number of documents",
        "vocabulary": "you divide by the size of the vocabulary",
        "distinct": "you divide by the number of different words",
        "no_exp": "these are nats per word",
        "sign": "the sign is wrong",
        "two_to": "this is 2 to the power",
        "only_n": "only log N! is subtracted",
        "gamma_n": "gammaln(n) is log (n − 1)!",
        "one_coefficient": "the coefficient is that of all documents as one",
        "one_each_for_empty": "a document without words counts as one word",
        "factorial3": "a factorial is computed before its logarithm",
    },
    "21.4": {
        "w_ad": "A: its decoder uses 9 of 10",
        "w_ce": "A and B are right. C: the words of a topic go together",
        "w_inverse": "E: the list has",
    },
}
HARMLESS: set[str] = set()
