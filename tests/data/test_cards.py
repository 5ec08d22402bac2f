"""The simulated cards against the description they are made after, and their features against a slow count."""

import time

import numpy as np
import pytest
from scipy import integrate, stats

from vae_edu.data import CardTable, Table, cards, simulate_cards, split_by_day


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def table():
    return simulate_cards(rng())


def three_days(**other):
    """A table of three payments, one on each day."""
    each, none = np.arange(3), np.zeros(3, dtype=int)
    parts = dict(scenario=none, day=each, customer=none, terminal=none, risk=np.zeros((3, 3)))
    return CardTable("three", np.ones((3, 1)), np.zeros(3, bool), ("amount",), "made up", **(parts | other))


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


def test_labels_stay_out_of_the_columns(genuine):
    customer, terminal, time_, amount = genuine
    is_fraud = rng(2).random(len(time_)) < 0.3
    x, risk = cards._features(customer, terminal, time_, amount, is_fraud)
    other_x, other_risk = cards._features(customer, terminal, time_, amount, ~is_fraud)
    assert np.array_equal(x, other_x)
    assert (risk != other_risk).any(axis=0).all()


def test_risk_is_added_and_nothing_is_lost(table):
    both = table.with_risk()
    assert both.columns == table.columns + cards.RISK_COLUMNS
    assert all("from labels" in column for column in cards.RISK_COLUMNS)
    assert np.array_equal(both.x, np.hstack([table.x, table.risk]))
    for name in ("is_anomaly", "scenario", "day", "customer", "terminal", "risk"):
        assert getattr(both, name) is getattr(table, name)


def test_risk_is_known_from_labels_that_are_a_week_old():
    """All payments are one terminal's, one an hour; a fraud counts from 7 days later on, and for as long as the window is."""
    hours = np.arange(24 * 50)
    is_fraud = hours == 24 * 5
    _, risk = cards._features(0 * hours, 0 * hours, 3_600 * hours, 1.0 + hours, is_fraud)
    for column, days in enumerate(cards.WINDOWS):
        assert np.flatnonzero(risk[:, column]).tolist() == list(range(24 * 12, min(24 * (12 + days), len(hours))))


# Splits


@pytest.mark.parametrize("contaminated", [False, True])
def test_a_split_by_day_is_the_handbook_s(table, contaminated):
    parts = split_by_day(table, contaminated=contaminated)
    train, test = table.day[parts.train_rows], table.day[parts.test_rows]
    assert sorted(set(train)) == list(range(7))
    assert sorted(set(test)) == list(range(14, 21)), "a gap of 7 days"
    assert len(test) == ((table.day >= 14) & (table.day < 21)).sum()
    in_train = (table.day < 7) & (contaminated | ~table.is_anomaly)
    assert np.array_equal(parts.train_rows, np.flatnonzero(in_train))
    assert parts.train_is_anomaly.any() == contaminated
    assert np.allclose(parts.train_x.mean(axis=0), 0, atol=1e-9)
    assert np.allclose(parts.test_x * parts.scale + parts.mean, table.x[parts.test_rows])
    assert set(table.scenario[parts.test_rows][parts.test_is_anomaly]) <= {1, 2, 3}


def test_days_can_be_chosen(table):
    parts = split_by_day(table, 3, train_days=10, gap=0, test_days=13)
    assert sorted(set(table.day[parts.train_rows])) == list(range(3, 13))
    assert sorted(set(table.day[parts.test_rows])) == list(range(13, 26))


def test_no_label_of_the_test_part_reaches_the_training_part(genuine):
    """The risks of the training days are the same, whatever the labels from the first test day on are."""
    customer, terminal, time_, amount = genuine
    is_fraud, late = rng(2).random(len(time_)) < 0.3, time_ >= 14 * cards.DAY
    (_, risk), (_, other) = (
        cards._features(customer, terminal, time_, amount, labels) for labels in (is_fraud, is_fraud ^ late)
    )
    assert np.array_equal(risk[~late], other[~late])
    assert not np.array_equal(risk[late], other[late])


def test_a_table_with_risk_is_split_too(table):
    parts = split_by_day(table.with_risk())
    assert parts.train_x.shape[1] == 15
    assert np.array_equal(parts.test_rows, split_by_day(table).test_rows)


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


def test_an_amount_below_zero_becomes_a_uniform_one():
    class Negative(np.random.Generator):
        def normal(self, loc, scale, size=None):
            return super().normal(loc, scale, size) if size else -np.ones_like(loc)

    customer, _, _, amount = cards._genuine(Negative(np.random.PCG64(4)), 50, 3_000, 40)
    repeat = rng(4)
    repeat.random((50, 2)), repeat.random((3_000, 2))
    m = repeat.uniform(5, 100, 50)[customer]
    assert stats.kstest(amount / m, "uniform", args=(0, 2)).pvalue > 0.001


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
    of_each_day = np.bincount(customer * 60 + time_ // cards.DAY, minlength=2_000 * 60).reshape(2_000, 60)
    of_each_day = of_each_day[of_each_day.sum(axis=1) > 30]
    # Poisson: variance over mean is 1, with a standard error of √(2/59) for 60 days of one customer.
    dispersion = of_each_day.var(axis=1, ddof=1) / of_each_day.mean(axis=1)
    assert dispersion.mean() == pytest.approx(1, abs=5 * np.sqrt(2 / 59 / len(dispersion)))


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


def within(found, expected, n, errors=5):
    """Whether a fraction found among n independent trials is the one expected, to a number of standard errors."""
    return abs(found - expected) < errors * np.sqrt(expected * (1 - expected) / n)


def test_terminals_and_cards_are_hit_at_the_handbook_s_rates_and_for_its_days(monkeypatch):
    asked = []

    def hit(_, number, days, rate, duration):
        asked.append((number, days, rate, duration))
        return np.zeros((number, days), dtype=bool)

    monkeypatch.setattr(cards, "_hit", hit)
    simulate_cards(rng(), customers=30, terminals=1_500, days=5)
    assert asked == [(1_500, 42 + 5, 2 / 10_000, 28), (30, 42 + 5, 3 / 5_000, 14)]


def test_as_many_are_hit_as_should_be():
    hit = cards._hit(rng(), 200_000, 60, 0.01, 20).mean(axis=0)
    assert within(hit[0], 0.01, 200_000)
    for day in (19, 20, 59):
        assert within(hit[day], 1 - 0.99**20, 200_000)


def test_a_third_of_the_payments_with_a_stolen_card_are_the_thief_s(monkeypatch):
    monkeypatch.setattr(cards, "CUSTOMERS_A_DAY", 1)
    none = np.zeros(200_000, dtype=int)
    scenario, _ = cards._add_frauds(rng(), none, none, none, np.full(200_000, 10.0), (1, 1, 30))
    assert within((scenario == 3).mean(), 1 / 3, 200_000)
    assert not (scenario == 1).any(), "10 and 50 are no large amounts"


def test_frauds_are_as_frequent_as_in_the_handbook():
    """In closed form; the table's rate varies, for customers and terminals are what is independent, and few are hit."""
    compromised, stolen = 1 - (1 - 2 / 10_000) ** 28, (1 - (1 - 3 / 5_000) ** 14) / 3
    large = integrate.quad(lambda m: stats.norm.sf(220, m, m / 2) / 95, 5, 100)[0]
    expected = 1 - (1 - large) * (1 - compromised) * (1 - stolen)
    assert 0.0084 < expected < 0.0095, "a little above the handbook's"
    rates = [simulate_cards(rng(seed)).is_anomaly.mean() for seed in range(4)]
    assert np.mean(rates) == pytest.approx(expected, rel=0.15)


def test_the_rules_of_the_scenarios():
    customers, terminals, days = 300, 400, 80
    customer, terminal, time_, before = cards._genuine(rng(5), customers, terminals, days)
    sizes = (customers, terminals, days)
    scenario, after = cards._add_frauds(rng(6), customer, terminal, time_ // cards.DAY, before, sizes)
    assert {0, 2, 3} <= set(scenario)
    assert np.allclose(after[scenario == 3], 5 * before[scenario == 3])
    assert np.array_equal(after[scenario != 3], before[scenario != 3])
    assert (before[scenario == 1] > 220).all()
    assert (before[scenario == 0] <= 220).all()


def test_at_a_compromised_terminal_every_payment_is_a_fraud(monkeypatch):
    """Terminal 1 is compromised on day 2, by a random number that says so."""
    hit = np.zeros((3, 40), dtype=bool)
    hit[1, 2:30] = True
    monkeypatch.setattr(cards, "_hit", lambda _, number, *rest: hit if number == 3 else np.zeros((2, 40), bool))
    day, terminal = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    scenario, after = cards._add_frauds(rng(), 0 * day, terminal, day, np.full(120, 9.0), (2, 3, 40))
    assert np.array_equal(scenario == 2, (terminal == 1) & (day >= 2) & (day < 30))
    assert set(scenario) == {0, 2}
    assert (after == 9).all()


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
        (lambda: split_by_day(three_days(), train_days=1.0), TypeError, "train_days is 1.0, expected a whole number"),
        (lambda: split_by_day(three_days(), -1), ValueError, "first_day is -1, expected at least 0"),
        (lambda: split_by_day(three_days(), gap=-1), ValueError, "gap is -1, expected at least 0"),
        (lambda: split_by_day(three_days(), test_days=0), ValueError, "test_days is 0, expected at least 1"),
        (lambda: split_by_day(three_days()), ValueError, "the last test day is day 20, but the payments end on day 2"),
        (lambda: three_days(day=np.zeros(2, int)), ValueError, r"day has shape \(2,\); expected \(3,\)"),
        (lambda: three_days(risk=np.zeros((3, 2))), ValueError, r"risk has shape \(3, 2\); expected \(3, 3\)"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
