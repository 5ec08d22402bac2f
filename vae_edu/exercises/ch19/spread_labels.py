"""Exercise 19.1: label spreading, the control that uses unlabelled images without any network."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, slip


def spread_labels(neighbour_sums, labels, classes, alpha, steps):
    """The scores F (images, classes) after these steps of F_i ← alpha · Σ_j F_j / √(d_i d_j) + (1 − alpha) · Y_i, over the
    neighbours j of image i. d: how many neighbours an image has. labels (images,) holds −1 where there is none."""
    given = np.zeros((len(labels), classes))
    known = labels >= 0
    given[known, labels[known]] = 1
    root = np.sqrt(neighbour_sums(np.ones((len(labels), 1))))
    scores = given
    for _ in range(steps):
        scores = alpha * neighbour_sums(scores / root) / root + (1 - alpha) * given
    return scores


def one_hot(labels, classes):
    given = np.zeros((len(labels), classes))
    known = labels >= 0
    given[known, labels[known]] = 1
    return given


def with_the_last_class(labels, classes):
    return np.eye(classes)[labels]


def whole_columns(select):
    """Y[:, labels] = 1 in place of Y[rows, labels] = 1."""

    def start(labels, classes):
        given = np.zeros((len(labels), classes))
        given[:, select(labels)] = 1
        return given

    return start


def symmetric(sums, scores, degrees):
    return sums(scores / np.sqrt(degrees)) / np.sqrt(degrees)


def rows_normalised(scores):
    total = scores.sum(axis=1, keepdims=True)
    return np.divide(scores, total, out=np.zeros_like(scores), where=total > 0)


def spread_with(
    *,
    start=one_hot,
    step=symmetric,
    mix=lambda alpha, moved, given, scores: alpha * moved + (1 - alpha) * given,
    rounds=lambda steps: steps,
    finish=lambda scores, given: scores,
    begin=lambda given: given,
    clamp=False,
):
    """The model answer, put together from its parts."""

    def spread(neighbour_sums, labels, classes, alpha, steps):
        given = start(labels, classes)
        degrees = np.asarray(neighbour_sums(np.ones((len(labels), 1))), float)
        scores = begin(given)
        for _ in range(rounds(steps)):
            scores = mix(alpha, step(neighbour_sums, scores, degrees), given, scores)
            if clamp:
                scores = np.where(given.any(axis=1, keepdims=True), given, scores)
        return finish(scores, given)

    return spread


def with_itself(sums, scores, degrees):
    """Each image joined to itself as well."""
    root = np.sqrt(degrees + 1)
    return (sums(scores / root) + scores / root) / root


def known_neighbours_counted(instead):
    """d_i: the neighbours that have a label, and ``instead`` where there is none."""

    def spread(neighbour_sums, labels, classes, alpha, steps):
        given = one_hot(labels, classes)
        degrees = neighbour_sums((labels >= 0).astype(float)[:, None])
        root, scores = np.sqrt(np.where(degrees > 0, degrees, instead)), given
        for _ in range(steps):
            scores = alpha * neighbour_sums(scores / root) / root + (1 - alpha) * given
        return scores

    return spread


def sums_over(joined):
    """Sums over neighbours, as a function. joined (images, images): 1 where two images are neighbours, symmetric."""

    def neighbour_sums(values):
        return joined @ np.asarray(values, float)

    return neighbour_sums


def random_graph(rng, images, fraction):
    """A random symmetric graph on a ring, so that each image has a neighbour, and the numbers of neighbours differ."""
    joined = rng.random((images, images)) < fraction * rng.random(images)[:, None]
    joined |= np.roll(np.eye(images, dtype=bool), 1, axis=1)
    joined |= joined.T
    np.fill_diagonal(joined, False)
    return sums_over(joined.astype(float))


def draw_cases(rng: np.random.Generator):
    """Several graphs; a class that no label has, the last one among them; no step; one step; an alpha of 0 and of 1; an image that no
    label reaches."""
    for images, classes, alpha, steps in ((12, 3, 0.8, 3), (25, 4, 0.95, 6), (9, 2, 0.4, 2), (14, 3, 0.7, 1)):
        labels = np.full(images, -1)
        rows = rng.permutation(images)[: images // 2]
        labels[rows] = rng.permutation(np.arange(len(rows)) % classes)
        yield random_graph(rng, images, 0.5), labels, classes, alpha, steps
    some = np.array([0, -1, -1, 2, -1, 0, -1, -1, 1, -1, -1])
    yield random_graph(rng, 11, 0.4), some, 4, 0.9, 4
    yield random_graph(rng, 11, 0.4), some, 3, 0.9, 0
    yield random_graph(rng, 11, 0.4), some, 3, 1.0, 3
    yield random_graph(rng, 11, 0.4), some, 3, 0.0, 3
    # A star and a pair apart from it, which no label reaches.
    joined = np.zeros((8, 8))
    joined[0, 1:6] = joined[1:6, 0] = joined[6, 7] = joined[7, 6] = 1
    yield sums_over(joined), np.array([-1, 0, 1, 1, -1, -1, -1, -1]), 2, 0.75, 5


EXERCISE = Exercise(
    id="19.1",
    title="Label spreading",
    minutes=8,
    difficulty=2,
    answer=spread_labels,
    cases=draw_cases,
    mistakes=(
        slip(
            "−1 is used as an index: images without a label get a one in the last class",
            spread_with,
            start=with_the_last_class,
        ),
        *(
            slip(
                "Y[:, labels] = 1 fills the whole columns: each row gets a one at its own label alone, Y[rows, labels[rows]] = 1",
                spread_with,
                start=whole_columns(select),
            )
            for select in (lambda labels: labels, lambda labels: labels[labels >= 0])
        ),
        slip("the division by √(d_i d_j) is missing", spread_with, step=lambda sums, scores, d: sums(scores)),
        slip(
            "you take the average over the neighbours, which divides by d_i: divide by √(d_i d_j)",
            spread_with,
            step=lambda sums, scores, d: sums(scores) / d,
        ),
        slip(
            "you divide each neighbour's scores by its d_j: divide by √(d_i d_j)",
            spread_with,
            step=lambda sums, scores, d: sums(scores / d),
        ),
        slip(
            "you divide after the sum only, so by √d_i: the neighbour's own √d_j belongs inside the sum",
            spread_with,
            step=lambda sums, scores, d: sums(scores) / np.sqrt(d),
        ),
        slip(
            "you divide before the sum only, so by √d_j: the image's own √d_i is missing",
            spread_with,
            step=lambda sums, scores, d: sums(scores / np.sqrt(d)),
        ),
        slip(
            "you divide by d_i d_j: the square root is missing",
            spread_with,
            step=lambda sums, scores, d: sums(scores / d) / d,
        ),
        slip(
            "alpha and 1 − alpha are exchanged: alpha belongs to the neighbours",
            spread_with,
            mix=lambda alpha, moved, given, scores: (1 - alpha) * moved + alpha * given,
        ),
        slip(
            "the given labels are not mixed in again at each step: the term (1 − alpha) · Y is missing",
            spread_with,
            mix=lambda alpha, moved, given, scores: alpha * moved,
        ),
        slip(
            "the given labels count fully at each step: the factor 1 − alpha of Y is missing",
            spread_with,
            mix=lambda alpha, moved, given, scores: alpha * moved + given,
        ),
        slip(
            "the image's own scores take the place of its label: the second term is (1 − alpha) · Y, the same at each step",
            spread_with,
            mix=lambda alpha, moved, given, scores: alpha * moved + (1 - alpha) * scores,
        ),
        slip(
            "the scores of labelled images are reset to their labels: here they change like all scores",
            spread_with,
            clamp=True,
        ),
        slip("F starts at 0: it starts as Y, the labels", spread_with, begin=lambda given: 0 * given),
        slip(
            "each image counts as its own neighbour: neighbour_sums and d_i are for the others alone",
            spread_with,
            step=with_itself,
        ),
        any_of(
            "d_i counts the neighbours that have a label: count all of them",
            known_neighbours_counted(1.0),
            known_neighbours_counted(1e-8),
            known_neighbours_counted(1e-12),
        ),
        any_of(
            "images of class 0 count as unlabelled: only −1 says that there is no label",
            spread_with(start=lambda labels, classes: one_hot(np.where(labels > 0, labels, -1), classes)),
        ),
        slip("one step too few", spread_with, rounds=lambda steps: max(steps - 1, 0)),
        slip("one step too many", spread_with, rounds=lambda steps: steps + 1),
        slip(
            "the rows are divided by their sums: return the scores as they are",
            spread_with,
            finish=lambda scores, given: rows_normalised(scores),
        ),
        any_of(
            "these are the classes of the largest scores: return the scores",
            spread_with(finish=lambda scores, given: scores.argmax(axis=1)),
        ),
    ),
    hints=(
        "neighbour_sums adds up any numbers that you give it. Which numbers give you how many neighbours each image has?",
        "√d_i is the same for the whole sum, so divide by it after the sum. √d_j differs between the neighbours, so divide before it.",
        "root = np.sqrt(neighbour_sums(np.ones((len(labels), 1)))), then in the loop: neighbour_sums(scores / root) / root.",
    ),
)
