"""Exercise 24.1: along an arc from one code to another."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def slerp(a, b, t):
    """The codes at the times t (steps,) on the arc from a (latent,) to b (latent,): shape (steps, latent)."""
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b / (length_a * length_b), -1, 1))
    t = t[:, None]
    if angle < 1e-6:
        return (1 - t) * a + t * b
    direction = (np.sin((1 - t) * angle) * a / length_a + np.sin(t * angle) * b / length_b) / np.sin(angle)
    return ((1 - t) * length_a + t * length_b) * direction


def straight(a, b, t):
    return (1 - t) * a + t * b


def turned(a, b, t, angle):
    """Directions between the directions a and b."""
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def arc_with(
    *,
    angle=lambda a, b: np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)),
    time=lambda t: t,
    direction=turned,
    unit=lambda a: a / np.linalg.norm(a),
    length=lambda a, b, t: (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b),
    narrow=straight,
    limit=1e-6,
):
    """The model answer, put together from its parts."""

    def arc(a, b, t):
        own, t = angle(a, b), time(t)[:, None]
        if narrow is not None and own < limit:
            return narrow(a, b, t)
        with np.errstate(all="ignore"):
            return length(a, b, t) * direction(unit(a), unit(b), t, own)

    return arc


def unclipped(a, b):
    with np.errstate(invalid="ignore"):
        return np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def rounds_above_1(a, b):
    """Whether rounding makes the cosine of the angle larger than 1, in all the ways in which it may be written."""
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / np.sqrt((a * a).sum()), b / np.sqrt((b * b).sum())
    ways = a @ b / length_a / length_b, a @ b / (length_a * length_b), (a / length_a) @ (b / length_b), (u * v).sum()
    return min(ways) > 1


def by_rotation(a, b, t):
    length_a, length_b = np.sqrt(a @ a), np.sqrt(b @ b)
    first = a / length_a
    rest = b / length_b - (b @ first) / length_b * first  # the part of b's direction at a right angle to a
    sine = np.sqrt(rest @ rest)
    angle = np.arctan2(sine, b @ first / length_b)
    lengths = length_a + t * (length_b - length_a)
    if angle < 1e-6:
        return a + t[:, None] * (b - a)
    return lengths[:, None] * (np.cos(t * angle)[:, None] * first + np.sin(t * angle)[:, None] * rest / sine)


def row_by_row(a, b, t):
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    omega = 2 * np.arcsin(np.linalg.norm(u - v) / 2)
    rows = []
    for s in t:
        if omega < 1e-6:
            rows.append(a + s * (b - a))
            continue
        d = np.sin((1 - s) * omega) * u + np.sin(s * omega) * v
        rows.append(d / np.linalg.norm(d) * (np.linalg.norm(a) * (1 - s) + np.linalg.norm(b) * s))
    return np.stack(rows)


def draw_cases(rng: np.random.Generator):
    for latent, steps, scale in ((5, 7, 2.0), (3, 1, 0.4), (16, 4, 1.0)):
        yield scale * rng.normal(size=latent), 1.7 * scale * rng.normal(size=latent) + 0.2, rng.uniform(0.1, 0.9, steps)
    a = rng.normal(size=4)
    a *= 1.5 / np.linalg.norm(a)
    yield a, -2 * a + 0.6 * rng.normal(size=4), np.array([0.0, 0.25, 0.7, 1.0])  # a wide angle, and both ends
    yield a, 2.5 * a, np.array([0.0, 0.3, 1.0])  # one direction
    while not rounds_above_1(a, 2.5 * a):
        a = rng.normal(size=4)
    yield a, 2.5 * a, np.array([0.1, 0.5])  # and one with a cosine above 1, by rounding
    u, side = a / np.linalg.norm(a), np.roll(a, 1) * (1, -1, 1, -1)  # the second at a right angle to the first
    side /= np.linalg.norm(side)
    for angle in (1e-2, 1e-4):  # narrow, but an arc
        yield u, 3 * (np.cos(angle) * u + np.sin(angle) * side), np.array([0.2, 0.5, 0.8])
    yield a, 0.5 * a + 1e-9 * rng.normal(size=4), np.array([0.2, 0.6])  # almost one direction


EXERCISE = Exercise(
    id="24.1",
    title="Along an arc",
    minutes=8,
    difficulty=2,
    answer=slerp,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "This is the straight line. On the arc it is the direction that turns at constant speed",
            lambda a, b, t: straight(a, b, t[:, None]),
        ),
        slip(
            "The sines weight a and b themselves. Many published functions do this, but then the length does not "
            "change linearly where a and b "
            "differ in length: weight the directions",
            arc_with,
            unit=lambda a: a,
            length=lambda a, b, t: 1.0,
        ),
        slip(
            "The lengths count twice: in a and b, and once more in front. Turn the directions, of length 1",
            arc_with,
            unit=lambda a: a,
        ),
        slip("Every code has length 1. Multiply by the length that belongs to t", arc_with, length=lambda a, b, t: 1.0),
        slip(
            "Every code has the length of a. The length changes linearly from that of a to that of b",
            arc_with,
            length=lambda a, b, t: np.linalg.norm(a),
        ),
        slip(
            "Every code has the mean of both lengths. The length changes linearly from that of a to that of b",
            arc_with,
            length=lambda a, b, t: (np.linalg.norm(a) + np.linalg.norm(b)) / 2,
        ),
        slip(
            "The logarithm of the length changes linearly. Let the length itself do so",
            arc_with,
            length=lambda a, b, t: np.linalg.norm(a) ** (1 - t) * np.linalg.norm(b) ** t,
        ),
        slip("The path leads from b to a: at t = 0 it should be at a", arc_with, time=lambda t: 1 - t),
        slip(
            "The direction is that of the straight line, scaled to length 1. It does not turn at constant speed: it "
            "is fastest in the middle",
            arc_with,
            direction=lambda a, b, t, angle: (
                straight(a, b, t) / np.linalg.norm(straight(a, b, t), axis=1, keepdims=True)
            ),
        ),
        slip(
            "The division by the sine of the angle is missing",
            arc_with,
            direction=lambda a, b, t, angle: np.sin((1 - t) * angle) * a + np.sin(t * angle) * b,
        ),
        slip(
            "The angle is the arc cosine of a·b, which is not a cosine: divide by both lengths first",
            arc_with,
            angle=lambda a, b: np.arccos(np.clip(a @ b, -1, 1)),
        ),
        slip(
            "For codes in one direction you get NaN: the sine of the angle is 0 there, or the cosine is a rounding error above 1",
            arc_with,
            angle=unclipped,
            narrow=None,
        ),
        slip(
            "For codes in one direction you get NaN: the sine of the angle is 0 there, or the cosine is a rounding error above 1",
            arc_with,
            angle=unclipped,
        ),
        *(
            slip(
                "The straight line is returned for codes that still turn. It is right only below a millionth of a radian: the "
                "codes differ in length",
                arc_with,
                limit=limit,
            )
            for limit in (2e-2, 1e-3)
        ),
        slip(
            "For codes in one direction you return a at all times. Return the straight line there",
            arc_with,
            narrow=lambda a, b, t: a + 0 * t,
        ),
    ),
    also_right=(by_rotation, row_by_row, arc_with()),
    hints=(
        "What is the angle between two codes, and what does it have to do with their lengths?",
        "Turn the directions a/‖a‖ and b/‖b‖ first, with the two sines. Multiply by the length afterwards.",
        "angle = np.arccos(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1)); t[:, None] has one row for each step.",
    ),
)
