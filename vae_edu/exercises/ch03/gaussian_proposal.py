"""Exercise 3.2: a Gaussian q(z) for one x, from the decoder's tangent."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def gaussian_proposal(x, decoder, jacobian, variance, start, steps):
    """Mean (latent,) and covariance (latent, latent) of a Gaussian q(z) for one x (data,), with z ~ N(0, I) and
    x = decoder(z) + noise.

    decoder(z) is (data,) and jacobian(z) (data, latent) for z (latent,). variance is σ_x². start (latent,) is the first z, and
    steps how often z moves to the mean of the tangent model's posterior.
    """

    def tangent_posterior(z):
        weight = jacobian(z)
        mean = decoder(z) - weight @ z
        inner = weight.T @ weight + variance * np.eye(len(z))
        return np.linalg.solve(inner, weight.T @ (x - mean)), variance * np.linalg.inv(inner)

    z = start
    for _ in range(steps):
        z, _ = tangent_posterior(z)
    return z, tangent_posterior(z)[1]


def draw_decoders(rng: np.random.Generator):
    """Decoders that bend, so that no number of steps gives the same as another; a straight one with an offset; one latent; fewer
    data than latents; no step at all."""
    for data, latent, steps, bend in (
        (5, 2, 1, 0.7),
        (6, 3, 3, 0.6),
        (4, 1, 2, 0.7),
        (5, 2, 1, 0.0),
        (2, 3, 2, 0.6),
        (6, 2, 0, 0.7),
    ):
        weight, offset = well_conditioned(rng.normal(size=(data, latent))), rng.uniform(0.5, 1.5, data)
        variance = rng.uniform(0.3, 0.6) ** 2
        decoder, jacobian = bent(weight, offset, bend)
        x = decoder(rng.uniform(0.4, 1.1, latent)) + np.sqrt(variance) * rng.normal(size=data)
        yield x, decoder, jacobian, variance, rng.uniform(0.4, 0.9, latent) * rng.choice([-1, 1], latent), steps


def bent(weight, offset, bend):
    """f(z) = W (z + bend sin z) + offset, and its Jacobian."""

    def decoder(z):
        return weight @ (z + bend * np.sin(z)) + offset

    def jacobian(z):
        return weight * (1 + bend * np.cos(z))

    return decoder, jacobian


def well_conditioned(weight: np.ndarray) -> np.ndarray:
    """The same with singular values between 0.8 and 2, so that all variants agree to many digits."""
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    return left * np.clip(sizes, 0.8, 2.0) @ right


def proposal_with(
    *,
    inner=lambda w, v: w + v * np.eye(len(w)),
    mean=lambda f, w, z: f - w @ z,
    spread=lambda m, v: v * np.linalg.inv(m),
    move=lambda z, target: target,
    count=lambda steps: steps,
    ahead=False,
    frozen=False,
    last=False,
    late=False,
    begin=lambda start: start,
):
    """The answer with one part exchanged. inner: M of Wᵀ W and σ_x². mean: of f(z), W and z. spread: the covariance of M and
    σ_x². ahead: the covariance belongs to one step further. late: to the z before the last move. frozen: the first Jacobian
    throughout, or with last for all but the covariance."""

    def wrong(x, decoder, jacobian, variance, start, steps):
        z = before = begin(start)
        first = jacobian(z)
        for _ in range(count(steps)):
            before, weight = z, first if frozen else jacobian(z)
            target = weight.T @ (x - mean(decoder(z), weight, z))
            z = move(z, np.linalg.solve(inner(weight.T @ weight, variance), target))
        if ahead:
            z, kept = wrong_step(x, decoder, jacobian, variance, z), z
        weight = first if frozen and not last else jacobian(before if late else z)
        covariance = spread(inner(weight.T @ weight, variance), variance)
        return (kept if ahead else z), covariance

    return wrong


def wrong_step(x, decoder, jacobian, variance, z):
    return gaussian_proposal(x, decoder, jacobian, variance, z, 1)[0]


def from_answer(change):
    """``change`` gets the right mean and covariance."""
    return lambda *given: change(*gaussian_proposal(*given))


def kept_from_the_loop(at_first):
    """The covariance is that of the tangent before the last move; without a move, what it was set to before the loop."""

    def wrong(x, decoder, jacobian, variance, start, steps):
        z, inner = start, at_first(variance) * np.eye(len(start))
        for _ in range(steps):
            weight = jacobian(z)
            inner = weight.T @ weight + variance * np.eye(len(z))
            z = np.linalg.solve(inner, weight.T @ (x - decoder(z) + weight @ z))
        return z, variance * np.linalg.inv(inner)

    return wrong


def unpulled(x, decoder, jacobian, variance, start, steps):
    """Each move adds M⁻¹ Jᵀ (x − f(z)) to z: the prior does not pull."""
    z = start
    for _ in range(steps):
        weight = jacobian(z)
        z = z + np.linalg.solve(weight.T @ weight + variance * np.eye(len(z)), weight.T @ (x - decoder(z)))
    weight = jacobian(z)
    return z, variance * np.linalg.inv(weight.T @ weight + variance * np.eye(len(z)))


def least_squares(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        weight = jacobian(z)
        z = np.linalg.pinv(weight) @ (x - decoder(z) + weight @ z)
    weight = jacobian(z)
    return z, variance * np.linalg.inv(weight.T @ weight + variance * np.eye(len(z)))


def least_squares_steps(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        z = z + np.linalg.pinv(jacobian(z)) @ (x - decoder(z))
    weight = jacobian(z)
    return z, variance * np.linalg.inv(weight.T @ weight + variance * np.eye(len(z)))


def tangent_at_start(x, decoder, jacobian, variance, start, steps):
    """One move, and the covariance of the tangent that it used."""
    weight = jacobian(start)
    inner = weight.T @ weight + variance * np.eye(len(start))
    z = np.linalg.solve(inner, weight.T @ (x - decoder(start) + weight @ start)) if steps else start
    return z, variance * np.linalg.inv(inner)


def covariance_at_start(x, decoder, jacobian, variance, start, steps):
    mean, _ = gaussian_proposal(x, decoder, jacobian, variance, start, steps)
    return mean, gaussian_proposal(x, decoder, jacobian, variance, start, 0)[1]


def offset_at_zero(x, decoder, jacobian, variance, start, steps):
    offset = decoder(0 * start)
    return gaussian_proposal(x, lambda z: jacobian(z) @ z + offset, jacobian, variance, start, steps)


def least_squares_throughout(x, decoder, jacobian, variance, start, steps):
    z, _ = least_squares(x, decoder, jacobian, variance, start, steps)
    weight = jacobian(z)
    return z, variance * np.linalg.pinv(weight.T @ weight)


NO_OFFSET = (
    "the tangent at z is f(z) + J (z' - z). Written as W z' + m, its m is not f(z) alone: which constant is left over?"
)
NO_PRIOR = "the prior does not pull: σ_x² I is missing in M, which makes this least squares"

EXERCISE = Exercise(
    id="3.2",
    title="A proposal q that finds the posterior",
    minutes=25,
    difficulty=3,
    answer=gaussian_proposal,
    cases=draw_decoders,
    mistakes=(
        Mistake(NO_OFFSET, proposal_with(mean=lambda f, w, z: f)),
        Mistake(
            "the sign of J z in m is reversed: expand f(z) + J (z' - z) and collect what does not contain z'",
            proposal_with(mean=lambda f, w, z: f + w @ z),
        ),
        Mistake("f(z) is missing in m: the tangent passes through f(z)", proposal_with(mean=lambda f, w, z: -(w @ z))),
        Mistake(
            "m is taken to be f(0), as if the decoder were linear: take the tangent's m at the present z",
            offset_at_zero,
        ),
        Mistake(
            "x is not centred: subtract the tangent's m, which is not 0", proposal_with(mean=lambda f, w, z: 0 * f)
        ),
        Mistake(
            "you add M⁻¹ Jᵀ (x - f(z)) to z. That is nearly right, but the prior's pull towards 0 is missing: the posterior "
            "mean is M⁻¹ Wᵀ (x - m) with the tangent's m",
            unpulled,
        ),
        Mistake(
            "you add the posterior mean to z: z moves *to* it",
            proposal_with(move=lambda z, target: z + target),
        ),
        Mistake(
            "z moves half of the way: it moves to the posterior mean",
            proposal_with(move=lambda z, target: (z + target) / 2),
        ),
        Mistake("one move is missing: z moves `steps` times", proposal_with(count=lambda steps: max(steps - 1, 0))),
        Mistake("one move too many: z moves `steps` times", proposal_with(count=lambda steps: steps + 1)),
        Mistake(
            "z moves once, whatever `steps` is: each move needs the tangent at the new z",
            proposal_with(count=lambda steps: 1),
        ),
        Mistake(
            "z moves once, whatever `steps` is: each move needs the tangent at the new z",
            proposal_with(count=lambda steps: min(steps, 1)),
        ),
        Mistake(
            "z moves once, whatever `steps` is, and the covariance is that of the first tangent: take a new tangent at each z",
            tangent_at_start,
        ),
        *(
            Mistake(
                "z moves until it stops: it should move `steps` times",
                proposal_with(count=lambda steps, many=many: many),
            )
            for many in (20, 30, 50, 100, 1000)
        ),
        Mistake("z never moves", proposal_with(count=lambda steps: 0)),
        Mistake(
            "the mean is right. The covariance belongs to the tangent before the last move: take the tangent at the z that "
            "you return",
            proposal_with(late=True),
        ),
        *(
            Mistake(
                "the mean is right. The covariance belongs to the tangent before the last move, and to none if `steps` is 0: "
                "take the tangent at the z that you return",
                kept_from_the_loop(at_first),
            )
            for at_first in (lambda v: 1.0, lambda v: v, lambda v: 1.0 + v)
        ),
        Mistake(
            "the mean is right. The covariance belongs to one move more: take the tangent at the z that you return",
            proposal_with(ahead=True),
        ),
        Mistake("the Jacobian is taken at `start` only: the tangent changes as z moves", proposal_with(frozen=True)),
        Mistake(
            "z moves with the Jacobian at `start` throughout: the tangent changes as z moves",
            proposal_with(frozen=True, last=True),
        ),
        Mistake(
            "the mean is right. The covariance belongs to the tangent at `start`: take the tangent at the z that you return",
            covariance_at_start,
        ),
        Mistake(
            "the search begins at 0: it should begin at `start`",
            proposal_with(begin=lambda start: np.zeros_like(start)),
        ),
        Mistake(NO_PRIOR, least_squares),
        Mistake(NO_PRIOR, least_squares_steps),
        Mistake(NO_PRIOR, least_squares_throughout),
        Mistake("M is Wᵀ W + σ_x² I: you add I without σ_x²", proposal_with(inner=lambda w, v: w + np.eye(len(w)))),
        Mistake(
            "variance is already σ_x²: you square it again in M",
            proposal_with(inner=lambda w, v: w + v**2 * np.eye(len(w))),
        ),
        Mistake(
            "variance is already σ_x²: you square it again",
            proposal_with(inner=lambda w, v: w + v**2 * np.eye(len(w)), spread=lambda m, v: v**2 * np.linalg.inv(m)),
        ),
        Mistake("σ_x where σ_x² belongs in M", proposal_with(inner=lambda w, v: w + np.sqrt(v) * np.eye(len(w)))),
        Mistake(
            "σ_x² is added to every entry of Wᵀ W: it belongs on the diagonal alone",
            proposal_with(inner=lambda w, v: w + v),
        ),
        Mistake(
            "the mean is right. The covariance is σ_x² M⁻¹: the factor σ_x² is missing",
            proposal_with(spread=lambda m, v: np.linalg.inv(m)),
        ),
        Mistake(
            "the mean is right. The covariance has σ_x where σ_x² belongs in front of M⁻¹",
            proposal_with(spread=lambda m, v: np.sqrt(v) * np.linalg.inv(m)),
        ),
        Mistake(
            "the mean is right. The covariance is divided by σ_x² where it should be multiplied",
            proposal_with(spread=lambda m, v: np.linalg.inv(m) / v),
        ),
        Mistake(
            "the mean is right. This is the precision, the inverse of the covariance",
            proposal_with(spread=lambda m, v: m / v),
        ),
        Mistake("the mean is right. This is M: the covariance is σ_x² M⁻¹", proposal_with(spread=lambda m, v: m)),
        Mistake("the mean is right. M is not inverted in the covariance", proposal_with(spread=lambda m, v: v * m)),
        Mistake(
            "the mean is right. This is the decoder's σ_x² I: the covariance of q is that of the tangent model's posterior",
            proposal_with(spread=lambda m, v: v * np.eye(len(m))),
        ),
        Mistake(
            "the mean is right. Off the diagonal the covariance is 0: the latents are correlated in the posterior",
            from_answer(lambda mean, covariance: (mean, np.diag(np.diag(covariance)))),
        ),
        Mistake(
            "the mean is right. The covariance is I: it should be that of the tangent model's posterior",
            proposal_with(spread=lambda m, v: np.eye(len(m))),
        ),
        Mistake(
            "the mean is right. These variances are 1 over the diagonal of the precision: return the whole covariance",
            proposal_with(spread=lambda m, v: np.diag(v / np.diag(m))),
        ),
        Mistake(
            "the mean is right. These are the variances alone: return the whole covariance, (latent, latent)",
            from_answer(lambda mean, covariance: (mean, np.diag(covariance).copy())),
        ),
        Mistake(
            "the mean is right. These are standard deviations: return the whole covariance, (latent, latent)",
            from_answer(lambda mean, covariance: (mean, np.sqrt(np.diag(covariance)))),
        ),
        Mistake(
            "the mean is right. This is a square root of the covariance: return the covariance itself",
            from_answer(lambda mean, covariance: (mean, np.linalg.cholesky(covariance))),
        ),
        Mistake(
            "the two results are exchanged: first the mean, then the covariance",
            from_answer(lambda mean, covariance: (covariance, mean)),
        ),
        Mistake("only the mean: return the covariance as well", from_answer(lambda mean, covariance: mean)),
        Mistake("only the covariance: return the mean before it", from_answer(lambda mean, covariance: covariance)),
        Mistake(
            "the mean is a column: expected is (latent,)",
            from_answer(lambda mean, covariance: (mean[:, None], covariance)),
        ),
        Mistake(
            "the mean is a row: expected is (latent,)", from_answer(lambda mean, covariance: (mean[None], covariance))
        ),
    ),
    hints=(
        "At the present z, write the tangent as W z' + m, a function of a new z'. What is W, and what is m?",
        "m is what the tangent gives at z' = 0, however far away that is. With W and m, the tangent model is a pPCA whose "
        "posterior you know.",
        "Inside the loop: weight = jacobian(z); mean = decoder(z) - weight @ z; then M and np.linalg.solve.",
    ),
)
