"""Right answers to the exercises of notebook 21, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy.special import gammaln, log_softmax, logsumexp
from torch.distributions import Categorical, Independent, Normal, kl_divergence


def likelihood_in_torch(counts, theta, weights):
    log_topics = torch.log_softmax(torch.as_tensor(weights), dim=1)
    log_p = torch.logsumexp(torch.as_tensor(theta).log()[:, :, None] + log_topics, dim=1)
    counts = torch.as_tensor(counts)
    rest = torch.lgamma(counts.sum(1) + 1) - torch.lgamma(counts + 1).sum(1)
    return rest + (counts * log_p).sum(1)


def likelihood_with_weights_in_logsumexp(counts, theta, weights):
    log_topics = log_softmax(weights, axis=-1)[None]
    log_p = logsumexp(log_topics, axis=1, b=theta[:, :, None])
    return gammaln(counts.sum(-1) + 1) - gammaln(counts + 1).sum(-1) + np.einsum("bw,bw->b", counts, log_p)


def likelihood_by_loops(counts, theta, weights):
    values = []
    for row, proportions in zip(counts, theta, strict=True):
        total = math.lgamma(row.sum() + 1)
        for word, count in enumerate(row):
            logs = [
                math.log(share) + topic[word] - logsumexp(topic)
                for share, topic in zip(proportions, weights, strict=True)
                if share > 0
            ]
            total += count * logsumexp(logs) - math.lgamma(count + 1)
        values.append(total)
    return np.array(values)


def perplexity_in_torch(elbo, counts):
    elbo, counts = torch.as_tensor(elbo), torch.as_tensor(counts)
    words = elbo - torch.lgamma(counts.sum(1) + 1) + torch.lgamma(counts + 1).sum(1)
    return torch.exp(-words.sum() / counts.sum())


def perplexity_weighted_by_length(elbo, counts):
    nats, words = 0.0, 0.0
    for bound, row in zip(elbo, counts, strict=True):
        nats += bound - gammaln(row.sum() + 1) + gammaln(row + 1).sum()
        words += row.sum()
    return math.exp(-nats / words)


def perplexity_as_mean_over_words(elbo, counts):
    lengths = counts.sum(axis=1)
    kept = lengths > 0
    own = elbo[kept] - gammaln(lengths[kept] + 1) + gammaln(counts[kept] + 1).sum(axis=1)
    return np.exp(np.average(-own / lengths[kept], weights=lengths[kept]))


def loss_from_distributions(counts, mu, logvar, eps, decode, variance):
    q = Independent(Normal(mu, (0.5 * logvar).exp()), 1)
    p = Independent(Normal(torch.zeros_like(mu), torch.full_like(mu, variance**0.5)), 1)
    log_p = Categorical(logits=decode(q.base_dist.loc + q.base_dist.scale * eps)).logits
    return kl_divergence(q, p) - (counts * log_p).sum(-1)


def loss_from_logsumexp(counts, mu, logvar, eps, decode, variance):
    logits = decode(mu + logvar.exp().sqrt() * eps)
    of_words = torch.einsum("bw,bw->b", counts, logits) - counts.sum(1) * logits.logsumexp(1)
    rate = 0.5 * ((mu.pow(2) + logvar.exp()) / variance - 1 - logvar + math.log(variance))
    return rate.sum(1) - of_words


def loss_by_loops(counts, mu, logvar, eps, decode, variance):
    log_p = decode(mu + (logvar / 2).exp() * eps).log_softmax(1)
    losses = []
    for row, own, m, s in zip(counts, log_p, mu, logvar, strict=True):
        loss = -(row @ own)
        for k in range(len(m)):
            loss = loss + (m[k] ** 2 / variance + s[k].exp() / variance - 1 - s[k] + math.log(variance)) / 2
        losses.append(loss)
    return torch.stack(losses)


def illness_as_a_list():
    return [2, 3, 0, 1, 4]


def illness_by_letter():
    found = dict.fromkeys("ABCDE", 0)
    found |= {"A": 2, "B": 3, "D": 1, "E": 4}
    return np.array(list(found.values()))


VARIANTS = {
    "21.2": [likelihood_in_torch, likelihood_with_weights_in_logsumexp, likelihood_by_loops],
    "21.1": [perplexity_in_torch, perplexity_weighted_by_length, perplexity_as_mean_over_words],
    "21.3": [loss_from_distributions, loss_from_logsumexp, loss_by_loops],
    "21.4": [illness_as_a_list, illness_by_letter],
}
