"""The simulated cards against the description they are made after, and their features against a slow count."""

import time

import numpy as np
import pytest
from scipy import integrate, stats

from vae_edu.data import Table, cards, simulate_cards
from vae_edu.data.tables import split


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def table():
    return simulate_cards(rng())


@pytest.fixture(scope="module")
def genuine():
    """Customer, terminal, time and amount of many payments, before any fraud."""
    return cards._genuine(rng(1), 2_000, 2_000, 60)


def test_what_there_is(table):
    assert isinstance(table, Table)
    assert "simulated" in table.name
    assert "simulated" in table.about
    assert 40_000 < len(table.x) < 60_000
    assert table.x.shape[1] == len(table.columns) == 12
    assert table.x.dtype == np.float64
    assert np.isfinite(table.x).all()
    assert table.risk.shape == (len(table.x), 3)
    assert np.array_equal(table.is_anomaly, table.scenario > 0)
    assert (table.day.min(), table.day.max()) == (0, 25)
    assert (np.diff(table.day) >= 0).all()


def test_it_takes_less_than_five_seconds():
    start = time.process_time()
    simulate_cards(rng())
    assert time.process_time() - start < 5


def test_the_rng_decides_everything(table):
    again = simulate_cards(rng())
    assert np.array_equal(again.x, table.x)
    assert np.array_equal(again.scenario, table.scenario)
    assert not np.array_equal(simulate_cards(rng(1)).is_anomaly[:40_000], table.is_anomaly[:40_000])


def test_labels_stay_out_of_the_columns(table):
    assert not any("label" in column or "fraud" in column for column in table.columns)
    assert all("from labels" in column for column in cards.RISK_COLUMNS)
    both = table.with_risk()
    assert both.x.shape[1] == len(both.columns) == 15
    assert np.array_equal(both.x[:, 12:], table.risk)


def test_it_can_be_split(table):
    parts = split(table, rng())
    assert parts.train_x.shape[1] == 12
    assert not parts.train_is_anomaly.any()


# Payments


def test_amounts_are_those_of_the_customers(genuine):
    customer, _, _, amount = genuine
    count = np.bincount(customer)
    busy = np.flatnonzero(count > 100)
    mean = np.array([amount[customer == one].mean() for one in busy])
    spread = np.array([amount[customer == one].std() for one in busy])
    # Of N(m, (m/2)²) with what is negative replaced by uniform numbers on [0, 2m]: mean and standard deviation over m.
    normal = stats.truncnorm(-2, np.inf, loc=1, scale=0.5)
    below = stats.norm.cdf(-2)
    first = (1 - below) * normal.mean() + below
    second = (1 - below) * (normal.var() + normal.mean() ** 2) + below * 4 / 3
    assert np.mean(spread / mean) == pytest.approx(np.sqrt(second - first**2) / first, abs=0.005)
    m = mean / first
    assert stats.kstest(m, "uniform", args=(5, 95)).pvalue > 0.001
    assert (amount >= 0).all()
    assert np.array_equal(amount, amount.round(2))


def test_numbers_and_times_of_payments(genuine):
    customer, _, time_, _ = genuine
    inside = stats.norm.cdf(2.16) - stats.norm.cdf(-2.16)
    a_day = np.bincount(customer, minlength=2_000) / 60 / inside
    a_day = a_day[a_day > 0]
    assert a_day.mean() == pytest.approx(2, abs=5 * np.sqrt(16 / 12 / 2_000))
    assert a_day.max() < 4 + 5 * np.sqrt(4 / 60)
    second = time_ % cards.DAY
    law = stats.truncnorm(-2.16, 2.16, loc=cards.DAY / 2, scale=20_000)
    assert stats.kstest(second, law.cdf).statistic < 1.63 / np.sqrt(len(second))
    one = customer == np.bincount(customer).argmax()
    a_day = np.bincount(time_[one] // cards.DAY, minlength=60)
    assert stats.chisquare(np.bincount((a_day > np.median(a_day)).astype(int), minlength=2)).pvalue > 0.001
    assert 0.5 < a_day.var() / a_day.mean() < 2, "Poisson"


def test_terminals_lie_within_the_radius():
    customer, terminal, _, _ = cards._genuine(rng(3), 50, 3_000, 40)
    repeat = rng(3)
    home, place = (100 * repeat.random((number, 2)) for number in (50, 3_000))
    distance = np.hypot(*(home[customer] - place[terminal]).T)
    assert distance.max() < 5
    assert np.mean(distance**2) == pytest.approx(12.5, abs=0.6), "uniform in the circle"
    busy = np.bincount(customer).argmax()
    within = np.flatnonzero(np.hypot(*(home[busy] - place).T) < 5)
    assert set(terminal[customer == busy]) <= set(within)
    assert len(set(terminal[customer == busy])) > 0.6 * len(within)


def test_a_customer_without_terminals_makes_no_payment():
    table = simulate_cards(rng(), customers=200, terminals=5, days=3)
    assert 0 < len(np.unique(table.customer)) < 30
    assert len(simulate_cards(rng(), customers=1, terminals=1, days=1).x) == 0


# Frauds


def test_each_scenario_is_as_frequent_as_it_should_be():
    """Expected fractions in closed form; customers and terminals, not payments, are what is independent."""
    found = np.zeros(3)
    total = 0
    for seed in range(6):
        table = simulate_cards(rng(seed))
        found += np.bincount(table.scenario, minlength=4)[1:]
        total += len(table.x)
    compromised = 1 - (1 - 2 / 10_000) ** 28
    stolen = (1 - (1 - 3 / 5_000) ** 14) / 3
    large = integrate.quad(lambda m: stats.norm.sf(220, m, m / 2) / 95, 5, 100)[0]
    expected = total * np.array([large * (1 - compromised), compromised * (1 - stolen), stolen])
    # standard errors: 2,000 terminals · 2e-4 · 53 days · 6 runs = 127 hit ones, 1,000 · 6e-4 · 39 · 6 = 140 customers
    slack = 4 * np.array([1 / np.sqrt(expected[0]) + 0.1, 1.3 / np.sqrt(127), 1.3 / np.sqrt(140)])
    assert (np.abs(found / expected - 1) < slack).all(), (found, expected)
    assert 0.006 < found.sum() / total < 0.0115, "near the handbook's 0.84 %"


def test_the_rules_of_the_scenarios():
    customers, terminals, days = 300, 400, 80
    customer, terminal, time_, before = cards._genuine(rng(5), customers, terminals, days)
    sizes = (customers, terminals, days)
    scenario, after = cards._add_frauds(rng(6), customer, terminal, time_ // cards.DAY, before, sizes)
    assert (scenario == 3).any()
    assert np.allclose(after[scenario == 3], 5 * before[scenario == 3])
    assert np.array_equal(after[scenario != 3], before[scenario != 3])
    assert (before[scenario == 1] > 220).all()
    assert (before[scenario == 0] <= 220).all()
    day = time_ // cards.DAY
    for one in np.unique(terminal[scenario == 2]):
        at = terminal == one
        first = day[at & (scenario == 2)].min()
        within = (
            at & (day >= first) & (day < first + 20)
        )  # the first payment may come some days after the terminal was hit
        if (day[at & (scenario == 2)].max() - first) < 28:
            assert np.isin(scenario[within & (day <= day[at & (scenario == 2)].max())], [2, 3]).all()
    stolen = np.zeros(len(day), dtype=bool)
    for one in np.unique(customer[scenario == 3]):
        its = day[(customer == one) & (scenario == 3)]
        stolen |= (customer == one) & (day >= its.min()) & (day <= its.max()) & (its.max() - its.min() < 14)
    assert 0.3 < (scenario[stolen] == 3).mean() < 0.6


def test_where_several_hold_the_last_is_the_scenario(monkeypatch):
    none = np.zeros(2_000, dtype=int)
    amount = np.full(2_000, 300.0)
    monkeypatch.setattr(cards, "TERMINALS_A_DAY", 1)
    scenario, _ = cards._add_frauds(rng(), none, none, none, amount, (1, 1, 30))
    assert np.bincount(scenario).tolist() == [0, 0, 2_000]
    monkeypatch.setattr(cards, "CUSTOMERS_A_DAY", 1)
    scenario, after = cards._add_frauds(rng(), none, none, none, amount, (1, 1, 30))
    assert (scenario == 3).mean() == pytest.approx(1 / 3, abs=0.05)
    assert np.array_equal(scenario, np.where(after == 1_500, 3, 2))


def test_being_hit_lasts_as_many_days_as_it_should():
    class Once:
        def random(self, shape):
            u = np.ones(shape)
            u[0, 3] = u[1, 0] = u[2, 9] = u[3, 2] = u[3, 5] = 0
            return u

    hit = cards._hit(Once(), 5, 12, 0.1, 4)
    days = [np.flatnonzero(row).tolist() for row in hit]
    assert days == [[3, 4, 5, 6], [0, 1, 2, 3], [9, 10, 11], [2, 3, 4, 5, 6, 7, 8], []]


# Features


def slow_features(customer, terminal, time_, amount, is_fraud):
    """One payment after another, by their definition."""
    day = 86_400
    rows, risks = [], []
    for i in range(len(time_)):
        t = time_[i]
        weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][(t // day) % 7]
        row = [amount[i], weekday in ("Sat", "Sun"), (t % day) // 3600 < 6]
        counts, means, there, risk = [], [], [], []
        for days in (1, 7, 30):
            its = [j for j in range(len(time_)) if customer[j] == customer[i] and t - days * day < time_[j] <= t]
            counts.append(len(its))
            means.append(sum(amount[j] for j in its) / len(its))
            end = t - 7 * day
            at = [j for j in range(len(time_)) if terminal[j] == terminal[i] and end - days * day < time_[j] <= end]
            there.append(len(at))
            risk.append(sum(is_fraud[j] for j in at) / len(at) if at else 0)
        rows.append([*row, *counts, *means, *there])
        risks.append(risk)
    return np.array(rows, dtype=float), np.array(risks)


def test_features_are_those_of_a_slow_count():
    r = rng(8)
    n = 400
    time_ = np.sort(r.integers(0, 50 * cards.DAY, n))
    time_[100] = time_[101]  # a tie
    time_[200] = time_[150] + 7 * cards.DAY  # an edge of a window
    time_.sort()
    columns = (r.integers(0, 5, n), r.integers(0, 7, n), time_, r.uniform(0, 300, n).round(2), r.random(n) < 0.3)
    x, risk = cards._features(*columns)
    slow_x, slow_risk = slow_features(*columns)
    assert np.allclose(x, slow_x)
    assert np.allclose(risk, slow_risk)
    assert (slow_risk > 0).any(axis=0).all()


def test_windows_are_full_from_the_first_day_on(table):
    month = table.columns.index("customer's payments in 30 d")
    early, late = (table.x[table.day == day, month].mean() for day in (0, 25))
    assert early == pytest.approx(late, rel=0.1)
    assert table.is_anomaly[table.day < 5].mean() > 0.003
    assert cards.WARM_UP >= 30 + 7


def test_the_first_day_is_a_sunday(table):
    assert np.array_equal(table.x[:, table.columns.index("weekend")] == 1, np.isin(table.day % 7, [0, 6]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: simulate_cards(0), TypeError, "rng is 0, expected a numpy.random.Generator"),
        (lambda: simulate_cards(rng(), customers=0), ValueError, "customers is 0, expected at least 1"),
        (lambda: simulate_cards(rng(), terminals=1.5), TypeError, "terminals is 1.5, expected a whole number"),
        (lambda: simulate_cards(rng(), days=True), TypeError, "days is True, expected a whole number"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
