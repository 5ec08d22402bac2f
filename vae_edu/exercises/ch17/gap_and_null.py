"""Exercise 17.1: the mutual information gap and its null."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, slip


def gap_and_null(codes, factors, shuffles):
    """The MIG of codes and factors, and its mean over the shuffled factors: two numbers."""

    def entropy_of(*columns):
        counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)[1]
        return -(counts / counts.sum() * np.log(counts / counts.sum())).sum()

    def mig(factors):
        gaps = []
        for v in factors.T:
            information = [entropy_of(z) + entropy_of(v) - entropy_of(z, v) for z in codes.T]
            second, largest = np.sort(information)[-2:]
            gaps.append((largest - second) / entropy_of(v))
        return np.mean(gaps)

    return mig(factors), np.mean([mig(factors[rows]) for rows in shuffles])


def information_of(codes, factors):
    """I(z_j; v_f) in nats, (latent, factors)."""
    z, v = ([np.unique(column, return_inverse=True)[1] for column in table.T] for table in (codes, factors))
    of_z, of_v = ([entropy_of_counts(np.bincount(each)) for each in labels] for labels in (z, v))
    joint = [[entropy_of_counts(np.bincount(one * (other.max() + 1) + other)) for other in v] for one in z]
    return np.add.outer(of_z, of_v) - joint


def entropy_of_counts(counts):
    p = counts[counts > 0] / counts.sum()
    return -(p * np.log(p)).sum()


def entropies(labels):
    return np.array([entropy_of_counts(np.unique(column, return_counts=True)[1]) for column in labels.T])


def top_gap(information, _codes):
    second, largest = np.sort(information, axis=0)[-2:]
    return largest - second


def by_factor_entropy(gaps, _codes, factors, _information):
    return gaps / entropies(factors)


def entropy_of_the_best(gaps, codes, _factors, information):
    of_codes = entropies(codes)[information.argmax(axis=0)]
    return gaps / np.where(of_codes > 0, of_codes, 1)


def plain_mean(scaled, _factors):
    return scaled.mean()


def mean_over_shuffles(score, codes, factors, shuffles):
    return np.mean([score(codes, factors[rows]) for rows in shuffles])


def gap_with(
    *,
    information=information_of,
    gap=top_gap,
    scale=by_factor_entropy,
    mean=plain_mean,
    null=mean_over_shuffles,
    give=lambda score, null: (score, null),
):
    """The model answer, put together from its parts."""

    def score(codes, factors):
        found = information(codes, factors)
        return mean(scale(gap(found, codes), codes, factors, found), factors)

    def both(codes, factors, shuffles):
        codes, factors, shuffles = (np.asarray(each) for each in (codes, factors, shuffles))
        return give(score(codes, factors), null(score, codes, factors, shuffles))

    return both


def joint_entropies(codes, factors):
    return np.array(
        [
            [entropy_of_counts(np.unique(np.column_stack([z, v]), axis=0, return_counts=True)[1]) for v in factors.T]
            for z in codes.T
        ]
    )


def normalised(mean):
    """Informations divided by a mean of both entropies, as in scikit-learn; 0 for a latent with one value."""

    def information(codes, factors):
        of_z, of_v = entropies(codes)[:, None], entropies(factors)
        below = mean(of_z + 0 * of_v, of_v + 0 * of_z)
        return information_of(codes, factors) / np.where(below > 0, below, 1)

    return information


def over_joint_entropy(codes, factors):
    return information_of(codes, factors) / joint_entropies(codes, factors)


def each_latent_once(second):
    """The gaps if the factors choose in turn, and a latent that is taken is out."""

    def gap(information, _codes):
        free, gaps = list(range(len(information))), []
        for column in information.T:
            among = free or list(range(len(information)))
            best = max(among, key=lambda latent: column[latent])
            gaps.append(column[best] - second(column, best, among))
            free = [latent for latent in free if latent != best]
        return np.array(gaps)

    return gap


def largest_of_all_others(column, best, _free):
    return np.delete(column, best).max()


def largest_of_the_free(column, best, free):
    return max((column[latent] for latent in free if latent != best), default=0.0)


def by_assignment(information, _codes):
    from scipy.optimize import linear_sum_assignment

    gaps = top_gap(information, None)
    latents, factors = linear_sum_assignment(-information)
    for latent, factor in zip(latents, factors, strict=True):
        gaps[factor] = information[latent, factor] - np.delete(information[:, factor], latent).max()
    return gaps


def shuffled_again_and_again(score, codes, factors, shuffles):
    found = []
    for rows in shuffles:
        factors = factors[rows]
        found.append(score(codes, factors))
    return np.mean(found)


def with_tables(codes, factors, shuffles):
    def information(z, v):
        joint = np.zeros((z.max() + 1, v.max() + 1))
        np.add.at(joint, (z, v), 1 / len(z))
        product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        return np.sum(joint[joint > 0] * np.log(joint[joint > 0] / product[joint > 0]))

    def mig(v_table):
        total = 0.0
        for v in v_table.T:
            ranked = sorted(information(z, v) for z in codes.T)
            total += (ranked[-1] - ranked[-2]) / information(v, v)
        return total / v_table.shape[1]

    return mig(factors), sum(mig(factors[each]) for each in shuffles) / len(shuffles)


def next_smaller(information, _codes):
    """The largest less the next *smaller* value, or less nothing where there is none."""
    ranked = [np.unique(each.round(12)) for each in information.T]
    return np.array([each[-1] - (each[-2] if len(each) > 1 else 0) for each in ranked])


def next_smaller_or_same(information, codes):
    return np.where(np.ptp(information, axis=0) > 1e-12, next_smaller(information, codes), 0)


def next_latent(information, _codes):
    """The best latent less the one beside it."""
    best, factor = information.argmax(axis=0), np.arange(information.shape[1])
    return information[best, factor] - information[(best + 1) % len(information), factor]


def over_factors(information, codes):
    """The gap between the two best factors of each latent."""
    ranked = np.sort(information, axis=1)
    return ranked[:, -1] - ranked[:, -2]


def swapped_axes(codes, factors, shuffles):
    def score(v):
        information = information_of(codes, v) / entropies(v)
        return over_factors(information, codes).mean()

    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def correlated(codes, factors):
    """Squared correlations in place of informations; 0 for a latent with one value."""
    z, v = codes - codes.mean(axis=0), factors - factors.mean(axis=0)
    sizes = np.sqrt((z**2).sum(axis=0)[:, None] * (v**2).sum(axis=0))
    return ((z.T @ v) / np.where(sizes > 0, sizes, 1)) ** 2


def draw_cases(rng: np.random.Generator):
    """Codes that know a lot and little; a latent with one value only; two latents; one shuffle; labels that are not used; two latents that
    know equally much; few rows, where the null is large; latents with fewer values than their factor."""
    for n, latent, kinds, shuffles, noise in (
        (70, 4, (4, 3, 5), 2, 0.3),
        (40, 3, (2, 6), 3, 0.6),
        (50, 2, (3, 4), 1, 0.2),
        (25, 5, (4, 5), 3, 1.0),
    ):
        while True:
            factors = np.column_stack([rng.permutation(np.arange(n) ** 2 % kind) for kind in kinds])
            source = rng.integers(0, len(kinds), latent)
            codes = factors[:, source].copy()
            lost = rng.random(codes.shape) < noise
            codes[lost] = rng.integers(0, 6, lost.sum())
            codes = codes * rng.integers(1, 3, latent)  # labels with holes between them
            if latent == 3:
                codes[:, 1] = 2
            if latent == 5:
                codes[:, 4] = codes[:, 0]
            case = codes, factors, np.array([rng.permutation(n) for _ in range(shuffles)])
            # The two equal latents are the best ones of a factor. Where they are so of every factor, the score is 0 up to rounding,
            # which no tolerance fits.
            right, above_ties = gap_and_null(*case), gap_with(gap=next_smaller)(*case)
            if min(right) > 1e-6 and (latent != 5 or above_ties[0] > right[0] + 1e-3):
                break
        yield case
    # The best latents of the first factor have two values each, so their entropy is below that of the factor.
    factors = np.column_stack([rng.permutation(np.arange(32) % 4), rng.permutation(np.arange(32) ** 2 % 3)])
    half = np.where(rng.random(32) < 0.3, rng.integers(0, 2, 32), factors[:, 0] % 2)
    yield (
        np.column_stack([factors[:, 0] // 2, half, factors[:, 1]]),
        factors,
        rng.permuted(np.tile(np.arange(32), (2, 1)), axis=1),
    )


EXERCISE = Exercise(
    id="17.1",
    title="The mutual information gap and its null",
    minutes=20,
    difficulty=3,
    answer=gap_and_null,
    cases=draw_cases,
    also_right=(with_tables, gap_with(), lambda *arguments: np.array(gap_with()(*arguments))),
    mistakes=(
        slip(
            "the gaps are not divided by the entropy of their factor",
            gap_with,
            scale=lambda gaps, *_: gaps,
        ),
        any_of(
            "the gaps are divided by the entropy of the best latent: divide by H(v_f), that of the factor",
            gap_with(
                scale=entropy_of_the_best,
            ),
        ),
        slip(
            "the gaps are divided by the logarithm of the number of labels: that is the entropy only where all labels are equally frequent",
            gap_with,
            scale=lambda gaps, _codes, factors, _information: (
                gaps / np.log([len(np.unique(column)) for column in factors.T])
            ),
        ),
        any_of(
            "the gaps are divided by the logarithm of the number of bins: that is the entropy only where all bins are equally full",
            gap_with(
                scale=lambda gaps, _codes, factors, _information: gaps / np.log(factors.max(axis=0) + 1),
            ),
        ),
        any_of(
            "the informations are divided by the joint entropy of latent and factor: divide the gap by H(v_f)",
            gap_with(information=over_joint_entropy, scale=lambda gaps, *_: gaps),
            gap_with(information=over_joint_entropy),
        ),
        any_of(
            "this is normalised mutual information, divided by a mean of both entropies: divide the gap by H(v_f) alone",
            *(
                gap_with(information=normalised(mean), scale=scale)
                for mean in (lambda z, v: (z + v) / 2, lambda z, v: np.sqrt(z * v), np.minimum, np.maximum)
                for scale in (lambda gaps, *_: gaps, by_factor_entropy)
            ),
        ),
        any_of(
            "a latent that is the best for one factor is out for the others: here it may be the best for several",
            *(gap_with(gap=each_latent_once(second)) for second in (largest_of_all_others, largest_of_the_free)),
            gap_with(gap=by_assignment),
        ),
        slip(
            "this is the largest information, without the second largest subtracted",
            gap_with,
            gap=lambda information, _codes: information.max(axis=0),
        ),
        any_of(
            "you subtract the smallest information: subtract the second largest",
            gap_with(
                gap=lambda information, _codes: np.ptp(information, axis=0),
            ),
        ),
        any_of(
            "you subtract the mean over latents: subtract the second largest information",
            gap_with(
                gap=lambda information, _codes: information.max(axis=0) - information.mean(axis=0),
            ),
        ),
        slip(
            "you subtract the mean of all other latents: subtract the second largest information",
            gap_with,
            gap=lambda information, codes: (
                information.max(axis=0)
                - (information.sum(axis=0) - information.max(axis=0)) / (information.shape[0] - 1)
            ),
        ),
        any_of(
            "where two latents tell equally much, the gap is 0: the second largest information may equal the largest",
            gap_with(gap=next_smaller),
            gap_with(gap=next_smaller_or_same),
        ),
        any_of(
            "you subtract the information of the latent beside the best one: subtract the second largest",
            gap_with(gap=next_latent),
        ),
        any_of(
            "you take the two best factors of each latent: take the two best latents of each factor",
            swapped_axes,
        ),
        any_of(
            "this is the sum over factors: take the mean",
            gap_with(
                mean=lambda scaled, _factors: scaled.sum(),
            ),
        ),
        any_of(
            "the gap of the average is divided by the average entropy: divide each gap by its own factor's entropy, and average last",
            gap_with(
                scale=lambda gaps, *_: gaps,
                mean=lambda gaps, factors: gaps.sum() / entropies(factors).sum(),
            ),
        ),
        any_of(
            "these are squared correlations: the information also counts dependence that is not a straight line",
            gap_with(
                information=correlated,
            ),
        ),
        slip(
            "the null shuffles the rows of codes and factors together, so every pair stays a pair: shuffle the factors only",
            gap_with,
            null=lambda score, codes, factors, shuffles: np.mean(
                [score(codes[rows], factors[rows]) for rows in shuffles]
            ),
        ),
        any_of(
            "the rows of the codes are shuffled: factors[shuffles[s]] are the shuffled factors, and the codes stay",
            gap_with(
                null=lambda score, codes, factors, shuffles: np.mean([score(codes[rows], factors) for rows in shuffles])
            ),
        ),
        any_of(
            "the null is the largest of the shuffled scores: take their mean",
            gap_with(
                null=lambda score, codes, factors, shuffles: np.max([score(codes, factors[rows]) for rows in shuffles]),
            ),
        ),
        any_of(
            "the null is the standard deviation of the shuffled scores: take their mean",
            gap_with(
                null=lambda score, codes, factors, shuffles: np.std([score(codes, factors[rows]) for rows in shuffles]),
            ),
        ),
        any_of(
            "the null uses the first shuffle only: average over all of them",
            gap_with(
                null=lambda score, codes, factors, shuffles: score(codes, factors[shuffles[0]]),
            ),
        ),
        any_of(
            "each shuffle starts from the shuffle before it: factors[shuffles[s]] are rows of the factors as they came",
            gap_with(null=shuffled_again_and_again),
        ),
        any_of(
            "the second number is how far the MIG lies above its null: return the null itself",
            gap_with(give=lambda score, null: (score, score - null)),
        ),
        any_of(
            "the null is already subtracted from the first number: return both as they are",
            gap_with(give=lambda score, null: (score - null, null)),
        ),
        any_of(
            "the two results are exchanged: first the MIG, then its null",
            gap_with(give=lambda score, null: (null, score)),
        ),
    ),
    hints=(
        "For one latent and one factor, which three entropies give the mutual information? How do you get the entropy of a column of "
        "labels from their frequencies?",
        "I(z; v) = H(z) + H(v) − H(z, v), and a pair of labels is a label too. Write one function for the MIG of any table of factors, "
        "and call it for factors and for factors[rows] of each shuffle.",
        "np.unique(np.column_stack([z, v]), axis=0, return_counts=True)[1] counts the pairs; np.sort(information)[-2:] are the second "
        "largest and the largest.",
    ),
)
