"""Exercise 22.3: one step of a dream."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def dream_step(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    """The next z of n dreams, (n, latent), and which dreams are over then, (n,) booleans."""
    if temperature == 0:
        part = logits.argmax(axis=1)
    else:
        weights = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
        cumulative = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
        part = (cumulative[:, :-1] <= u_part[:, None]).sum(axis=1)  # the last component takes what rounding leaves
    rows = np.arange(len(z))
    moved = mu[rows, part] + np.sqrt(temperature) * np.exp(0.5 * logvar[rows, part]) * eps
    ended = u_end < np.exp(-np.logaddexp(0, -end))  # the sigmoid of end, which cannot overflow
    return np.where(over[:, None], z, moved), over | ended


def sigmoid(logits):
    return np.exp(-np.logaddexp(0, -logits))


def softmax(logits, axis=1):
    weights = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def choose(p, u):
    return np.minimum((np.cumsum(p, axis=1) <= u[:, None]).sum(axis=1), p.shape[1] - 1)


def stepped_with(
    *,
    weigh=lambda logits, temperature: softmax(logits / temperature),
    choose=choose,
    width=lambda logvar: np.exp(0.5 * logvar),
    scale=np.sqrt,
    ends=lambda end, u, temperature: u < sigmoid(end),
    frozen=lambda over, ended: over,
    after=lambda over, ended: over | ended,
):
    """The model answer, put together from its parts."""

    def stepped(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
        rows = np.arange(len(z))
        part = logits.argmax(axis=1) if temperature == 0 else choose(weigh(logits, temperature), u_part)
        moved = mu[rows, part] + scale(temperature) * width(logvar[rows, part]) * eps
        ended = ends(end, u_end, temperature)
        return np.where(frozen(over, ended)[:, None], z, moved), after(over, ended)

    return stepped


def row_by_row(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    new, ended = z.copy(), over.copy()
    for i in np.flatnonzero(~over):
        part = int(np.argmax(logits[i]))
        if temperature > 0:
            p = softmax(logits[i : i + 1] / temperature)[0]
            part = min(int(np.searchsorted(np.cumsum(p), u_part[i], side="right")), len(p) - 1)
        new[i] = mu[i, part] + (temperature * np.exp(logvar[i, part])) ** 0.5 * eps[i]
        ended[i] = u_end[i] < sigmoid(end[i])
    return new, ended


def with_one_hot(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    p = softmax(logits / max(temperature, 1e-9))  # so cold that one component is left
    upper = np.cumsum(p, axis=1)
    chosen = ((u_part[:, None] < upper) & (u_part[:, None] >= upper - p))[:, :, None]
    if temperature == 0:
        chosen = (logits == logits.max(axis=1, keepdims=True))[:, :, None]
    mean, variance = (mu * chosen).sum(axis=1), (np.exp(logvar) * chosen).sum(axis=1)
    moved = mean + np.sqrt(temperature * variance) * eps
    return over[:, None] * z + ~over[:, None] * moved, np.logical_or(over, sigmoid(end) > u_end)


def mean_of_all(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    p = softmax(logits / temperature if temperature else 1e9 * (logits - logits.max(axis=1, keepdims=True)))[:, :, None]
    moved = (p * mu).sum(axis=1) + np.sqrt(temperature * (p * np.exp(logvar)).sum(axis=1)) * eps
    return np.where(over[:, None], z, moved), over | (u_end < sigmoid(end))


def each_entry_alone(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    return stepped_with()(logits, mu, logvar, end, z, over, temperature, u_part, eps[:, :1], u_end)


def added_to_z(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    return dream_step(logits, mu + z[:, None], logvar, end, z, over, temperature, u_part, eps, u_end)


def sampled_at_zero(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    """Without noise at temperature 0, but with a component by chance."""
    if temperature:
        return dream_step(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end)
    narrow = np.full_like(logvar, -np.inf)
    return dream_step(logits, mu, narrow, end, z, over, 1.0, u_part, eps, u_end)


def first_at_zero(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    if temperature == 0:
        logits = -np.arange(logits.shape[1]) + np.zeros_like(logits)
    return dream_step(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end)


def infinite(logits, temperature):
    with np.errstate(all="ignore"):
        weights = np.exp(logits / temperature)
        return weights / weights.sum(axis=1, keepdims=True)


def draw_cases(rng: np.random.Generator):
    for n, parts, latent, temperature in ((7, 3, 2, 0.5), (6, 4, 3, 2.5), (1, 2, 2, 1.7), (5, 1, 3, 0.6), (6, 3, 2, 0)):
        logits = rng.normal(0, 1.5, (n, parts))
        over = rng.random(n) < 0.4
        if n > 1:
            over[:2] = True, False
        if temperature == 2.5:
            logits[1] += 2000  # only differences of logits count
        end, u_end = rng.normal(0, 1.5, n), rng.random(n)
        if n == 7:  # ends whose probability is below and above a half, met and missed; and one that is over already
            end[:5], u_end[:5] = (-3, -1, 1, -1, 1), (0.9, 0.1, 0.9, 0.4, 0.2)
            over[1:6] = False
            logits[5, 0] = -2000  # a component of probability 0
        spread = rng.normal(-1.5, 1, (n, parts, latent))
        u_part = rng.random(n)
        if n == 7:
            u_part[5] = 0
        noise = u_part, rng.normal(size=(n, latent)), u_end
        yield (
            logits,
            rng.normal(0, 2, (n, parts, latent)),
            spread,
            end,
            rng.normal(size=(n, latent)),
            over,
            temperature,
            *noise,
        )


EXERCISE = Exercise(
    id="22.3",
    title="One step of a dream",
    minutes=20,
    difficulty=3,
    answer=dream_step,
    cases=draw_cases,
    mistakes=(
        slip(
            "The temperature multiplies the logits. A high temperature makes components more alike: divide",
            stepped_with,
            weigh=lambda logits, temperature: softmax(logits * temperature),
        ),
        slip(
            "The temperature changes the noise, but not the choice of the component",
            stepped_with,
            weigh=lambda logits, temperature: softmax(logits),
        ),
        slip(
            "The noise is multiplied by τ. It is the variance that is τ times as large",
            stepped_with,
            scale=lambda temperature: temperature,
        ),
        slip(
            "The temperature changes the choice of the component, but not the noise",
            stepped_with,
            scale=lambda temperature: 1.0 if temperature else 0.0,
        ),
        slip(
            "There is no noise: this is the mean of the component that was chosen",
            stepped_with,
            scale=lambda temperature: 0.0,
        ),
        slip(
            "exp(logvar) is the variance. The noise is multiplied by its square root",
            stepped_with,
            width=np.exp,
        ),
        slip(
            "`logvar` is read as twice what it is: the standard deviation is exp(logvar / 2)",
            stepped_with,
            width=lambda logvar: np.exp(0.25 * logvar),
        ),
        slip(
            "The most probable component is taken at every temperature. Use `u_part` to choose",
            stepped_with,
            choose=lambda p, u: p.argmax(axis=1),
        ),
        slip(
            "The components are counted from the other end: the first whose cumulative probability exceeds `u_part` is the one",
            stepped_with,
            choose=lambda p, u: p.shape[1] - 1 - choose(p[:, ::-1], u),
        ),
        slip(
            "The component is the first whose cumulative probability *exceeds* `u_part`. Yours may equal it: then a component of "
            "probability 0 can be chosen",
            stepped_with,
            choose=lambda p, u: np.minimum((np.cumsum(p, axis=1) < u[:, None]).sum(axis=1), p.shape[1] - 1),
        ),
        Mistake("mu is added to z. It holds the means μ_k themselves: z_t is in them already", added_to_z),
        Mistake(
            "At temperature 0 the component is chosen by `u_part`. There it is the most probable one", sampled_at_zero
        ),
        Mistake(
            "At temperature 0 the logits are divided by 0, and the first component is taken. There it is the most probable one",
            first_at_zero,
        ),
        slip(
            "The choice is off by one: this is the last component that `u_part` has passed, not the one that it falls into",
            stepped_with,
            choose=lambda p, u: np.maximum(choose(p, u) - 1, 0),
        ),
        slip(
            "The probabilities are normalised over the dreams (axis 0). They sum to 1 over the components of one dream",
            stepped_with,
            weigh=lambda logits, temperature: softmax(logits / temperature, axis=0),
        ),
        slip(
            "A logit of 2000 gives NaN: subtract the largest logit before the exponential",
            stepped_with,
            weigh=infinite,
        ),
        slip(
            "A dream ends where `u_end` is *above* the probability. It has to be below",
            stepped_with,
            ends=lambda end, u, temperature: u > sigmoid(end),
        ),
        slip(
            "A dream ends where its probability is above a half, and `u_end` is not used: a risk of 40 % at each step is no risk then",
            stepped_with,
            ends=lambda end, u, temperature: end > 0,
        ),
        slip(
            "`u_end` is compared with the logit. Apply the sigmoid",
            stepped_with,
            ends=lambda end, u, temperature: u < end,
        ),
        slip(
            "The temperature changes the probability of the end. It belongs to the mixture alone",
            stepped_with,
            ends=lambda end, u, temperature: u < sigmoid(end / (temperature or 1e-9)),
        ),
        slip(
            "Dreams that were over go on: an end is for good",
            stepped_with,
            after=lambda over, ended: ended,
        ),
        slip(
            "The z of a dream that was over moves on. It stays as it was",
            stepped_with,
            frozen=lambda over, ended: np.zeros_like(over),
        ),
        slip(
            "The z of a dream that ends with this step is held back. It takes this step",
            stepped_with,
            frozen=lambda over, ended: over | ended,
        ),
        Mistake(
            "The components are averaged. Their mean may lie where none of them is: choose one",
            mean_of_all,
        ),
        Mistake(
            "All entries of z get the same noise. `eps` has one for each entry",
            each_entry_alone,
        ),
    ),
    also_right=(row_by_row, with_one_hot, stepped_with()),
    hints=(
        "Three random things happen: a component is chosen, z is sampled from it, and the dream may end. Which input decides each?",
        "np.cumsum of the softmax along axis 1; count how many of its entries `u_part` has passed. mu[np.arange(n), part] picks one each.",
        "moved = mu[rows, part] + np.sqrt(temperature) * np.exp(0.5 * logvar[rows, part]) * eps; np.where(over[:, None], z, moved).",
    ),
)
