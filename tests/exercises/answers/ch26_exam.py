"""More answers to the exercises of notebook 26, as people write them: right ones, classic mistakes, and mistakes at one edge only.

The names are those of ``ch26.py``.
"""

import math

import numpy as np
import torch
from scipy import stats

# --- 26.1 -----------------------------------------------------------------------------------------------------------


def another_way_26_1(subjects, controls, level):
    def p_and_sign(s, c):
        d = np.array(s) - np.array(c)
        if (d == d[0]).all():
            return (1.0, 0) if d[0] == 0 else (0.0, d[0])
        return stats.ttest_1samp(d, 0).pvalue, d.mean()

    pairs = [p_and_sign(s, c) for s, c in zip(subjects, controls)]
    m, rejected, going = len(pairs), set(), True
    for j, i in enumerate(sorted(range(m), key=lambda i: pairs[i][0])):
        going = going and pairs[i][0] <= level / (m - j)
        if going:
            rejected.add(i)
    return [("holds" if pairs[i][1] > 0 else "does not hold") if i in rejected else "tie" for i in range(m)]


def a_third_way_26_1(subjects, controls, level):
    from scipy.stats import t as student

    m = len(subjects)
    p, sign = np.ones(m), np.zeros(m)
    for i in range(m):
        d = subjects[i] - controls[i]
        sign[i] = np.sign(np.mean(d))
        if len(set(d.tolist())) == 1:
            p[i] = float(d[0] == 0)
        else:
            se = np.sqrt(((d - d.mean()) ** 2).sum() / (len(d) - 1) / len(d))
            p[i] = student.sf(abs(d.mean() / se), df=len(d) - 1) * 2
    order = np.argsort(p)
    passes = p[order] <= level / np.arange(m, 0, -1)
    number = m if passes.all() else int(np.argmin(passes))
    result = np.full(m, "tie", dtype=object)
    for i in order[:number]:
        result[i] = "holds" if sign[i] > 0 else "does not hold"
    return list(result)


def unpaired(subjects, controls, level):
    ps, means = [], []
    for s, c in zip(subjects, controls):
        d = np.asarray(s, dtype=float) - np.asarray(c, dtype=float)
        means.append(d.mean())
        if np.ptp(d) == 0:
            ps.append(1.0 if d[0] == 0 else 0.0)
        else:
            ps.append(stats.ttest_ind(s, c).pvalue)
    out = ["tie"] * len(ps)
    m = len(ps)
    for rank, i in enumerate(np.argsort(ps, kind="stable")):
        if ps[i] > level / (m - rank):
            break
        out[i] = "holds" if means[i] > 0 else "does not hold"
    return out


def below_its_limit(subjects, controls, level):
    ps, means = [], []
    for s, c in zip(subjects, controls):
        d = np.asarray(s, dtype=float) - np.asarray(c, dtype=float)
        n = len(d)
        means.append(d.mean())
        if np.ptp(d) == 0:
            ps.append(1.0 if d[0] == 0 else 0.0)
        else:
            t = d.mean() / (d.std(ddof=1) / np.sqrt(n))
            ps.append(2 * stats.t.sf(abs(t), n - 1))
    out = ["tie"] * len(ps)
    m = len(ps)
    for rank, i in enumerate(np.argsort(ps, kind="stable")):
        if ps[i] >= level / (m - rank):
            break
        out[i] = "holds" if means[i] > 0 else "does not hold"
    return out


def nan_passes(subjects, controls, level):
    ps, means = [], []
    for s, c in zip(subjects, controls):
        d = np.asarray(s, dtype=float) - np.asarray(c, dtype=float)
        n = len(d)
        means.append(d.mean())
        t = d.mean() / (d.std(ddof=1) / np.sqrt(n))
        ps.append(2 * stats.t.sf(abs(t), n - 1))
    out = ["tie"] * len(ps)
    m = len(ps)
    for rank, i in enumerate(np.argsort(ps, kind="stable")):
        if ps[i] > level / (m - rank):
            break
        out[i] = "holds" if means[i] > 0 else "does not hold"
    return out


def in_order_of_p(subjects, controls, level):
    ps, means = [], []
    for s, c in zip(subjects, controls):
        d = np.asarray(s, dtype=float) - np.asarray(c, dtype=float)
        n = len(d)
        means.append(d.mean())
        if np.ptp(d) == 0:
            ps.append(1.0 if d[0] == 0 else 0.0)
        else:
            t = d.mean() / (d.std(ddof=1) / np.sqrt(n))
            ps.append(2 * stats.t.sf(abs(t), n - 1))
    out = ["tie"] * len(ps)
    m = len(ps)
    for rank, i in enumerate(np.argsort(ps, kind="stable")):
        if ps[i] > level / (m - rank):
            break
        out[i] = "holds" if means[i] > 0 else "does not hold"
    return [out[i] for i in np.argsort(ps, kind="stable")]


def limits_upside_down(subjects, controls, level):
    ps, means = [], []
    for s, c in zip(subjects, controls):
        d = np.asarray(s, dtype=float) - np.asarray(c, dtype=float)
        n = len(d)
        means.append(d.mean())
        if np.ptp(d) == 0:
            ps.append(1.0 if d[0] == 0 else 0.0)
        else:
            t = d.mean() / (d.std(ddof=1) / np.sqrt(n))
            ps.append(2 * stats.t.sf(abs(t), n - 1))
    out = ["tie"] * len(ps)
    for rank, i in enumerate(np.argsort(ps, kind="stable")):
        if ps[i] > level / (rank + 1):
            break
        out[i] = "holds" if means[i] > 0 else "does not hold"
    return out


# --- 26.2 -----------------------------------------------------------------------------------------------------------


def another_way_26_2(guesses, outcomes):
    rate = np.nanmean(outcomes)
    return float(np.nanmean((guesses - outcomes) ** 2)), float(rate * (1 - rate))


def a_third_way_26_2(guesses, outcomes):
    pairs = [(g, o) for g, o in zip(guesses, outcomes) if o == o]
    n = len(pairs)
    p = sum(o for _, o in pairs) / n
    return [sum((g - o) ** 2 for g, o in pairs) / n, sum((p - o) ** 2 for _, o in pairs) / n]


def rounded(guesses, outcomes):
    keep = ~np.isnan(outcomes)
    g, o = guesses[keep], outcomes[keep]
    return ((np.round(g) - o) ** 2).mean(), ((o.mean() - o) ** 2).mean()


def logarithmic(guesses, outcomes):
    keep = ~np.isnan(outcomes)
    g, o = guesses[keep], outcomes[keep]
    return -np.log(np.clip(np.where(o == 1, g, 1 - g), 1e-9, 1)).mean(), ((o.mean() - o) ** 2).mean()


def those_that_hold(guesses, outcomes):
    keep = outcomes > 0
    g, o = guesses[keep], outcomes[keep]
    return ((g - o) ** 2).mean(), ((o.mean() - o) ** 2).mean()


# --- 26.3 -----------------------------------------------------------------------------------------------------------


def a_first_way_26_3(project):
    rows = torch.arange(1797.0)[:, None].expand(-1, 64)
    train, test = project.split(rows)
    overlap = torch.isin(test[:, 0], train[:, 0]).float().mean().item()
    x = torch.zeros(4, 64)
    x[:, ::8] = 1
    more = project.augment(x)
    foreign = (more != x[0]).any(dim=1).float().mean().item()
    model = project.VAE(torch.full((64,), 0.5))
    with torch.no_grad():
        for layer in (model.encoder[-1], model.decoder[-1]):
            layer.weight.zero_()
            layer.bias.zero_()
    known = 64 * math.log(2)
    off = (known - project.nll(model, torch.ones(3, 64)).mean()).item()
    return [(1, overlap), (3, foreign), (21, off)]


def another_way_26_3(project):
    model = project.VAE(torch.full((64,), 0.5))
    noise = model.sample(torch.zeros(500, 8), torch.zeros(500, 8))
    shared = 1 - noise.std(dim=0).mean().item()
    with torch.no_grad():
        model.decoder[-1].weight.zero_()
        model.decoder[-1].bias.zero_()
        distortion = project.loss_of(model, torch.ones(10, 64), 0.0).item()
    too_small = 1 - distortion / (64 * math.log(2))
    seen = []
    model.encoder.register_forward_hook(lambda module, i, o: seen.append(module.training))
    model.train()
    project.nll(model, torch.ones(4, 64))
    return (6, shared), (12, too_small), (19, float(np.mean(seen)))


def a_third_way_26_3(project):
    model = project.VAE(torch.full((64,), 0.5))
    many = torch.cat([model.sample(torch.zeros(1, 8), torch.full((1, 8), 2.0)) for _ in range(1000)])
    spread = math.log(many.std().item() / math.e)
    a, b = model.sample(torch.zeros(200, 8), torch.zeros(200, 8)).split(100)
    equal = (a == b).float().mean().item()
    ids = torch.arange(1797.0).repeat(64, 1).T
    first, last = project.split(ids)
    common = len(set(first[:, 0].tolist()) & set(last[:, 0].tolist())) / len(last)
    return [[5, spread], [6, equal], [1, common]]


def overlap_of_all_rows(project):
    rows = torch.arange(1797.0)[:, None].expand(-1, 64)
    train, test = project.split(rows)
    overlap = torch.isin(test[:, 0], train[:, 0]).float().sum().item() / 1797
    x = torch.zeros(4, 64)
    x[:, ::8] = 1
    foreign = (project.augment(x) != x[0]).any(dim=1).float().mean().item()
    model = project.VAE(torch.full((64,), 0.5))
    noise = model.sample(torch.zeros(500, 8), torch.zeros(500, 8))
    return [(1, overlap), (3, foreign), (6, 1 - noise.std(dim=0).mean().item())]


def spread_of_shared_noise(project):
    model = project.VAE(torch.full((64,), 0.5))
    z = model.sample(torch.zeros(2000, 8), torch.full((2000, 8), 2.0))
    spread = z.std(dim=0).mean().item() / math.e - 1
    rows = torch.arange(1797.0)[:, None].expand(-1, 64)
    train, test = project.split(rows)
    overlap = torch.isin(test[:, 0], train[:, 0]).float().mean().item()
    x = torch.zeros(4, 64)
    x[:, ::8] = 1
    foreign = (project.augment(x) != x[0]).any(dim=1).float().mean().item()
    return [(5, spread), (1, overlap), (3, foreign)]


def bound_of_an_untrained_model(project):
    torch.manual_seed(0)
    model = project.VAE(torch.full((64,), 0.5))
    x = (torch.rand(200, 64) < 0.5).float()
    off = 64 * math.log(2) - project.nll(model, x).mean().item()
    rows = torch.arange(1797.0)[:, None].expand(-1, 64)
    train, test = project.split(rows)
    overlap = torch.isin(test[:, 0], train[:, 0]).float().mean().item()
    y = torch.zeros(4, 64)
    y[:, ::8] = 1
    foreign = (project.augment(y) != y[0]).any(dim=1).float().mean().item()
    return [(21, off), (1, overlap), (3, foreign)]


# --- 26.4 -----------------------------------------------------------------------------------------------------------


def a_third_way_26_4():
    return np.array([23, 1, 3, 5, 6, 12, 15, 16, 19, 21])


RIGHT = {
    "26.1": (
        another_way_26_1,
        a_third_way_26_1,
    ),
    "26.2": (
        another_way_26_2,
        a_third_way_26_2,
    ),
    "26.3": (
        a_first_way_26_3,
        another_way_26_3,
        a_third_way_26_3,
    ),
    "26.4": (a_third_way_26_4,),
}
WRONG = {
    "26.1": (
        unpaired,
        below_its_limit,
        nan_passes,
        in_order_of_p,
        limits_upside_down,
    ),
    "26.2": (
        rounded,
        logarithmic,
        those_that_hold,
    ),
    "26.3": (
        overlap_of_all_rows,
        spread_of_shared_noise,
        bound_of_an_untrained_model,
    ),
}
HARMLESS = set()
HEARS = {
    "26.1": {
        "unpaired": "The two spreads are added",
        "below_its_limit": "A p-value equal to its limit passes",
        "nan_passes": "Where all differences are 0",
        "in_order_of_p": "The verdicts stand in the order",
        "limits_upside_down": "The limits grow in the wrong direction",
    },
    "26.2": {
        "rounded": "The guesses are rounded",
        "logarithmic": "The first number is the logarithmic score",
    },
    "26.3": {
        "overlap_of_all_rows": "this does not hold",
        "spread_of_shared_noise": "this does not hold",
        "bound_of_an_untrained_model": "this does not hold",
    },
}
