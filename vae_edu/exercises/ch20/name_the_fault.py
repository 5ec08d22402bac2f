"""Exercise 20.3: what is wrong with a report about augmentation, known by what was measured."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, slip


def name_the_fault(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    """The number of what is wrong with one report: a whole number from 0 to 5. All arguments are in per cent."""
    if nearest_test - 50 > 6:
        return 2  # the samples lie near test images
    if with_samples - anew > 3:
        return (
            1  # trained anew on the 50 images, the generator loses something, and test images are nothing special to it
        )
    if as_many_steps - without > 3:
        return 3
    if same_images - without > 3:
        return 4
    if with_samples - fresh > 6:
        return 5  # the classifier knows the test images, but not from the samples
    return 0


RULES = {
    2: lambda r: (r["nearest_test"] - 50) / 2,
    1: lambda r: r["with_samples"] - r["anew"],
    3: lambda r: r["as_many_steps"] - r["without"],
    4: lambda r: r["same_images"] - r["without"],
    5: lambda r: (r["with_samples"] - r["fresh"]) / 2,
}
NAMES = ("without", "with_samples", "fresh", "as_many_steps", "same_images", "anew", "nearest_test")


def fault_with(*, rules=(), order=(2, 1, 3, 4, 5), errors=3.0, size=float, give=lambda number: number):
    """The model answer put together from its parts. rules: by number, the difference that shows it, in standard errors."""
    rules = RULES | dict(rules)

    def name(*report):
        own = dict(zip(NAMES, report, strict=True))
        return next((give(number) for number in order if size(rules[number](own)) > errors), 0)

    return lambda without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test: name(
        without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test
    )


GAIN = {1: lambda r: r["with_samples"] - r["without"]}
BY_FRESH = {2: lambda r: (r["with_samples"] - r["fresh"]) / 2}


def report_with(rng: np.random.Generator, fault: int) -> tuple[float, ...]:
    """Seven numbers of a report with this fault. A difference is at most two standard errors where nothing is behind it, and at least
    four where something is. Samples may help or hurt, whatever the fault is."""

    def noise() -> float:
        return rng.uniform(-2, 2)

    def shift() -> float:
        return rng.uniform(5, 14)

    without = rng.uniform(50, 70)
    steps, images = shift() * (fault == 3), shift() * (fault == 4)
    anew = without + steps + images + rng.uniform(-7, 7)
    with_samples = anew + (shift() if fault in (1, 2) else noise())
    fresh = with_samples + 2 * noise()
    nearest_test = rng.uniform(60, 80) if fault == 2 else 50 + 2 * noise()
    if fault == 2:  # the classifier's accuracy on fresh images may or may not tell
        fresh = with_samples - rng.uniform(0, 15)
    if fault == 5:
        without, with_samples = rng.uniform(88, 97, 2)
        anew, fresh = with_samples + noise(), with_samples - rng.uniform(15, 35)
    return tuple(
        round(float(each), 1)
        for each in (
            without,
            with_samples,
            fresh,
            without + (steps or noise()),
            without + (images or noise()),
            anew,
            nearest_test,
        )
    )


def draw_cases(rng: np.random.Generator):
    """Ten reports with each fault, and ten without, in any order."""
    for fault in rng.permutation(np.repeat(np.arange(6), 10)):
        yield report_with(rng, int(fault))


EXERCISE = Exercise(
    id="20.3",
    title="Five reports about augmentation, known by what was measured",
    minutes=10,
    difficulty=2,
    answer=name_the_fault,
    cases=draw_cases,
    mistakes=(
        slip(
            "a gain is taken for a fault: samples may help honestly. With which of the other numbers would you compare with_samples, to "
            "see what the generator's own images did?",
            fault_with,
            rules=GAIN,
        ),
        slip(
            "you return 1 where the generator was trained on the test images: trained anew, such a generator loses its gain too. Which "
            "number tells the two apart?",
            fault_with,
            order=(1, 2, 3, 4, 5),
        ),
        any_of(
            "number 2 is judged by with_samples − fresh: this difference may be small for it, and it is large for number 5 too. Where do "
            "the samples lie?",
            fault_with(rules=BY_FRESH),
            fault_with(rules=BY_FRESH, order=(1, 2, 3, 4, 5)),
            fault_with(rules=BY_FRESH, order=(3, 4, 1, 2, 5)),
            fault_with(rules=BY_FRESH, order=(2, 1, 3, 4)),
        ),
        any_of(
            "number 5 is judged by with_samples − fresh before the other faults: a generator that saw the test images can make this "
            "difference large, too",
            fault_with(order=(5, 2, 1, 3, 4)),
            fault_with(order=(3, 4, 5, 2, 1)),
            fault_with(order=(4, 3, 5, 2, 1)),
            fault_with(order=(5, 3, 4, 2, 1)),
        ),
        any_of(
            "every difference counts, however small: take it as real only where it is larger than three standard errors",
            fault_with(errors=0.0),
            fault_with(errors=0.05),
        ),
        any_of(
            "one standard error is not enough: take a difference as real where it is larger than three",
            fault_with(errors=1.0),
            fault_with(errors=1.0, size=abs),
        ),
        any_of(
            "the difference between test and fresh images, and the last number, have a standard error of 2, not of 1",
            fault_with(
                rules={2: lambda r: r["nearest_test"] - 50, 5: lambda r: r["with_samples"] - r["fresh"]},
            ),
            fault_with(
                rules={2: lambda r: r["nearest_test"] - 50, 5: lambda r: r["with_samples"] - r["fresh"]}, size=abs
            ),
        ),
        slip(
            "a difference between test and fresh images has a standard error of 2, not of 1",
            fault_with,
            rules={5: lambda r: r["with_samples"] - r["fresh"]},
        ),
        slip(
            "nearest_test has a standard error of 2: a little more than 50 % proves nothing",
            fault_with,
            rules={2: lambda r: 100 * (r["nearest_test"] - 50)},
        ),
        slip(
            "as_many_steps is compared with with_samples: compare it with without, which differs from it in nothing but the steps",
            fault_with,
            rules={3: lambda r: r["as_many_steps"] - r["with_samples"]},
        ),
        slip(
            "as_many_steps is compared with with_samples: compare it with without, which differs from it in nothing but the steps",
            fault_with,
            rules={3: lambda r: abs(r["as_many_steps"] - r["with_samples"])},
        ),
        slip(
            "same_images is compared with with_samples: compare it with without, which differs from it in nothing but the real images",
            fault_with,
            rules={4: lambda r: r["same_images"] - r["with_samples"]},
        ),
        slip(
            "same_images is compared with with_samples: compare it with without, which differs from it in nothing but the real images",
            fault_with,
            rules={4: lambda r: abs(r["same_images"] - r["with_samples"])},
        ),
        slip(
            "anew is compared with without: compare it with with_samples, which differs from it in nothing but the generator",
            fault_with,
            rules={1: lambda r: r["anew"] - r["without"]},
        ),
        slip("3 and 4 are exchanged: 3 is fewer steps", fault_with, give=lambda n: {3: 4, 4: 3}.get(n, n)),
        slip("1 and 2 are exchanged: 2 is the test images", fault_with, give=lambda n: {1: 2, 2: 1}.get(n, n)),
        slip(
            "number 5 is never returned: what happens to the accuracy on test images, and on fresh ones, where both classifiers have "
            "seen the test images?",
            fault_with,
            order=(2, 1, 3, 4),
        ),
    ),
    also_right=(
        fault_with(errors=2.5),
        fault_with(size=abs),
        fault_with(order=(4, 3, 2, 5, 1)),
    ),
    hints=(
        "Go through the faults one by one: which two of the seven numbers differ in nothing but this fault?",
        "Two faults make with_samples larger than anew. Only one of them draws the samples to the test images. Two faults can make the "
        "accuracy on test images larger than on fresh ones. Only one of them needs the samples for it.",
        "Begin with if nearest_test - 50 > 6: return 2. The order of the next lines matters less.",
    ),
)
