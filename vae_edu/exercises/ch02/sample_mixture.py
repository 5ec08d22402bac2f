"""Exercise 2.2: a sampler for a mixture of Gaussians."""

import copy
from functools import lru_cache

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Family, Mistake, Property, shape_only


def sample_mixture(weights, means, covariances, n, rng):
    """Sample n points, shape (n, k), from the mixture of K Gaussians with weights (K,), means (K, k) and covariances (K, k, k).

    rng: the np.random.Generator that all randomness comes from.
    """
    component = rng.choice(len(weights), size=n, p=weights)
    factors = np.linalg.cholesky(covariances)
    eps = rng.normal(size=(n, means.shape[1]))
    return means[component] + np.einsum("nij,nj->ni", factors[component], eps)


def draw_mixtures(rng: np.random.Generator):
    """More components than dimensions and fewer; one component, one dimension, one sample."""
    for components, k, n in ((3, 2, 7), (2, 4, 12), (1, 3, 4), (4, 1, 6), (3, 2, 1)):
        factors = rng.normal(size=(components, k, k))
        covariances = factors @ factors.transpose(0, 2, 1) + 0.1 * np.eye(k)
        weights = rng.dirichlet(np.full(components, 5.0))
        yield weights, rng.normal(0, 3, (components, k)), covariances, n, np.random.default_rng(rng.integers(2**32))


# A mixture whose components lie far apart, so that each sample is known to belong to one of them. The last one has weight 0.
WEIGHTS = np.array([0.5, 0.3, 0.2, 0.0])
MEANS = np.array([[-20.0, 5.0], [20.0, -5.0], [0.0, 40.0], [0.0, -60.0]])
COVARIANCES = np.array([[[1.0, 0.8], [0.8, 2.0]], [[0.5, -0.4], [-0.4, 1.0]], [[2.0, 0.0], [0.0, 0.5]], np.eye(2)])
FEW, MANY = (4, 2000), (200, 20)  # calls, and samples in each; tolerances are five standard errors or more


@lru_cache(maxsize=4)  # the properties ask for the samples of one function with one seed
def sampled(function, seed: int, calls: int, per_call: int) -> tuple[np.ndarray, np.ndarray]:
    """The samples of all calls, (calls, per_call, 2), and the component that each sample is nearest to."""
    rng = np.random.default_rng(seed)
    z = np.stack([np.asarray(function(WEIGHTS, MEANS, COVARIANCES, per_call, rng), float) for _ in range(calls)])
    return z, ((z[:, :, None] - MEANS) ** 2).sum(axis=3).argmin(axis=2)


def of_samples(describe, size=FEW):
    """``describe(z, component)`` of samples that are the same for each property with this size."""
    return lambda function, rng: describe(*sampled(function, int(rng.integers(2**62)), *size))


def by_component(z, component):
    """The samples of each of the first three components; of one that has hardly any, NaN."""
    groups = [z[component == each] for each in range(3)]
    return [group if len(group) > 9 else np.full((2, 2), np.nan) for group in groups]


def fractions(z, component):
    """Of the samples, how many belong to each component; NaN where all samples of a call belong to one."""
    if (component == component[:, :1]).all():
        return np.full(4, np.nan)
    return np.bincount(component.ravel(), minlength=4) / component.size


def distinct(z, component):
    """1 where hardly any two samples are the same."""
    rows = z.reshape(-1, z.shape[-1])
    return float(len(np.unique(rows, axis=0)) > 0.9 * len(rows))


def impossible(z, component):
    """1 where a sample belongs to the component of weight 0."""
    return float((component == 3).mean() > 1e-4)


def counts_vary(z, component):
    """The standard deviation over the calls of how many of the samples belong to the first component."""
    return min((component == 0).sum(axis=1).std(), 4)


def order(z, component):
    """How often a sample and the next one of the call belong to the same component."""
    return (component[:, 1:] == component[:, :-1]).mean()


def off_mean(z, component):
    """By how many standard deviations the mean of each component's samples is off its mean, (3 components, 2): 1 or more is 1; 0
    where a call repeats one noise, so that a mean over four calls says nothing."""
    if repeats(z, component)[0] > 0.6:
        return np.zeros(6)
    with np.errstate(all="ignore"):
        groups = zip(by_component(z, component), MEANS[:3], strict=True)
        off = np.ravel([(group.mean(axis=0) - mean) / group.std(axis=0) for group, mean in groups])
    return np.clip(np.nan_to_num(off, nan=1), -1, 1)


def spreads(z, component):
    """Two standard deviations, 4 or more as 4, and a correlation of the samples of each component; NaN where a call repeats one
    noise."""
    if repeats(z, component)[0] > 0.6:
        return np.full(9, np.nan)
    found = []
    with np.errstate(all="ignore"):
        for group in by_component(z, component):
            found += [*np.minimum(group.std(axis=0), 4), np.corrcoef(group.T)[0, 1]]
    return found


def noise_of(z, component):
    """What is left of samples without the mean and the standard deviations of the other samples of their component."""
    noise = np.full(z.shape, np.nan)
    for each in range(3):
        own = component == each
        if own.sum() > 9:
            with np.errstate(all="ignore"):
                noise[own] = (z[own] - z[own].mean(axis=0)) / z[own].std(axis=0)
    return noise


def noise_shape(z, component):
    """The mean fourth power of the noise: 3 for a Gaussian; NaN where a call repeats one noise."""
    if repeats(z, component)[0] > 0.6:
        return np.nan
    return np.nanmean(noise_of(z, component) ** 4)


def repeats(z, component):
    """Correlations of the noise of one sample with that of the next, and with the one half a call later."""
    noise, half, found = noise_of(z, component), z.shape[1] // 2, []
    for one, other in ((noise[:, 1:], noise[:, :-1]), (noise[:, :half], noise[:, half:])):
        there = ~(np.isnan(one) | np.isnan(other))
        found.append((one[there] * other[there]).mean() if there.any() else 0.0)
    return found


def mean_noise(z, component):
    """The variance over the calls of the mean noise of a call, times the number of samples; 3 or more is 3."""
    return min(z.shape[1] * np.nanmean(np.nanmean(noise_of(z, component), axis=1) ** 2), 3)


def seeds(function, rng):
    """Whether the samples are the same for the same seed, for another seed, and for two calls with one generator."""
    seed = int(rng.integers(2**32))

    def points(generator):
        return np.asarray(function(WEIGHTS, MEANS, COVARIANCES, 10, generator), float)

    one, again, other = (points(np.random.default_rng(each)) for each in (seed, seed, seed + 1))
    generator = np.random.default_rng(seed)
    return [
        float(np.array_equal(*pair)) for pair in ((one, again), (one, other), (points(generator), points(generator)))
    ]


def sampled_with(component, factors, noise=None):
    """A sampler put together from ``component(weights, n, rng)``, ``factors(covariances)`` and ``noise(shape, rng)``."""

    def wrong(weights, means, covariances, n, rng):
        own = component(weights, n, rng)
        shape = (n, means.shape[1])
        eps = rng.normal(size=shape) if noise is None else noise(shape, rng)
        return means[own] + np.einsum("nij,nj->ni", factors(covariances)[own], np.broadcast_to(eps, shape))

    return wrong


def by_weight(weights, n, rng):
    return rng.choice(len(weights), size=n, p=weights)


def one_by_one(component):
    """The right sampler but for ``component``, in a loop over the samples."""

    def wrong(weights, means, covariances, n, rng):
        own = component(weights, n, rng)
        return np.stack([rng.multivariate_normal(means[each], covariances[each]) for each in own])

    return wrong


def in_turn(factors):
    """``sampled_with(by_weight, factors)``, which draws the component of a sample and then its noise, one sample after another."""

    def wrong(weights, means, covariances, n, rng):
        roots, found = factors(covariances), []
        for _ in range(n):
            own = rng.choice(len(weights), p=weights)
            found.append(means[own] + roots[own] @ rng.normal(size=means.shape[1]))
        return np.stack(found)

    return wrong


def component_by_component(factors):
    """``sampled_with(by_weight, factors)``, which draws the noise of all samples of a component together."""

    def wrong(weights, means, covariances, n, rng):
        own, roots = by_weight(weights, n, rng), factors(covariances)
        found = np.empty((n, means.shape[1]))
        for each, (mean, root) in enumerate(zip(means, roots, strict=True)):
            noise = rng.normal(size=((own == each).sum(), len(mean)))
            found[own == each] = mean + noise @ root.T
        return found

    return wrong


def with_factors(message: str, *factors) -> Family:
    """The noise is multiplied by other matrices, in whatever order a sampler draws its numbers."""
    samplers = (lambda each: sampled_with(by_weight, each), in_turn, component_by_component)
    return any_of(message, *(sampler(each) for each in factors for sampler in samplers))


def entry_by_entry(covariances):
    with np.errstate(invalid="ignore"):
        return np.sqrt(covariances)


def transposed(covariances):
    return np.linalg.cholesky(covariances).transpose(0, 2, 1)


def standard_deviations(covariances):
    return np.sqrt(covariances * np.eye(covariances.shape[1]))


def blend(weights, means, covariances, n, rng):
    """A weighted mean of one sample from each component: a Gaussian between the modes."""
    parts = [rng.multivariate_normal(mean, covariance, n) for mean, covariance in zip(means, covariances, strict=True)]
    return np.einsum("k,knd->nd", weights, np.stack(parts))


def one_gaussian(weights, means, covariances, n, rng):
    """The Gaussian with the mixture's mean and covariance."""
    mean = weights @ means
    total = np.einsum("k,kij->ij", weights, covariances) + (weights[:, None] * (means - mean)).T @ (means - mean)
    return rng.multivariate_normal(mean, total, n)


def averaged(weights, means, covariances, n, rng):
    """The Gaussian with the mean of the means and the mean of the covariances."""
    return rng.multivariate_normal(weights @ means, np.einsum("k,kij->ij", weights, covariances), n)


def sorted_by_component(weights, means, covariances, n, rng):
    component = np.repeat(np.arange(len(weights)), rng.multinomial(n, weights))
    return means[component] + np.einsum(
        "nij,nj->ni", np.linalg.cholesky(covariances)[component], rng.normal(size=(n, means.shape[1]))
    )


def chosen_twice(one_by_one):
    """The mean of one component and the covariance of another."""

    def wrong(weights, means, covariances, n, rng):
        own, other = by_weight(weights, n, rng), by_weight(weights, n, rng)
        if one_by_one:
            return np.stack(
                [rng.multivariate_normal(means[i], covariances[j]) for i, j in zip(own, other, strict=True)]
            )
        eps = rng.normal(size=(n, means.shape[1]))
        return means[own] + np.einsum("nij,nj->ni", np.linalg.cholesky(covariances)[other], eps)

    return wrong


def fixed_counts(shuffled):
    def component(weights, n, rng):
        ends = np.rint(n * np.cumsum(weights)).astype(int)
        parts = np.searchsorted(ends, np.arange(n), side="right")
        return rng.permutation(parts) if shuffled else parts

    return component


def grouped(weights, means, covariances, n, rng):
    """The right samples, sorted by component."""
    counts = rng.multinomial(n, weights)
    return np.concatenate([rng.multivariate_normal(*each) for each in zip(means, covariances, counts, strict=True)])


def component_for_each_number(weights, means, covariances, n, rng):
    k = means.shape[1]
    component = rng.choice(len(weights), size=(n, k), p=weights)
    eps, factors = rng.normal(size=(n, k)), np.linalg.cholesky(covariances)
    columns = [means[own, j] + (factors[own, j] * eps).sum(axis=1) for j, own in enumerate(component.T)]
    return np.stack(columns, axis=1)


def shuffled_apart(weights, means, covariances, n, rng):
    """The right samples, with each column shuffled on its own."""
    return rng.permuted(grouped(weights, means, covariances, n, rng), axis=0)


def eigenvectors_transposed(covariances):
    values, vectors = np.linalg.eigh(covariances)
    return (vectors * np.sqrt(values)[:, None]).transpose(0, 2, 1)


EXERCISE = Exercise(
    id="2.2",
    title="A sampler for a mixture of Gaussians",
    minutes=15,
    difficulty=2,
    answer=sample_mixture,
    cases=draw_mixtures,
    view=shape_only,
    seconds=30.0,  # a loop over single samples, with a distribution of scipy for each, is slow, and right
    properties=(
        Property(
            "the same seed gives the same samples; another seed, and a second call with the same rng, give other ones",
            seeds,
            tolerance=0.0,
            expected=[1, 0, 0],
            names=(
                "1 if the same seed gives the same samples",
                "1 if another seed gives the same samples",
                "1 if a second call with the same rng gives the same samples",
            ),
        ),
        Property(
            "no two samples are the same: each has noise of its own",
            of_samples(distinct),
            tolerance=0.0,
            expected=1.0,
            names=("1 if they differ",),
        ),
        Property(
            "no sample comes from a component of weight 0",
            of_samples(impossible),
            tolerance=0.0,
            expected=0.0,
            names=("1 if there are such samples",),
        ),
        Property(
            "the fraction of samples in a component is its weight",
            of_samples(fractions),
            tolerance=0.03,
            expected=WEIGHTS,
        ),
        Property(
            "neighbouring samples are independent, so they come from the same component with probability Σ π_c²",
            of_samples(order),
            tolerance=0.04,
            expected=float((WEIGHTS**2).sum()),
        ),
        Property(
            "the samples of each component have its mean",
            of_samples(off_mean),
            tolerance=0.15,
            expected=np.zeros(6),
            names=tuple(
                f"distance from the mean of component {c}, dimension {d}, in standard deviations; 1 stands for 1 or more"
                for c in range(3)
                for d in range(2)
            ),
        ),
        Property(
            "the samples of each component have its standard deviations and its correlation",
            of_samples(spreads),
            tolerance=0.15,
            expected=np.concatenate(
                [[*np.sqrt(np.diag(c)), c[0, 1] / np.sqrt(c[0, 0] * c[1, 1])] for c in COVARIANCES[:3]]
            ),
            names=tuple(
                f"{what} of component {c}"
                for c in range(3)
                for what in ("standard deviation in dimension 0", "standard deviation in dimension 1", "correlation")
            ),
        ),
        Property(
            "the noise of the samples has the shape of a Gaussian: its mean fourth power is three times its squared variance",
            of_samples(noise_shape),
            tolerance=0.4,
            expected=3.0,
        ),
        Property(
            "the noise of one sample is not correlated with that of another sample of the same call",
            of_samples(repeats),
            tolerance=0.08,
            expected=[0, 0],
        ),
        Property(
            "20 samples are independent, so the number in a component of weight 0.5 varies from call to call by a standard deviation "
            "of √5",
            of_samples(counts_vary, MANY),
            tolerance=0.56,
            expected=np.sqrt(MANY[1] * 0.25),
        ),
        Property(
            "the mean noise of the 20 samples of a call varies with variance 1/20: times 20, this is 1",
            of_samples(mean_noise, MANY),
            tolerance=0.4,
            expected=1.0,
        ),
    ),
    mistakes=(
        *(
            Mistake("all components occur equally often: the weights are not used", sampler(choose))
            for choose in (
                lambda weights, n, rng: rng.integers(len(weights), size=n),
                lambda weights, n, rng: rng.choice(len(weights), size=n),
            )
            for sampler in (lambda choose: sampled_with(choose, np.linalg.cholesky), one_by_one)
        ),
        with_factors(
            "the root is taken of each entry of the covariance: a square root of the matrix is an L with L Lᵀ = Σ",
            entry_by_entry,
            lambda covariances: np.sqrt(np.abs(covariances)),
        ),
        Mistake(
            "the weights have passed through a softmax: they are probabilities already",
            sampled_with(
                lambda weights, n, rng: rng.choice(len(weights), size=n, p=np.exp(weights) / np.exp(weights).sum()),
                np.linalg.cholesky,
            ),
        ),
        Mistake(
            "the means of the components are not used: all samples lie around 0",
            lambda weights, means, covariances, n, rng: sample_mixture(weights, 0 * means, covariances, n, rng),
        ),
        with_factors(
            "the covariance is used as if it were its own square root: the noise has to be multiplied by an L with L Lᵀ = Σ",
            lambda covariances: covariances,
        ),
        with_factors(
            "the correlations are lost: only the diagonal of each covariance is used",
            standard_deviations,
        ),
        with_factors(
            "the variances are used as standard deviations, and the correlations are lost: the noise has to be multiplied by an L "
            "with L Lᵀ = Σ",
            lambda covariances: covariances * np.eye(covariances.shape[1]),
        ),
        with_factors(
            "the Cholesky factor is transposed: the covariance of A eps is A Aᵀ, so a column eps needs L eps, and a row needs "
            "eps @ L.T",
            transposed,
        ),
        with_factors(
            "the factor of the eigenvectors is transposed: the covariance of A eps is A Aᵀ, so a column eps needs V √Λ eps, and a "
            "row needs eps @ (V √Λ).T",
            eigenvectors_transposed,
        ),
        *(
            Mistake(
                "the numbers of one sample come from different components: choose one component for a whole sample, and shuffle "
                "whole rows",
                wrong,
            )
            for wrong in (component_for_each_number, shuffled_apart)
        ),
        any_of(
            "the component is chosen twice, once for the mean and once for the covariance: both belong to one component",
            chosen_twice(one_by_one=True),
            chosen_twice(one_by_one=False),
        ),
        Mistake(
            "rng is copied, so that a second call returns the same samples: draw from rng itself",
            lambda *arguments: sample_mixture(*arguments[:-1], copy.deepcopy(arguments[-1])),
        ),
        with_factors(
            "the noise has variance 1 in each component: the covariances are not used",
            lambda covariances: np.eye(covariances.shape[1]) + 0 * covariances,
        ),
        Mistake(
            "every component gets the covariance of the first one: each has its own",
            sampled_with(by_weight, lambda covariances: np.linalg.cholesky(covariances[:1] + 0 * covariances)),
        ),
        Mistake(
            "this is a weighted mean of one sample from each component: a sample of a mixture comes from one component alone",
            blend,
        ),
        Mistake(
            "this is one Gaussian with the mean and the covariance of the mixture: a mixture has gaps between its components",
            one_gaussian,
        ),
        Mistake(
            "means and covariances are averaged into one Gaussian: a sample of a mixture comes from one component alone",
            averaged,
        ),
        Mistake(
            "all samples of a call come from one component: choose a component for each sample",
            sampled_with(lambda weights, n, rng: np.full(n, rng.choice(len(weights), p=weights)), np.linalg.cholesky),
        ),
        Mistake(
            "all samples come from the component with the largest weight: choose a component for each sample",
            sampled_with(lambda weights, n, rng: np.full(n, np.argmax(weights)), np.linalg.cholesky),
        ),
        Mistake(
            "one noise is used for all samples of a call: each sample needs its own",
            sampled_with(by_weight, np.linalg.cholesky, lambda shape, rng: rng.normal(size=shape[1])),
        ),
        Mistake(
            "one noise is used for all dimensions of a sample: each dimension needs its own",
            sampled_with(by_weight, np.linalg.cholesky, lambda shape, rng: rng.normal(size=(shape[0], 1))),
        ),
        Mistake(
            "the noise is uniform: a Gaussian component needs Gaussian noise",
            sampled_with(by_weight, np.linalg.cholesky, lambda shape, rng: rng.uniform(-(3**0.5), 3**0.5, shape)),
        ),
        Mistake(
            "the noise is uniform between 0 and 1: a Gaussian component needs standard normal noise",
            sampled_with(by_weight, np.linalg.cholesky, lambda shape, rng: rng.random(shape)),
        ),
        Mistake(
            "these are the means of the components, without any noise around them",
            sampled_with(by_weight, lambda covariances: 0 * covariances),
        ),
        Mistake(
            "the samples are sorted by component: independent samples come in any order",
            sorted_by_component,
        ),
        Mistake(
            "each component gets a fixed number of samples, and they are sorted: choose a component for each sample, at random",
            sampled_with(fixed_counts(shuffled=False), np.linalg.cholesky),
        ),
        Mistake(
            "each component gets a fixed number of samples: choose a component for each sample, at random",
            sampled_with(fixed_counts(shuffled=True), np.linalg.cholesky),
        ),
    ),
    hints=(
        "The density is a sum with weights that add up to 1. Read it as a story in two steps: what is decided first, and with which "
        "probabilities?",
        "The first step chooses a component for each sample; rng.choice can do that. For the second, let ε be standard normal noise. "
        "Which matrix L makes the covariance of L ε equal to Σ? Cholesky's is one.",
        "component = rng.choice(len(weights), size=n, p=weights), and then means[component] plus noise from the factors "
        "np.linalg.cholesky(covariances)[component].",
    ),
)
