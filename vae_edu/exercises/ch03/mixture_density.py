"""Exercise 3.1: log p(x) and p(c|x) of a Gaussian mixture, also far from all of its components."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def mixture_density(x, probabilities, means, variances):
    """log p(x) in nats, (batch,), and the posterior p(c|x), (batch, components), of a Gaussian mixture.

    x (batch, data); probabilities (components,) holds p(c); means and variances (components, data), the dimensions of x are
    independent within a component.
    """
    squares = (x[:, None] - means) ** 2 / variances
    log_joint = np.log(probabilities) - 0.5 * (np.log(2 * np.pi * variances) + squares).sum(axis=-1)
    largest = log_joint.max(axis=1, keepdims=True)  # taken out, so that not every exponential underflows
    relative = np.exp(log_joint - largest)
    total = relative.sum(axis=1, keepdims=True)
    return (largest + np.log(total))[:, 0], relative / total


def draw_mixtures(rng: np.random.Generator):
    """Variances on both sides of 1; log p of both signs; one x, one component, one dimension; x so far away that every density
    underflows, alone and next to others; a component of small probability."""
    yield mixture(rng, batch=5, components=3, data=2, spread=(0.3, 2.5), reach=1.5)
    yield mixture(rng, batch=1, components=4, data=3, spread=(0.4, 2.0), reach=1.5)
    yield mixture(rng, batch=4, components=1, data=2, spread=(0.3, 0.7), reach=0.5)
    yield mixture(rng, batch=6, components=2, data=1, spread=(0.002, 0.01), reach=0.06)  # log p above 0
    x, probabilities, means, variances = mixture(rng, batch=3, components=5, data=2, spread=(0.5, 1.5), reach=1.5)
    yield x + rng.choice([-1, 1], x.shape) * rng.uniform(45, 55, x.shape), probabilities, means, variances
    x, probabilities, means, variances = mixture(rng, batch=4, components=3, data=2, spread=(0.5, 1.5), reach=1.5)
    x[1] += 48
    yield x, np.array([0.7, 0.2999, 0.0001]), means, variances


def mixture(rng: np.random.Generator, *, batch: int, components: int, data: int, spread, reach: float):
    """x near the means, so that more than one component matters; unequal probabilities."""
    means = rng.uniform(-1, 1, (components, data)) * reach + 0.4 * reach
    x = means[rng.integers(components, size=batch)] + rng.normal(0, np.sqrt(spread[0]), (batch, data))
    probabilities = rng.permutation(np.arange(1.0, components + 1)) + rng.uniform(0.1, 0.4, components)
    return x, probabilities / probabilities.sum(), means, rng.uniform(*spread, (components, data))


# The pieces of which wrong answers are put together: a table of log p(x, c), and two ways to add it up.


def log_terms(x, means, variances, *, half=0.5, constant=0.5, logvar=0.5):
    """log p(x|c) in each dimension, (batch, components, data), each part with a factor of its own."""
    squares = (x[:, None] - means) ** 2 / variances
    return -constant * np.log(2 * np.pi) - logvar * np.log(variances) - half * squares


def log_joint(x, probabilities, means, variances):
    return np.log(probabilities) + log_terms(x, means, variances).sum(axis=-1)


def stable(table):
    largest = table.max(axis=1, keepdims=True)
    relative = np.exp(table - largest)
    total = relative.sum(axis=1, keepdims=True)
    return (largest + np.log(total))[:, 0], relative / total


def naive(table):
    with np.errstate(all="ignore"):
        joint = np.exp(table)
        total = joint.sum(axis=1)
        return np.log(total), joint / total[:, None]


def quiet(function):
    def silent(*arguments):
        with np.errstate(all="ignore"):
            return function(*arguments)

    return silent


def from_table(message: str, table) -> tuple[Mistake, Mistake]:
    """A wrong table of log p(x, c), added up with the largest taken out and without."""
    return Mistake(message, quiet(lambda *mixture: stable(table(*mixture)))), Mistake(
        message, quiet(lambda *mixture: naive(table(*mixture)))
    )


def from_parts(message: str, change) -> tuple[Mistake, Mistake]:
    """Right log p(x) and p(c|x), of which ``change`` makes something else; both ways of adding up."""
    return tuple(
        Mistake(message, quiet(lambda *mixture, add=add: change(*add(log_joint(*mixture)), *mixture)))
        for add in (stable, naive)
    )


def from_terms(message: str, **factors) -> tuple[Mistake, Mistake]:
    def table(x, probabilities, means, variances):
        return np.log(probabilities) + log_terms(x, means, variances, **factors).sum(axis=-1)

    return from_table(message, table)


def guarded(guard: float):
    """Densities as they are, with a small number inside the logarithm and the denominator."""

    def wrong(*mixture):
        joint = np.exp(log_joint(*mixture))
        total = joint.sum(axis=1)
        return np.log(total + guard), joint / (total + guard)[:, None]

    return quiet(wrong)


def guarded_logarithm(guard: float):
    def wrong(*mixture):
        joint = np.exp(log_joint(*mixture))
        return np.log(joint.sum(axis=1) + guard), joint / joint.sum(axis=1, keepdims=True)

    return quiet(wrong)


def at_least(guard: float):
    """Densities as they are, with the sum kept from falling below a small number."""

    def wrong(*mixture):
        joint = np.exp(log_joint(*mixture))
        total = np.maximum(joint.sum(axis=1), guard)
        return np.log(total), joint / total[:, None]

    return quiet(wrong)


def posterior_alone(*mixture):
    """log p(x) with the largest taken out, and the posterior from densities that underflow."""
    return stable(log_joint(*mixture))[0], naive(log_joint(*mixture))[1]


def per_dimension(x, probabilities, means, variances):
    """log p of each dimension alone, added up."""
    table = np.log(probabilities)[:, None] + log_terms(x, means, variances)
    return np.logaddexp.reduce(table, axis=1).sum(axis=1)


def rescued(rescue, add):
    """Where all densities underflow, the posterior is what ``rescue`` makes of p(c); log p(x) is added up by ``add``."""

    def wrong(*mixture):
        posterior = naive(log_joint(*mixture))[1]
        return add(log_joint(*mixture))[0], np.where(np.isnan(posterior), rescue(mixture[1]), posterior)

    return quiet(wrong)


def one_maximum(*mixture):
    table = log_joint(*mixture)
    relative = np.exp(table - table.max())
    total = relative.sum(axis=1)
    return table.max() + np.log(total), relative / total[:, None]


def one_maximum_throughout(*mixture):
    """The same, and the posterior from this log p(x)."""
    log_p, _ = one_maximum(*mixture)
    return log_p, np.exp(log_joint(*mixture) - log_p[:, None])


def softmax(table, axis):
    relative = np.exp(table - table.max(axis=axis, keepdims=True))
    return relative / relative.sum(axis=axis, keepdims=True)


UNDERFLOW = "far from all components every p(x|c) underflows to 0"
RESCUES = (
    ("equal probabilities", lambda p: np.full(len(p), 1 / len(p))),
    ("p(c)", lambda p: p),
    ("0", lambda p: 0 * p),
)
GUARDS = (np.finfo(float).tiny, 1e-300, 1e-30, 1e-20, 1e-16, np.finfo(float).eps, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6)

EXERCISE = Exercise(
    id="3.1",
    title="The density and the posterior of a mixture",
    minutes=12,
    difficulty=2,
    answer=mixture_density,
    cases=draw_mixtures,
    mistakes=(
        Mistake(
            f"{UNDERFLOW}, and its logarithm is -inf: work with log p(x|c) + log p(c) and take the largest out",
            lambda *mixture: naive(log_joint(*mixture)),
        ),
        Mistake(
            f"log p(x) is right. The posterior is not: {UNDERFLOW}, and 0/0 is no number",
            quiet(posterior_alone),
        ),
        *(
            Mistake(
                f"{UNDERFLOW}, and a small number inside the logarithm hides it: log p(x) is then the logarithm of that number",
                wrong(guard),
            )
            for guard in GUARDS
            for wrong in (guarded, guarded_logarithm, at_least)
        ),
        Mistake(
            f"the posterior is right. log p(x) is not: {UNDERFLOW}, and its logarithm is -inf",
            lambda *mixture: (naive(log_joint(*mixture))[0], stable(log_joint(*mixture))[1]),
        ),
        *(
            mistake
            for name, rescue in RESCUES
            for mistake in (
                Mistake(
                    f"{UNDERFLOW}. For the posterior you return {name} there: take the largest out",
                    rescued(rescue, add),
                )
                for add in (stable, naive)
            )
        ),
        Mistake(
            "one maximum for the whole batch: an x near the data hides one that is far away, so take each row's own",
            quiet(one_maximum),
        ),
        Mistake(
            "one maximum for the whole batch: an x near the data hides one that is far away, so take each row's own",
            quiet(one_maximum_throughout),
        ),
        *from_table(
            "p(c) is missing: p(x) is the sum of p(x|c) p(c)", lambda x, p, m, v: log_terms(x, m, v).sum(axis=-1)
        ),
        *from_parts(
            "log p(x) is right. The posterior lacks p(c): it is proportional to p(x|c) p(c)",
            lambda log_p, posterior, x, p, m, v: (log_p, softmax(log_terms(x, m, v).sum(axis=-1), 1)),
        ),
        *from_table(
            "p(c) is not used: you take all components as equally probable",
            lambda x, p, m, v: log_terms(x, m, v).sum(axis=-1) - np.log(len(p)),
        ),
        Mistake(
            "p(c) is added to log p(x|c): add its logarithm",
            lambda x, p, m, v: stable(p + log_terms(x, m, v).sum(axis=-1)),
        ),
        *from_table(
            "the mean over the components: p(x) is the sum of p(x|c) p(c), and p(c) already adds up to 1",
            lambda x, p, m, v: log_joint(x, p, m, v) - np.log(len(p)),
        ),
        *from_parts(
            "the mean over the components: p(x) is the sum of p(x|c) p(c), and p(c) already adds up to 1",
            lambda log_p, posterior, x, p, m, v: (log_p - np.log(len(p)), posterior),
        ),
        *from_parts(
            "this is the average of log p(x|c): the logarithm comes after the sum",
            lambda log_p, posterior, x, p, m, v: ((p * log_terms(x, m, v).sum(axis=-1)).sum(axis=1), posterior),
        ),
        *from_parts(
            "this is the sum of log p(x|c) + log p(c): the logarithm comes after the sum",
            lambda log_p, posterior, x, p, m, v: (log_joint(x, p, m, v).sum(axis=1), posterior),
        ),
        *from_parts(
            "this is the largest log p(x|c) + log p(c): all components contribute",
            lambda log_p, posterior, x, p, m, v: (log_joint(x, p, m, v).max(axis=1), posterior),
        ),
        *from_table(
            "the variances are taken for standard deviations: they are squared once too often",
            lambda x, p, m, v: np.log(p) + log_terms(x, m, v**2).sum(axis=-1),
        ),
        *from_table(
            "the standard deviation stands where the variance belongs",
            lambda x, p, m, v: np.log(p) + log_terms(x, m, np.sqrt(v)).sum(axis=-1),
        ),
        *from_terms("the 1/2 is missing in front of the squares", half=1),
        *from_terms("the 1/2 is missing: log N = -1/2 (log 2πσ² + (x - m)²/σ²)", half=1, constant=1, logvar=1),
        *from_terms("the 1/2 is missing in front of log 2πσ²", constant=1, logvar=1),
        *from_table(
            "2π multiplies log σ² here: it stands inside the logarithm, log(2πσ²)",
            lambda x, p, m, v: np.log(p) + log_terms(x, m, v, constant=0, logvar=np.pi).sum(axis=-1),
        ),
        *from_parts(
            "each dimension is a mixture of its own here, and their log p are added up: the dimensions share one component, so add "
            "up the dimensions first",
            lambda log_p, posterior, x, p, m, v: (per_dimension(x, p, m, v), posterior),
        ),
        *from_terms("the constant 1/2 log 2π is missing in each dimension", constant=0),
        *from_terms("the variance is missing in the constant: 1/2 log 2πσ²", logvar=0),
        *from_terms("the constants are missing: 1/2 log 2πσ² in each dimension", constant=0, logvar=0),
        *from_terms("the sign of log σ² is reversed: a wide component has a low density", logvar=-0.5),
        *from_terms("this counts log σ² whole: in -1/2 (log 2πσ² + …) it has a factor of 1/2", logvar=1),
        *from_table(
            "the constant 1/2 log 2π is counted once: it belongs to each dimension",
            lambda x, p, m, v: log_joint(x, p, m, v) + 0.5 * (x.shape[1] - 1) * np.log(2 * np.pi),
        ),
        *from_table(
            "the mean over the dimensions: independent dimensions multiply, so their logarithms add up",
            lambda x, p, m, v: np.log(p) + log_terms(x, m, v).mean(axis=-1),
        ),
        *from_parts(
            "this is p(x): return its logarithm", lambda log_p, posterior, *mixture: (np.exp(log_p), posterior)
        ),
        *from_parts(
            "this is log p(x) in bits: for nats, take the natural logarithm",
            lambda log_p, posterior, *mixture: (log_p / np.log(2), posterior),
        ),
        *from_parts("this is -log p(x): the sign is reversed", lambda log_p, posterior, *mixture: (-log_p, posterior)),
        *from_parts(
            "log p(x) is right. For the posterior you return its logarithm",
            lambda log_p, posterior, *mixture: (log_p, log_joint(*mixture) - log_p[:, None]),
        ),
        Mistake(
            "log p(x) is right. For the posterior you return its logarithm",
            quiet(lambda *mixture: (stable(log_joint(*mixture))[0], np.log(stable(log_joint(*mixture))[1]))),
        ),
        Mistake(
            "log p(x) is right. The posterior is divided by its largest entry: each row has to add up to 1",
            lambda *mixture: (
                stable(log_joint(*mixture))[0],
                np.exp(log_joint(*mixture) - log_joint(*mixture).max(axis=1, keepdims=True)),
            ),
        ),
        *from_parts(
            "log p(x) is right. The posterior is not normalised: divide p(x, c) by p(x)",
            lambda log_p, posterior, *mixture: (log_p, np.exp(log_joint(*mixture))),
        ),
        *from_parts(
            "log p(x) is right. The second result is log p(x, c): make probabilities of it, which add up to 1 in each row",
            lambda log_p, posterior, *mixture: (log_p, log_joint(*mixture)),
        ),
        *from_parts(
            "log p(x) is right. The posterior is divided by its sum over the batch: each *row* adds up to 1",
            lambda log_p, posterior, *mixture: (log_p, softmax(log_joint(*mixture), 0)),
        ),
        *from_parts(
            "log p(x) is right. The second result says only which component is most probable: return the probabilities",
            lambda log_p, posterior, *mixture: (
                log_p,
                (log_joint(*mixture) == log_joint(*mixture).max(1, keepdims=True)) * 1.0,
            ),
        ),
        *from_parts(
            "log p(x) is right. The second result says only which component is most probable: return the probabilities",
            lambda log_p, posterior, *mixture: (log_p, log_joint(*mixture).argmax(axis=1)),
        ),
        *from_parts(
            "the posterior is transposed: one row for each example, (batch, components)",
            lambda log_p, posterior, *mixture: (log_p, posterior.T),
        ),
        *from_parts(
            "the two results are exchanged: first log p(x), then p(c|x)",
            lambda log_p, posterior, *mixture: (posterior, log_p),
        ),
        *from_parts("only log p(x): return p(c|x) as well", lambda log_p, posterior, *mixture: log_p),
        *from_parts("only the posterior: return log p(x) before it", lambda log_p, posterior, *mixture: posterior),
        *from_parts(
            "one number for the whole batch: return log p(x) of each example",
            lambda log_p, posterior, *mixture: (log_p.sum(), posterior),
        ),
        *from_parts(
            "one number for the whole batch: return log p(x) of each example",
            lambda log_p, posterior, *mixture: (log_p.mean(), posterior),
        ),
        *from_parts(
            "log p(x) is a column, (batch, 1): expected is (batch,)",
            lambda log_p, posterior, *mixture: (log_p[:, None], posterior),
        ),
    ),
    hints=(
        "Write log p(x|c) + log p(c) as a table with a row for each example and a column for each component. What has to "
        "happen to a row of it to give log p(x)?",
        "If a row holds -1000 and -1003, both exponentials are 0. But the logarithm of their sum is -1000 + log(1 + exp(-3)): "
        "what was taken out, and put back?",
        "squares = (x[:, None] - means) ** 2 / variances has the shape (batch, components, data); add up the last axis.",
    ),
)
