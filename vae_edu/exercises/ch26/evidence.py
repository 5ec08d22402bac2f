"""Exercise 26.3: numbers that show three of the ten defects, in every version of the project.

Do not read on before you have searched for yourself.
"""

import numpy as np

from vae_edu.exercises.ch26.find_defects import RIGHT
from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only

SHOWN, CLEARED = 0.2, 0.1


def evidence(project):
    """Three pairs (number in the list, what you measured), one for each of three defects. project: a version of the project, in which
    some defects may be repaired. What you measure is 0.2 or more in size where the defect is there, and 0.1 or less where it is not."""
    import math

    import torch

    # 1: rows that are in both sets
    rows, test = project.split(torch.arange(1797))
    both = torch.isin(test, rows).sum().item()

    # 5: the variance of samples, with logvar = -2; one sample for each call
    model = project.VAE(torch.full((64,), 0.5))
    mu, logvar = torch.zeros(1, 8), torch.full((1, 8), -2.0)
    z = torch.cat([model.sample(mu, logvar) for _ in range(600)])
    variance = z.var().item() / math.exp(-2) - 1

    # 21: −log p(x) where it is known: a decoder that ignores z and gives each pixel 1/2, and q = prior
    for layer in (model.encoder[-1], model.decoder[-1]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    missing = 64 * math.log(2) - project.nll(model, torch.ones(3, 64)).mean().item()

    return (1, both), (5, variance), (21, missing)


def from_rows_noise_and_pixels(project):
    """3, 6 and 12."""
    import torch

    rows = project.load()[:50]
    known = set(map(tuple, rows.tolist()))
    strangers = sum(tuple(row) not in known for row in project.augment(rows).tolist())
    model = project.VAE(torch.full((64,), 0.5))
    one, other = model.sample(torch.zeros(2, 8), torch.zeros(2, 8))
    with torch.no_grad():
        for layer in (model.encoder[-1], model.decoder[-1]):
            layer.weight.zero_()
            layer.bias.zero_()
    loss = project.loss_of(model, torch.ones(5, 64), 1.0).item()  # the rate is 0, and each pixel costs log 2
    return [[3, strangers], [6, float((one == other).all())], [12, 1 - loss / (64 * np.log(2))]]


def from_evaluation_and_report(project):
    """23, 19 and 16. The last one needs training; two epochs will do."""
    import torch

    model, x = project.VAE(torch.full((64,), 0.5)), torch.ones(2, 64)
    seen, encode = [], model.encode
    model.encode = lambda x: (seen.append(encode(x)[0]), encode(x))[1]
    for _ in range(2):
        project.nll(model, x)
    dropped = 10 * (seen[0] - seen[1]).abs().max().item()
    judged, train, nll, project.EPOCHS = [], project.train, project.nll, 2
    test = torch.ones(20, 64)
    project.nll = lambda model, x: (judged.append(x is test), nll(model, x))[1]
    train(torch.rand(300, 64).round(), test, 0)
    project.nll, project.train = lambda seed, x: torch.full((len(x),), 20.0 + seed), lambda x, test, seed: seed
    best = 21 - project.report()["VAE"]
    return np.array([[23, best], [19, dropped], [16, sum(judged)]])


def versions_of(rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Which defects are repaired, in ten versions of the project. For each two defects, there is one with the first repaired and the
    second one not: each gets four binary digits of its own, and each digit splits the ten, in both ways."""
    codes = dict(zip(RIGHT, rng.permutation(16)[: len(RIGHT)], strict=True))
    halves = [tuple(n for n in RIGHT if codes[n] >> digit & 1 == side) for digit in range(4) for side in (0, 1)]
    return [(), RIGHT, *halves]


def shown(function, rng):
    """Of each of the three pairs: 1 where its suspicion is right, one half where it is right and has come before; the fraction of the
    versions with the defect in which the number shows it; and the fraction of those without it that the number clears."""
    from vae_edu.exercises.ch26.project_repairs import repaired

    versions = versions_of(rng)
    found = [np.asarray(function(repaired(*version)), float).reshape(3, 2) for version in versions]
    numbers, told = found[0][:, 0], []
    for place, number in enumerate(numbers):
        if number not in RIGHT:
            told += [0.0, 0.0, 0.0]
            continue
        size = np.abs([each[place, 1] for each in found])
        there = np.array([number not in version for version in versions])
        again = number in numbers[:place]
        told += [0.5 if again else 1.0, np.mean(size[there] >= SHOWN), np.mean(size[~there] <= CLEARED)]
    return np.array(told)


def a_version(rng: np.random.Generator):
    from vae_edu.exercises.ch26.project_repairs import repaired

    return [(repaired(*versions_of(rng)[2]),)]


def right_where_it_is_right(project):
    return tuple((number, 1 - min(abs(size), 1)) for number, size in evidence(project))


def three_times(project):
    return (evidence(project)[0],) * 3


def of_the_project_as_it_is(project):
    from vae_edu.exercises.ch26.project_repairs import repaired

    return evidence(repaired())


EXERCISE = Exercise(
    id="26.3",
    title="Numbers that show three defects",
    minutes=20,
    difficulty=3,
    answer=evidence,
    cases=a_version,
    view=shape_only,
    properties=(
        Property(
            "each pair names a right suspicion, with a number that is 0.2 or more in size where that defect is there, and 0.1 or less "
            "where it is repaired",
            shown,
            0.01,
            np.ones(9),
            tuple(
                f"{place} pair, {what}"
                for place in ("first", "second", "third")
                for what in (
                    "its suspicion is right and new",
                    "fraction of versions with the defect in which the number shows it",
                    "fraction of repaired versions in which the number is small",
                )
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "None of the three suspicions is right. Each pair begins with a number of the list, from 1 to 24",
            lambda project: ((2, 1.0), (4, 1.0), (7, 1.0)),
        ),
        Mistake("The same defect is shown three times. Choose three different ones", three_times),
        Mistake(
            "The numbers do not become 0 where the defects are repaired. Measure the project that is passed in, and take the difference "
            "from what should come out",
            of_the_project_as_it_is,
        ),
        Mistake(
            "The numbers are large where all is right, and small where the defect is. Return the difference from what should come out",
            right_where_it_is_right,
        ),
    ),
    also_right=(from_rows_noise_and_pixels, from_evaluation_and_report),
    seconds=60.0,
    hints=(
        "Which functions of the project can be called with an input for which you know the result? `split` takes any tensor with "
        "1,797 rows: also one that holds the number of each row.",
        "A known result is the best test: the variance of samples of known logvar, the same row evaluated twice, −log p(x) of a decoder "
        "that ignores z. Then subtract what should come out.",
        "rows, test = project.split(torch.arange(1797)); torch.isin(test, rows).sum().item() is 0 where the split is right.",
    ),
)
