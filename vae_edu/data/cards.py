"""Payments by card, simulated: no real payments can be had, and these are called simulated wherever they appear.

Source: Le Borgne, Siblini, Lebichot and Bontempi 2022, "Reproducible Machine Learning for Credit Card Fraud Detection: Practical
Handbook", chapter 3, https://fraud-detection-handbook.github.io/fraud-detection-handbook. Customers, terminals, amounts,
scenarios and features are as described there; the code is the course's own. Where the two differ, ``simulate_cards`` says so.
"""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from vae_edu.data.tables import Table

__all__ = ["RISK_COLUMNS", "SCENARIOS", "CardTable", "simulate_cards"]

DAY = 86_400  # seconds
SIDE = 100.0  # of the square in which customers and terminals lie
RADIUS = 5.0  # within which a customer's terminals lie
LARGE = 220.0  # an amount above is fraud
TERMINALS_A_DAY = 2 / 10_000  # the fraction of the terminals that are compromised each day, for so many days:
TERMINAL_DAYS = 28
CUSTOMERS_A_DAY = 3 / 5_000  # the fraction of the customers whose card is stolen each day, for so many days:
CUSTOMER_DAYS = 14
STOLEN = 1 / 3  # the fraction of such a customer's payments that are the thief's, and how much larger they are:
TIMES = 5.0
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
    """Simulated payments in the order of time, as a ``Table`` that also says what its columns do not.

    x (payments, 12): the features that need no label. is_anomaly (payments,): whether the payment is a fraud.
    scenario (payments,): int, an index into ``SCENARIOS``; 0 is genuine.
    day (payments,), customer (payments,), terminal (payments,): int, when, whose and where.
    risk (payments, 3): the columns ``RISK_COLUMNS``, which are computed from *labels*, those that are known after ``DELAY``
        days. A detector that trains without labels may not have them.
    """

    scenario: np.ndarray
    day: np.ndarray
    customer: np.ndarray
    terminal: np.ndarray
    risk: np.ndarray

    def with_risk(self) -> Table:
        """The same payments with the columns that use labels, for detectors that may."""
        x = np.concatenate([self.x, self.risk], axis=1)
        return Table(f"{self.name}, with risk", x, self.is_anomaly, self.columns + RISK_COLUMNS, self.about)


def simulate_cards(
    rng: np.random.Generator, *, customers: int = 1_000, terminals: int = 2_000, days: int = 26
) -> CardTable:
    """Simulate the payments of some customers at some terminals over some days: about 50,000, of which 0.9 % are frauds.

    Each customer has a place in a square, uniform; a mean amount m, uniform on [5, 100]; and a mean number of payments a day,
    uniform on [0, 4]. A day's number is Poisson. A payment's time is normal around noon with a standard deviation of 20,000
    seconds (outside the day: no payment); its amount is N(m, (m/2)²), and where this is negative uniform on [0, 2m]; its
    terminal is one of those within the radius 5 of the customer, all equally likely. A customer without any makes no payment.

    A payment is a fraud where (1) its amount is above 220; or (2) its terminal is compromised: each day 2 in 10,000
    terminals are, for 28 days; or (3) the card is stolen: each day those of 3 in 5,000 customers are, for 14 days, and a third
    of the payments in that time are five times as large and the thief's. Where several hold, the last one is the scenario.

    Features: the amount; whether it is weekend (day 0 is a Sunday) and night (before 6 o'clock); how many payments the customer
    made in the last 1, 7 and 30 days, this one included, and their mean amount; how many payments the terminal had in windows of
    as many days that ended 7 days ago. Apart from these, in ``risk``: the fraction of them that were frauds (0 without payments).

    Unlike the handbook, the number of terminals and customers that are hit in a day is random (each is hit with the
    probability above), a thief makes each payment with probability ⅓, and a card that is stolen twice at once has amounts five
    times as large, not 25 times. Six weeks are simulated first and left out, so that all windows are full and frauds are as
    frequent on the first day as later; that is why the rate is a little above the handbook's 0.84 %.

    Raises ``TypeError`` or ``ValueError`` for arguments out of range.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, expected a numpy.random.Generator, such as np.random.default_rng(0)")
    for name, value in (("customers", customers), ("terminals", terminals), ("days", days)):
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise TypeError(f"{name} is {value!r}, expected a whole number")
        if value < 1:
            raise ValueError(f"{name} is {value}, expected at least 1")
    customer, terminal, time, amount = _genuine(rng, customers, terminals, WARM_UP + days)
    scenario, amount = _add_frauds(rng, customer, terminal, time // DAY, amount, (customers, terminals, WARM_UP + days))
    x, risk = _features(customer, terminal, time, amount, scenario > 0)
    kept = time >= WARM_UP * DAY
    return CardTable(
        "simulated cards",
        x[kept],
        scenario[kept] > 0,
        COLUMNS,
        ABOUT,
        scenario[kept],
        (time // DAY)[kept] - WARM_UP,
        customer[kept],
        terminal[kept],
        risk[kept],
    )


def _genuine(rng: np.random.Generator, customers: int, terminals: int, days: int) -> tuple[np.ndarray, ...]:
    """Customer, terminal, time in seconds and amount of each payment, in the order of time."""
    home, place = (SIDE * rng.random((number, 2)) for number in (customers, terminals))
    mean_amount, mean_number = rng.uniform(5, 100, customers), rng.uniform(0, 4, customers)
    near = ((home[:, None] - place) ** 2).sum(axis=2) < RADIUS**2
    choices, near = near.sum(axis=1), np.nonzero(near)[1]  # a customer's terminals stand together in `near`
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
    stolen &= rng.random(len(amount)) < STOLEN
    scenario = np.select([stolen, compromised, amount > LARGE], [3, 2, 1], default=0)
    return scenario, np.where(stolen, TIMES * amount, amount).round(2)


def _hit(rng: np.random.Generator, number: int, days: int, rate: float, lasts: int) -> np.ndarray:
    """(number, days): whether each one was hit on one of the last ``lasts`` days, today included."""
    so_far = np.cumsum(rng.random((number, days)) < rate, axis=1)
    before = np.zeros_like(so_far)
    before[:, lasts:] = so_far[:, :-lasts]
    return so_far > before


def _features(
    customer: np.ndarray, terminal: np.ndarray, time: np.ndarray, amount: np.ndarray, is_fraud: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The columns ``COLUMNS`` and ``RISK_COLUMNS`` of payments in the order of time."""
    weekend = (time // DAY + 6) % 7 >= 5  # counted from Monday
    night = time % DAY < 6 * 3_600
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
        apart = time.max(initial=0) + DAY * (
            max(WINDOWS) + DELAY + 1
        )  # so that no window reaches another owner's payments
        key = owner * apart + time
        self.order = np.argsort(key, kind="stable")
        self.key, self.sorted = key, key[self.order]

    def sums(self, values: np.ndarray, days: int, delay: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """How many payments lie in (t − delay − days, t − delay], and the sum of their ``values``, at each payment's time t."""
        total = np.concatenate([[0], np.cumsum(values[self.order])])
        start, end = (np.searchsorted(self.sorted, self.key - ago * DAY, side="right") for ago in (delay + days, delay))
        return end - start, total[end] - total[start]
