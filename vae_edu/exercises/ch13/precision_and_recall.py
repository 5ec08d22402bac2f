"""Exercise 13.1: precision and recall by balls."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.ch13.pieces import between
from vae_edu.exercises.record import Exercise, Mistake


def precision_and_recall(real, generated, k):
    """Precision and recall, two numbers, of real (N, d) and generated (M, d), with balls that reach to the k-th nearest other point
    of the same cloud."""

    def distances(a, b):
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))

    # sorted, the point itself comes first, so its k-th nearest other point stands at place k
    real_radii = np.sort(distances(real, real), axis=1)[:, k]
    generated_radii = np.sort(distances(generated, generated), axis=1)[:, k]
    far = distances(real, generated)
    precision = (far <= real_radii[:, None]).any(axis=0).mean()
    recall = (far <= generated_radii[None]).any(axis=1).mean()
    return precision, recall


def draw_clouds(rng: np.random.Generator):
    for n, m, d, k in ((60, 45, 2, 3), (40, 70, 3, 2), (50, 50, 2, 4), (35, 55, 4, 5)):
        real = rng.normal(size=(n, d)) * rng.choice([0.3, 1.2], (n, 1))
        generated = rng.normal(size=(m, d)) * rng.choice([0.4, 1.6], (m, 1)) + rng.uniform(0.4, 0.9, d)
        yield real, generated, k
    # whole numbers: rows on the edge of a ball exactly, and rows that are there twice, so that a ball may be a point
    for k in (1, 2):
        real, generated = rng.integers(0, 6, (2, 14, 2)).astype(float)
        real[1], generated[1], generated[2] = real[0], generated[0], real[0]
        yield real, generated, k
    along = lambda *places: np.array([[place, 0.0] for place in places])  # noqa: E731
    yield along(0, 0, 10, 11, 30, 32), along(3, 3, 12, 34, 0, 50, 40), 1


def radii(cloud, place):
    return np.sort(between(cloud, cloud), axis=1)[:, place]


def balls(
    *,
    place=lambda k: k,
    real_radii=None,
    generated_radii=None,
    precision=lambda far, real, generated, k: (far <= real[:, None]).any(axis=0).mean(),
    recall=lambda far, real, generated, k: (far <= generated[None]).any(axis=1).mean(),
    combine=lambda precision, recall: (precision, recall),
    distance=between,
):
    """A wrong answer: the right one with one of its parts otherwise."""

    def wrong(x, y, k):
        own = distance(x, x), distance(y, y)
        of_real, of_generated = (np.sort(each, axis=1)[:, place(k)] for each in own)
        if real_radii:
            of_real = real_radii(own[0], k, of_real)
        if generated_radii:
            of_generated = generated_radii(own[1], k, of_generated)
        far = distance(x, y)
        scores = (float(each(far, of_real, of_generated, k)) for each in (precision, recall))
        return combine(*scores)

    return wrong


def means_of_neighbours(distances, k, _radii):
    return np.sort(distances, axis=1)[:, 1 : k + 1].mean(axis=1)


def positive_distances_only(distances, k, _radii):
    return np.sort(np.where(distances > 0, distances, np.inf), axis=1)[:, k - 1]


def one_radius(of):
    """The median of all radii, or another number made of them, for every ball."""
    return lambda _distances, _k, own: np.full_like(own, of(own))


def neighbours_in_the_other_cloud(x, y, k):
    far = between(x, y)
    of_real, of_generated = np.sort(far, axis=1)[:, k - 1], np.sort(far, axis=0)[k - 1]
    return float((far <= of_real[:, None]).any(axis=0).mean()), float((far <= of_generated).any(axis=1).mean())


def nearest_ball_only(x, y, k):
    far = between(x, y)
    of_real, of_generated = radii(x, k), radii(y, k)
    precise = far.min(axis=0) <= of_real[far.argmin(axis=0)]
    return float(precise.mean()), float((far.min(axis=1) <= of_generated[far.argmin(axis=1)]).mean())


EXERCISE = Exercise(
    id="13.1",
    title="Precision and recall by balls",
    minutes=20,
    difficulty=3,
    answer=precision_and_recall,
    cases=draw_clouds,
    mistakes=(
        Mistake(
            "your balls reach one point too short, since each point counts as its own neighbour: which distance comes first when you sort?",
            balls(place=lambda k: k - 1),
        ),
        Mistake(
            "your balls reach one point too far, to the (k + 1)-th nearest other point", balls(place=lambda k: k + 1)
        ),
        Mistake(
            "precision and recall are exchanged: return precision first",
            balls(combine=lambda precision, recall: (recall, precision)),
        ),
        Mistake(
            "your precision is right, and your second number is coverage: for recall the balls stand around the samples",
            balls(recall=lambda far, real, generated, k: (far <= real[:, None]).any(axis=1).mean()),
        ),
        Mistake(
            "your recall is right, but your precision uses balls around samples: it asks for a sample in a ball around a real point",
            balls(precision=lambda far, real, generated, k: (far <= generated[None]).any(axis=0).mean()),
        ),
        Mistake(
            "precision and recall each use the other's balls: precision takes those around real points, recall those around samples",
            balls(
                precision=lambda far, real, generated, k: (far <= generated[None]).any(axis=0).mean(),
                recall=lambda far, real, generated, k: (far <= real[:, None]).any(axis=1).mean(),
            ),
        ),
        Mistake(
            "you look at the ball of the nearest point only: a point farther away may have a larger ball",
            nearest_ball_only,
        ),
        Mistake(
            "you count points that lie in all balls: one ball is enough",
            balls(
                precision=lambda far, real, generated, k: (far <= real[:, None]).all(axis=0).mean(),
                recall=lambda far, real, generated, k: (far <= generated[None]).all(axis=1).mean(),
            ),
        ),
        Mistake(
            "your first number is density, which counts balls: precision asks whether there is one at all",
            balls(precision=lambda far, real, generated, k: (far <= real[:, None]).sum() / (k * far.shape[1])),
        ),
        Mistake(
            "you average over all pairs of a point and a ball: for each point, ask first whether it lies in any ball",
            balls(
                precision=lambda far, real, generated, k: (far <= real[:, None]).mean(),
                recall=lambda far, real, generated, k: (far <= generated[None]).mean(),
            ),
        ),
        Mistake(
            "your radii come from neighbours in the other cloud: a ball reaches to a point of its own cloud",
            neighbours_in_the_other_cloud,
        ),
        Mistake(
            "your radius is the mean distance to the k nearest points: take the distance to the k-th",
            balls(real_radii=means_of_neighbours, generated_radii=means_of_neighbours),
        ),
        any_of(
            "your balls all have the same radius: each point has its own",
            *(balls(real_radii=of, generated_radii=of) for of in map(one_radius, (np.median, np.mean, np.max))),
        ),
        Mistake(
            "you count balls that hold a point: precision is a fraction of the samples, recall a fraction of the real points",
            balls(
                precision=lambda far, real, generated, k: (far <= real[:, None]).any(axis=1).mean(),
                recall=lambda far, real, generated, k: (far <= generated[None]).any(axis=0).mean(),
            ),
        ),
        any_of(
            "your fractions have the wrong denominators: precision is a fraction of the samples, recall a fraction of the real points",
            balls(precision=lambda far, real, generated, k: (far <= real[:, None]).any(axis=0).sum() / len(real)),
            balls(recall=lambda far, real, generated, k: (far <= generated[None]).any(axis=1).sum() / len(generated)),
            balls(
                precision=lambda far, real, generated, k: (far <= real[:, None]).any(axis=0).sum() / len(real),
                recall=lambda far, real, generated, k: (far <= generated[None]).any(axis=1).sum() / len(generated),
            ),
        ),
        Mistake(
            "you leave out points on the edge of a ball, those at a distance equal to its radius: they are inside",
            balls(
                precision=lambda far, real, generated, k: (far < real[:, None]).any(axis=0).mean(),
                recall=lambda far, real, generated, k: (far < generated[None]).any(axis=1).mean(),
            ),
        ),
        Mistake(
            "you drop every distance of 0, or merge equal points: leave out only the point itself, not others that equal it",
            balls(real_radii=positive_distances_only, generated_radii=positive_distances_only),
        ),
        Mistake(
            "you compare squared distances with radii that are not squared",
            balls(
                precision=lambda far, real, generated, k: (far**2 <= real[:, None]).any(axis=0).mean(),
                recall=lambda far, real, generated, k: (far**2 <= generated[None]).any(axis=1).mean(),
            ),
        ),
        Mistake(
            "you compare distances with squared radii",
            balls(
                precision=lambda far, real, generated, k: (far <= real[:, None] ** 2).any(axis=0).mean(),
                recall=lambda far, real, generated, k: (far <= generated[None] ** 2).any(axis=1).mean(),
            ),
        ),
        Mistake(
            "your distances are sums of absolute differences: take the Euclidean distance",
            balls(distance=lambda a, b: abs(a[:, None] - b[None]).sum(axis=2)),
        ),
    ),
    hints=(
        "Which three tables of distances do you need? And which of them give the radii?",
        "Sort each row of the two tables within a cloud. Place 0 is the point itself, so which place holds the radius of its ball?",
        "For the real points, radii = np.sort(cdist(real, real), axis=1)[:, k], with cdist of scipy.spatial.distance.",
    ),
)
