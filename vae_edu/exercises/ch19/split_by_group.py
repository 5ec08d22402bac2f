"""Exercise 19.3: a few labelled images of each class, and test images from other groups."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Property, slip


def split_by_group(labels, group, order, n):
    """The rows of n images that get a label, as many of each class, in the order in which they were taken, and the rows of the
    test images, ascending. labels, group and order (images,) hold whole numbers; order holds each row once."""
    classes = np.unique(labels)
    each = n // len(classes)
    if n < 1 or n % len(classes):
        raise ValueError(f"n is {n}; expected a positive multiple of {len(classes)}")
    taken, groups, count = [], set(), dict.fromkeys(classes.tolist(), 0)
    for row in order:
        label = labels[row]
        if group[row] not in groups and count[label] < each:
            taken.append(row)
            groups.add(group[row])
            count[label] += 1
    if len(taken) < n:
        raise ValueError(f"only {len(taken)} of {n} images could be taken")
    return np.array(taken), np.flatnonzero(~np.isin(group, list(groups)))


def chosen_by(
    *, walk=lambda order, labels: order, same=True, full=True, test=None, arrange=lambda taken: taken, each_of=None
):
    """The model answer, put together from its parts. same: one image of a group; full: as many of each class."""
    test = test or (lambda taken, labels, group: np.flatnonzero(~np.isin(group, group[taken])))
    each_of = each_of or (lambda n, classes: n // len(classes))

    def split(labels, group, order, n):
        classes, taken = np.unique(labels), []
        if n < 1 or n % len(classes):
            raise ValueError
        for row in walk(order, labels):
            alone = not same or group[row] not in group[taken]
            room = not full or np.sum(labels[taken] == labels[row]) < each_of(n, classes)
            if alone and room and (full or len(taken) < n):
                taken.append(row)
        if len(taken) < n:
            raise ValueError
        return arrange(np.array(taken)), test(np.array(taken), labels, group)

    return split


def all_others(taken, labels, group):
    return np.setdiff1d(np.arange(len(labels)), taken)


def is_a_test_row(taken, labels, group):
    return ~np.isin(group, group[taken])


def one_of_each_group(taken, labels, group):
    rest = np.flatnonzero(~np.isin(group, group[taken]))
    return rest[np.unique(group[rest], return_index=True)[1]]


def draw_cases(rng: np.random.Generator):
    """Groups of several images; groups with images of two classes; rare classes; classes that are not 0, 1, 2; all of a class
    taken; a group that stays free because a class is full; each image a group of its own."""
    for classes, images, groups, n in (([0, 1, 2], 60, 20, 6), ([3, 7], 40, 15, 8), ([0, 1, 2, 5], 80, 60, 12)):
        group = rng.integers(0, groups, images)
        of_group = rng.choice(classes, groups)
        labels = np.where(rng.random(images) < 0.15, rng.choice(classes, images), of_group[group])
        # So that it can be done, and that the first images of the order belong to one group.
        group[: 2 * n], labels[: 2 * n] = np.arange(groups, groups + 2 * n), np.tile(classes, 2 * n)[: 2 * n]
        group[-3:], labels[-3:] = groups + 2 * n, classes[0]
        labels[-1] = classes[1]
        order = np.concatenate([images - 3 + rng.permutation(3), rng.permutation(images - 3)])
        yield labels, group, order, n
    # The group of the first image of class 1 has an image of class 0, too: class by class, that one would be taken.
    labels, group = np.array([1, 0, 0, 1, 0, 0, 0, 1]), np.array([4, 4, 2, 3, 1, 1, 5, 6])
    yield labels, group, np.array([4, 5, 0, 1, 2, 3, 6, 7]), 4
    # Class 5 is full when its image of group 8 comes. The image of class 2 in that group comes later, and is taken.
    labels, group = np.array([2, 5, 2, 5, 2, 5, 2]), np.array([8, 6, 9, 8, 7, 4, 7])
    yield labels, group, np.array([1, 5, 3, 0, 4, 2, 6]), 4
    yield rng.permutation(np.repeat([0, 1, 2], 8)), rng.permutation(24), rng.permutation(24), 3


def refusals(function) -> np.ndarray:
    """1 for each of the impossible tasks that raises ValueError: fewer labels than classes, 0, −3, no multiple, too few groups."""
    labels, order = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2]), np.arange(9)
    alone, few = np.arange(9), np.array([0, 1, 2, 3, 1, 4, 5, 1, 6])  # the images of class 1 are one group
    found = []
    for group, n in ((alone, 2), (alone, 0), (alone, -3), (alone, 4), (few, 6)):
        try:
            function(labels, group, order, n)
            found.append(0.0)
        except ValueError:
            found.append(1.0)
    return np.array(found)


def anything_goes(labels, group, order, n):
    """Fewer images than asked for, without a word."""
    try:
        return split_by_group(labels, group, order, n)
    except ValueError:
        return np.arange(0), np.arange(0)


def only_too_few(labels, group, order, n):
    """Refuses where a class has too few groups, and rounds n where it is no multiple."""
    classes = len(np.unique(labels))
    rounded = n - n % classes
    return split_by_group(labels, group, order, rounded) if rounded else (np.arange(0), np.arange(0))


def none_for_zero(labels, group, order, n):
    """Accepts n = 0, and nothing else that is wrong."""
    return split_by_group(labels, group, order, n) if n else (np.arange(0), np.arange(len(labels)))


def none_for_zero_and_less(labels, group, order, n):
    k = len(np.unique(labels))
    return split_by_group(labels, group, order, n) if n > 0 or n % k else (np.arange(0), np.arange(len(labels)))


def rounded_to_a_positive_multiple(labels, group, order, n):
    return split_by_group(labels, group, order, n - n % len(np.unique(labels)))


def as_many_as_there_are(labels, group, order, n):
    """Refuses a wrong n, and returns fewer rows where n cannot be taken."""
    classes = len(np.unique(labels))
    try:
        return split_by_group(labels, group, order, n)
    except ValueError:
        if n < 1 or n % classes:
            raise
        return np.arange(0), np.arange(0)


def without_quotas(labels, group, order, n):
    """The first image of each group, until there are n; nothing is refused."""
    taken = []
    for row in order:
        if group[row] not in group[taken] and len(taken) < n:
            taken.append(row)
    return np.array(taken, int), np.flatnonzero(~np.isin(group, group[taken]))


def without_quotas_but_refusing(labels, group, order, n):
    split_by_group(labels, group, order, n)
    return without_quotas(labels, group, order, n)


def seen_groups_are_used(*, also_in_the_test):
    def split(labels, group, order, n):
        classes, taken, seen = np.unique(labels), [], set()
        if n < 1 or n % len(classes):
            raise ValueError
        for row in order:
            if group[row] not in seen and np.sum(labels[taken] == labels[row]) < n // len(classes):
                taken.append(row)
            seen.add(group[row])
        if len(taken) < n:
            raise ValueError
        return np.array(taken), np.flatnonzero(~np.isin(group, list(seen) if also_in_the_test else group[taken]))

    return split


def n_of_each_class(labels, group, order, n):
    """It refuses where not all classes have n."""
    taken, _ = chosen_by(each_of=lambda n, classes: n)(labels, group, order, n)
    if len(taken) < n * len(np.unique(labels)):
        raise ValueError
    return taken, np.flatnonzero(~np.isin(group, group[taken]))


def classes_up_to_the_largest(count):
    """Numbers that do not occur count as classes, too."""

    def split(labels, group, order, n):
        classes = count(labels)
        if n < 1 or n % classes:
            raise ValueError
        taken = []
        for row in order:
            if group[row] not in group[taken] and np.sum(labels[taken] == labels[row]) < n // classes:
                taken.append(row)
        if len(taken) < n:
            raise ValueError
        return np.array(taken), np.flatnonzero(~np.isin(group, group[taken]))

    return split


def one_of_a_class_in_each_group(labels, group, order, n):
    taken, used = [], set()
    if n < 1 or n % len(np.unique(labels)):
        raise ValueError
    for row in order:
        pair = group[row], labels[row]
        if pair not in used and np.sum(labels[taken] == labels[row]) < n // len(np.unique(labels)):
            taken.append(row)
            used.add(pair)
    if len(taken) < n:
        raise ValueError
    return np.array(taken), np.flatnonzero(~np.isin(group, group[taken]))


def two_masks(labels, group, order, n):
    taken, test = split_by_group(labels, group, order, n)
    return np.isin(np.arange(len(labels)), taken), np.isin(np.arange(len(labels)), test)


def all_places_in_order(labels, group, order, n):
    """Labels and groups are brought into order, and then the rows are counted in it."""
    taken, test = split_by_group(labels[order], group[order], np.arange(len(order)), n)
    return taken, test


def places_in_order(labels, group, order, n):
    taken, test = split_by_group(labels, group, order, n)
    return np.argsort(order)[taken], test


EXERCISE = Exercise(
    id="19.3",
    title="Labels for a few images, and a test set without their copies",
    minutes=10,
    difficulty=2,
    answer=split_by_group,
    cases=draw_cases,
    properties=(
        Property(
            "ValueError where n is no positive multiple of the number of classes, or n rows cannot be taken (1: raised, 0: not)",
            lambda function, rng: refusals(function),
            tolerance=0.1,
            names=(
                "for n below the number of classes",
                "for n = 0",
                "for n = −3",
                "for n that is no multiple",
                "for too few groups",
            ),
        ),
    ),
    mistakes=(
        any_of(
            "the test images hold copies of labelled ones: leave out every image whose group has a labelled image",
            chosen_by(test=all_others),
            chosen_by(same=False, test=all_others),
        ),
        slip(
            "several labelled images are of one group: copies add no information, so take one image of a group",
            chosen_by,
            same=False,
        ),
        any_of(
            "the test images have one image of each group: keep all whose group has no labelled image",
            chosen_by(test=one_of_each_group),
            chosen_by(test=lambda *split: np.sort(one_of_each_group(*split))),
        ),
        any_of(
            "the second result holds the numbers of groups: return the rows of the test images",
            chosen_by(test=lambda taken, labels, group: np.setdiff1d(group, group[taken])),
        ),
        any_of(
            "the second result is a mask: return the rows of the test images",
            chosen_by(test=is_a_test_row),
        ),
        any_of(
            "the classes do not get equally many labels: each needs n / classes",
            chosen_by(full=False),
            without_quotas,
            without_quotas_but_refusing,
        ),
        any_of(
            "a group counts as taken as soon as one of its images was looked at: it is so only when one was taken",
            seen_groups_are_used(also_in_the_test=False),
            seen_groups_are_used(also_in_the_test=True),
        ),
        any_of(
            "the first result holds places in order: return the rows that stand there, order[place]",
            places_in_order,
            all_places_in_order,
        ),
        any_of(
            "you take n images of each class: n is the number of all labels together",
            chosen_by(each_of=lambda n, classes: n),
            n_of_each_class,
        ),
        any_of(
            "a number that does not occur in labels counts as a class: the classes are those that occur (np.unique)",
            classes_up_to_the_largest(lambda labels: labels.max() + 1),
            classes_up_to_the_largest(lambda labels: 10),
        ),
        any_of(
            "a group may have one labelled image of each class: it may have one alone, whatever the classes of its images",
            one_of_a_class_in_each_group,
        ),
        any_of(
            "both results are masks: return the numbers of the rows",
            two_masks,
        ),
        slip(
            "the images are taken in the order of their rows: go through them in the order of order",
            chosen_by,
            walk=lambda order, labels: np.arange(len(order)),
        ),
        slip(
            "the images are taken from the end of order: begin with its first",
            chosen_by,
            walk=lambda order, labels: order[::-1],
        ),
        slip(
            "order is taken for the rank of each image: it holds the rows, the first to be looked at first",
            chosen_by,
            walk=lambda order, labels: np.argsort(order),
        ),
        any_of(
            "you go class by class: where a group has images of two classes, this takes other images. Go through order once",
            chosen_by(walk=lambda order, labels: order[np.argsort(labels[order], kind="stable")]),
        ),
        any_of(
            "the right images, but in another order: keep the order in which they were taken",
            chosen_by(arrange=np.sort),
            chosen_by(arrange=lambda taken: taken[::-1]),
        ),
        any_of("n = 0 is accepted: it is no positive multiple", none_for_zero, none_for_zero_and_less),
        any_of("where n rows cannot be taken, you return fewer: raise ValueError", as_many_as_there_are),
        any_of(
            "n is rounded to a multiple of the number of classes: raise ValueError where it is none",
            only_too_few,
            rounded_to_a_positive_multiple,
        ),
        any_of(
            "where not every class can get n / classes images, you do not raise ValueError",
            anything_goes,
        ),
    ),
    hints=(
        "What must be true of an image that comes next in order, so that you take it? There are two conditions.",
        "Keep a set of the groups that have a labelled image, and a count for each class. The test images are "
        "those whose group is not in the set.",
        "if group[row] not in groups and count[label] < n // len(classes): taken.append(row); groups.add(group[row])",
    ),
)
