"""Exercise 17.3: what a rotation costs a diagonal q."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, any_guard, slip


def rotation_cost(W, variance, angles):
    """The gap between log p(x) and the ELBO of the best diagonal q, at each angle: (angles,), in nats."""
    gaps = []
    for angle in angles:
        c, s = np.cos(angle), np.sin(angle)
        rotated = W @ np.array([[c, -s], [s, c]])
        precision = np.eye(2) + rotated.T @ rotated / variance
        gaps.append(0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1]))
    return np.array(gaps)


def precision_of(W, variance, angle):
    c, s = np.cos(angle), np.sin(angle)
    rotated = W @ np.array([[c, -s], [s, c]])
    return np.eye(2) + rotated.T @ rotated / variance


def gap_of(precision):
    return 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])


def cost_with(*, precision=precision_of, gap=gap_of, change=lambda gaps: gaps):
    """The model answer, put together from its parts."""

    def cost(W, variance, angles):
        return change(np.array([gap(precision(W, variance, angle)) for angle in angles]))

    return cost


def closed_form(W, variance, angles):
    a, b = (W**2).sum(axis=0) / variance + 1
    cross = (W[:, 0] * W[:, 1]).sum() / variance
    c, s = np.cos(angles), np.sin(angles)
    first = a * c**2 + b * s**2 + 2 * c * s * cross
    second = a * s**2 + b * c**2 - 2 * c * s * cross
    return 0.5 * np.log(first * second / (a * b - cross**2))


def batched(W, variance, angles):
    c, s = np.cos(np.asarray(angles)), np.sin(np.asarray(angles))
    R = np.stack([np.stack([c, -s], axis=-1), np.stack([s, c], axis=-1)], axis=-2)
    covariance = np.linalg.inv(np.swapaxes(R, 1, 2) @ (np.eye(2) + W.T @ W / variance) @ R)
    best = 1 / np.diagonal(np.linalg.inv(covariance), axis1=1, axis2=2)
    return 0.5 * (np.linalg.slogdet(covariance)[1] - np.log(best).sum(axis=1))


def kl_of_marginals(precision):
    """KL(q ‖ posterior) where q has the posterior's marginal variances."""
    covariance = np.linalg.inv(precision)
    q = np.diag(covariance)
    return 0.5 * (np.diag(precision) @ q - 2 - np.log(q).sum() + np.linalg.slogdet(covariance)[1])


def kl_of_precisions(precision):
    """KL(q ‖ posterior) where q has the diagonal entries of the precision as its variances."""
    q = np.diag(precision)
    return 0.5 * (q @ q - 2 - np.log(q).sum() - np.linalg.slogdet(precision)[1])


def turned_further(W, variance, angles):
    """Each rotation is applied to the decoder that the one before it left."""
    return np.array([rotation_cost(W, variance, [turned])[0] for turned in np.cumsum(angles)])


def first_q_kept(W, variance, angles):
    """KL(q ‖ posterior) with the best q of angle 0 at every angle."""
    q, gaps = 1 / np.diag(precision_of(W, variance, 0.0)), []
    for angle in angles:
        precision = precision_of(W, variance, angle)
        gaps.append(0.5 * (np.diag(precision) @ q - 2 - np.log(q).sum() - np.linalg.slogdet(precision)[1]))
    return np.array(gaps)


def without_the_prior(W, variance, angle):
    c, s = np.cos(angle), np.sin(angle)
    rotated = W @ np.array([[c, -s], [s, c]])
    return rotated.T @ rotated / variance


def gap_of_singular(precision):
    with np.errstate(divide="ignore", invalid="ignore"):
        return gap_of(precision)


def by_marginals(W, variance, angles):
    """In two dimensions, the product of the marginal variances over the determinant of the covariance is the same."""
    covariances = [np.linalg.inv(precision_of(W, variance, angle)) for angle in angles]
    return np.array([0.5 * np.log(np.diag(each).prod() / np.linalg.det(each)) for each in covariances])


def draw_cases(rng: np.random.Generator):
    """Columns of W in general directions; orthogonal ones of one length, where each angle costs nothing; a column of zeros; one angle; the
    angles 0 and π/2."""
    W = rng.normal(size=(4, 2)) * [2.0, 0.7]
    yield W, 0.3, rng.uniform(-3, 3, 5)
    yield np.column_stack([W[:, 0], np.zeros(4)]), 0.5, np.array([0.0, 0.4, np.pi / 4, np.pi / 2])
    yield np.linalg.qr(rng.normal(size=(3, 2)))[0] * 1.5, 0.2, rng.uniform(-3, 3, 4)
    yield rng.normal(size=(5, 2)) * [3.0, 0.5], 2.5, rng.uniform(0.2, 1.4, 1)
    yield rng.normal(size=(2, 2)) + np.diag([1.0, 2.0]), 0.05, rng.uniform(-2, 2, 6)


EXERCISE = Exercise(
    id="17.3",
    title="What a rotation costs a diagonal q",
    minutes=10,
    difficulty=2,
    answer=rotation_cost,
    cases=draw_cases,
    also_right=(closed_form, cost_with(), batched, by_marginals),
    mistakes=(
        slip(
            "the diagonal q has the variances of the posterior's marginals, or the KL is the wrong way round (with two latents, both give "
            "this): in KL(q ‖ posterior), the best variances are 1 over each diagonal entry of the precision",
            cost_with,
            gap=kl_of_marginals,
        ),
        slip("the ½ is missing", cost_with, change=lambda gaps: 2 * gaps),
        slip(
            "the sign is wrong: the ELBO never exceeds log p(x), so the gap is 0 or more", cost_with, change=np.negative
        ),
        slip(
            "the prior is missing in the posterior's precision: add the identity",
            cost_with,
            precision=without_the_prior,
            gap=gap_of_singular,
        ),
        any_guard(
            "the prior is missing in the posterior's precision: add the identity, not a small number that only avoids log 0",
            lambda guard: cost_with(
                precision=lambda W, variance, angle: guard * np.eye(2) + without_the_prior(W, variance, angle)
            ),
        ),
        slip(
            "WᵀW is not divided by the decoder's variance",
            cost_with,
            precision=lambda W, variance, angle: precision_of(W, 1.0, angle),
        ),
        slip(
            "WᵀW is multiplied by the decoder's variance: divide by it",
            cost_with,
            precision=lambda W, variance, angle: precision_of(W, 1 / variance, angle),
        ),
        slip(
            "you divide by the square of the variance: variance is σ_x² already",
            cost_with,
            precision=lambda W, variance, angle: precision_of(W, variance**2, angle),
        ),
        slip(
            "q has the diagonal entries of the precision as variances: take 1 over each",
            cost_with,
            gap=kl_of_precisions,
        ),
        any_of(
            "each rotation turns what the one before it left: at each angle, turn the W that came in",
            turned_further,
        ),
        any_of(
            "q stays that of angle 0: at each angle it is the best diagonal q for this decoder",
            first_q_kept,
        ),
        any_of(
            "the gap is measured from the smallest of these angles: it is KL(q ‖ posterior) itself",
            lambda W, variance, angles: rotation_cost(W, variance, angles) - rotation_cost(W, variance, angles).min(),
        ),
        any_of(
            "this is the ratio of the two products: the gap is half its logarithm",
            lambda W, variance, angles: np.exp(2 * rotation_cost(W, variance, angles)),
            lambda W, variance, angles: np.exp(rotation_cost(W, variance, angles)),
            lambda W, variance, angles: 0.5 * np.exp(2 * rotation_cost(W, variance, angles)),
        ),
        slip(
            "you divide by the standard deviation: divide WᵀW by the variance",
            cost_with,
            precision=lambda W, variance, angle: precision_of(W, variance**0.5, angle),
        ),
        slip(
            "the angle is not used: rotate W first",
            cost_with,
            precision=lambda W, variance, angle: precision_of(W, variance, 0.0),
        ),
        slip(
            "the angle is read as degrees: it is in radians",
            cost_with,
            precision=lambda W, variance, angle: precision_of(W, variance, np.deg2rad(angle)),
        ),
        slip(
            "the rotation goes the other way: the new decoder is W R",
            cost_with,
            precision=lambda W, variance, angle: precision_of(W, variance, -angle),
        ),
        any_of(
            "the gap is measured from its value without rotation: also at angle 0, a diagonal q may have a gap",
            lambda W, variance, angles: cost_with()(W, variance, angles) - cost_with()(W, variance, [0.0]),
        ),
        slip("the gap is in bits: use nats", cost_with, change=lambda gaps: gaps / np.log(2)),
    ),
    hints=(
        "The gap is KL(q ‖ posterior). The posterior of pPCA is a Gaussian with the same covariance for every x. What is its precision?",
        "The precision is I + RᵀWᵀWR/σ_x². For a diagonal q with the posterior's mean, the KL is smallest where each variance is 1 over a "
        "diagonal entry of the precision. Insert these variances: only logarithms are left.",
        "For one angle: P = np.eye(2) + (W @ R).T @ (W @ R) / variance. The gap has np.log(np.diag(P)).sum() and np.linalg.slogdet(P)[1].",
    ),
)
