"""How good a model of word counts is: perplexity, and whether topics can be read. Arrays are NumPy arrays, examples are rows."""

import numpy as np
from jaxtyping import Float, Int, Num
from scipy.special import gammaln

__all__ = [
    "completion_log_prob",
    "log_coefficient",
    "npmi_coherence",
    "perplexity",
    "split_words",
    "top_words",
    "topic_diversity",
    "topics_in_use",
    "words_of_same_frequency",
]


def log_coefficient(counts: Num[np.ndarray, "documents words"]) -> Float[np.ndarray, " documents"]:
    """log N! − Σ_w log x_w!, in nats: the logarithm of the number of orders in which the words of a document could stand.

    log p(x) of the counts, less this, is the log-probability of the words in one given order. Perplexity is about words in
    an order, so it is subtracted there.
    """
    counts = np.asarray(counts, float)
    return gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)


def perplexity(
    log_prob: Num[np.ndarray, " documents"], lengths: Num[np.ndarray, "..."], *, by_document: bool = False
) -> float:
    """exp(−Σ_d log p(d) / Σ_d N_d), the perplexity per word; 1 is a perfect prediction, and V that of a uniform guess among V.

    log_prob: of each document's words in their order, in nats, or a lower bound of it, which gives an upper bound of the
    perplexity. lengths: the number of words N_d of each document; a document without words counts nothing.
    by_document: exp(−(1/D) Σ_d log p(d)/N_d), the mean over documents, which many papers report: short documents weigh more.

    Raises ``ValueError`` for arrays of different lengths and where there are no words at all.

    Source: Blei, Ng and Jordan 2003, "Latent Dirichlet allocation"; by document: Miao, Yu and Blunsom 2016,
    arXiv:1511.06038.
    """
    log_prob, lengths = np.asarray(log_prob, float), np.asarray(lengths, float)
    if log_prob.shape != lengths.shape:
        raise ValueError(f"log_prob has shape {log_prob.shape}, and lengths {lengths.shape}; expected one of each")
    filled = lengths > 0
    if not filled.any():
        raise ValueError("there are no words")
    if by_document:
        return float(np.exp(-(log_prob[filled] / lengths[filled]).mean()))
    return float(np.exp(-log_prob[filled].sum() / lengths[filled].sum()))


def split_words(
    counts: Num[np.ndarray, "documents words"], rng: np.random.Generator
) -> tuple[Num[np.ndarray, "documents words"], Num[np.ndarray, "documents words"]]:
    """Each word of each document goes to one of two halves by a fair coin: one to infer the latents from, one to predict.

    Source: the document completion of Wallach, Murray, Salakhutdinov and Mimno 2009, "Evaluation methods for topic models",
    with words split at random.
    """
    first = rng.binomial(np.asarray(counts, int), 0.5)
    return first, counts - first


def completion_log_prob(
    counts: Num[np.ndarray, "documents words"], probabilities: Float[np.ndarray, "documents words"]
) -> Float[np.ndarray, " documents"]:
    """Σ_w x_w log p_w for each document, in nats: the words of one half under the probabilities inferred from the other.

    Every method that gives probabilities of words can be compared by it, with a likelihood of its own or without one.
    A word that occurs with probability 0 gives −∞; one that does not occur gives 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, counts * np.log(probabilities), 0.0).sum(axis=1)


def top_words(weights: Num[np.ndarray, "topics words"], n: int = 10) -> Int[np.ndarray, "topics n"]:
    """The places of the ``n`` largest weights of each topic in the vocabulary, the largest first; ties in the order of the words."""
    return np.argsort(-np.asarray(weights), axis=1, kind="stable")[:, :n]


def topic_diversity(tops: Int[np.ndarray, "topics n"]) -> float:
    """The fraction of different words among the top words of all topics: 1 where no word is shared, 1/K where all K topics
    are the same.

    Source: Dieng, Ruiz and Blei 2020, "Topic modeling in embedding spaces".
    """
    return len(np.unique(tops)) / np.size(tops)


def npmi_coherence(
    tops: Int[np.ndarray, "topics n"], counts: Num[np.ndarray, "documents words"]
) -> Float[np.ndarray, " topics"]:
    """The mean over all pairs of a topic's top words of their normalised pointwise mutual information in ``counts``:

    NPMI(v, w) = log(p(v, w) / (p(v) p(w))) / (−log p(v, w)),

    where p(v, w) is the fraction of the documents in which both words occur. It is 1 where the two occur only together, 0 where
    they are independent, and −1 where they never occur together. (Where both are in every document it is taken as 0.)

    Source: Bouma 2009, "Normalized (pointwise) mutual information in collocation extraction"; used for topics by Lau,
    Newman and Baldwin 2014, "Machine reading tea leaves", with documents for windows here.
    """
    present = (np.asarray(counts) > 0).astype(float)
    n = tops.shape[1]
    first, second = np.triu_indices(n, 1)
    values = []
    for words in tops:
        own = present[:, words]
        single, joint = own.mean(axis=0), own.T @ own / len(own)
        both = joint[first, second]
        with np.errstate(divide="ignore", invalid="ignore"):
            npmi = np.log(both / (single[first] * single[second])) / -np.log(both)
        values.append(np.where(both == 0, -1.0, np.where(both == 1, 0.0, npmi)).mean())
    return np.array(values)


def words_of_same_frequency(
    tops: Int[np.ndarray, "topics n"],
    counts: Num[np.ndarray, "documents words"],
    rng: np.random.Generator,
    *,
    reach: int = 25,
) -> Int[np.ndarray, "topics n"]:
    """Words without a topic, to compare coherence with: each top word is replaced by another that is in about as many
    documents, one of ``reach`` neighbours on either side in the order of that number."""
    order = np.argsort((np.asarray(counts) > 0).sum(axis=0), kind="stable")
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    replaced = []
    for words in tops:
        chosen: list[int] = []
        for word in words:
            near = order[max(0, place[word] - reach) : place[word] + reach + 1]
            chosen.append(int(rng.choice([each for each in near if each != word and each not in chosen])))
        replaced.append(chosen)
    return np.array(replaced)


def topics_in_use(proportions: Float[np.ndarray, "documents topics"], *, least: float = 0.01) -> int:
    """The number of topics that are the largest one in at least the fraction ``least`` of the documents."""
    largest = np.bincount(np.asarray(proportions).argmax(axis=1), minlength=proportions.shape[1])
    return int((largest >= least * len(proportions)).sum())
