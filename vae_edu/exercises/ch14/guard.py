"""Exercise 14.2: a guard that stops a run and says why."""

import numpy as np

from vae_edu.diagnosis.guard import guard
from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, slip


def guard_with(
    *,
    finite=lambda values: np.isfinite(values).all(),
    too_large=lambda logvar: logvar > 20,
    usual=lambda gradient, step: np.median(gradient[step - 10 : step]),
    first=10,
    jumped=lambda gradient, usual: gradient > 10 * usual,
    silent_at=lambda rate: rate < 0.01,
    restart=lambda count, hit: count + 1 if hit else 0,
    long_enough=lambda count, patience: count >= patience,
    slow_at=lambda loss, constant: loss >= constant,
    order=(1, 2, 3, 4, 5),
    told=lambda step, reason: (step, reason),
    nothing=(-1, 0),
):
    """The model answer put together from its parts."""

    def guard(loss, rate, logvar, gradient, constant, patience):
        silent = slow = 0
        for step in range(len(loss)):
            silent = restart(silent, silent_at(rate[step]))
            slow = restart(slow, slow_at(loss[step], constant))
            with np.errstate(invalid="ignore"):
                holds = {
                    1: not finite([loss[step], rate[step], logvar[step], gradient[step]]),
                    2: too_large(logvar[step]),
                    3: step >= first and jumped(gradient[step], usual(gradient, step)),
                    4: long_enough(silent, patience),
                    5: long_enough(slow, patience),
                }
            for reason in order:
                if holds[reason]:
                    return told(step, reason)
        return nothing

    return guard


def guard_by_reason(*, which=min, begin=False):
    """The first step of each reason, over the whole run; then one of the reasons."""

    def guard(loss, rate, logvar, gradient, constant, patience):
        steps = {
            reason: guard_with(order=(reason,))(loss, rate, logvar, gradient, constant, patience)[0]
            for reason in range(1, 6)
        }
        if begin:
            steps |= {reason: steps[reason] - patience + 1 for reason in (4, 5) if steps[reason] >= 0}
        found = [(step, reason) for reason, step in steps.items() if step >= 0]
        return which(found) if found else (-1, 0)

    return guard


def where_the_row_began(loss, rate, logvar, gradient, constant, patience):
    """The right reason at the right time, told with the first step of its row."""
    step, reason = guard(loss, rate, logvar, gradient, constant, patience)
    return (step - patience + 1, reason) if reason in (4, 5) else (step, reason)


def short_rows_count(loss, rate, logvar, gradient, constant, patience):
    """At the start, a row of fewer than patience steps is taken for a whole one."""
    first, reason = guard_with(order=(1, 2, 3))(loss, rate, logvar, gradient, constant, patience)
    for step in range(first if reason else len(loss)):
        last = slice(max(0, step - patience + 1), step + 1)
        if (rate[last] < 0.01).all():
            return step, 4
        if (loss[last] >= constant).all():
            return step, 5
    return first, reason


def last_only(loss, rate, logvar, gradient, constant, patience):
    step, last = len(loss) - 1, slice(max(0, len(loss) - patience), None)
    enough = len(loss) >= patience
    if not np.isfinite([loss[step], rate[step], logvar[step], gradient[step]]).all():
        return step, 1
    if logvar[step] > 20:
        return step, 2
    if step >= 10 and gradient[step] > 10 * np.median(gradient[step - 10 : step]):
        return step, 3
    if enough and (rate[last] < 0.01).all():
        return step, 4
    if enough and (loss[last] >= constant).all():
        return step, 5
    return -1, 0


def mean_of_the_last(loss, rate, logvar, gradient, constant, patience):
    first, reason = guard_with(order=(1, 2, 3))(loss, rate, logvar, gradient, constant, patience)
    for step in range(patience - 1, first if reason else len(loss)):
        last = slice(step - patience + 1, step + 1)
        if rate[last].mean() < 0.01:
            return step, 4
        if loss[last].mean() >= constant:
            return step, 5
    return first, reason


def vectorised(loss, rate, logvar, gradient, constant, patience):
    """The same, reason by reason."""
    loss, rate, logvar, gradient = (np.asarray(each, float) for each in (loss, rate, logvar, gradient))

    def first_run(hits):
        for step in range(patience - 1, len(hits)):
            if hits[step - patience + 1 : step + 1].all():
                return step
        return len(hits)

    def first(hits):
        return int(hits.argmax()) if hits.any() else len(hits)

    table = np.stack([loss, rate, logvar, gradient])
    jumps = np.array([s >= 10 and gradient[s] > 10 * np.median(gradient[s - 10 : s]) for s in range(len(loss))])
    with np.errstate(invalid="ignore"):
        steps = [
            first(~np.isfinite(table).all(axis=0)),
            first(logvar > 20),
            first(jumps),
            first_run(rate < 0.01),
            first_run(loss >= constant),
        ]
    best = min(range(5), key=lambda each: (steps[each], each))
    return (steps[best], best + 1) if steps[best] < len(loss) else (-1, 0)


def as_array(loss, rate, logvar, gradient, constant, patience):
    return np.array(guard(loss, rate, logvar, gradient, constant, patience))


def draw_cases(rng: np.random.Generator):
    """A healthy run; each reason alone; NaN and infinity in each row; two reasons at once; a jump in the first ten steps; silent and slow
    steps with gaps, and at the start; a loss equal to that of a constant; an old gradient that is large; a spike that is not above the
    median's tenfold."""
    constant, patience = 25.0, 6

    def healthy(steps=40):
        falling = 20 * np.exp(-np.arange(steps) / 15)
        return [
            falling + rng.normal(0, 0.3, steps),
            5 + rng.normal(0, 0.2, steps),
            rng.normal(1, 0.3, steps),
            100 * np.exp(rng.normal(0, 0.2, steps)),
        ]

    def case(change=None, patience=patience, steps=40):
        rows = healthy(steps)
        if change:
            change(*rows)
        return (*rows, constant, patience)

    def put(which, at, value):
        def change(*rows):
            rows[which][at] = value

        return change

    def both(*changes):
        def change(*rows):
            for each in changes:
                each(*rows)

        return change

    yield case()
    for which in range(4):
        yield case(put(which, 23, np.nan))
        yield case(put(which, 17, -np.inf if which == 0 else np.inf))
    yield case(put(2, 12, 20.5))
    yield case(put(2, 12, 19.5))
    yield case(put(2, 12, 200.0))
    yield case(put(3, 30, 2500.0))
    yield case(put(3, 20, 3.0))  # the next is long beside this one, and usual beside the ten before
    yield case(both(put(3, slice(0, 24), 2000.0), put(3, 37, 1900.0)))  # long beside the ten before, and not beside all
    even = [100.0] * 5 + [300.0] * 5  # with the median 200
    yield case(both(put(3, slice(12, 22), even), put(3, 22, 2500.0)))  # with itself among the ten, their median is 300
    yield case(both(put(3, slice(12, 22), 100.0), put(3, 22, 1000.0)))  # exactly ten times: not more than that
    yield case(put(2, 12, 20.0))  # exactly 20: not above
    yield case(put(2, 12, -50.0))  # a large logvar is one thing, a small one another
    yield case(put(1, slice(20, 26), 0.01))  # exactly 0.01: not below
    yield case(put(3, 5, 5000.0))  # in the first ten steps
    yield case(put(3, 10, 5000.0))  # the first that counts
    yield case(put(3, 25, 600.0))  # six times the median: not enough
    yield case(
        both(put(3, slice(12, 15), 700.0), put(3, 18, 2500.0))
    )  # the mean of the ten is larger than their median
    yield case(put(1, slice(20, 26), 0.002))
    yield case(put(1, slice(20, 25), 0.002))  # one short
    yield case(both(put(1, slice(10, 20), 0.002), put(1, 15, 3.0)))  # a gap
    yield case(put(0, slice(20, 26), 30.0))
    yield case(put(0, slice(20, 26), constant))  # as good as a constant
    yield case(both(put(0, slice(10, 20), 30.0), put(0, 15, 3.0)))
    yield case(both(put(1, slice(10, 18), 0.0), put(2, 15, np.inf)))  # two at the same step
    yield case(both(put(2, 22, 30.0), put(3, 22, 9000.0)))
    yield case(both(put(0, slice(20, 30), 40.0), put(1, slice(20, 30), 0.0)))
    yield case(both(put(3, 35, 9000.0), put(1, slice(12, 30), 0.001)))  # the later one has the smaller number
    yield case(put(0, slice(0, 4), 30.0))  # it starts above a constant, for fewer steps than patience
    yield case(put(1, slice(0, 3), 0.002))
    yield case(put(1, 3, 0.0), patience=1)
    yield case(steps=1)


EXERCISE = Exercise(
    id="14.2",
    title="A guard that stops a run and says why",
    minutes=20,
    difficulty=3,
    answer=guard,
    cases=draw_cases,
    mistakes=(
        slip("infinity passes: only NaN is looked for", guard_with, finite=lambda values: not np.isnan(values).any()),
        slip(
            "NaN in the loss alone is looked for: rate, logvar and gradient can be NaN or infinite earlier",
            guard_with,
            finite=lambda values: np.isfinite(values[0]),
        ),
        slip("the reason 'not finite' is never given", guard_with, finite=lambda values: True),
        slip(
            "logvar is compared with its exponential's limit: the bound in the text is 20",
            guard_with,
            too_large=lambda v: v > 88,
        ),
        slip("a logvar above 20 is never noticed", guard_with, too_large=lambda v: False),
        slip(
            "the gradient is compared with the mean of the ten before. One earlier spike moves the mean, but not the median",
            guard_with,
            usual=lambda gradient, step: np.mean(gradient[step - 10 : step]),
        ),
        slip(
            "the gradient is compared with the one before it only: take the median of the ten before",
            guard_with,
            usual=lambda gradient, step: gradient[step - 1],
        ),
        slip(
            "the gradient is compared with all that came before: take the ten before it",
            guard_with,
            usual=lambda gradient, step: np.median(gradient[:step]),
        ),
        slip("the first step at which a jump can be seen is step 10, which has ten before it", guard_with, first=11),
        slip(
            "a jump is looked for in the first ten steps too",
            guard_with,
            first=1,
            usual=lambda g, s: np.median(g[max(0, s - 10) : s]),
        ),
        slip(
            "steps that are not in a row are counted together: the count starts again at 0",
            guard_with,
            restart=lambda count, hit: count + 1 if hit else count,
        ),
        slip(
            "you stop one step late: after patience steps in a row, with this one included",
            guard_with,
            long_enough=lambda count, patience: count > patience,
        ),
        slip(
            "a loss equal to that of a constant counts as no progress",
            guard_with,
            slow_at=lambda loss, constant: loss > constant,
        ),
        slip(
            "the gradient is compared with a median that it is part of: take the ten before it",
            guard_with,
            usual=lambda gradient, step: np.median(gradient[step - 9 : step + 1]),
        ),
        slip(
            "a gradient of exactly ten times the median is no jump: more than that is",
            guard_with,
            jumped=lambda gradient, usual: gradient >= 10 * usual,
        ),
        slip("a logvar of exactly 20 is not above 20", guard_with, too_large=lambda logvar: logvar >= 20),
        slip(
            "the size of logvar is compared with 20: a logvar far below 0 is no reason to stop",
            guard_with,
            too_large=lambda logvar: abs(logvar) > 20,
        ),
        slip("a rate of exactly 0.01 is not below 0.01", guard_with, silent_at=lambda rate: rate <= 0.01),
        Mistake(
            "the whole run is searched for reason 1, then for reason 2, and so on: the first step counts, whatever its reason",
            guard_by_reason(which=lambda found: min(found, key=lambda each: each[1])),
        ),
        any_of(
            "for reasons 4 and 5, the step is that at which the row begins: stop where it has lasted for patience steps",
            guard_by_reason(begin=True),
            where_the_row_began,
        ),
        Mistake(
            "at the start, a row of fewer than patience steps stops the run: before step patience − 1 no row is long enough",
            short_rows_count,
        ),
        Mistake("only the last step is looked at: a run is stopped at the first step with a reason", last_only),
        Mistake(
            "the mean over the last patience steps is compared: each single one has to be below 0.01, or at constant or above",
            mean_of_the_last,
        ),
        slip("at one step the smallest number counts", guard_with, order=(5, 4, 3, 2, 1)),
        slip("steps are counted from 0", guard_with, told=lambda step, reason: (step + 1, reason)),
        slip(
            "the two numbers are exchanged: first the step, then the reason",
            guard_with,
            told=lambda step, reason: (reason, step),
        ),
        slip("where nothing is wrong, the answer is (-1, 0)", guard_with, nothing=(0, 0)),
        slip("where nothing is wrong, the step is -1, not the last one", guard_with, nothing=(40, 0)),
    ),
    also_right=(vectorised, as_array),
    hints=(
        "Two of the reasons need a memory from step to step. What do you have to remember for them?",
        "Go through the steps. Keep two counters, each of which goes back to 0 when its condition does not hold. At each step, ask for the "
        "reasons in the order of their numbers.",
        "silent = silent + 1 if rate[step] < 0.01 else 0; np.isfinite takes a list; the ten before are gradient[step - 10 : step].",
    ),
)
