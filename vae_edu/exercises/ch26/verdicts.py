"""Exercise 26.1: verdicts on many sentences at once."""

import numpy as np
from scipy import stats

from vae_edu.exercises.record import Exercise, Mistake, slip


def verdicts(subjects, controls, level):
    """A list with "holds", "tie" or "does not hold" for each sentence. subjects, controls: lists of arrays (seeds,), one of each for a
    sentence, with two seeds or more; entry i of both belongs together. level: the chance of one false verdict or more that we accept."""
    from scipy import stats

    directions, p = [], []
    for subject, control in zip(subjects, controls, strict=True):
        d = subject - control
        error = d.std(ddof=1) / np.sqrt(len(d))
        directions.append(np.sign(d.mean()))
        if error == 0:
            p.append(1.0 if d.mean() == 0 else 0.0)
        else:
            p.append(2 * stats.t.sf(abs(d.mean()) / error, len(d) - 1))
    told = ["tie"] * len(p)
    for rank, i in enumerate(np.argsort(p)):  # Holm: the smallest p first
        if p[i] > level / (len(p) - rank):
            break
        told[i] = "holds" if directions[i] > 0 else "does not hold"
    return told


def t_test(d):
    error = d.std(ddof=1) / np.sqrt(len(d))
    return p_of(d.mean(), error, len(d))


def p_of(mean, error, n, tail=lambda t, n: 2 * stats.t.sf(abs(t), n - 1)):
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return tail(mean / error, n)


def holm(p, level):
    rejected = np.zeros(len(p), bool)
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] > level / (len(p) - rank):
            break
        rejected[i] = True
    return rejected


def holm_too_generous(p, level):
    rejected = np.zeros(len(p), bool)
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] > level / max(len(p) - rank - 1, 1):
            break
        rejected[i] = True
    return rejected


def holm_without_stop(p, level):
    ranks = np.argsort(np.argsort(p, kind="stable"), kind="stable")
    return np.array(p) <= level / (len(p) - ranks)


def holm_upside_down(p, level):
    rejected = np.zeros(len(p), bool)
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] > level / (rank + 1):
            break
        rejected[i] = True
    return rejected


def holm_below(p, level):
    rejected = np.zeros(len(p), bool)
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] >= level / (len(p) - rank):
            break
        rejected[i] = True
    return rejected


def with_nan(subjects, controls, level):
    """0/0 where all differences are 0: NaN comes last, and is above no limit."""
    differences = [s - c for s, c in zip(subjects, controls, strict=True)]
    p = [np.nan if not d.any() else t_test(d) for d in differences]
    return [
        ("holds" if d.mean() > 0 else "does not hold") if rejected else "tie"
        for d, rejected in zip(differences, holm(p, level), strict=True)
    ]


def with_p_of_no_spread(p_without_spread):
    """The right verdicts, but with this p-value where all differences are equal."""

    def judged(subjects, controls, level):
        differences = [s - c for s, c in zip(subjects, controls, strict=True)]
        p = [t_test(d) if np.ptp(d) else p_without_spread for d in differences]
        return [
            ("holds" if d.mean() > 0 else "does not hold") if rejected else "tie"
            for d, rejected in zip(differences, holm(p, level), strict=True)
        ]

    return judged


def sorted_by_p(subjects, controls, level):
    p = [t_test(s - c) for s, c in zip(subjects, controls, strict=True)]
    told = verdicts(subjects, controls, level)
    return [told[i] for i in np.argsort(p, kind="stable")]


def from_the_largest(p, level):
    """Hochberg's rule: all up to the largest p that passes."""
    order = np.argsort(p, kind="stable")
    passes = np.array(p)[order] <= level / (len(p) - np.arange(len(p)))
    return up_to(order, passes)


def false_discovery(p, level):
    order = np.argsort(p, kind="stable")
    passes = np.array(p)[order] <= level * (np.arange(len(p)) + 1) / len(p)
    return up_to(order, passes)


def up_to(order, passes):
    rejected = np.zeros(len(order), bool)
    if passes.any():
        rejected[order[: np.flatnonzero(passes)[-1] + 1]] = True
    return rejected


def judged_with(
    *,
    error=lambda s, c: (s - c).std(ddof=1) / np.sqrt(len(s)),
    tail=lambda t, n: 2 * stats.t.sf(abs(t), n - 1),
    reject=holm,
    sign=lambda mean: mean > 0,
    none="tie",
    against="does not hold",
):
    """The model answer, put together from its parts."""

    def judged(subjects, controls, level):
        means = [np.mean(s - c) for s, c in zip(subjects, controls, strict=True)]
        errors = [error(s, c) for s, c in zip(subjects, controls, strict=True)]
        p = [p_of(m, e, len(s), tail) for m, e, s in zip(means, errors, subjects, strict=True)]
        rejected = reject(p, level)
        return [("holds" if sign(m) else against) if r else none for m, r in zip(means, rejected, strict=True)]

    return judged


def by_ttest_rel(subjects, controls, level):
    p = []
    for one, other in zip(subjects, controls, strict=True):
        d = np.asarray(one) - np.asarray(other)
        p.append(float(d.mean() == 0) if np.ptp(d) == 0 else stats.ttest_1samp(d, 0).pvalue)
    adjusted, largest = np.empty(len(p)), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, (len(p) - rank) * p[i])
        adjusted[i] = largest
    return [
        "tie" if a > level else "holds" if np.mean(s) > np.mean(c) else "does not hold"
        for a, s, c in zip(adjusted, subjects, controls, strict=True)
    ]


def by_rounds(subjects, controls, level):
    differences = [s - c for s, c in zip(subjects, controls, strict=True)]
    told, left = ["tie"] * len(differences), set(range(len(differences)))
    while left:
        best = min(left, key=lambda i: t_test(differences[i]))
        if t_test(differences[best]) * len(left) > level:
            break
        told[best] = "holds" if differences[best].sum() > 0 else "does not hold"
        left.remove(best)
    return told


def two_errors(s, c):
    return np.sqrt(s.var(ddof=1) / len(s) + c.var(ddof=1) / len(c))


def with_p(p, n, rng, *, sign=1, trend=60.0):
    """A pair of arrays (n,) whose paired t-test has the p-value p. What both have in common varies much more than they differ."""
    d = rng.normal(size=n)
    d = (d - d.mean()) / d.std(ddof=1)
    t = stats.t.isf(p / 2, n - 1)
    control = trend * rng.normal(size=n) + 5
    return control + sign * (t / np.sqrt(n) + d), control


# The p-values, numbers of seeds and directions of each case, and its level. Each step of the rule decides one: 0.012 passes Holm's second
# limit and not Bonferroni's; 0.021 and 0.045 would pass theirs, but come after one that fails; 0.018 and 0.019 pass as a fraction of false
# verdicts only; 0.02 fails level / m. The single trials lie between what neighbouring distributions, tails and spreads make of 0.03.
CASES = (
    ((0.002, 0.012, 0.03, 0.04, 0.6), (4, 3, 5, 3, 4), (1, -1, 1, -1, 1), 0.05),
    ((0.001, 0.02, 0.021, 0.045), (4, 5, 4, 6), (-1, 1, 1, -1), 0.05),
    ((0.018, 0.019, 0.5, 0.6), (5, 4, 3, 4), (1, 1, -1, 1), 0.05),
    ((0.02, 0.5, 0.9), (5, 3, 4), (1, 1, -1), 0.05),
    ((0.148, 0.5, 0.7, 0.9), (3, 3, 4, 5), (-1, 1, 1, -1), 0.05),
    ((0.00001, 0.7), (4, 2), (-1, 1), 0.05),
    *(((0.03,), (3,), (1,), level) for level in (0.04, 0.025, 0.0175, 0.013, 0.0001)),
)


def draw_cases(rng: np.random.Generator):
    for p, n, signs, level in CASES:
        order = rng.permutation(len(p))
        pairs = [with_p(p[i], n[i], rng, sign=signs[i]) for i in order]
        yield [s for s, _ in pairs], [c for _, c in pairs], level
    # Differences without spread: one that is 0 in all seeds, and one that is not.
    control = rng.integers(3, 9, 3).astype(float)
    some = [with_p(0.03, 3, rng), (control.copy(), control), (control - 2, control), with_p(0.0004, 4, rng)]
    yield [s for s, _ in some], [c for _, c in some], 0.05
    # No difference at all, after a verdict; and a p-value of 0 that equals its limit.
    some = [with_p(0.0004, 4, rng), (control.copy(), control)]
    yield [s for s, _ in some], [c for _, c in some], 0.05
    yield [control - 2], [control], 0.0


EXERCISE = Exercise(
    id="26.1",
    title="Verdicts on many sentences",
    minutes=20,
    difficulty=3,
    answer=verdicts,
    cases=draw_cases,
    mistakes=(
        slip(
            "Each sentence is tested as if it were the only one. With many, some pass by chance: correct for their number",
            judged_with,
            reject=lambda p, level: np.array(p) <= level,
        ),
        slip(
            "This is Bonferroni's rule: all p-values are compared with level / m. Holm's limit grows after each p that passed",
            judged_with,
            reject=lambda p, level: np.array(p) <= level / len(p),
        ),
        slip(
            "A p-value passes after a smaller one has failed. Stop at the first that fails",
            judged_with,
            reject=holm_without_stop,
        ),
        slip(
            "This starts from the largest p-value, and rejects all below one that passes (Hochberg). Holm starts from the smallest",
            judged_with,
            reject=from_the_largest,
        ),
        slip(
            "This limits the fraction of false verdicts (Benjamini and Hochberg), not the chance of one",
            judged_with,
            reject=false_discovery,
        ),
        slip(
            "The limit of the first step is level / (m − 1), and one too large afterwards",
            judged_with,
            reject=holm_too_generous,
        ),
        slip(
            "The limits grow in the wrong direction: Holm compares the smallest p-value with level / m, and the largest with level",
            judged_with,
            reject=holm_upside_down,
        ),
        slip("A p-value equal to its limit passes. Yours has to be smaller", judged_with, reject=holm_below),
        Mistake(
            "Where all differences are 0 you get NaN, 0/0, which is above no limit and so passes. There p is 1",
            with_nan,
        ),
        Mistake(
            "Where all differences are equal and not 0, you have a tie. There the standard error is 0, and p is 0",
            with_p_of_no_spread(1.0),
        ),
        Mistake(
            "Where all differences are 0, you have a verdict. There p is 1",
            with_p_of_no_spread(0.0),
        ),
        Mistake("The verdicts stand in the order of the p-values. Return them in the order of the trials", sorted_by_p),
        slip(
            "The p-values are not sorted: the limit grows from sentence to sentence in the order in which they came",
            judged_with,
            reject=lambda p, level: np.array(p) <= level / (len(p) - np.arange(len(p))),
        ),
        slip(
            "The normal distribution is used. With few seeds, the standard error itself is uncertain: take t with n − 1 degrees of freedom",
            judged_with,
            tail=lambda t, n: 2 * stats.norm.sf(abs(t)),
        ),
        slip(
            "The t distribution has n degrees of freedom here. One is spent on the mean",
            judged_with,
            tail=lambda t, n: 2 * stats.t.sf(abs(t), n),
        ),
        slip(
            "One tail is counted. A sentence may fail in either direction, so count both",
            judged_with,
            tail=lambda t, n: stats.t.sf(abs(t), n - 1),
        ),
        slip(
            "One tail is counted, that of t itself: a difference against the sentence gets a p-value near 1",
            judged_with,
            tail=lambda t, n: stats.t.sf(t, n - 1),
        ),
        slip(
            "The two spreads are added as if the runs were independent. Entries belong in pairs: take the spread of the differences",
            judged_with,
            error=two_errors,
        ),
        slip(
            "The two spreads are added as if the runs were independent. Entries belong in pairs: take the spread of the differences",
            judged_with,
            error=two_errors,
            tail=lambda t, n: 2 * stats.t.sf(abs(t), 2 * n - 2),
        ),
        slip(
            "The two spreads are added as if the runs were independent. Entries belong in pairs: take the spread of the differences",
            judged_with,
            error=lambda s, c: two_errors(s, c) if np.ptp(s - c) else 0.0,
            tail=lambda t, n: 2 * stats.t.sf(abs(t), 2 * n - 2),
        ),
        slip(
            "This is the standard deviation of the differences. The standard error of their mean is smaller by √n",
            judged_with,
            error=lambda s, c: (s - c).std(ddof=1),
        ),
        slip(
            "The variance is divided by n. With few seeds, that is too small: divide by n − 1 (ddof=1)",
            judged_with,
            error=lambda s, c: (s - c).std() / np.sqrt(len(s)),
        ),
        slip(
            "Whatever differs from its control holds here. Look at the direction: smaller than the control speaks against the sentence",
            judged_with,
            sign=lambda mean: True,
        ),
        slip("The directions are exchanged: subject minus control", judged_with, sign=lambda mean: mean < 0),
        slip(
            "What is not shown is called refuted. Without a significant difference it is a tie",
            judged_with,
            none="does not hold",
        ),
        slip("What is refuted is called a tie", judged_with, against="tie"),
        Mistake(
            "This is the rule of two standard errors, for each sentence alone",
            lambda subjects, controls, level: [
                "tie"
                if abs((s - c).mean()) <= 2 * (s - c).std(ddof=1) / np.sqrt(len(s))
                else "holds"
                if (s - c).mean() > 0
                else "does not hold"
                for s, c in zip(subjects, controls, strict=True)
            ],
        ),
        *(
            Mistake(
                "level is not used: it is the chance of a false verdict that we accept, and not always the same",
                lambda subjects, controls, level, fixed=fixed: verdicts(subjects, controls, fixed),
            )
            for fixed in (0.05, 0.01)
        ),
    ),
    also_right=(by_ttest_rel, by_rounds, judged_with()),
    hints=(
        "What is the p-value of one sentence? Only afterwards: which of them may pass when there are many?",
        "d = subject − control; t = mean / standard error; 2 · stats.t.sf(|t|, n − 1). Then np.argsort(p), smallest first, and stop at the "
        "first that exceeds level / (m − rank).",
        "for rank, i in enumerate(np.argsort(p)): if p[i] > level / (len(p) - rank): break; else the verdict of i by the sign of its mean.",
    ),
)
