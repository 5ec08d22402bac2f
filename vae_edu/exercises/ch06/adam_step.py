"""Exercise 6.4: one step of Adam."""

import numpy as np

from vae_edu.exercises.record import Exercise, Family, Mistake, slip


def adam_step(theta, g, m, v, t, learning_rate):
    """Step number t = 1, 2, … of Adam on an array theta with gradient g: the new theta, m and v, all of the shape of theta."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    return theta - learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def draw_steps(rng: np.random.Generator):
    """The first step, with gradients of every size and a gradient of 0; later steps, one of them with a gradient of 0; a weight matrix,
    a bias of one entry."""
    yield rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), np.zeros((4, 3)), np.zeros((4, 3)), 1, 0.01
    g = np.array([1e3, -1e3, 1e-3, -1e-3, 1e-7, -1e-7, 0.0])
    yield np.zeros(7), g, np.zeros(7), np.zeros(7), 1, 0.1
    for shape, t in (((5,), 2), ((3, 4), 17), ((1,), 400), ((2, 2), 20_000)):
        m, v = rng.normal(size=shape), rng.uniform(0.1, 2, shape)
        g = 2 * rng.normal(size=shape)
        if t == 17:
            g[0, 1] = 0  # after gradients that were not
        yield rng.normal(size=shape), g, m, v, t, rng.uniform(0.05, 0.5)


def adam(
    *,
    beta1=0.9,
    beta2=0.999,
    new1=None,
    new2=None,
    square=np.square,
    correct=lambda mean, beta, t: mean / (1 - beta**t),
    **last,
):
    """Adam but for what is given: ``last`` holds ``step`` (of m̂ and v̂) and ``both`` (corrected means as they are kept)."""
    step = last.get("step", lambda m, v: m / (np.sqrt(v) + 1e-8))

    def wrong(theta, g, m, v, t, learning_rate):
        with np.errstate(all="ignore"):
            m = beta1 * m + (1 - beta1 if new1 is None else new1) * g
            v = beta2 * v + (1 - beta2 if new2 is None else new2) * square(g)
            m_hat, v_hat = correct(m, beta1, t), correct(v, beta2, t)
            kept = (m_hat, v_hat) if last.get("keep_corrected") else (m, v)
            return theta - learning_rate * step(m_hat, v_hat), *kept

    return wrong


def right(theta, g, m, v, t, learning_rate):
    return adam()(theta, g, m, v, t, learning_rate)


def uncorrected(of_m, of_v):
    """Adam that corrects only one of the means, or none."""

    def wrong(theta, g, m, v, t, learning_rate):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat = m / (1 - 0.9**t) if of_m else m
        v_hat = v / (1 - 0.999**t) if of_v else v
        return theta - learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v

    return wrong


def old_means(theta, g, m, v, t, learning_rate):
    """The step is taken with the means before the update."""
    _, new_m, new_v = right(theta, g, m, v, t, learning_rate)
    with np.errstate(all="ignore"):
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        return theta - learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8), new_m, new_v


def old_mean(theta, g, m, v, t, learning_rate):
    """The step is taken with m before its update, and with v after it."""
    _, new_m, new_v = right(theta, g, m, v, t, learning_rate)
    return theta - learning_rate * m / (1 - 0.9**t) / (np.sqrt(new_v / (1 - 0.999**t)) + 1e-8), new_m, new_v


def one_behind(theta, g, m, v, t, learning_rate):
    """The correction of the step before; at the first step, none."""
    return (uncorrected(False, False) if t == 1 else shifted_count(-1))(theta, g, m, v, t, learning_rate)


def still_where_g_is_0(theta, g, m, v, t, learning_rate):
    new, m, v = right(theta, g, m, v, t, learning_rate)
    return np.where(g == 0, theta, new), m, v


def folded_correction(theta, g, m, v, t, learning_rate):
    """Both corrections folded into the learning rate, as in section 2 of the paper: δ is then added to another root."""
    _, m, v = right(theta, g, m, v, t, learning_rate)
    rate = learning_rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return theta - rate * m / (np.sqrt(v) + 1e-8), m, v


def root_first(theta, g, m, v, t, learning_rate):
    """The root of v is divided by the sum of the weights, not v."""
    _, m, v = right(theta, g, m, v, t, learning_rate)
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v) / (1 - 0.999**t) + 1e-8), m, v


def one_sum_for_both(beta):
    """Both means are divided by the sum of the weights of one of them."""

    def wrong(theta, g, m, v, t, learning_rate):
        _, m, v = right(theta, g, m, v, t, learning_rate)
        weights = 1 - beta**t
        return theta - learning_rate * (m / weights) / (np.sqrt(v / weights) + 1e-8), m, v

    return wrong


def square_of_the_mean(theta, g, m, v, t, learning_rate):
    """v is the running mean of m², not of g²."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * (0.9 * m + 0.1 * g) ** 2
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def by_sign(of_m):
    """A step of full length along the sign, of the gradient or of its running mean."""

    def wrong(theta, g, m, v, t, learning_rate):
        _, m, v = right(theta, g, m, v, t, learning_rate)
        return theta - learning_rate * np.sign(m if of_m else g), m, v

    return wrong


def shifted_count(by):
    return lambda theta, g, m, v, t, learning_rate: right(theta, g, m, v, t + by, learning_rate)


def nothing_divided(theta, g, m, v, t, learning_rate):
    return adam(step=lambda m, v: m)(theta, g, m, v, t, learning_rate)


def with_weight_decay(decay):
    """AdamW: theta shrinks by the learning rate times ``decay``, beside the step."""

    def wrong(theta, g, m, v, t, learning_rate):
        new, m, v = right(theta, g, m, v, t, learning_rate)
        return new - learning_rate * decay * theta, m, v

    return wrong


def corrected_mean_squared(theta, g, m, v, t, learning_rate):
    """v is the running mean of the square of the corrected m."""
    m = 0.9 * m + 0.1 * g
    m_hat = m / (1 - 0.9**t)
    v = 0.999 * v + 0.001 * m_hat**2
    return theta - learning_rate * m_hat / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def centred_square(theta, g, m, v, t, learning_rate):
    """AdaBelief: v is the running mean of (g − m)²."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * (g - m) ** 2
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def largest_square(theta, g, m, v, t, learning_rate):
    """AMSGrad: v never falls."""
    _, m, new = right(theta, g, m, v, t, learning_rate)
    v = np.maximum(v, new)
    return theta - learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def nesterov(theta, g, m, v, t, learning_rate):
    """The step is taken with m as it would be after the same gradient once more."""
    _, m, v = right(theta, g, m, v, t, learning_rate)
    ahead = (0.9 * m + 0.1 * g) / (1 - 0.9**t)
    return theta - learning_rate * ahead / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


EXERCISE = Exercise(
    id="6.4",
    title="One step of Adam",
    minutes=10,
    difficulty=2,
    answer=adam_step,
    cases=draw_steps,
    mistakes=(
        Mistake(
            "no correction for the start at 0: after t steps the weights in m add up to 1 − 0.9^t, those in v to 1 − 0.999^t",
            uncorrected(False, False),
        ),
        Mistake("v is not corrected for its start at 0", uncorrected(True, False)),
        Mistake("m is not corrected for its start at 0", uncorrected(False, True)),
        Mistake("the root is taken first, and then corrected: correct v, then take its root", root_first),
        Mistake(
            "v is corrected with the weights of m: it keeps 0.999 of its old value, so its weights are others",
            one_sum_for_both(0.9),
        ),
        Mistake(
            "m is corrected with the weights of v: it keeps 0.9 of its old value, so its weights are others",
            one_sum_for_both(0.999),
        ),
        Mistake(
            "only the first step is corrected: at the second, both means are still too small",
            lambda theta, g, m, v, t, rate: (right if t == 1 else uncorrected(False, False))(theta, g, m, v, t, rate),
        ),
        Mistake("v is the running mean of m²: it is that of g²", square_of_the_mean),
        Mistake(
            "every step has the full length, along the sign of g: m and the root of v decide how long it is",
            by_sign(False),
        ),
        Mistake("every step has the full length, along the sign of m: divide m by the root of v", by_sign(True)),
        slip(
            "the corrected means are kept: return m and v as they were before the correction, or they are corrected again at the next step",
            adam,
            keep_corrected=True,
        ),
        Mistake("the correction counts the steps from 0: t is 1 at the first step", shifted_count(-1)),
        Mistake("the correction is one step ahead: at the first step, t is 1", shifted_count(1)),
        Mistake("the correction is one step behind: at the first step, t is 1, not 0", one_behind),
        Mistake("where a gradient is 0 now, theta stays: m still holds the gradients before it", still_where_g_is_0),
        slip(
            "the correction has t as a factor: after t steps the old weights have been multiplied t times, β^t",
            adam,
            correct=lambda mean, beta, t: mean / (1 - beta * t),
        ),
        slip(
            "the correction is t (1 − β): older gradients have lost weight at each step since, so the sum of the weights is smaller",
            adam,
            correct=lambda mean, beta, t: mean / (t * (1 - beta)),
        ),
        slip(
            "the correction is that of the first step, 1 − β: it depends on t",
            adam,
            correct=lambda mean, beta, t: mean / (1 - beta),
        ),
        slip(
            "the correction is multiplied: the means are too small, so divide by the sum of the weights",
            adam,
            correct=lambda mean, beta, t: mean * (1 - beta**t),
        ),
        slip(
            "the correction divides by β^t: the sum of the weights after t steps is 1 − β^t",
            adam,
            correct=lambda mean, beta, t: mean / beta**t,
        ),
        slip("the two decay rates are exchanged: 0.9 for m, 0.999 for v", adam, beta1=0.999, beta2=0.9),
        slip("v decays with 0.9: it keeps 0.999 of its old value", adam, beta2=0.9),
        slip("v decays with 0.99: it keeps 0.999 of its old value", adam, beta2=0.99),
        slip("m decays with 0.999: it keeps 0.9 of its old value", adam, beta1=0.999),
        slip(
            "old and new are exchanged in both means: the old value keeps 0.9, or 0.999, of its weight",
            adam,
            beta1=0.1,
            beta2=0.001,
            correct=lambda mean, beta, t: mean / (1 - (1 - beta) ** t),
        ),
        slip(
            "the new values have the weight 1: a running mean gives them what the old value loses", adam, new1=1, new2=1
        ),
        slip("the gradient has the weight 1 in m: give it 0.1", adam, new1=1),
        slip("the squared gradient has the weight 1 in v: give it 0.001", adam, new2=1),
        slip("v takes in g, not its square", adam, square=lambda g: g),
        slip("v takes in |g|, not its square", adam, square=np.abs),
        slip("the square root of v is missing", adam, step=lambda m, v: m / (v + 1e-8)),
        slip("1e-8 stands inside the root: add it outside", adam, step=lambda m, v: m / np.sqrt(v + 1e-8)),
        slip(
            "the 1e-8 is missing: where every gradient so far was 0, this divides 0 by 0",
            adam,
            step=lambda m, v: m / np.sqrt(v),
        ),
        slip("1e-8 stands in the numerator: add it to the root", adam, step=lambda m, v: (m + 1e-8) / np.sqrt(v)),
        Family(
            "another small number stands where 1e-8 belongs",
            lambda small: adam(step=lambda m, v: m / (np.sqrt(v) + small)),
            (1e-7, 1e-6, 1e-10, 1e-9, 1e-5, 1e-12, 1e-3),
            any_between=(1e-11, 0.1),
        ),
        Family(
            "a small number stands inside the root: add 1e-8 outside",
            lambda small: adam(step=lambda m, v: m / np.sqrt(v + small)),
            (1e-16, 1e-7, 1e-6, 1e-10, 1e-12),
            any_between=(1e-20, 0.1),
        ),
        slip(
            "1e-8 is a floor for the root here: it is added to it",
            adam,
            step=lambda m, v: m / np.maximum(np.sqrt(v), 1e-8),
        ),
        Mistake(
            "both corrections are folded into the learning rate: then 1e-8 is added to the uncorrected root, which is another step "
            "where gradients are tiny",
            folded_correction,
        ),
        slip("the step goes uphill: subtract it from theta", adam, step=lambda m, v: -m / (np.sqrt(v) + 1e-8)),
        Mistake("the step is not divided by the root of v", nothing_divided),
        Mistake(
            "the gradient itself stands in the numerator: m belongs there",
            lambda theta, g, m, v, t, learning_rate: (
                theta - learning_rate * g / (np.sqrt((0.999 * v + 0.001 * g**2) / (1 - 0.999**t)) + 1e-8),
                *right(theta, g, m, v, t, learning_rate)[1:],
            ),
        ),
        Mistake(
            "this is RMSprop: the gradient stands in the numerator, and nothing is corrected. Adam has a running mean of the gradient",
            lambda theta, g, m, v, t, rate: (
                theta - rate * g / (np.sqrt(0.999 * v + 0.001 * g**2) + 1e-8),
                m,
                0.999 * v + 0.001 * g**2,
            ),
        ),
        Mistake("v is the running mean of the square of the corrected m: it is that of g²", corrected_mean_squared),
        Mistake("v is the running mean of (g − m)²: it is that of g²", centred_square),
        Mistake("v keeps its largest value, as in AMSGrad: in Adam it may fall", largest_square),
        Mistake("m is updated twice with the same gradient, as Nesterov does: once is enough", nesterov),
        Mistake(
            "the learning rate falls with t here: take it as it is given",
            lambda theta, g, m, v, t, rate: right(theta, g, m, v, t, rate / np.sqrt(t)),
        ),
        Family(
            "theta shrinks a little beside the step: weight decay is no part of Adam",
            with_weight_decay,
            (0.01, 0.001, 1e-4, 0.1),
        ),
        slip(
            "each mean is divided by t: the weights of old gradients fall at each step, so their sum is not t",
            adam,
            correct=lambda mean, beta, t: mean / t,
        ),
        slip(
            "the correction has the weight of the new value to the power t: the weight of the old value, 0.9 or 0.999, belongs there",
            adam,
            correct=lambda mean, beta, t: mean / (1 - (1 - beta) ** t),
        ),
        Mistake(
            "m or v, from the step before, is not used",
            lambda theta, g, m, v, t, rate: right(theta, g, 0 * m, 0 * v, t, rate),
        ),
        Mistake("the step is taken with m and v before their update: update them first", old_means),
        Mistake("the step is taken with m before its update: update it first", old_mean),
        Mistake(
            "theta is missing: this is the step alone",
            lambda theta, g, m, v, t, rate: (
                right(0 * theta, g, m, v, t, rate)[0],
                *right(theta, g, m, v, t, rate)[1:],
            ),
        ),
        Mistake(
            "the learning rate is missing",
            lambda theta, g, m, v, t, rate: right(theta, g, m, v, t, 1.0),
        ),
        Mistake(
            "the learning rate is not the one that is given, but 0.001",
            lambda theta, g, m, v, t, rate: right(theta, g, m, v, t, 0.001),
        ),
        Mistake(
            "the three results come in another order: theta, m, v", lambda *given: right(*given)[1:] + right(*given)[:1]
        ),
        Mistake(
            "m and v are returned as they came in",
            lambda theta, g, m, v, t, rate: (right(theta, g, m, v, t, rate)[0], m, v),
        ),
    ),
    hints=(
        "Unroll the running mean: which weight do the first gradient, the second, the last have after t steps? What is their sum?",
        "Update both means, then divide each by 1 − β^t (keep the undivided ones for the next step), then take the step.",
        "m = 0.9 * m + 0.1 * g and v = 0.999 * v + 0.001 * g**2, then m_hat = m / (1 - 0.9**t).",
    ),
)
