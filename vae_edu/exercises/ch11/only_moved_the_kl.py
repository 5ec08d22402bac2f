"""Exercise 11.5: which remedies only moved the KL?"""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def only_moved_the_kl(nll, kl, information, active, tolerance):
    """Which rows of a table only moved the KL, an array of True and False (rows,). Row 0 is plain training. A row only moved
    the KL where its kl is above plain's by more than tolerance, its information is not, and its nll is not below plain's by
    more than tolerance. All columns (rows,) in nats, but active, the number of active units."""
    moved = kl - kl[0] > tolerance
    informed = information - information[0] > tolerance
    better = nll[0] - nll > tolerance
    return moved & ~informed & ~better


def draw_tables(rng: np.random.Generator):
    # of nll, kl and information: above plain's, about the same, or below; all combinations
    shapes = np.array([(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)])
    for tolerance, information in ((0.1, rng.uniform(1.2, 1.8)), (0.3, 0.2), (0.2, rng.uniform(1.2, 1.8))):
        plain = np.array([rng.uniform(15, 20), rng.uniform(1.2, 2), information])
        rows = rng.permutation(shapes)
        near = rng.choice([-1, 1], rows.shape) * rng.uniform(0.2, 0.8, rows.shape)
        table = np.vstack([plain, plain + tolerance * np.where(rows, rows * rng.uniform(1.5, 4, rows.shape), near)])
        # active units that go with the information in half of the rows, and against it in the others
        more = np.where(rows[:, 0] == 0, -1, 1) * np.where(rows[:, 2] > 0, 1, -1)
        active = 8 + np.concatenate([[0], more * rng.integers(1, 8, len(rows))])
        yield table[:, 0], table[:, 1], table[:, 2], active, tolerance


def reading_from(judge):
    """A wrong answer: ``judge`` of how far nll, kl, information and active lie above plain's, and of the tolerance."""

    def wrong(nll, kl, information, active, tolerance):
        return judge(*(column - column[0] for column in (nll, kl, information, active)), tolerance)

    return wrong


EXERCISE = Exercise(
    id="11.5",
    title="Which remedies only moved the KL?",
    minutes=8,
    difficulty=2,
    answer=only_moved_the_kl,
    cases=draw_tables,
    mistakes=(
        Mistake(
            "you do not look at the NLL: a remedy that lowers it did more than move the KL",
            reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol)),
        ),
        Mistake(
            "you do not look at the information",
            reading_from(lambda n, k, i, a, tol: (k > tol) & (n >= -tol)),
        ),
        Mistake(
            "these are all rows whose KL rose: look at information and NLL too",
            reading_from(lambda n, k, i, a, tol: k > tol),
        ),
        Mistake(
            "you do not look at the KL: a row whose KL stayed is not meant",
            reading_from(lambda n, k, i, a, tol: (i <= tol) & (n >= -tol)),
        ),
        Mistake(
            "an NLL that rose by more than the tolerance counts as a gain with you: lower is better",
            reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol) & (np.abs(n) <= tol)),
        ),
        Mistake(
            "the NLL has the wrong sign: lower is better",
            reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol) & (n <= tol)),
        ),
        Mistake(
            "a KL that fell is not meant: take the difference without its absolute value",
            reading_from(lambda n, k, i, a, tol: (np.abs(k) > tol) & (i <= tol) & (n >= -tol)),
        ),
        Mistake(
            "information that fell counts as a gain with you",
            reading_from(lambda n, k, i, a, tol: (k > tol) & (np.abs(i) <= tol) & (n >= -tol)),
        ),
        Mistake(
            "without the tolerance, noise decides",
            reading_from(lambda n, k, i, a, tol: (k > 0) & (i <= 0) & (n >= 0)),
        ),
        Mistake(
            "you count active units in place of the information: a unit with a variance of 0.011 is active and says a "
            "hundredth of a nat",
            reading_from(lambda n, k, i, a, tol: (k > tol) & (a <= 0) & (n >= -tol)),
        ),
        Mistake(
            "active units decide nothing here: one with a variance of 0.011 says next to nothing",
            reading_from(lambda n, k, i, a, tol: (k > tol) & (i <= tol) & (a <= 0) & (n >= -tol)),
        ),
        Mistake(
            "you compare with 0: compare with row 0, plain training",
            lambda nll, kl, information, active, tolerance: (
                (kl > tolerance) & (information <= tolerance) & (nll[0] - nll <= tolerance)
            ),
        ),
        Mistake(
            "one of the two would not do: neither information nor NLL may have improved",
            reading_from(lambda n, k, i, a, tol: (k > tol) & ((i <= tol) | (n >= -tol))),
        ),
        Mistake(
            "these are the rows that did more: turn the answer round where the KL rose",
            reading_from(lambda n, k, i, a, tol: (k > tol) & ((i > tol) | (n < -tol))),
        ),
    ),
    hints=(
        "Three questions for each row: did the KL rise, did the information rise, did the NLL fall? Each by more than tolerance.",
        "A lower NLL is better, so it improved where nll[0] - nll > tolerance. An NLL that rose is no gain.",
        "(kl rose) & ~(information rose) & ~(nll fell)",
    ),
)
