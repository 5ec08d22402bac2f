"""Exercises of notebook 13: evaluating samples."""

from dataclasses import dataclass

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only


def between(a, b):
    """The Euclidean distance of each row of a from each row of b."""
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))


def precision_and_modes(samples, means, sigma, least):
    """Two numbers: the share of the samples (n, 2) that lie within 3 sigma of a mode, and the number of modes that are
    covered. means (modes, 2). A sample within 3 sigma (Euclidean, edge included) of the nearest mean counts for that mode;
    a mode with least samples or more is covered."""
    far = np.sqrt(((samples[:, None] - means) ** 2).sum(axis=2))
    on = far.min(axis=1) <= 3 * sigma
    hits = np.bincount(far.argmin(axis=1)[on], minlength=len(means))
    return on.mean(), (hits >= least).sum()


def draw_clumps(rng: np.random.Generator):
    for modes, sigma, least in ((6, 0.2, 4), (5, 0.3, 6), (8, 0.15, 3)):
        means = np.column_stack([3.1 * np.arange(modes), rng.uniform(-1, 1, modes)])
        # for each mode, how far its samples lie from the mean, in units of sigma, and in how many directions
        angle = lambda n: rng.uniform(0.55, 1.0, n) + np.pi / 2 * rng.integers(4, size=n)  # noqa: E731
        parts = []
        for mode in range(modes):
            near, far, beyond = {
                0: (least, 0, 2),  # exactly enough
                1: (least - 1, 0, 0),  # one too few
                2: (0, 0, 3 * least),  # none within, many just outside
                3: (1, least + 2, 0),  # most between sigma and 3 sigma
                4: (1, 0, 0),  # one sample
            }.get(mode, (2 * least, 1, 1))
            reach = np.concatenate(
                [
                    rng.uniform(0.1, 0.9, near),
                    rng.uniform(2.0, 2.9, far),
                    rng.uniform(1.2, 1.6, 1 if mode == 3 else 0),
                    rng.uniform(3.1, 3.6, beyond),  # outside the circle, inside the square
                ]
            )
            turn = angle(len(reach))
            parts.append(means[mode] + sigma * reach[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]))
        yield rng.permutation(np.concatenate(parts)), means, sigma, least


def on_modes(
    *,
    distance=between,
    reach=lambda sigma: 3 * sigma,
    enough=lambda hits, least: hits >= least,
    share=lambda on, far: on.mean(),
    within=True,
):
    """A wrong answer: the right one with one of its parts otherwise."""

    def wrong(samples, means, sigma, least):
        far = distance(samples, means)
        on = far.min(axis=1) <= reach(sigma)
        counted = far.argmin(axis=1)[on] if within else far.argmin(axis=1)
        hits = np.bincount(counted, minlength=len(means))
        return float(share(on, far)), int(enough(hits, least).sum())

    return wrong


def frechet_of_gaussians(mean_a, cov_a, mean_b, cov_b):
    """The squared Fréchet distance of N(mean_a, cov_a) and N(mean_b, cov_b), one number. Means (d,), covariances (d, d),
    symmetric, with eigenvalues of 0 or above; some are exactly 0, which rounding may turn into -1e-17, so clip before a
    root. Return a real number, and add nothing to the covariances."""

    def root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T

    half = root(cov_a)
    cross = root(half @ cov_b @ half)
    return ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * cross)


def positive_covariance(rng: np.random.Generator, d: int) -> np.ndarray:
    """In general position, with entries that are all positive: the root of each entry exists, and is wrong."""
    while True:
        factor = rng.uniform(0.1, 1.5, (d, d)) * rng.choice([1, 1, -0.4], (d, d))
        covariance = factor @ factor.T + 0.1 * np.eye(d)
        if covariance.min() > 0.05:
            return covariance


def draw_gaussians(rng: np.random.Generator):
    for d in (2, 3, 5):
        mean_a, mean_b = rng.choice([-1, 1], (2, d)) * rng.uniform(0.4, 1.5, (2, d))
        yield mean_a, positive_covariance(rng, d), mean_b, positive_covariance(rng, d)
    basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    singular = (basis * np.array([2.0, 0.7, 0.0, 0.0])) @ basis.T
    mean_a, mean_b = rng.normal(size=(2, 4))
    yield mean_a, (singular + singular.T) / 2, mean_b, positive_covariance(rng, 4)


def matrix_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def right_cross(a, b):
    half = matrix_root(a)
    return np.trace(matrix_root(half @ b @ half))


def cross_with_ridge(a, b):
    """As common code for images does, where a covariance is singular."""
    ridge = 1e-6 * np.eye(len(a))
    return right_cross(a + ridge, b + ridge)


def entry_root(matrix):
    with np.errstate(invalid="ignore"):
        return np.sqrt(matrix)


def frechet_with(*, shift=lambda gap: (gap**2).sum(), cross=right_cross, covariances=lambda a, b, c: a + b - 2 * c):
    """A wrong answer: another part for the means, for tr of the cross term, or for how the traces are put together."""

    def wrong(mean_a, cov_a, mean_b, cov_b):
        traces = np.trace(cov_a), np.trace(cov_b), cross(cov_a, cov_b)
        return float(shift(mean_a - mean_b) + covariances(*traces))

    return wrong


def frechet_of(change):
    """A wrong answer: ``change`` of the right number."""
    return lambda *arguments: float(change(frechet_of_gaussians(*arguments)))


def frechet_from_deviations(mean_a, cov_a, mean_b, cov_b):
    return frechet_of_gaussians(mean_a, cov_a @ cov_a, mean_b, cov_b @ cov_b)


def precision_and_recall(real, generated, k):
    """Two numbers, precision and recall, of real (N, d) and generated (M, d). The ball around a row reaches to its k-th
    nearest other row in the same cloud (Euclidean); the edge belongs to the ball."""

    def distances(a, b):
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))

    # sorted, the row itself comes first, so its k-th nearest other row stands at place k
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


def one_radius(_distances, _k, own):
    return np.full_like(own, np.median(own))


def neighbours_in_the_other_cloud(x, y, k):
    far = between(x, y)
    of_real, of_generated = np.sort(far, axis=1)[:, k - 1], np.sort(far, axis=0)[k - 1]
    return float((far <= of_real[:, None]).any(axis=0).mean()), float((far <= of_generated).any(axis=1).mean())


def nearest_ball_only(x, y, k):
    far = between(x, y)
    of_real, of_generated = radii(x, k), radii(y, k)
    precise = far.min(axis=0) <= of_real[far.argmin(axis=0)]
    return float(precise.mean()), float((far.min(axis=1) <= of_generated[far.argmin(axis=1)]).mean())


def copied_share(generated, training, held_out):
    """The share of the generated rows (s, d) that copying would have to explain, one number: (share − expected)/(1 − expected).
    share: of the generated rows whose nearest row (Euclidean) among training (n, d) and held_out (m, d) together is a
    training row; expected: n/(n + m). Ties do not occur here."""

    def nearest(rows):
        return ((generated[:, None] - rows[None]) ** 2).sum(axis=2).min(axis=1)

    share = (nearest(training) < nearest(held_out)).mean()
    expected = len(training) / (len(training) + len(held_out))
    return (share - expected) / (1 - expected)


def draw_copies(rng: np.random.Generator):
    for s, n, m, d, share in ((60, 40, 15, 3, 0.5), (45, 30, 50, 2, 0.3), (50, 25, 40, 4, 1.0), (70, 50, 20, 3, 0.0)):
        training, held_out = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        generated = 1.3 * rng.normal(size=(s, d))
        copies = round(share * s)
        generated[:copies] = training[rng.integers(n, size=copies)] + 1e-3 * rng.normal(size=(copies, d))
        yield rng.permutation(generated), training, held_out


def copied_with(
    *,
    share=None,
    expected=lambda n, m: n / (n + m),
    combine=lambda share, expected: (share - expected) / (1 - expected),
    nearest=lambda generated, rows: between(generated, rows).min(axis=1),
):
    """A wrong answer: the right one with one of its parts otherwise."""

    def wrong(generated, training, held_out):
        closer = nearest(generated, training) < nearest(generated, held_out)
        own = share(generated, training, held_out) if share else closer.mean()
        return float(combine(own, expected(len(training), len(held_out))))

    return wrong


def closer_than_training_rows_are(generated, training, held_out):
    typical = np.sort(between(training, training), axis=1)[:, 1].mean()
    return (between(generated, training).min(axis=1) < typical).mean()


def closer_than_held_out_rows_are(generated, training, held_out):
    typical = between(held_out, training).min(axis=1).mean()
    return (between(generated, training).min(axis=1) < typical).mean()


def found_training_rows(generated, training, held_out):
    return len(np.unique(between(training, generated).argmin(axis=1))) / len(generated)


def training_rows_copied(generated, training, held_out):
    """The share of training rows, not of samples."""
    pool = np.concatenate([training, held_out])
    nearest = between(generated, pool).argmin(axis=1)
    return len(np.unique(nearest[nearest < len(training)])) / len(training)


def mean_distance(generated, rows):
    return between(generated, rows).mean(axis=1)


def biggest_difference(generated, rows):
    return abs(generated[:, None] - rows[None]).max(axis=2).min(axis=1)


def city_block(generated, rows):
    return abs(generated[:, None] - rows[None]).sum(axis=2).min(axis=1)


def frechet_without_bias(sizes, distances):
    """The value at 1/n = 0 of the line a + b/n that fits the distances best (least squares), one number. sizes (m,): the
    numbers n of rows, the same in both clouds; distances (m,): d² from so many rows."""
    inverse = 1 / np.asarray(sizes, dtype=float)
    slope = ((inverse - inverse.mean()) * (distances - distances.mean())).sum() / (
        (inverse - inverse.mean()) ** 2
    ).sum()
    return distances.mean() - slope * inverse.mean()


def draw_sizes(rng: np.random.Generator):
    for sizes in ((100, 250, 700, 2000), (50, 400, 150, 1000, 3000), (200, 300, 900)):
        sizes = np.array(sizes)
        yield sizes, rng.uniform(2, 6) + rng.uniform(600, 1500) / sizes * rng.uniform(0.8, 1.2, len(sizes))


def line_in(scale, at=1):
    """A wrong answer: a line in another quantity; ``at`` 1 for its constant, 0 for its slope."""
    return lambda sizes, distances: float(np.polyfit(scale(sizes.astype(float)), distances, 1)[at])


def in_logarithms(sizes, distances):
    return float(np.exp(np.polyfit(np.log(sizes), np.log(distances), 1)[1]))


def through_the_ends(sizes, distances):
    small, large = sizes.argmin(), sizes.argmax()
    slope = (distances[small] - distances[large]) / (1 / sizes[small] - 1 / sizes[large])
    return float(distances[large] - slope / sizes[large])


def two_last(sizes, distances):
    inverse = 1 / sizes
    slope = (distances[-1] - distances[-2]) / (inverse[-1] - inverse[-2])
    return float(distances[-1] - slope * inverse[-1])


def weighted_by_size(sizes, distances):
    return float(np.polyfit(1 / sizes, distances, 1, w=np.sqrt(sizes))[1])


def through_the_origin(sizes, distances):
    inverse = 1 / sizes
    return float((inverse * distances).sum() / (inverse**2).sum())


def vae_samples(encode, decode, x, n, latent, rng):
    """n samples of a VAE, an array (n, data): decode(z) for n draws z of the prior N(0, I). decode turns z (n, latent) into
    pictures (n, data); encode(x) returns mu and logvar of q(z|x), each (batch, latent); x (batch, data) holds test images;
    rng is a NumPy Generator. Not everything that is handed over is needed."""
    return decode(rng.standard_normal((n, latent)))


@dataclass(frozen=True)
class Decoder:
    """z @ weights: a decoder that says its weights."""

    weights: np.ndarray

    def __call__(self, z):
        return np.asarray(z) @ self.weights


@dataclass(frozen=True)
class Encoder:
    """mu = x @ weights, with a variance of its own."""

    weights: np.ndarray

    def __call__(self, x):
        mu = np.asarray(x) @ self.weights
        return mu, np.full(mu.shape, -1.5)


def draw_vaes(rng: np.random.Generator):
    for n, latent, data in ((4, 3, 7), (9, 2, 5)):
        encode, decode = Encoder(rng.normal(size=(data, latent))), Decoder(rng.normal(size=(latent, data)))
        yield encode, decode, rng.normal(size=(6, data)), n, latent, rng


def off_centre(x):
    """An encoder whose posteriors lie away from the prior's mean."""
    return 1.5 + 0.4 * x, np.full(x.shape, -0.5)


def drawn(function, rng, *, n=4000, shift=0.0):
    """The z that were decoded: the decoder hands them back."""
    x = shift + np.random.default_rng(5).normal(size=(n, 3))
    return np.asarray(function(off_centre, lambda z: np.asarray(z), x, n, 3, rng), float)


def off_and_variance(function, rng):
    """1 if the mean of some latent is off 0, else 0, and the variance of each."""
    z = drawn(function, rng)
    return [float(np.abs(z.mean(axis=0)).max() > 0.15), *z.var(axis=0)]


def kurtosis(function, rng):
    """The mean fourth power of the distance to the mean, over the squared variance; NaN for draws that are all the same."""
    z = drawn(function, rng)
    if (z == z[0]).all():
        return np.nan
    z = z - z.mean(axis=0)
    return (z**4).mean() / (z**2).mean() ** 2


def apart(function, rng):
    """Correlations between latents and between neighbouring rows; NaN for draws that are all the same."""
    z = drawn(function, rng)
    if (z == z[0]).all():
        return [np.nan] * 3
    return [np.corrcoef(z.T)[0, 1], np.corrcoef(z.T)[1, 2], np.corrcoef(z[:-1, 0], z[1:, 0])[0, 1]]


def same_draws(function, rng):
    """Whether the draws are the same for the same seed, for the same seed and other images, and for another seed."""
    seed = int(rng.integers(2**32))
    first, again, other_x = (drawn(function, np.random.default_rng(seed), n=20, shift=by) for by in (0, 0, 3))
    other = drawn(function, np.random.default_rng(seed + 1), n=20)
    return [float(np.allclose(first, each)) for each in (again, other_x, other)]


def from_posterior(spread):
    def samples(encode, decode, x, n, latent, rng):
        mu, logvar = encode(x[np.arange(n) % len(x)])
        return decode(mu + spread * np.exp(logvar / 2) * rng.standard_normal((n, latent)))

    return samples


def decoded(draw):
    return lambda encode, decode, x, n, latent, rng: decode(draw(rng, n, latent))


def from_gaussian_of_codes(encode, decode, x, n, latent, rng):
    mu, _ = encode(x)
    return decode(mu.mean(axis=0) + mu.std(axis=0) * rng.standard_normal((n, latent)))


EXERCISES = (
    Exercise(
        id="13.1",
        title="Precision and covered modes",
        minutes=8,
        difficulty=1,
        answer=precision_and_modes,
        cases=draw_clumps,
        mistakes=(
            Mistake(
                "the circle is one sigma wide: within three sigma counts",
                on_modes(reach=lambda sigma: sigma),
            ),
            Mistake(
                "samples are counted for the nearest mode however far they are: drop those beyond 3 sigma first",
                on_modes(within=False),
            ),
            Mistake(
                "a square was used, not a circle: each coordinate is within 3 sigma, the distance need not be",
                on_modes(distance=lambda a, b: abs(a[:, None] - b[None]).max(axis=2)),
            ),
            Mistake(
                "the sum of the coordinates' distances is compared with 3 sigma: take the Euclidean distance",
                on_modes(distance=lambda a, b: abs(a[:, None] - b[None]).sum(axis=2)),
            ),
            Mistake(
                "squared distances are compared with 3 sigma, which is not squared",
                on_modes(distance=lambda a, b: between(a, b) ** 2),
            ),
            Mistake(
                "squared distances are compared with 3 sigma²: the 3 has to be squared, too",
                on_modes(reach=lambda sigma: np.sqrt(3) * sigma),
            ),
            Mistake(
                "a mode with exactly `least` samples is covered, too: >= in place of >",
                on_modes(enough=lambda hits, least: hits > least),
            ),
            Mistake(
                "a mode counts as covered as soon as it has one sample: ask for `least`",
                on_modes(enough=lambda hits, least: hits >= 1),
            ),
            Mistake(
                "the first number is a count of samples: divide by the number of samples",
                on_modes(share=lambda on, far: on.sum()),
            ),
            Mistake(
                "the first number is the share of samples beyond 3 sigma, not within",
                on_modes(share=lambda on, far: 1 - on.mean()),
            ),
            Mistake(
                "the second number is the modes that are missing, not those covered",
                on_modes(enough=lambda hits, least: hits < least),
            ),
        ),
        hints=(
            "How far is each sample from each mean? samples[:, None] − means has shape (n, modes, 2).",
            "The nearest mode is an argmin over the modes; the sample counts if that smallest distance is at most 3 sigma.",
            "np.bincount(nearest[on], minlength=len(means)) counts the samples on each mode; compare with least.",
        ),
    ),
    Exercise(
        id="13.2",
        title="Precision and recall by balls",
        minutes=15,
        difficulty=3,
        answer=precision_and_recall,
        cases=draw_clouds,
        mistakes=(
            Mistake(
                "each row counts as its own neighbour: its distance 0 comes first, so the k-th nearest other row is at place k",
                balls(place=lambda k: k - 1),
            ),
            Mistake(
                "the balls reach one row too far: to the (k + 1)-th nearest other row", balls(place=lambda k: k + 1)
            ),
            Mistake("precision and recall are swapped", balls(combine=lambda precision, recall: (recall, precision))),
            Mistake(
                "the radii of the real rows are used for recall: recall asks for balls around the samples",
                balls(recall=lambda far, real, generated, k: (far <= real[:, None]).any(axis=1).mean()),
            ),
            Mistake(
                "precision uses the balls of the samples: it asks whether a sample lies in a ball around a real row",
                balls(precision=lambda far, real, generated, k: (far <= generated[None]).any(axis=0).mean()),
            ),
            Mistake(
                "each uses the other's balls: precision takes those of real rows, recall those of samples",
                balls(
                    precision=lambda far, real, generated, k: (far <= generated[None]).any(axis=0).mean(),
                    recall=lambda far, real, generated, k: (far <= real[:, None]).any(axis=1).mean(),
                ),
            ),
            Mistake(
                "only the ball of the nearest row is looked at: a farther row may have a larger ball, so ask for any",
                nearest_ball_only,
            ),
            Mistake(
                "a point has to lie in all balls here: in some ball is enough, any in place of all",
                balls(
                    precision=lambda far, real, generated, k: (far <= real[:, None]).all(axis=0).mean(),
                    recall=lambda far, real, generated, k: (far <= generated[None]).all(axis=1).mean(),
                ),
            ),
            Mistake(
                "the first number is density: balls are counted, where precision asks whether there is one",
                balls(precision=lambda far, real, generated, k: (far <= real[:, None]).sum() / (k * far.shape[1])),
            ),
            Mistake(
                "this is the mean over all pairs: for each point ask first whether it lies in any ball",
                balls(
                    precision=lambda far, real, generated, k: (far <= real[:, None]).mean(),
                    recall=lambda far, real, generated, k: (far <= generated[None]).mean(),
                ),
            ),
            Mistake(
                "the neighbours are sought in the other cloud: a ball's radius comes from its own cloud",
                neighbours_in_the_other_cloud,
            ),
            Mistake(
                "the radius is the mean distance to the k nearest rows, not the distance to the k-th",
                balls(real_radii=means_of_neighbours, generated_radii=means_of_neighbours),
            ),
            Mistake(
                "all balls have the same radius: each row has its own",
                balls(real_radii=one_radius, generated_radii=one_radius),
            ),
            Mistake(
                "squared distances are compared with radii that are not squared",
                balls(
                    precision=lambda far, real, generated, k: (far**2 <= real[:, None]).any(axis=0).mean(),
                    recall=lambda far, real, generated, k: (far**2 <= generated[None]).any(axis=1).mean(),
                ),
            ),
            Mistake(
                "distances are sums of absolute differences: take the Euclidean distance",
                balls(distance=lambda a, b: abs(a[:, None] - b[None]).sum(axis=2)),
            ),
        ),
        hints=(
            "Three tables of distances are needed: real to real, generated to generated, real to generated.",
            "Sort each row of the first two tables. Place 0 is the row itself, so place k is the radius of its ball.",
            "far (N, M): j is precise if far[i, j] <= real_radii[i] for any i; i is recalled if far[i, j] <= generated_radii[j] for any j.",
        ),
    ),
    Exercise(
        id="13.3",
        title="The Fréchet distance of Gaussians",
        minutes=12,
        difficulty=2,
        answer=frechet_of_gaussians,
        cases=draw_gaussians,
        mistakes=(
            Mistake(
                "this is the plain distance: d² is asked for, so no root at the end",
                frechet_of(lambda d: np.sqrt(max(d, 0))),
            ),
            Mistake(
                "np.sqrt takes the root of each entry: a matrix root R has R @ R equal to the matrix",
                frechet_with(cross=lambda a, b: np.trace(entry_root(entry_root(a) @ b @ entry_root(a)))),
            ),
            Mistake(
                "the root of the product is taken entry by entry: use the eigenvalues of the matrix",
                frechet_with(cross=lambda a, b: np.trace(entry_root(a @ b))),
            ),
            Mistake(
                "the covariances are multiplied entry by entry, and then only their diagonals count: matrices are multiplied with @",
                frechet_with(cross=lambda a, b: np.trace(entry_root(a * b))),
            ),
            Mistake(
                "the last root is taken entry by entry: the trace of a matrix root is the sum of the roots of its eigenvalues",
                frechet_with(cross=lambda a, b: np.trace(entry_root(matrix_root(a) @ b @ matrix_root(a)))),
            ),
            Mistake(
                "the product of the two roots is not the root of the product, unless the covariances commute",
                frechet_with(cross=lambda a, b: np.trace(matrix_root(a) @ matrix_root(b))),
            ),
            Mistake(
                "the factor 2 of the cross term is missing",
                frechet_with(covariances=lambda a, b, c: a + b - c),
            ),
            Mistake(
                "the cross term is added: it is subtracted, so that equal Gaussians are at distance 0",
                frechet_with(covariances=lambda a, b, c: a + b + 2 * c),
            ),
            Mistake("the cross term is missing", frechet_with(covariances=lambda a, b, c: a + b)),
            Mistake(
                "the covariances are missing: this is the distance of the means", frechet_with(covariances=lambda *_: 0)
            ),
            Mistake("the means are missing", frechet_with(shift=lambda gap: 0)),
            Mistake(
                "a small number was added to the diagonals before the root: clip the eigenvalues at 0 instead",
                frechet_with(cross=cross_with_ridge),
            ),
            Mistake(
                "the distance of the means is not squared",
                frechet_with(shift=lambda gap: np.sqrt((gap**2).sum())),
            ),
            Mistake(
                "the squared distance of the means is averaged over the features: sum over them",
                frechet_with(shift=lambda gap: (gap**2).mean()),
            ),
            Mistake(
                "the part of the means is subtracted: it is added",
                frechet_with(shift=lambda gap: -(gap**2).sum()),
            ),
            Mistake(
                "the covariances are squared first: they are given as covariances, not as standard deviations",
                frechet_from_deviations,
            ),
            Mistake(
                "the root in the cross term is missing",
                frechet_with(cross=lambda a, b: np.trace(a @ b)),
            ),
        ),
        hints=(
            "A symmetric matrix is Q diag(λ) Qᵀ (np.linalg.eigh); its root is Q diag(√λ) Qᵀ.",
            "Rounding makes eigenvalues of 0 slightly negative: clip them before the root. (scipy.linalg.sqrtm is inexact there.)",
            "half = root(cov_a). From tr(cov_a) + tr(cov_b) take twice the trace of root(half @ cov_b @ half); add the means' part.",
        ),
    ),
    Exercise(
        id="13.4",
        title="A Fréchet distance without its bias",
        minutes=8,
        difficulty=2,
        answer=frechet_without_bias,
        cases=draw_sizes,
        mistakes=(
            Mistake(
                "this is the slope b, the size of the bias: the constant a is asked for", line_in(lambda n: 1 / n, 0)
            ),
            Mistake("the line is drawn in n: the bias is straight in 1/n", line_in(lambda n: n)),
            Mistake("the line is drawn in 1/√n: the bias falls as 1/n", line_in(lambda n: n**-0.5)),
            Mistake("the line is drawn in log n: the bias is straight in 1/n", line_in(np.log)),
            Mistake("a power law is fitted: the distance does not fall to 0, but to the constant a", in_logarithms),
            Mistake(
                "the line has no constant: it is forced through 0, as if the clouds had one distribution",
                through_the_origin,
            ),
            Mistake("this is the mean over the sizes, each with its own bias", lambda sizes, d: float(d.mean())),
            Mistake(
                "this is the distance at the largest size: smaller, but still biased",
                lambda sizes, d: float(d[sizes.argmax()]),
            ),
            Mistake(
                "the line goes through the two outer points only: use all in a least-squares fit", through_the_ends
            ),
            Mistake("the line goes through the last two points only: use all in a least-squares fit", two_last),
            Mistake("the points are weighted by their size: the fit asked for weights all alike", weighted_by_size),
        ),
        hints=(
            "Put u = 1/n on the horizontal axis. Then the distances lie about a straight line a + b u.",
            "n without end is u = 0: the constant of the line.",
            "np.polyfit(1 / sizes, distances, 1) gives slope and constant, in this order.",
        ),
    ),
    Exercise(
        id="13.5",
        title="Catching copies",
        minutes=10,
        difficulty=2,
        answer=copied_share,
        cases=draw_copies,
        mistakes=(
            Mistake(
                "this is the share alone: an honest model has n/(n + m) of it, which has to be taken off",
                copied_with(combine=lambda share, expected: share),
            ),
            Mistake(
                "this is share − expected: divide by 1 − expected, so that a model that only copies has 1",
                copied_with(combine=lambda share, expected: share - expected),
            ),
            Mistake(
                "this is share − expected over expected: divide by 1 − expected",
                copied_with(combine=lambda share, expected: (share - expected) / expected),
            ),
            Mistake(
                "this is share over expected: the formula subtracts and rescales",
                copied_with(combine=lambda share, expected: share / expected),
            ),
            Mistake(
                "the expected share is taken as one half: it is n/(n + m), and n and m differ",
                copied_with(expected=lambda n, m: 0.5),
            ),
            Mistake(
                "the expected share is that of the held-out rows: n is the number of training rows",
                copied_with(expected=lambda n, m: m / (n + m)),
            ),
            Mistake(
                "the share counts samples nearest to a held-out row: training rows are what copies are made of",
                copied_with(share=lambda g, t, h: (between(g, h).min(axis=1) < between(g, t).min(axis=1)).mean()),
            ),
            Mistake(
                "this counts the training rows that are found, not the samples: average over the samples",
                copied_with(share=training_rows_copied),
            ),
            Mistake(
                "the nearest sample of each row is taken: ask for the nearest row of each sample",
                copied_with(
                    share=lambda g, t, h: (between(t, g).min(axis=1)[:, None] < between(h, g).min(axis=1)[None]).mean()
                ),
            ),
            Mistake(
                "samples are compared with a typical distance between training rows: in a dense region every good sample is near",
                copied_with(share=closer_than_training_rows_are),
            ),
            Mistake(
                "samples are compared with a typical distance of held-out rows: look for the nearest row of both kinds together",
                copied_with(share=closer_than_held_out_rows_are),
            ),
            Mistake(
                "mean distances to all rows are compared: the nearest row decides",
                copied_with(nearest=mean_distance),
            ),
            Mistake(
                "distances are sums of absolute differences: take the Euclidean distance",
                copied_with(nearest=city_block),
            ),
            Mistake(
                "distances are largest differences of one feature: take the Euclidean distance",
                copied_with(nearest=biggest_difference),
            ),
        ),
        hints=(
            "For each generated row, two numbers: the distance to its nearest training row and to its nearest held-out row.",
            "The share is how often the first is smaller. Without copying its mean is n/(n + m).",
            "(share − expected)/(1 − expected) is 1 where all are copies, and may be below 0 by chance.",
        ),
    ),
    Exercise(
        id="13.6",
        title="Samples of a VAE",
        minutes=6,
        difficulty=1,
        answer=vae_samples,
        cases=draw_vaes,
        view=shape_only,
        properties=(
            Property(
                "the samples are the same for the same rng, whatever the test images are, and others for another rng",
                same_draws,
                tolerance=0.0,
                expected=[1.0, 1.0, 0.0],
            ),
            Property(
                "each latent has the mean 0 (then the first number is 0) and the variance 1",
                off_and_variance,
                0.15,
                [0, 1, 1, 1],
            ),
            Property("each latent is Gaussian: the mean of its fourth power is 3", kurtosis, 0.4, 3.0),
            Property("latents, and samples, are independent", apart, 0.1, [0, 0, 0]),
        ),
        mistakes=(
            Mistake(
                "these are reconstructions: z is drawn from q(z|x), so the samples have seen the test images",
                from_posterior(1),
            ),
            Mistake(
                "these are reconstructions without noise: z is the mean of q(z|x); a sampler has no use for x",
                from_posterior(0),
            ),
            Mistake(
                "z is drawn from a Gaussian that was fitted to the codes: another prior, so another model, and it needs x",
                from_gaussian_of_codes,
            ),
            Mistake(
                "z is uniform in the box [−2, 2]: the prior is N(0, I)",
                decoded(lambda rng, n, latent: rng.uniform(-2, 2, (n, latent))),
            ),
            Mistake(
                "z is uniform in the box [−1, 1]: the prior is N(0, I)",
                decoded(lambda rng, n, latent: rng.uniform(-1, 1, (n, latent))),
            ),
            Mistake(
                "z is uniform between 0 and 1: rng.random is not the prior N(0, I)",
                decoded(lambda rng, n, latent: rng.random((n, latent))),
            ),
            Mistake(
                "one z for all n samples: each needs its own",
                decoded(lambda rng, n, latent: np.tile(rng.standard_normal(latent), (n, 1))),
            ),
            Mistake(
                "one number for all latents of a sample: each latent needs its own",
                decoded(lambda rng, n, latent: np.tile(rng.standard_normal((n, 1)), (1, latent))),
            ),
            Mistake(
                "a generator of its own, with a fixed seed: the samples are the same at every call; draw from rng",
                decoded(lambda rng, n, latent: np.random.default_rng(0).standard_normal((n, latent))),
            ),
            Mistake(
                "this is z itself: decode it",
                lambda encode, decode, x, n, latent, rng: rng.standard_normal((n, latent)),
            ),
        ),
        hints=(
            "What does the model's story of an example begin with, and which of the things handed over does it need?",
            "z comes from the prior N(0, I): n rows of latent numbers, all independent. No x, no encoder.",
            "rng.standard_normal((n, latent)) draws them; decode turns them into pictures.",
        ),
    ),
)
