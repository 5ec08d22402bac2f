"""Payments by card, simulated: the real ones that are public have anonymised columns. Call these simulated wherever they appear.

Source: Le Borgne, Siblini, Lebichot and Bontempi 2022, "Reproducible Machine Learning for Credit Card Fraud Detection: Practical
Handbook", chapter 3, https://fraud-detection-handbook.github.io/fraud-detection-handbook. Customers, terminals, amounts,
scenarios and features are as described there; none of the handbook's code, which is under the GPL, is used. Where the two
differ, ``simulate_cards`` and ``split_by_day`` say so.
"""

from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np

from vae_edu.data.tables import Table, TableSplit, standardised_parts

__all__ = ["RISK_COLUMNS", "SCENARIOS", "CardTable", "simulate_cards", "split_by_day"]

DAY = 86_400  # seconds
SIDE = 100.0  # of the square in which customers and terminals lie
RADIUS = 5.0  # within which a customer's terminals lie
LARGE_AMOUNT = 220.0  # an amount above is fraud
TERMINALS_A_DAY = 2 / 10_000  # the fraction of the terminals that are compromised each day
TERMINAL_DAYS = 28  # how long a terminal stays compromised
CUSTOMERS_A_DAY = 3 / 5_000  # the fraction of the customers whose card is stolen each day
CUSTOMER_DAYS = 14  # how long a thief has a card
STOLEN_FRACTION = 1 / 3  # of the payments with a stolen card that are the thief's
STOLEN_FACTOR = 5.0  # how much larger the thief's payments are
NIGHT_ENDS = 6  # o'clock
WINDOWS = (1, 7, 30)  # days that the features look back
DELAY = 7  # days until a fraud has been reported
WARM_UP = 42  # days that are simulated first and left out: whole weeks, and enough for every window to be full

SCENARIOS = ("genuine", "large amount", "compromised terminal", "stolen card")
COLUMNS = (
    "amount",
    "weekend",
    "night",
    *(f"customer's payments in {days} d" for days in WINDOWS),
    *(f"customer's mean amount in {days} d" for days in WINDOWS),
    *(f"terminal's payments in {days} d, {DELAY} d ago" for days in WINDOWS),
)
RISK_COLUMNS = tuple(f"terminal's fraction of frauds in {days} d, {DELAY} d ago (from labels)" for days in WINDOWS)
ABOUT = "Payments by card, simulated after the Fraud Detection Handbook; an anomaly is a fraud."


@dataclass(frozen=True, eq=False, repr=False)
class CardTable(Table):
    """Simulated payments in chronological order: a ``Table``, and what else is known of each payment.

    x (payments, 12): the features that need no label. is_anomaly (payments,): whether the payment is a fraud.
    scenario (payments,): int, an index into ``SCENARIOS``; 0 is genuine.
    day (payments,), customer (payments,), terminal (payments,): int, when, whose and where.
    risk (payments, 3): the columns ``RISK_COLUMNS``, which are computed from *labels*, those that are known after ``DELAY``
        days. A detector that trains without labels may not have them.

    Raises ``ValueError`` where these have not one entry, or one row, for each payment, or do not fit as of ``Table``.
    """

    scenario: np.ndarray
    day: np.ndarray
    customer: np.ndarray
    terminal: np.ndarray
    risk: np.ndarray

    def __post_init__(self):
        super().__post_init__()
        for name in ("scenario", "day", "customer", "terminal"):
            if getattr(self, name).shape != (len(self.x),):
                raise ValueError(f"{name} has shape {getattr(self, name).shape}; expected ({len(self.x)},)")
        if self.risk.shape != (len(self.x), len(RISK_COLUMNS)):
            raise ValueError(f"risk has shape {self.risk.shape}; expected {(len(self.x), len(RISK_COLUMNS))}")

    def with_risk(self) -> "CardTable":
        """The same payments with the columns that use labels, for detectors that may.

        Split the result by day (``split_by_day``), not at random: the risk of a payment is computed from the labels of
        earlier ones at the same terminal, and a random split puts some of those into the test part.
        """
        x = np.concatenate([self.x, self.risk], axis=1)
        return replace(self, name=f"{self.name}, with risk", x=x, columns=self.columns + RISK_COLUMNS)


def simulate_cards(
    rng: np.random.Generator, *, customers: int = 1_000, terminals: int = 2_000, days: int = 26
) -> CardTable:
    """Simulate the payments of some customers at some terminals over some days: about 50,000, of which 0.9 % are frauds.

    Each customer has a place in a square, uniform; a mean amount m, uniform on [5, 100]; and a mean number of payments a day,
    uniform on [0, 4]. A day's number is Poisson. A payment's time is normal around noon with a standard deviation of 20,000
    seconds (outside the day: no payment); its amount is N(m, (m/2)²), and where this is negative uniform on [0, 2m]; its
    terminal is one of those within the radius 5 of the customer, all equally likely. Customers with no terminal in that
    radius make no payments.

    A payment is a fraud where (1) its amount is above 220; or (2) its terminal is compromised: each day 2 in 10,000
    terminals are, for 28 days; or (3) the card is stolen: each day those of 3 in 5,000 customers are, for 14 days, and a third
    of the payments in that time are five times as large and the thief's. Where several hold, the last one is the scenario.

    Features: the amount; whether it is weekend (day 0 is a Sunday) and night (before 6:00); how many payments the customer
    made in the last 1, 7 and 30 days, this one included, and their mean amount; how many payments the terminal had in windows of
    as many days that ended 7 days ago. Apart from these, in ``risk``: the fraction of them that were frauds (0 without payments).

    Unlike in the handbook,

    - the number of terminals and customers that are hit in a day is random: each is hit with the probability above;
    - a thief makes each payment with probability ⅓, where the handbook draws a third of the payments of all customers that
      are robbed on the same day; and a card that is stolen twice within 14 days is treated as stolen once: still ⅓ of the
      payments, and amounts five times as large, not 25 times;
    - night ends at 6:00, as the handbook's text has it; its code counts payments until 6:59 as well, about a third more;
    - there are fewer terminals on the same square: by default 2,000, not 10,000, so that a customer has about 16 within
      reach, not 79, and a terminal 8 customers, not 39; about 5 of 1,000 customers have none;
    - six weeks are simulated first and left out, so that all windows are full and frauds are as frequent on the first day as
      later; that is why the rate is a little above the handbook's 0.84 %.

    Raises ``TypeError`` where rng is no generator, or a number is not whole; ``ValueError`` for a number below 1.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, expected a numpy.random.Generator, such as np.random.default_rng(0)")
    for name, value in (("customers", customers), ("terminals", terminals), ("days", days)):
        _require_whole(name, value, least=1)
    customer, terminal, time, amount = _genuine(rng, customers, terminals, WARM_UP + days)
    scenario, amount = _add_frauds(rng, customer, terminal, time // DAY, amount, (customers, terminals, WARM_UP + days))
    x, risk = _features(customer, terminal, time, amount, scenario > 0)
    kept = time >= WARM_UP * DAY
    return CardTable(
        name="simulated cards",
        x=x[kept],
        is_anomaly=scenario[kept] > 0,
        columns=COLUMNS,
        about=ABOUT,
        scenario=scenario[kept],
        day=(time // DAY)[kept] - WARM_UP,
        customer=customer[kept],
        terminal=terminal[kept],
        risk=risk[kept],
    )


def split_by_day(
    table: CardTable,
    first_day: int = 0,
    *,
    train_days: int = 7,
    gap: int = DELAY,
    test_days: int = 7,
    contaminated: bool = False,
) -> TableSplit:
    """Split payments by time, as one does who trains a detector today and uses it from then on.

    Trained on are the payments of ``train_days`` days from ``first_day`` on; tested, after a gap, those of ``test_days``
    days; what lies before, between and after is left out. In the gap it becomes known which of the training payments were
    frauds: with a gap of ``DELAY`` days every label and every risk of the training part is known before the first test
    day. contaminated: as of ``vae_edu.data.tables.split``. Both parts are in chronological order.

    Unlike the handbook, which splits into 7, 7 and 7 days too, customers whose fraud is known by then stay in the test part.

    Raises ``TypeError`` for days that are not whole numbers; ``ValueError`` for a negative first day or gap, for fewer than
    one day to train or test on, where the table ends before the last test day, and where ``split`` does.
    """
    for name, value, least in (
        ("first_day", first_day, 0),
        ("train_days", train_days, 1),
        ("gap", gap, 0),
        ("test_days", test_days, 1),
    ):
        _require_whole(name, value, least)
    first_test_day = first_day + train_days + gap
    end = first_test_day + test_days
    if end > table.day.max(initial=-1) + 1:
        raise ValueError(
            f"the last test day is day {end - 1}, but the payments end on day {table.day.max(initial=-1)}; "
            "simulate more days, or choose fewer"
        )
    train = (table.day >= first_day) & (table.day < first_day + train_days)
    if not contaminated:
        train &= ~table.is_anomaly
    test = (table.day >= first_test_day) & (table.day < end)
    return standardised_parts(table, np.flatnonzero(train), np.flatnonzero(test))


def _require_whole(name: str, value: int, least: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, expected a whole number")
    if value < least:
        raise ValueError(f"{name} is {value}, expected at least {least}")


def _genuine(rng: np.random.Generator, customers: int, terminals: int, days: int) -> tuple[np.ndarray, ...]:
    """Customer, terminal, time in seconds and amount of each payment, in chronological order."""
    from scipy.spatial import KDTree

    home, place = (SIDE * rng.random((number, 2)) for number in (customers, terminals))
    mean_amount, mean_number = rng.uniform(5, 100, customers), rng.uniform(0, 4, customers)
    near = KDTree(place).query_ball_point(home, RADIUS, return_sorted=True)
    choices = np.array([len(its) for its in near])
    near = np.concatenate([np.array(its, dtype=np.int64) for its in near])  # a customer's terminals stand together
    first = np.cumsum(choices) - choices

    numbers = rng.poisson(mean_number[:, None], (customers, days)) * (choices > 0)[:, None]
    customer, day = (np.repeat(index, numbers.reshape(-1)) for index in np.indices(numbers.shape).reshape(2, -1))
    second = rng.normal(DAY / 2, 20_000, len(customer)).astype(np.int64)
    inside = (second > 0) & (second < DAY)
    customer, time = customer[inside], (day * DAY + second)[inside]

    mean = mean_amount[customer]
    amount = rng.normal(mean, mean / 2)
    amount = np.where(amount < 0, rng.uniform(0, 2 * mean), amount).round(2)
    terminal = near[first[customer] + np.floor(rng.random(len(customer)) * choices[customer]).astype(np.int64)]
    order = np.argsort(time, kind="stable")
    return customer[order], terminal[order], time[order], amount[order]


def _add_frauds(
    rng: np.random.Generator,
    customer: np.ndarray,
    terminal: np.ndarray,
    day: np.ndarray,
    amount: np.ndarray,
    sizes: tuple[int, int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """The scenario of each payment, and the amounts as they are then."""
    customers, terminals, days = sizes
    compromised = _hit(rng, terminals, days, TERMINALS_A_DAY, TERMINAL_DAYS)[terminal, day]
    stolen = _hit(rng, customers, days, CUSTOMERS_A_DAY, CUSTOMER_DAYS)[customer, day]
    stolen &= rng.random(len(amount)) < STOLEN_FRACTION
    scenario = np.select([stolen, compromised, amount > LARGE_AMOUNT], [3, 2, 1], default=0)
    return scenario, np.where(stolen, STOLEN_FACTOR * amount, amount).round(2)


def _hit(rng: np.random.Generator, number: int, days: int, rate: float, duration: int) -> np.ndarray:
    """(number, days): whether each one was hit on one of the last ``duration`` days, today included."""
    so_far = np.cumsum(rng.random((number, days)) < rate, axis=1)
    before = np.zeros_like(so_far)
    before[:, duration:] = so_far[:, :-duration]
    return so_far > before


def _features(
    customer: np.ndarray, terminal: np.ndarray, time: np.ndarray, amount: np.ndarray, is_fraud: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The columns ``COLUMNS`` and ``RISK_COLUMNS`` of payments in chronological order."""
    weekend = (time // DAY + 6) % 7 >= 5  # counted from Monday
    night = time % DAY < NIGHT_ENDS * 3_600
    of_customer, of_terminal = _Windows(customer, time), _Windows(terminal, time)
    counts, means, at_terminal, risk = [], [], [], []
    for days in WINDOWS:
        number, total = of_customer.sums(amount, days)
        counts.append(number)
        means.append(total / number)
        number, frauds = of_terminal.sums(is_fraud, days, delay=DELAY)
        at_terminal.append(number)
        risk.append(frauds / np.maximum(number, 1))
    x = np.column_stack([amount, weekend, night, *counts, *means, *at_terminal])
    return x.astype(np.float64), np.column_stack(risk)


class _Windows:
    """Sums over the payments of the same customer or terminal in a window of time, by one search in a sorted array."""

    def __init__(self, owner: np.ndarray, time: np.ndarray):
        # Owners stand so far apart in the array that no window reaches another owner's payments.
        apart = time.max(initial=0) + DAY * (max(WINDOWS) + DELAY + 1)
        key = owner * apart + time
        self.order = np.argsort(key, kind="stable")
        self.key, self.sorted = key, key[self.order]

    def sums(self, values: np.ndarray, days: int, delay: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """How many payments lie in (t − delay − days, t − delay], and the sum of their ``values``, at each payment's time t."""
        total = np.concatenate([[0], np.cumsum(values[self.order])])
        start, end = (np.searchsorted(self.sorted, self.key - ago * DAY, side="right") for ago in (delay + days, delay))
        return end - start, total[end] - total[start]
