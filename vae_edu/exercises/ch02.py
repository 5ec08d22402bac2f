"""Exercises of notebook 02: why autoencoders do not generate."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only


def hole_fraction(decoded, training, threshold):
    """The share of the rows of decoded (m, d) whose nearest row of training (n, d) is farther than threshold (Euclidean)."""
    distances = np.linalg.norm(decoded[:, None, :] - training[None, :, :], axis=2)
    return (distances.min(axis=1) > threshold).mean()


def draw_clouds(rng: np.random.Generator):
    for decoded, training, d in ((60, 25, 3), (45, 40, 5), (80, 15, 2)):
        near = rng.normal(size=(training, d))
        far = np.concatenate([rng.normal(size=(decoded // 2, d)), rng.normal(3, 2, size=(decoded - decoded // 2, d))])
        nearest = distances_between(far, near).min(axis=1)
        yield far, near, float(np.quantile(nearest, rng.uniform(0.3, 0.7))) * 1.0001
    # A threshold among the mean distances, so that means, maxima and pairs all give shares of their own.
    yield far, near, float(np.quantile(distances_between(far, near).mean(axis=1), 0.6)) * 1.0001


def distances_between(a, b):
    return np.linalg.norm(a[:, None, :] - b[None, :, :], axis=2)


def sample_mixture(weights, means, covariances, n, rng):
    """Draw n points, shape (n, d), from the mixture of K Gaussians with weights (K,), means (K, d), covariances (K, d, d)."""
    component = rng.choice(len(weights), size=n, p=weights)
    factors = np.linalg.cholesky(covariances)
    eps = rng.normal(size=(n, means.shape[1]))
    return means[component] + np.einsum("nij,nj->ni", factors[component], eps)


def draw_mixtures(rng: np.random.Generator):
    for components, d, n in ((3, 2, 7), (2, 4, 5)):
        factors = rng.normal(size=(components, d, d))
        covariances = factors @ factors.transpose(0, 2, 1) + 0.1 * np.eye(d)
        weights = rng.dirichlet(np.full(components, 5.0))
        yield weights, rng.normal(0, 3, (components, d)), covariances, n, np.random.default_rng(rng.integers(2**32))


TWO_WEIGHTS = np.array([0.8, 0.2])
TWO_MEANS = np.array([[-10.0, 0.0], [10.0, 5.0]])
TWO_COVARIANCES = np.array([[[1.0, 0.8], [0.8, 2.0]], [[0.5, -0.4], [-0.4, 1.0]]])


def two_clouds(function, rng):
    """300 calls of 40 draws each from two Gaussians far apart: the draws, (calls, 40, 2), and which belong to the first."""
    calls = [function(TWO_WEIGHTS, TWO_MEANS, TWO_COVARIANCES, 40, rng) for _ in range(300)]
    points = np.stack([np.asarray(points) for points in calls])
    return points, points[:, :, 0] < 0


def share_of_first(function, rng):
    """The first component's share of the draws, and how much it differs from call to call."""
    shares = two_clouds(function, rng)[1].mean(axis=1)
    return [shares.mean(), shares.std()]


def within_calls(points, kind):
    """For the draws of one kind: their number in each call, their mean in each call, and their deviations from it."""
    counts = kind.sum(axis=1)
    means = (points * kind[:, :, None]).sum(axis=1) / np.maximum(counts, 1)[:, None]
    return counts, means, (points - means[:, None]) * kind[:, :, None]


def cloud_means(function, rng):
    """The means of both components' draws, and how much the mean of the first differs from call to call."""
    points, first = two_clouds(function, rng)
    means = [points[kind].mean(axis=0) if kind.any() else np.full(2, np.nan) for kind in (first, ~first)]
    counts, first_means, _ = within_calls(points, first)
    return [*np.concatenate(means), first_means[counts > 0, 0].std()]


def cloud_covariances(function, rng):
    """For both components the two variances and the covariance of the draws within a call, pooled over the calls."""
    points, first = two_clouds(function, rng)
    numbers = []
    for kind in (first, ~first):
        counts, _, deviations = within_calls(points, kind)
        degrees_of_freedom = np.maximum(counts - 1, 0).sum()
        pooled = np.einsum("cni,cnj->ij", deviations, deviations) / (degrees_of_freedom or np.nan)
        numbers += [pooled[0, 0], pooled[1, 1], pooled[0, 1]]
    return numbers


def repeated(function, rng):
    """1 if two generators with the same seed lead to the same draws, else 0."""
    seed = int(rng.integers(2**32))
    arguments = TWO_WEIGHTS, TWO_MEANS, TWO_COVARIANCES, 10
    first, second = (np.asarray(function(*arguments, np.random.default_rng(seed))) for _ in range(2))
    return float(np.array_equal(first, second))


def mixture_drawn_with(weights, means, factors, n, rng, component=None):
    """Draw with given factors of the covariances, (K, d, d)."""
    component = rng.choice(len(weights), size=n, p=weights) if component is None else component
    return means[component] + np.einsum("nij,nj->ni", factors[component], rng.normal(size=(n, means.shape[1])))


def blend_of_components(weights, means, covariances, n, rng):
    """A weighted mean of one draw from each component: a Gaussian between the modes."""
    draws = [rng.multivariate_normal(mean, covariance, n) for mean, covariance in zip(means, covariances, strict=True)]
    return np.einsum("k,knd->nd", weights, np.stack(draws))


def slerp(a, b, t):
    """The point at share t of the way from a to b, both (d,), along their arc; the line where they point the same way."""
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    omega = np.arccos(np.clip(cosine, -1, 1))
    if omega < 1e-6:
        return (1 - t) * a + t * b
    return (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)


def draw_ends(rng: np.random.Generator):
    for d, t in ((3, 0.3), (8, 0.85), (20, 0.6)):
        yield rng.normal(0, 2, d), rng.normal(0, 1, d), t
    a = rng.permutation([3.0, 4.0, 0.0, 0.0])  # its length is exactly 5, so that the cosine is exactly 1
    yield a, 3 * a, 0.4


def arc(a, b, t, cosine, clip=True):
    """Spherical interpolation with another reading of the angle; 0/0 where a and b are parallel."""
    with np.errstate(all="ignore"):
        omega = np.arccos(np.clip(cosine, -1, 1) if clip else cosine)
        return (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)


def arc_with(a, b, t, omega):
    """Spherical interpolation with a given angle, and the straight line where a and b are parallel."""
    if true_cosine(a, b) > 1 - 1e-12:
        return (1 - t) * a + t * b
    return (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)


def true_cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


EXERCISES = (
    Exercise(
        id="2.1",
        title="The share of holes",
        minutes=8,
        difficulty=2,
        answer=hole_fraction,
        cases=draw_clouds,
        mistakes=(
            Mistake(
                "this is the share that is near a training image: holes are the others",
                lambda decoded, training, threshold: (
                    distances_between(decoded, training).min(axis=1) <= threshold
                ).mean(),
            ),
            Mistake(
                "farther than the threshold from *some* training image: a hole is far from *every* one, so take the nearest",
                lambda decoded, training, threshold: (
                    distances_between(decoded, training).max(axis=1) > threshold
                ).mean(),
            ),
            Mistake(
                "the mean distance to the training images: a picture near one of them fills no hole, however far the others are",
                lambda decoded, training, threshold: (
                    distances_between(decoded, training).mean(axis=1) > threshold
                ).mean(),
            ),
            Mistake(
                "the distance to the mean training image, which is a picture of nothing",
                lambda decoded, training, threshold: (
                    np.linalg.norm(decoded - training.mean(axis=0), axis=1) > threshold
                ).mean(),
            ),
            Mistake(
                "squared distances against a threshold that is a distance: the square root is missing",
                lambda decoded, training, threshold: (
                    (distances_between(decoded, training) ** 2).min(axis=1) > threshold
                ).mean(),
            ),
            Mistake(
                "the nearest decoded picture of each training image: the two are exchanged",
                lambda decoded, training, threshold: (
                    distances_between(decoded, training).min(axis=0) > threshold
                ).mean(),
            ),
            Mistake(
                "the share of all pairs: first the nearest training image of each picture, then the share of pictures",
                lambda decoded, training, threshold: (distances_between(decoded, training) > threshold).mean(),
            ),
            Mistake(
                "a number of pictures, not a share: take the mean",
                lambda decoded, training, threshold: (
                    distances_between(decoded, training).min(axis=1) > threshold
                ).sum(),
            ),
        ),
        hints=(
            "For one decoded picture: which of its distances to the training images decides whether it lies in a hole?",
            "decoded[:, None, :] - training[None, :, :] holds all differences, shape (m, n, d).",
            "The norm over the last axis gives the distances, their minimum over axis 1 the nearest; compare and take the mean.",
        ),
    ),
    Exercise(
        id="2.2",
        title="Sampling from a mixture of Gaussians",
        minutes=12,
        difficulty=3,
        answer=sample_mixture,
        cases=draw_mixtures,
        view=shape_only,
        properties=(
            Property(
                "a component's share of the draws is its weight (0.8), and differs between calls of 40 draws as by chance (0.06)",
                share_of_first,
                tolerance=0.12,
                expected=[0.8, np.sqrt(0.8 * 0.2 / 40)],
            ),
            Property("each component has its mean", cloud_means, tolerance=0.4, expected=[-10, 0, 10, 5, 0.18]),
            Property(
                "each component has its variances and covariance",
                cloud_covariances,
                tolerance=0.3,
                expected=[1, 2, 0.8, 0.5, 1, -0.4],
            ),
            Property("the same rng gives the same draws", repeated, tolerance=0.0, expected=1.0),
        ),
        mistakes=(
            Mistake(
                "all components are drawn equally often: the weights are not used",
                lambda weights, means, covariances, n, rng: mixture_drawn_with(
                    weights, means, np.linalg.cholesky(covariances), n, rng, rng.integers(len(weights), size=n)
                ),
            ),
            Mistake(
                "the covariance is used as if it were its own square root: eps has to be multiplied by a factor L with L Lᵀ = Σ",
                lambda weights, means, covariances, n, rng: mixture_drawn_with(weights, means, covariances, n, rng),
            ),
            Mistake(
                "the correlations are lost: only the diagonal of each covariance is used",
                lambda weights, means, covariances, n, rng: mixture_drawn_with(
                    weights, means, np.sqrt(covariances * np.eye(means.shape[1])), n, rng
                ),
            ),
            Mistake(
                "the Cholesky factor is transposed: eps L where L eps belongs",
                lambda weights, means, covariances, n, rng: mixture_drawn_with(
                    weights, means, np.linalg.cholesky(covariances).transpose(0, 2, 1), n, rng
                ),
            ),
            Mistake(
                "a blend of all components for each point: a mixture picks one component for each point",
                blend_of_components,
            ),
            Mistake(
                "one component for all points of a call: each point draws a component of its own",
                lambda weights, means, covariances, n, rng: mixture_drawn_with(
                    weights,
                    means,
                    np.linalg.cholesky(covariances),
                    n,
                    rng,
                    np.full(n, rng.choice(len(weights), p=weights)),
                ),
            ),
            Mistake(
                "one eps for all points: each point needs its own",
                lambda weights, means, covariances, n, rng: (
                    means + np.einsum("kij,j->ki", np.linalg.cholesky(covariances), rng.normal(size=means.shape[1]))
                )[rng.choice(len(weights), size=n, p=weights)],
            ),
            Mistake(
                "all points come from the most probable component",
                lambda weights, means, covariances, n, rng: mixture_drawn_with(
                    weights, means, np.linalg.cholesky(covariances), n, rng, np.full(n, np.argmax(weights))
                ),
            ),
            Mistake(
                "these are the components' means, without any spread around them",
                lambda weights, means, covariances, n, rng: means[rng.choice(len(weights), size=n, p=weights)],
            ),
        ),
        hints=(
            "A mixture is drawn in two steps: first which component, then a point from that component.",
            "rng.choice(K, size=n, p=weights) draws the components. A Gaussian is drawn as mean + L eps, with L Lᵀ = covariance.",
            "np.linalg.cholesky(covariances) works on all K at once. np.einsum('nij,nj->ni', L[component], eps) multiplies each point.",
        ),
    ),
    Exercise(
        id="2.3",
        title="Interpolating along an arc",
        minutes=8,
        difficulty=2,
        answer=slerp,
        cases=draw_ends,
        mistakes=(
            Mistake("this is the straight line, lerp", lambda a, b, t: (1 - t) * a + t * b),
            Mistake(
                "0/0 where a and b point the same way: return the straight line there",
                lambda a, b, t: arc(a, b, t, true_cosine(a, b)),
            ),
            Mistake("t runs backwards: t = 0 is a, and t = 1 is b", lambda a, b, t: slerp(b, a, t)),
            Mistake(
                "the angle is taken without dividing by the lengths of a and b",
                lambda a, b, t: arc(a, b, t, a @ b),
            ),
            Mistake(
                "the angle is taken without dividing by the lengths of a and b",
                lambda a, b, t: arc(a, b, t, a @ b, clip=False),
            ),
            Mistake(
                "the division by sin(ω) is missing",
                lambda a, b, t: slerp(a, b, t) * np.sqrt(np.clip(1 - true_cosine(a, b) ** 2, 0, None)),
            ),
            Mistake(
                "the angle is in degrees: np.sin expects radians",
                lambda a, b, t: arc_with(a, b, t, np.degrees(np.arccos(np.clip(true_cosine(a, b), -1, 1)))),
            ),
            Mistake(
                "this is the cosine of the angle: the arccos is missing",
                lambda a, b, t: arc_with(a, b, t, true_cosine(a, b)),
            ),
            Mistake(
                "the result has length one: a and b keep their lengths here",
                lambda a, b, t: slerp(a / np.linalg.norm(a), b / np.linalg.norm(b), t),
            ),
        ),
        hints=(
            "The angle ω between a and b follows from a · b and the two lengths.",
            "The weights are sin((1 − t) ω) / sin(ω) for a and sin(t ω) / sin(ω) for b.",
            "Where a and b point the same way, ω and sin(ω) are 0: return (1 − t) a + t b there, which the arc tends to.",
        ),
    ),
)
