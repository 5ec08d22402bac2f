"""Exercise 23.2: a bonus from counted codes."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def coded_bonus(new, seen, matrix, weight):
    """The bonus of each row of new (n, width), given the rows of seen (m, width): (n,)."""
    centre = seen.mean(axis=0)
    new_codes = (new - centre) @ matrix > 0  # (n, bits)
    seen_codes = (seen - centre) @ matrix > 0  # (m, bits)
    same = (new_codes[:, None] == seen_codes[None]).all(axis=2)  # (n, m)
    return weight / np.sqrt(np.maximum(same.sum(axis=1), 1))


def bonus_with(
    *,
    centre=lambda new, seen: (seen.mean(axis=0), seen.mean(axis=0)),
    bits=lambda values: values > 0,
    agree=lambda a, b: (a[:, None] == b[None]).all(axis=2),
    count=lambda same: np.maximum(same.sum(axis=1), 1),
    decay=lambda counts: 1 / np.sqrt(counts),
    weigh=lambda weight, decayed: weight * decayed,
):
    """The model answer, put together from its parts."""

    def bonus(new, seen, matrix, weight):
        of_new, of_seen = centre(new, seen)
        same = agree(bits((new - of_new) @ matrix), bits((seen - of_seen) @ matrix))
        return weigh(weight, decay(count(same)))

    return bonus


def with_a_dictionary(new, seen, matrix, weight):
    centre = np.mean(seen, axis=0)
    counts = {}
    for row in seen:
        key = tuple((np.dot(row - centre, matrix) > 0).tolist())
        counts[key] = counts.get(key, 0) + 1
    keys = [tuple((np.dot(row - centre, matrix) > 0).tolist()) for row in new]
    return [weight / max(1, counts.get(key, 0)) ** 0.5 for key in keys]


def with_whole_numbers(new, seen, matrix, weight):
    centre, powers = seen.mean(axis=0), 2 ** np.arange(matrix.shape[1])
    new_codes, seen_codes = (((each - centre) @ matrix > 0) @ powers for each in (new, seen))
    values, counts = np.unique(seen_codes, return_counts=True)
    places = np.clip(np.searchsorted(values, new_codes), 0, len(values) - 1)
    n = np.where(values[places] == new_codes, counts[places], 1)
    return weight * n**-0.5


def draw_cases(rng: np.random.Generator):
    for n, m, width, bits in ((5, 40, 3, 3), (8, 30, 6, 5), (1, 25, 2, 2)):
        seen = rng.normal(size=(m, width)) + 2
        new = np.concatenate([seen[: n // 2], rng.normal(size=(n - n // 2, width)) + 2.2])
        if n > 1:
            new[1] = new[0]  # twice the same image
        yield new, seen, rng.normal(size=(width, bits)), float(rng.uniform(0.2, 0.7))
    # A code that was never seen; and a row on the centre, whose values are exactly 0: its bits are 0.
    seen = np.array([[2.0, 1.0], [4.0, 3.0], [3.0, 2.0], [3.0, 2.0], [2.0, 1.0], [4.0, 3.0]])
    yield np.array([[3.0, 2.0], [4.0, 3.0], [2.0, 9.0]]), seen, np.array([[1.0, 0.0], [0.0, 1.0]]), 0.3
    # 32 bits, of which three codes share all but the first or the last.
    code = rng.choice([-1.0, 1.0], 32)
    code[-1] = 1
    first, last = code.copy(), code.copy()
    first[0], last[-1] = -code[0], -1
    seen = np.array([code, -code, code, -code, first, -first, last, -last]) + 2  # centred on 2
    yield np.array([code, first, last, -last]) + 2, seen, np.eye(32), 0.4


def divided_by_zero(counts):
    with np.errstate(divide="ignore"):
        return 1 / np.sqrt(counts)


def as_numbers(kind):
    """Codes are compared as numbers of a kind that cannot hold 32 bits."""

    def agree(a, b):
        own, others = ((each @ (2 ** np.arange(a.shape[1]))).astype(kind) for each in (a, b))
        return own[:, None] == others[None]

    return agree


EXERCISE = Exercise(
    id="23.2",
    title="A bonus from counted codes",
    minutes=20,
    difficulty=3,
    answer=coded_bonus,
    cases=draw_cases,
    mistakes=(
        slip(
            "A code that was never seen pays nothing, or is divided by 0. It is the newest of all, and pays the whole weight",
            bonus_with,
            decay=lambda counts: 1 / np.sqrt(counts),
            count=lambda same: np.where(same.sum(axis=1) > 0, same.sum(axis=1), np.inf),
        ),
        slip(
            "A code that was never seen pays nothing, or is divided by 0. It is the newest of all, and pays the whole weight",
            bonus_with,
            decay=divided_by_zero,
            count=lambda same: same.sum(axis=1),
        ),
        slip(
            "The image itself is counted on top: 1/√(n + 1). Take the number of rows of seen, and 1 where there is none",
            bonus_with,
            count=lambda same: same.sum(axis=1) + 1,
        ),
        slip("The bonus is weight/n. It decays with the root", bonus_with, decay=lambda counts: 1 / counts),
        slip("The bonus grows with the count: √n in place of 1/√n", bonus_with, decay=np.sqrt),
        slip(
            "The count is not used: all codes pay the same",
            bonus_with,
            count=lambda same: np.ones(len(same)),
        ),
        slip(
            "The count is a fraction of all images seen. Count the rows",
            bonus_with,
            count=lambda same: np.maximum(same.sum(axis=1), 1) / same.shape[1],
        ),
        slip("`weight` has no part in it", bonus_with, weigh=lambda weight, decayed: decayed),
        slip(
            "`weight` stands under the root. It multiplies the whole",
            bonus_with,
            weigh=lambda weight, decayed: np.sqrt(weight) * decayed,
        ),
        slip(
            "The features are not centred. Subtract the mean of the rows of seen first",
            bonus_with,
            centre=lambda new, seen: (0 * seen[0], 0 * seen[0]),
        ),
        slip(
            "The new rows are centred on their own mean. Both have to use the mean of seen, or one image gets two codes",
            bonus_with,
            centre=lambda new, seen: (new.mean(axis=0), seen.mean(axis=0)),
        ),
        slip(
            "The centre is the mean of new and seen together. Take that of the rows of seen",
            bonus_with,
            centre=lambda new, seen: (np.concatenate([new, seen]).mean(axis=0),) * 2,
        ),
        slip(
            "The centre is one number, the mean of all features. Take the mean of the rows of seen, one number for each feature",
            bonus_with,
            centre=lambda new, seen: (seen.mean(), seen.mean()),
        ),
        slip(
            "An entry of exactly 0 has a sign of its own, 0. The bit is 1 where the entry is above 0, else 0",
            bonus_with,
            bits=np.sign,
        ),
        *(
            slip(
                "Different codes of 32 bits are taken as the same: the numbers that you make of them cannot hold all bits",
                bonus_with,
                agree=as_numbers(kind),
            )
            for kind in (np.float32, np.uint8, np.uint16)
        ),
        slip(
            "An entry of exactly 0 gives a 1. The bit is 1 where the entry is above 0",
            bonus_with,
            bits=lambda values: values >= 0,
        ),
        slip(
            "The entries themselves are compared, not their signs. Then almost no image is seen twice",
            bonus_with,
            bits=lambda values: values,
        ),
        slip(
            "Two codes are taken as the same if one of their bits agrees. All bits have to",
            bonus_with,
            agree=lambda a, b: (a[:, None] == b[None]).any(axis=2),
        ),
        slip(
            "Only the first bit is compared",
            bonus_with,
            agree=lambda a, b: a[:, None, 0] == b[None, :, 0],
        ),
        slip(
            "Codes with as many ones are taken as the same. It matters which bits they are",
            bonus_with,
            agree=lambda a, b: a.sum(axis=1)[:, None] == b.sum(axis=1)[None],
        ),
        Mistake(
            "The rows of new are counted as seen already. `seen` alone is the past",
            lambda new, seen, matrix, weight: (
                weight
                / np.sqrt(
                    (
                        ((new - seen.mean(axis=0)) @ matrix > 0)[:, None]
                        == ((np.concatenate([seen, new]) - seen.mean(axis=0)) @ matrix > 0)[None]
                    )
                    .all(axis=2)
                    .sum(axis=1)
                )
            ),
        ),
    ),
    also_right=(with_a_dictionary, with_whole_numbers, bonus_with()),
    hints=(
        "Which of the arrays are the past? What does their mean say, and for which of the two arrays is it subtracted?",
        "Two boolean arrays of shape (n, bits) and (m, bits). Compare them with broadcasting: (n, 1, bits) with (1, m, bits).",
        "same = (new_codes[:, None] == seen_codes[None]).all(axis=2); its row sums are the counts.",
    ),
)
