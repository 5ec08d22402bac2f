"""Answers to exercises 26.1 to 26.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
from scipy import stats

# --- 26.1 ------------------------------------------------------------------------------------------------------------


def p_value(s, c):
    d = np.asarray(s, float) - np.asarray(c, float)
    m, sd = np.mean(d), np.std(d, ddof=1)
    if sd == 0:
        return float(m == 0)
    return 2 * (1 - stats.t.cdf(abs(m) / (sd / len(d) ** 0.5), df=len(d) - 1))


def word(s, c):
    return "holds" if np.mean(s) > np.mean(c) else "does not hold"


def sorted_pairs(subjects, controls, level):
    ps = sorted((p_value(s, c), i) for i, (s, c) in enumerate(zip(subjects, controls)))
    out = ["tie" for _ in ps]
    m = len(ps)
    for k, (p, i) in enumerate(ps):
        if p > level / (m - k):
            break
        out[i] = word(subjects[i], controls[i])
    return out


def as_array(subjects, controls, level):
    p = np.array([p_value(s, c) for s, c in zip(subjects, controls)])
    order = p.argsort()
    ok = np.logical_and.accumulate(p[order] <= level / np.arange(len(p), 0, -1))
    out = np.full(len(p), "tie", dtype=object)
    for i in order[ok]:
        out[i] = word(subjects[i], controls[i])
    return out.tolist()


def as_tuple(subjects, controls, level):
    return tuple(sorted_pairs(subjects, controls, level))


def bonferroni(subjects, controls, level):
    return [
        word(s, c) if p_value(s, c) <= level / len(subjects) else "tie" for s, c in zip(subjects, controls, strict=True)
    ]


def uncorrected(subjects, controls, level):
    return [word(s, c) if p_value(s, c) <= level else "tie" for s, c in zip(subjects, controls, strict=True)]


def two_errors(subjects, controls, level):
    out = []
    for s, c in zip(subjects, controls):
        d = s - c
        se = d.std(ddof=1) / np.sqrt(len(d))
        out.append("holds" if d.mean() > 2 * se else "does not hold" if d.mean() < -2 * se else "tie")
    return out


def with_normal(subjects, controls, level):
    ps = []
    for s, c in zip(subjects, controls):
        d = s - c
        se = d.std(ddof=1) / np.sqrt(len(d))
        ps.append(2 * stats.norm.sf(abs(d.mean()) / se) if se else float(d.mean() == 0))
    out = ["tie"] * len(ps)
    for k, i in enumerate(np.argsort(ps)):
        if ps[i] > level / (len(ps) - k):
            break
        out[i] = word(subjects[i], controls[i])
    return out


def unpaired(subjects, controls, level):
    ps = [stats.ttest_ind(s, c).pvalue for s, c in zip(subjects, controls)]
    out = ["tie"] * len(ps)
    for k, i in enumerate(np.argsort(ps)):
        if ps[i] > level / (len(ps) - k):
            break
        out[i] = word(subjects[i], controls[i])
    return out


def never_stops(subjects, controls, level):
    ps = [p_value(s, c) for s, c in zip(subjects, controls)]
    out = ["tie"] * len(ps)
    for k, i in enumerate(np.argsort(ps)):
        if ps[i] <= level / (len(ps) - k):
            out[i] = word(subjects[i], controls[i])
    return out


def refuted_if_not_shown(subjects, controls, level):
    return [{"tie": "does not hold"}.get(each, each) for each in sorted_pairs(subjects, controls, level)]


def nan_without_spread(subjects, controls, level):
    ps = []
    for s, c in zip(subjects, controls):
        d = s - c
        with np.errstate(all="ignore"):
            ps.append(2 * stats.t.sf(abs(d.mean()) / (d.std(ddof=1) / np.sqrt(len(d))), len(d) - 1))
    out = ["tie"] * len(ps)
    for k, i in enumerate(np.argsort(ps)):
        if not ps[i] <= level / (len(ps) - k):
            break
        out[i] = word(subjects[i], controls[i])
    return out


def true_and_false(subjects, controls, level):
    return [each == "holds" for each in sorted_pairs(subjects, controls, level)]


# --- 26.2 ------------------------------------------------------------------------------------------------------------


def with_mask(guesses, outcomes):
    ok = np.isfinite(outcomes)
    g, o = guesses[ok], outcomes[ok]
    return np.mean((g - o) ** 2), np.mean((o.mean() - o) ** 2)


def with_lists(guesses, outcomes):
    kept = [(float(g), float(o)) for g, o in zip(guesses, outcomes) if not np.isnan(o)]
    base = sum(o for _, o in kept) / len(kept)
    return [sum((g - o) ** 2 for g, o in kept) / len(kept), sum((base - o) ** 2 for _, o in kept) / len(kept)]


def with_p_one_minus_p(guesses, outcomes):
    f = np.nanmean(outcomes)
    return np.nanmean(np.square(guesses - outcomes)), f * (1 - f)


def nan_everywhere(guesses, outcomes):
    return np.mean((guesses - outcomes) ** 2), np.mean((np.mean(outcomes) - outcomes) ** 2)


def undecided_as_false(guesses, outcomes):
    return with_mask(guesses, np.nan_to_num(outcomes))


def undecided_as_half(guesses, outcomes):
    return with_mask(guesses, np.where(np.isnan(outcomes), 0.5, outcomes))


def quarter(guesses, outcomes):
    return with_mask(guesses, outcomes)[0], 0.25


def absolute(guesses, outcomes):
    ok = ~np.isnan(outcomes)
    o = outcomes[ok]
    return np.abs(guesses[ok] - o).mean(), np.abs(o.mean() - o).mean()


def mean_guess(guesses, outcomes):
    ok = ~np.isnan(outcomes)
    return with_mask(guesses, outcomes)[0], np.mean((guesses[ok].mean() - outcomes[ok]) ** 2)


def order_exchanged(guesses, outcomes):
    return with_mask(guesses, outcomes)[::-1]


def skill(guesses, outcomes):
    one, base = with_mask(guesses, outcomes)
    return one, 1 - one / base if base else 0.0


# --- 26.3 ------------------------------------------------------------------------------------------------------------


def overlap(project):
    a, b = project.split(torch.arange(1797).float())
    return len(set(a.tolist()) & set(b.tolist()))


def empty_model(project):
    model = project.VAE(torch.full((64,), 0.5))
    with torch.no_grad():
        for part in (model.encoder[-1], model.decoder[-1]):
            part.weight.mul_(0)
            part.bias.mul_(0)
    return model


def offset(project):
    return project.nll(empty_model(project), torch.zeros(2, 64))[0].item() - 64 * math.log(2)


def mirrored(project):
    x = torch.arange(64.0)[None]
    return len(project.augment(x)) - 1


def same_noise(project):
    z = project.VAE(torch.rand(64)).sample(torch.zeros(40, 8), torch.zeros(40, 8))
    return float(z.std(dim=0).max() < 1e-6)


def per_pixel(project):
    model, x = empty_model(project), torch.ones(3, 64)
    return 1 - project.loss_of(model, x, 0.0).item() / (64 * math.log(2))


def ratio_of_scales(project):
    model, out = project.VAE(torch.rand(64)), []
    for logvar in (0.0, 2.0):
        torch.manual_seed(1)
        out.append(model.sample(torch.zeros(1, 8), torch.full((1, 8), logvar)))
    return (out[1] / out[0]).mean().item() / math.e - 1


def easy_three(project):
    return (1, overlap(project)), (3, mirrored(project)), (6, same_noise(project))


def three_in_a_list(project):
    return [[21, offset(project)], [12, per_pixel(project)], [5, ratio_of_scales(project)]]


def three_in_an_array(project):
    return np.array([[6, same_noise(project)], [21, offset(project)], [1, overlap(project)]])


def not_subtracted(project):
    x = torch.zeros(2, 64)
    return (
        (1, overlap(project) + 7),
        (21, project.nll(empty_model(project), x)[0].item()),
        (12, 3 + per_pixel(project)),
    )


def written_down(project):
    return (1, 103), (21, -3.0), (12, 0.98)


def exchanged(project):
    return (103, 1), (-3.0, 21), (0.98, 12)


def one_is_no_defect(project):
    return (1, overlap(project)), (10, 1.0), (21, offset(project))


def one_twice(project):
    return (1, overlap(project)), (21, offset(project)), (1, overlap(project))


def always_the_same(project):
    return ((1, overlap(project)),) * 3


def hidden_by_another(project):
    """The variance over the rows of one call: 0 while they share their noise."""
    z = project.VAE(torch.rand(64)).sample(torch.zeros(2000, 8), torch.full((2000, 8), -2.0))
    return (1, overlap(project)), (21, offset(project)), (5, z.var(dim=0).mean().item() / math.exp(-2) - 1)


def true_where_right(project):
    return (1, float(overlap(project) == 0)), (21, float(abs(offset(project)) < 0.1)), (6, 1 - same_noise(project))


def only_two(project):
    return (1, overlap(project)), (21, offset(project))


# --- 26.4 ------------------------------------------------------------------------------------------------------------


def all_ten():
    return 1, 3, 5, 6, 12, 15, 16, 19, 21, 23


def all_ten_backwards():
    return [23, 21, 19, 16, 15, 12, 6, 5, 3, 1]


def all_ten_in_an_array():
    return np.array([5, 6, 1, 3, 12, 15, 16, 19, 23, 21])


def seven():
    return 1, 3, 5, 6, 12, 15, 16, 2, 7, 8


def from_zero():
    return 0, 2, 4, 5, 11, 14, 15, 18, 20, 22


def one_decoy():
    return 1, 3, 5, 6, 12, 15, 16, 19, 21, 22


def averaged_rate():
    return 1, 3, 5, 6, 11, 15, 16, 19, 21, 23


def twice_the_same():
    return 1, 1, 5, 6, 12, 15, 16, 19, 21, 23


def line_numbers():
    return 31, 36, 63, 64, 80, 99, 103, 117, 126, 145


def nine_only():
    return 1, 3, 5, 6, 12, 15, 16, 19, 21


def all_numbers():
    return tuple(range(1, 25))


RIGHT = {
    "26.1": [sorted_pairs, as_array, as_tuple, nan_without_spread],
    "26.2": [with_mask, with_lists, with_p_one_minus_p],
    "26.3": [easy_three, three_in_a_list, three_in_an_array],
    "26.4": [all_ten, all_ten_backwards, all_ten_in_an_array],
}
WRONG = {
    "26.1": [
        bonferroni,
        uncorrected,
        two_errors,
        with_normal,
        unpaired,
        never_stops,
        refuted_if_not_shown,
        true_and_false,
    ],
    "26.2": [
        nan_everywhere,
        undecided_as_false,
        undecided_as_half,
        quarter,
        absolute,
        mean_guess,
        order_exchanged,
        skill,
    ],
    "26.3": [
        not_subtracted,
        written_down,
        exchanged,
        one_is_no_defect,
        one_twice,
        always_the_same,
        hidden_by_another,
        true_where_right,
        only_two,
    ],
    "26.4": [
        seven,
        from_zero,
        one_decoy,
        averaged_rate,
        twice_the_same,
        line_numbers,
        nine_only,
        all_numbers,
    ],
}
HARMLESS = set()
HEARS = {
    "26.1": {
        "bonferroni": "This is Bonferroni's rule",
        "uncorrected": "Each sentence is tested as if it were the only one",
        "two_errors": "This is the rule of two standard errors",
        "with_normal": "The normal distribution is used",
        "never_stops": "A p-value passes after a smaller one has failed",
        "refuted_if_not_shown": "What is not shown is called refuted",
    },
    "26.2": {
        "nan_everywhere": "NaN spreads through a sum",
        "undecided_as_false": "Undecided sentences are counted as if they did not hold",
        "undecided_as_half": "Undecided sentences are counted as one half",
        "quarter": "The constant guess is one half",
        "absolute": "The distances are not squared",
        "mean_guess": "The constant guess is the mean of the reader's guesses",
        "order_exchanged": "The two numbers are exchanged",
    },
    "26.3": {
        "not_subtracted": "The numbers do not become 0 where the defects are repaired",
        "written_down": "The numbers do not become 0 where the defects are repaired",
        "exchanged": "None of the three suspicions is right",
        "always_the_same": "The same defect is shown three times",
        "true_where_right": "The numbers are large where all is right",
        "one_is_no_defect": "this does not hold: each pair names a right suspicion",
        "hidden_by_another": "this does not hold: each pair names a right suspicion",
    },
    "26.4": {
        "seven": "You have found 7 of 10. What is left to find is of the kinds: evaluation, report",
        "from_zero": "You count from 0",
        "one_decoy": "Nine are right. Number 22 is not",
        "averaged_rate": "Nine are right. Number 11 is not",
        "twice_the_same": "A number occurs twice",
        "line_numbers": "Give whole numbers from 1 to 24",
    },
}
