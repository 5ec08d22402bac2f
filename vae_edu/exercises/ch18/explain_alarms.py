"""Exercise 18.2: which columns explain an alarm."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, Property, slip


def explain_alarms(own, normal, top):
    """For each row of ``own``, the numbers of the ``top`` columns that are most unusual, the most unusual first: (rows, top)."""
    unusual = (own - normal.mean(axis=0)) / normal.std(axis=0)
    return np.argsort(-unusual, axis=1, kind="stable")[:, :top]


def explained(
    *, centre=lambda n: n.mean(axis=0), scale=lambda n: n.std(axis=0), change=lambda u: u, order=None, cut=None
):
    """The model answer, put together from its parts."""
    order = order or (lambda u: np.argsort(-u, axis=1, kind="stable"))
    cut = cut or (lambda ranked, top: ranked[:, :top])

    def explain(own, normal, top):
        return cut(order(change((own - centre(normal)) / scale(normal))), top)

    return explain


def median(n):
    return np.median(n, axis=0)


def median_deviation(n):
    return np.median(abs(n - median(n)), axis=0)


def mean_deviation(n):
    return abs(n - n.mean(axis=0)).mean(axis=0)


def quartiles_apart(n):
    return np.subtract(*np.quantile(n, [0.75, 0.25], axis=0))


def by_fraction(above):
    """Columns ranked by the fraction of normal rows with a larger distortion, the smallest first."""

    def explain(own, normal, top):
        beyond = above(normal[None], own[:, None]).mean(axis=1)
        return np.argsort(beyond, axis=1, kind="stable")[:, :top]

    return explain


def draw_cases(rng: np.random.Generator):
    """Columns with other means and spreads; a row alone; many columns; ties; all columns asked for; distortions below the mean."""
    for rows, columns, top in ((6, 7, 3), (1, 5, 2), (5, 4, 4)):
        level, spread = rng.permutation(np.linspace(-3, 6, columns)), rng.permutation(np.geomspace(0.2, 5, columns))
        normal = level + spread * rng.exponential(size=(30, columns)) ** 1.5
        own = level + spread * rng.normal(1.0, 3.0, (rows, columns))
        own[0] = level + spread * rng.permutation(np.linspace(-6, 5, columns))
        yield own, normal, top
    # Many columns and many asked for, so that a partition is in no order; their values are far enough apart for single precision.
    normal = rng.normal(rng.uniform(-2, 4, 1000), rng.uniform(0.5, 3, 1000), (20, 1000))
    values = rng.permuted(np.tile(np.linspace(-6, 5, 1000), (2, 1)), axis=1)
    yield normal.mean(axis=0) + normal.std(axis=0) * values, normal, 600
    # Ties: two columns of mean 1 and standard deviation 1, and a third. The first of equal columns comes first.
    normal = np.array([[0.0, 10.0, 0.0, 2.0], [2.0, 30.0, 2.0, 4.0]])
    yield np.array([[3.0, 20.0, 3.0, 3.0], [1.0, 40.0, 1.0, 5.0], [0.0, 10.0, 0.0, 2.0]]), normal, 3
    # Ties among so many columns that a sort which is not stable exchanges some of them.
    least = rng.integers(-3, 6, 60).astype(float)
    yield least + 1 + rng.integers(0, 4, (2, 60)), np.array([least, least + 2]), 25


def over_batch(own, normal, top):
    return explain_alarms(own, own if len(own) > 1 else np.vstack([own, 0 * own]), top)


def over_batch_with_one_row(own, normal, top):
    with np.errstate(all="ignore"):
        return explain_alarms(own, own, top)


def over_batch_guarded(small):
    """A row alone has no spread: a small number keeps the division finite."""

    def explain(own, normal, top):
        unusual = (own - own.mean(axis=0)) / (own.std(axis=0) + small)
        return np.argsort(-unusual, axis=1, kind="stable")[:, :top]

    return explain


def usable_as_numbers(function, _rng):
    """1 where the result can pick columns, as integers can."""
    own, normal = np.array([[3.0, 1.0, 2.0]]), np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    return float(np.asarray(function(own, normal, 2)).dtype.kind in "iu")


def as_floats(own, normal, top):
    return explain_alarms(own, normal, top).astype(float)


EXERCISE = Exercise(
    id="18.2",
    title="Which columns explain an alarm?",
    minutes=8,
    difficulty=2,
    answer=explain_alarms,
    cases=draw_cases,
    properties=(
        Property(
            "the numbers are integers, with which columns can be picked (1: yes, 0: no)", usable_as_numbers, 0.5, 1.0
        ),
    ),
    mistakes=(
        Mistake(
            "the numbers of the columns are floats, with which no column can be picked: return integers", as_floats
        ),
        slip(
            "the columns are ranked as they are: compare each with its own mean and standard deviation over the normal rows, since "
            "some columns always have a large distortion",
            explained,
            centre=lambda n: 0.0,
            scale=lambda n: 1.0,
        ),
        slip(
            "the mean of the normal rows is not subtracted: some columns always have a large distortion",
            explained,
            centre=lambda n: 0.0,
        ),
        slip(
            "you do not divide by the standard deviation: a column may vary much in normal rows too",
            explained,
            scale=lambda n: 1.0,
        ),
        slip("you divide by the variance: divide by the standard deviation", explained, scale=lambda n: n.var(axis=0)),
        any_of(
            "you divide by the mean over the normal rows: subtract it, and divide by the standard deviation",
            explained(centre=lambda n: 0.0, scale=lambda n: n.mean(axis=0)),
            explained(scale=lambda n: n.mean(axis=0)),
        ),
        any_of(
            "one mean for all columns: each column has its own, over the normal rows (axis 0)",
            explained(centre=lambda n: n.mean()),
        ),
        any_of(
            "you use the median and a spread around it: a good choice against outliers, but the text asks for the mean and the standard "
            "deviation",
            explained(centre=median, scale=median_deviation),
            explained(centre=median, scale=quartiles_apart),
        ),
        slip(
            "you use the median of the normal rows: the text asks for the mean",
            explained,
            centre=median,
        ),
        any_of(
            "you divide by another measure of spread: the text asks for the standard deviation",
            explained(scale=median_deviation),
            explained(scale=mean_deviation),
            explained(scale=quartiles_apart),
            explained(scale=lambda n: np.ptp(n, axis=0)),
            explained(centre=lambda n: n.min(axis=0), scale=lambda n: np.ptp(n, axis=0)),
        ),
        any_of(
            "you rank by the fraction of normal rows with a larger distortion: beyond the largest of them, all columns tie. Count standard "
            "deviations",
            by_fraction(np.greater),
            by_fraction(np.greater_equal),
        ),
        any_of(
            "you rank by the absolute value or the square: a distortion far below the mean says that the column is predicted "
            "unusually well, and is no reason for an alarm",
            explained(change=np.abs),
            explained(change=np.square),
        ),
        any_of(
            "the most unusual column comes last: put it first",
            explained(order=lambda u: np.argsort(u, axis=1, kind="stable"), cut=lambda r, top: r[:, -top:]),
        ),
        any_of(
            "you return the least unusual columns: the largest values count",
            explained(order=lambda u: np.argsort(u, axis=1, kind="stable")),
        ),
        any_of(
            "of equal columns, the one on the left comes first: reversing an ascending order turns ties round",
            explained(order=lambda u: np.argsort(u, axis=1, kind="stable")[:, ::-1]),
        ),
        any_of(
            "the right columns, but ordered by their numbers: the most unusual comes first",
            explained(cut=lambda ranked, top: np.sort(ranked[:, :top], axis=1)),
        ),
        any_of(
            "the right columns, but in no order: a partition does not sort them, and the most unusual comes first",
            explained(order=lambda u: u, cut=lambda u, top: np.argpartition(-u, top - 1, axis=1)[:, :top]),
            explained(order=lambda u: u, cut=lambda u, top: np.argpartition(u, -top, axis=1)[:, -top:]),
            explained(order=lambda u: u, cut=lambda u, top: np.argpartition(u, -top, axis=1)[:, -top:][:, ::-1]),
        ),
        any_of(
            "these are the ranks of the columns: return the numbers of the top columns",
            explained(cut=lambda ranked, top: np.argsort(ranked, axis=1)[:, :top]),
            explained(cut=lambda ranked, top: np.argsort(ranked, axis=1)),
        ),
        any_of("all columns are returned: keep the first top of them", explained(cut=lambda ranked, top: ranked)),
        any_of(
            "you order the rows, not the columns: sort along axis 1",
            explained(order=lambda u: np.argsort(-u, axis=0, kind="stable")),
        ),
        any_of(
            "mean and standard deviation are those of the alarms: use the normal rows",
            over_batch,
            over_batch_with_one_row,
            *(over_batch_guarded(small) for small in (1e-12, 1e-8, 1e-6)),
        ),
        any_of(
            "mean and standard deviation are those of normal rows and alarms together: use the normal rows alone",
            lambda own, normal, top: explain_alarms(own, np.concatenate([normal, own]), top),
        ),
        any_of(
            "the mean over a row's own columns is subtracted: subtract each column's mean over the normal rows",
            lambda own, normal, top: np.argsort(
                -(own - own.mean(axis=1, keepdims=True)) / normal.std(axis=0), axis=1, kind="stable"
            )[:, :top],
        ),
        any_of(
            "a row alone loses its axis (does a squeeze remove it?): return (rows, top)",
            explained(cut=lambda ranked, top: np.squeeze(ranked[:, :top])),
        ),
        any_of(
            "these are the values, not the columns: return the numbers of the columns",
            lambda own, normal, top: np.sort(-(own - normal.mean(axis=0)) / normal.std(axis=0), axis=1)[:, :top] * -1,
        ),
    ),
    hints=(
        "A column adds 3 nats to a row's distortion. Is that much? What would you compare it with?",
        "Compare each column with itself in normal rows: how many standard deviations does it lie above its mean there?",
        'np.argsort(-unusual, axis=1, kind="stable") orders each row from the largest to the smallest.',
    ),
)
