"""More answers to the exercises of notebook 21, as people write them: right ones, classic mistakes, and mistakes at one edge only.

The names are those of ``ch21.py``.
"""

import math

import numpy as np
import torch

# --- 21.1 -----------------------------------------------------------------------------------------------------------


def another_way_21_1(log_prob, counts):
    from scipy import special

    total, words = 0.0, 0.0
    for lp, row in zip(log_prob, counts):
        n = row.sum()
        coef = special.gammaln(n + 1)
        for c in row:
            coef -= special.gammaln(c + 1)
        total += lp - coef
        words += n
    return math.exp(-total / words)


def a_third_way_21_1(log_prob, counts):
    orders = np.array([math.lgamma(r.sum() + 1) - sum(math.lgamma(v + 1) for v in r) for r in counts])
    return float(np.exp((orders.sum() - log_prob.sum()) / counts.sum()))


def empty_document_nan(log_prob, counts):
    from scipy.special import gammaln

    n = counts.sum(axis=1)
    coef = gammaln(n + 1) - gammaln(counts + 1).sum(axis=1)
    per_word = (log_prob - coef) / n
    return np.exp(-(per_word * n).sum() / n.sum())


# --- 21.2 -----------------------------------------------------------------------------------------------------------


def another_way_21_2(counts, theta, weights):
    from scipy.special import gammaln

    shifted = weights - weights.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    out = []
    for x, th in zip(counts, theta):
        used = th > 0
        parts = np.log(th[used])[:, None] + logs[used]
        top = parts.max(axis=0)
        log_p = top + np.log(np.exp(parts - top).sum(axis=0))
        out.append(gammaln(x.sum() + 1) - gammaln(x + 1).sum() + x @ log_p)
    return np.array(out)


def a_third_way_21_2(counts, theta, weights):
    x, th, w = (torch.as_tensor(np.array(a), dtype=torch.float64) for a in (counts, theta, weights))
    log_p = torch.logsumexp(th.log()[:, :, None] + torch.log_softmax(w, dim=1)[None], dim=1)
    coef = torch.lgamma(x.sum(1) + 1) - torch.lgamma(x + 1).sum(1)
    return (coef + (x * log_p).sum(1)).numpy()


def one_maximum_for_all_topics(counts, theta, weights):
    from scipy.special import gammaln, logsumexp

    w = weights - weights.max()
    logs = w - np.log(np.exp(w).sum(axis=1, keepdims=True))
    log_p = logsumexp(logs[None], b=theta[:, :, None], axis=1)
    return gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1) + (counts * log_p).sum(axis=1)


# --- 21.3 -----------------------------------------------------------------------------------------------------------


def another_way_21_3(counts, mu, logvar, eps, decode, variance):
    std = torch.exp(logvar / 2)
    logits = decode(mu + std * eps)
    logp = logits - torch.logsumexp(logits, -1, keepdim=True)
    recon = torch.einsum("bw,bw->b", counts, logp)
    q = torch.distributions.Normal(mu, std)
    p = torch.distributions.Normal(torch.zeros_like(mu), torch.full_like(mu, float(variance) ** 0.5))
    return torch.distributions.kl_divergence(q, p).sum(-1) - recon


def a_third_way_21_3(counts, mu, logvar, eps, decode, variance):
    z = torch.addcmul(mu, logvar.mul(0.5).exp(), eps)
    nll = torch.nn.functional.cross_entropy(decode(z), counts, reduction="none")
    k = mu.shape[1]
    kl = (mu.square().sum(1) / variance + logvar.exp().sum(1) / variance - k - logvar.sum(1) + k * np.log(variance)) / 2
    return nll + kl


def binary_cross_entropy(counts, mu, logvar, eps, decode, variance):
    z = mu + (0.5 * logvar).exp() * eps
    distortion = torch.nn.functional.binary_cross_entropy_with_logits(decode(z), counts, reduction="none").sum(dim=1)
    return distortion + 0.5 * ((mu**2 + logvar.exp()) / variance - 1 - logvar + math.log(variance)).sum(dim=1)


def divided_by_no_words(counts, mu, logvar, eps, decode, variance):
    z = mu + (0.5 * logvar).exp() * eps
    n = counts.sum(dim=1, keepdim=True)
    distortion = -n[:, 0] * (counts / n * torch.log_softmax(decode(z), dim=1)).sum(dim=1)
    return distortion + 0.5 * ((mu**2 + logvar.exp()) / variance - 1 - logvar + math.log(variance)).sum(dim=1)


RIGHT = {
    "21.1": (
        another_way_21_1,
        a_third_way_21_1,
    ),
    "21.2": (
        another_way_21_2,
        a_third_way_21_2,
    ),
    "21.3": (
        another_way_21_3,
        a_third_way_21_3,
    ),
}
WRONG = {
    "21.1": (empty_document_nan,),
    "21.2": (one_maximum_for_all_topics,),
    "21.3": (
        binary_cross_entropy,
        divided_by_no_words,
    ),
}
HARMLESS = set()
HEARS = {
    "21.2": {
        "one_maximum_for_all_topics": "one maximum is subtracted",
    },
    "21.3": {
        "binary_cross_entropy": "this is binary cross-entropy",
    },
}
