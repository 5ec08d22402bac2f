"""Answers to exercises of notebook 26 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
from scipy import stats


def by_two_tails(subjects, controls, level):
    def p_of(d):
        error = np.std(d, ddof=1) / len(d) ** 0.5
        if np.all(d == d[0]):
            return float(not np.any(d))
        t = np.mean(d) / error
        return stats.t.sf(t, len(d) - 1) + stats.t.cdf(-t, len(d) - 1) if t > 0 else 2 * stats.t.sf(-t, len(d) - 1)

    gaps = [s - c for s, c in zip(subjects, controls)]
    m = len(gaps)
    ps = sorted((p_of(d), i) for i, d in enumerate(gaps))
    passed = set()
    for k, (p, i) in enumerate(ps):
        if p <= level / (m - k):
            passed.add(i)
        else:
            break
    return [("holds" if sum(d) > 0 else "does not hold") if i in passed else "tie" for i, d in enumerate(gaps)]


def no_spread_is_a_tie(subjects, controls, level):
    p, direction = [], []
    for s, c in zip(subjects, controls):
        d = np.asarray(s) - np.asarray(c)
        n, mean = len(d), d.mean()
        if np.ptp(d) == 0:
            p.append(1.0)
            mean = d[0]
        else:
            p.append(2 * stats.t.sf(abs(mean) / (d.std(ddof=1) / np.sqrt(n)), n - 1))
        direction.append(mean)
    out = ["tie"] * len(p)
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] > level / (len(p) - rank):
            break
        out[i] = "holds" if direction[i] > 0 else "does not hold"
    return out


def five_per_cent(subjects, controls, level):
    p, direction = [], []
    for s, c in zip(subjects, controls):
        d = np.asarray(s) - np.asarray(c)
        n, mean = len(d), d.mean()
        if np.ptp(d) == 0:
            p.append(1.0 if d[0] == 0 else 0.0)
            mean = d[0]
        else:
            p.append(2 * stats.t.sf(abs(mean) / (d.std(ddof=1) / np.sqrt(n)), n - 1))
        direction.append(mean)
    out = ["tie"] * len(p)
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] > 0.05 / (len(p) - rank):
            break
        out[i] = "holds" if direction[i] > 0 else "does not hold"
    return out


def absolute_distances(guesses, outcomes):
    known = ~np.isnan(outcomes)
    g, o = guesses[known], outcomes[known]
    return np.abs(g - o).mean(), o.mean() * (1 - o.mean())


def over_all_sentences(guesses, outcomes):
    known = ~np.isnan(outcomes)
    g, o = guesses[known], outcomes[known]
    return ((g - o) ** 2).sum() / len(guesses), o.mean() * (1 - o.mean())


def spread_of_outcomes(guesses, outcomes):
    known = ~np.isnan(outcomes)
    g, o = guesses[known], outcomes[known]
    return ((g - o) ** 2).mean(), o.var(ddof=1) if len(o) > 1 else 0.0


RIGHT = {"26.1": [by_two_tails]}
WRONG = {
    "26.1": [no_spread_is_a_tie, five_per_cent],
    "26.2": [absolute_distances, over_all_sentences, spread_of_outcomes],
}
HARMLESS = set()
HEARS = {
    "26.1": {"no_spread_is_a_tie": "Where all differences are equal and not 0", "five_per_cent": "level is not used"},
    "26.2": {
        "absolute_distances": "The distances are not squared",
        "over_all_sentences": "The sum over the decided sentences is divided by the number of all",
        "spread_of_outcomes": "The second number is divided by one less",
    },
}
