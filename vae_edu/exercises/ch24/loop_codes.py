"""Exercise 24.3: a closed loop through a few codes."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def loop_codes(keys, frames):
    """The codes of an animation that visits keys (k, latent) in turn and returns to the first: shape (frames, latent)."""
    place = np.arange(frames) * len(keys) / frames  # from 0 to k, k left out
    start = np.floor(place).astype(int)
    t = (place - start)[:, None]
    return (1 - t) * keys[start] + t * keys[(start + 1) % len(keys)]


def loop_with(
    *,
    place=lambda k, frames: np.arange(frames) * k / frames,
    ending=lambda start, k: (start + 1) % k,
    between=lambda t: t,
    order=lambda keys: keys,
):
    """The model answer, put together from its parts."""

    def loop(keys, frames):
        keys = order(keys)
        k = len(keys)
        places = place(k, frames)
        start = np.floor(places + 1e-12).astype(int)
        t = between(places - start)[:, None]
        return (1 - t) * keys[start % k] + t * keys[ending(start % k, k)]

    return loop


def open_path(keys, frames):
    times = np.linspace(0, len(keys) - 1, frames)
    return np.stack([np.interp(times, np.arange(len(keys)), column) for column in keys.T], axis=1)


def open_path_without_its_end(keys, frames):
    times = np.linspace(0, len(keys) - 1, frames, endpoint=False)
    return np.stack([np.interp(times, np.arange(len(keys)), column) for column in keys.T], axis=1)


def legs_that_go_on(keys, frames):
    """The same whole number of frames for each leg; with what is left over, the loop begins again."""
    k, each = len(keys), max(frames // len(keys), 1)
    legs, done = np.divmod(np.arange(frames), each)
    t = (done / each)[:, None]
    return (1 - t) * keys[legs % k] + t * keys[(legs + 1) % k]


def whole_legs(keys, frames):
    """The same whole number of frames for each leg; the rest stays at the last key."""
    k = len(keys)
    each = max(frames // k, 1)
    rows = [(1 - j / each) * keys[i] + j / each * keys[(i + 1) % k] for i in range(k) for j in range(each)]
    return np.array([*rows, *[keys[0]] * frames])[:frames]


def too_few(keys, frames, *, at_least=1):
    """A whole number of frames for each leg, and no rest."""
    k, each = len(keys), max(frames // len(keys), at_least)
    rows = [(1 - j / each) * keys[i] + j / each * keys[(i + 1) % k] for i in range(k) for j in range(each)]
    return np.array(rows)


def rest_on_the_last_leg(keys, frames):
    k = len(keys)
    sizes = [frames // k] * (k - 1) + [frames - (k - 1) * (frames // k)]
    return np.array(
        [keys[i] + j / size * (keys[(i + 1) % k] - keys[i]) for i, size in enumerate(sizes) for j in range(size)]
    )


def along(stops, at, times):
    return np.stack([np.interp(times, at, column) for column in stops.T], axis=1)


def at_one_speed(keys, frames):
    closed = np.concatenate([keys, keys[:1]])
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    return along(closed, at, np.arange(frames) / frames * at[-1])


def there_and_back(keys, frames):
    stops = np.concatenate([keys, keys[:-1][::-1]])
    return along(stops, np.arange(len(stops)), np.arange(frames) / frames * (len(stops) - 1))


def by_steps(keys, frames):
    closed = np.concatenate([keys, keys[:1]])
    return along(closed, np.arange(len(closed)), np.arange(0, len(keys), len(keys) / frames))


def frames_per_leg(keys, frames):
    k, t = len(keys), np.arange(frames)[:, None] / frames
    return np.concatenate([(1 - t) * keys[i] + t * keys[(i + 1) % k] for i in range(k)])


def by_interp(keys, frames):
    closed = np.concatenate([keys, keys[:1]])
    times = np.linspace(0, len(keys), frames, endpoint=False)
    return np.stack([np.interp(times, np.arange(len(closed)), column) for column in closed.T], axis=1)


def frame_by_frame(keys, frames):
    rows = []
    for f in range(frames):
        leg, done = divmod(f * len(keys), frames)
        rows.append(keys[leg] + done / frames * (keys[(leg + 1) % len(keys)] - keys[leg]))
    return np.array(rows)


def draw_cases(rng: np.random.Generator):
    for k, frames, latent in (
        (3, 12, 4),
        (4, 10, 2),
        (5, 3, 3),
        (2, 7, 6),
        (1, 4, 3),
        (3, 47, 2),  # np.arange(0, 3, 3 / 47) has 48 entries
    ):  # also frames that the keys do not divide
        yield 2 * rng.normal(size=(k, latent)) + 0.5, frames


EXERCISE = Exercise(
    id="24.3",
    title="A closed loop",
    minutes=6,
    difficulty=2,
    answer=loop_codes,
    cases=draw_cases,
    mistakes=(
        Mistake("The path ends at the last key. It has to return to the first one", open_path),
        Mistake("The path ends at the last key. It has to return to the first one", open_path_without_its_end),
        slip(
            "The last frame is the first one again: in a loop it would be shown twice, and the picture stands still for a moment",
            loop_with,
            place=lambda k, frames: np.linspace(0, k, frames),
        ),
        Mistake(
            "Each leg has a whole number of frames, and the rest stands still. The time between frames is k/frames, whole or not",
            whole_legs,
        ),
        Mistake(
            "Each leg has a whole number of frames, and with the rest the loop begins again. The time between frames is k/frames, whole or "
            "not",
            legs_that_go_on,
        ),
        *(
            Mistake(
                "Each leg has frames // k frames, so that there are not `frames` in all. The time between frames is k/frames, whole or not",
                lambda keys, frames, at_least=at_least: too_few(keys, frames, at_least=at_least),
            )
            for at_least in (1, 0)
        ),
        Mistake(
            "The frames that are left over all belong to the last leg, which takes longer. Each leg takes the same time",
            rest_on_the_last_leg,
        ),
        Mistake(
            "np.arange(0, k, k / frames) may have one entry too many, by rounding. Divide after counting: np.arange(frames) * k / frames",
            by_steps,
        ),
        Mistake("The speed is constant: longer legs take more time. Here each leg takes the same time", at_one_speed),
        Mistake(
            "The path returns through all keys. From the last one it leads straight back to the first", there_and_back
        ),
        Mistake("These are `frames` frames for each leg. There are `frames` in all", frames_per_leg),
        slip(
            "The path has no frame at the first key. It starts there",
            loop_with,
            place=lambda k, frames: (np.arange(frames) + 0.5) * k / frames,
        ),
        slip(
            "The first frame is one step away from the first key. It starts there",
            loop_with,
            place=lambda k, frames: (np.arange(frames) + 1) * k / frames,
        ),
        slip("The loop is run backwards", loop_with, order=lambda keys: np.concatenate([keys[:1], keys[:0:-1]])),
        slip(
            "Each frame is a key: nothing lies between them",
            loop_with,
            between=lambda t: 0 * t,
        ),
        slip(
            "Each frame is the nearest key: nothing lies between them",
            loop_with,
            between=np.round,
        ),
        slip(
            "The speed changes inside each leg: it starts and ends slowly. This may look well, but the exercise asks for constant speed",
            loop_with,
            between=lambda t: (1 - np.cos(np.pi * t)) / 2,
        ),
        slip(
            "The speed changes inside each leg: it starts and ends slowly. This may look well, but the exercise asks for constant speed",
            loop_with,
            between=lambda t: t * t * (3 - 2 * t),
        ),
        slip(
            "Inside each leg the path runs backwards, from the next key to this one",
            loop_with,
            between=lambda t: 1 - t,
        ),
        slip(
            "The last leg stands still at the last key: the key after the last is the first",
            loop_with,
            ending=lambda start, k: np.minimum(start + 1, k - 1),
        ),
    ),
    also_right=(by_interp, frame_by_frame, loop_with()),
    hints=(
        "How many legs does the loop have, and at which time should the frame after the last one be?",
        "Give each frame a place from 0 to k, k left out. Its whole part says which leg, the rest how far along.",
        "place = np.arange(frames) * len(keys) / frames; the key after the last one has the number (start + 1) % len(keys).",
    ),
)
