"""Exercise 16.2: the vector quantiser, forward and backward."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, slip


def quantise(e, counts, sums, gradient, decay, commitment):
    """One training step of a vector quantiser: z (n, width), the gradient for e (n, width), and the new counts (codes,) and sums
    (codes, width)."""
    codebook = sums / counts[:, None]
    squares = ((e[:, None, :] - codebook[None, :, :]) ** 2).sum(axis=2)  # (n, codes)
    chosen = squares.argmin(axis=1)
    z = codebook[chosen]
    to_e = gradient + 2 * commitment * (e - z)
    members = np.eye(len(codebook))[chosen]  # (n, codes): one-hot rows
    new_counts = decay * counts + (1 - decay) * members.sum(axis=0)
    new_sums = decay * sums + (1 - decay) * members.T @ e
    return z, to_e, new_counts, new_sums


def quantised_with(
    *,
    distance=lambda e, c: ((e[:, None] - c) ** 2).sum(axis=2),
    to_e=lambda gradient, commitment, e, z: gradient + 2 * commitment * (e - z),
    count=lambda members: members.sum(axis=0),
    total=lambda members, e, z: members.T @ e,
    mix=lambda decay, old, new: decay * old + (1 - decay) * new,
    when=lambda mix, decay, old, new, used: mix(decay, old, new),
    codebook=lambda sums, counts: sums / counts[:, None],
    output=lambda z, e: z,
):
    """The model answer, put together from its parts."""

    def quantised(e, counts, sums, gradient, decay, commitment):
        c = codebook(sums, counts)
        chosen = distance(e, c).argmin(axis=1)
        z, members = c[chosen], np.eye(len(c))[chosen]
        used = members.any(axis=0)
        new_counts = when(mix, decay, counts, count(members), used)
        new_sums = when(mix, decay, sums, total(members, e, z), used[:, None])
        return output(z, e), to_e(gradient, commitment, e, z), new_counts, new_sums

    return quantised


def after_the_step(e, counts, sums, gradient, decay, commitment):
    *_, new_counts, new_sums = quantise(e, counts, sums, gradient, decay, commitment)
    z, to_e, _, _ = quantise(e, new_counts, new_sums, gradient, decay, commitment)
    return z, to_e, new_counts, new_sums


def chosen_by_the_old(e, counts, sums):
    return ((e[:, None] - sums / counts[:, None]) ** 2).sum(axis=2).argmin(axis=1)


def z_after_the_step(e, counts, sums, gradient, decay, commitment):
    """The nearest code before the step, taken from the codebook after it; the commitment pulls towards the one before."""
    _, to_e, new_counts, new_sums = quantise(e, counts, sums, gradient, decay, commitment)
    return (new_sums / new_counts[:, None])[chosen_by_the_old(e, counts, sums)], to_e, new_counts, new_sums


def repeats_lost(e, counts, sums, gradient, decay, commitment):
    """counts[chosen] += … writes each code once, however many rows chose it."""
    z, to_e, _, _ = quantise(e, counts, sums, gradient, decay, commitment)
    chosen = chosen_by_the_old(e, counts, sums)
    counts, sums = decay * counts, decay * sums
    counts[chosen] += 1 - decay
    sums[chosen] += (1 - decay) * e
    return z, to_e, counts, sums


def codes_cut_off(e, counts, sums, gradient, decay, commitment):
    """np.bincount without minlength ends at the last code that was chosen."""
    z, to_e, _, new_sums = quantise(e, counts, sums, gradient, decay, commitment)
    return z, to_e, decay * counts + (1 - decay) * np.bincount(chosen_by_the_old(e, counts, sums)), new_sums


def codebook_in_place_of_sums(e, counts, sums, gradient, decay, commitment):
    z, to_e, counts, sums = quantise(e, counts, sums, gradient, decay, commitment)
    return z, to_e, counts, sums / counts[:, None]


def smoothed_counts(small):
    """The counts of public code, which divides by them later."""

    def quantised(e, counts, sums, gradient, decay, commitment):
        z, to_e, counts, sums = quantise(e, counts, sums, gradient, decay, commitment)
        total = counts.sum()
        return z, to_e, (counts + small) / (total + len(counts) * small) * total, sums

    return quantised


def cosine(e, c):
    return -(e @ c.T) / (np.linalg.norm(e, axis=1, keepdims=True) * np.linalg.norm(c, axis=1))


def code_by_code(e, counts, sums, gradient, decay, commitment):
    codebook = [s / n for s, n in zip(sums, counts, strict=True)]
    chosen = np.array([np.argmin([np.linalg.norm(row - c) for c in codebook]) for row in e])
    z = np.array([codebook[k] for k in chosen])
    new_counts, new_sums = counts * decay, sums * decay
    for row, k in zip(e, chosen, strict=True):
        new_counts[k] += 1 - decay
        new_sums[k] += (1 - decay) * row
    return z, gradient + commitment * 2 * (e - z), new_counts, new_sums


def without_differences(e, counts, sums, gradient, decay, commitment):
    codebook = sums / counts.reshape(-1, 1)
    chosen = np.argmin((codebook**2).sum(axis=1) - 2 * e @ codebook.T, axis=1)
    z, n, s = np.take(codebook, chosen, axis=0), np.bincount(chosen, minlength=len(counts)), np.zeros_like(sums)
    np.add.at(s, chosen, e)
    return z, gradient - 2 * commitment * (z - e), counts + (1 - decay) * (n - counts), sums + (1 - decay) * (s - sums)


def draw_cases(rng: np.random.Generator):
    for n, codes, width in ((9, 4, 3), (1, 3, 2), (6, 5, 2), (7, 2, 4)):
        counts = rng.uniform(0.5, 4, codes)
        codebook = rng.normal(size=(codes, width)) * 2
        if n == 6:
            codebook[1] = 100  # a code that no row chooses
        e = codebook[np.delete(np.arange(codes), 1)][rng.integers(0, codes - 1, n)] + 0.3 * rng.normal(size=(n, width))
        arguments = counts, codebook * counts[:, None], rng.normal(size=(n, width))
        yield e, *arguments, float(rng.uniform(0.6, 0.95)), float(rng.uniform(0.1, 0.9))
    # The nearest code of the first row is another one by city blocks, and that of the second row by the angle; one is chosen twice.
    counts, codebook = rng.uniform(0.5, 4, 3), np.array([[1.5, 1.5], [2.5, 0.1], [8.0, 7.43]])
    e = np.array([[0.1, 0.05], [1.4, 1.3], [2.4, 0.3]]) + 0.005 * rng.normal(size=(3, 2))
    yield e, counts, codebook * counts[:, None], rng.normal(size=(3, 2)), float(rng.uniform(0.6, 0.95)), 0.25


EXERCISE = Exercise(
    id="16.2",
    title="The vector quantiser",
    minutes=25,
    difficulty=3,
    answer=quantise,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "The gradient at z is lost. The true derivative of z is 0, since z is constant inside a cell, but then the encoder never "
            "learns: hand the gradient on",
            quantised_with(to_e=lambda gradient, commitment, e, z: 2 * commitment * (e - z)),
        ),
        slip(
            "The commitment has no part in the gradient for e",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: gradient,
        ),
        slip(
            "The commitment pushes e away from its code. What is the derivative of ‖e − c‖² with respect to e?",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: gradient + 2 * commitment * (z - e),
        ),
        slip(
            "The derivative of a square has a factor of 2",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: gradient + commitment * (e - z),
        ),
        slip(
            "`commitment` multiplies the gradient at z as well. It belongs to ‖e − c‖² alone",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: commitment * (gradient + 2 * (e - z)),
        ),
        slip(
            "The commitment is averaged over the rows. The loss is a sum",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: gradient + 2 * commitment * (e - z) / len(e),
        ),
        slip(
            "The gradient at z is multiplied by z. It is handed to e as it is",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: gradient * z + 2 * commitment * (e - z),
        ),
        slip(
            "`decay` multiplies the new values. It is the weight of the old ones",
            quantised_with,
            mix=lambda decay, old, new: (1 - decay) * old + decay * new,
        ),
        slip(
            "The new counts and sums are added with weight 1. Their weight is 1 − decay",
            quantised_with,
            mix=lambda decay, old, new: decay * old + new,
        ),
        slip(
            "These are the counts and sums of this batch. The running means keep `decay` of the old ones",
            quantised_with,
            mix=lambda decay, old, new: new + 0 * old,
        ),
        slip(
            "Counts and sums of codes that no row chose are kept as they were. They shrink as well, both by the same factor",
            quantised_with,
            when=lambda mix, decay, old, new, used: np.where(used, mix(decay, old, new), old),
        ),
        slip(
            "The sums add up the codes that were chosen. They should add up the vectors e: then the codebook moves towards them",
            quantised_with,
            total=lambda members, e, z: members.T @ z,
        ),
        slip(
            "The new sums are means over the rows that chose a code. Add them up: the counts do the dividing",
            quantised_with,
            total=lambda members, e, z: members.T @ e / np.maximum(members.sum(axis=0), 1)[:, None],
        ),
        slip(
            "The counts are fractions of the batch. Count the rows",
            quantised_with,
            count=lambda members: members.mean(axis=0),
        ),
        slip(
            "`sums` is taken for the codebook. Divide it by the counts first",
            quantised_with,
            codebook=lambda sums, counts: sums,
        ),
        slip(
            "The code with the largest inner product is chosen, not the nearest: a long code wins too often",
            quantised_with,
            distance=lambda e, c: -(e @ c.T),
        ),
        slip(
            "The code with the smallest angle is chosen, whatever its length. The nearest one has the smallest distance",
            quantised_with,
            distance=cosine,
        ),
        slip(
            "The distances are sums of absolute differences. The nearest code has the smallest sum of squares",
            quantised_with,
            distance=lambda e, c: abs(e[:, None] - c).sum(axis=2),
        ),
        slip(
            "The commitment is averaged over rows and columns. The loss is a sum",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: gradient + 2 * commitment * (e - z) / e.size,
        ),
        slip(
            "‖c − e‖², which moves the codebook in the paper, is differentiated for e as well. Only the commitment is",
            quantised_with,
            to_e=lambda gradient, commitment, e, z: gradient + 2 * (1 + commitment) * (e - z),
        ),
        any_of(
            "z comes from the codebook after the step. The decoder read the codes before it, sums / counts, as they come in",
            z_after_the_step,
        ),
        any_of(
            "a[chosen] += … adds once for each code, however many rows chose it. np.add.at adds for each row, and so do one-hot rows",
            repeats_lost,
        ),
        any_of(
            "np.bincount ends at the largest number that occurs. Give it minlength, the number of codes",
            codes_cut_off,
        ),
        any_of(
            "The last output is the codebook. Return the sums",
            codebook_in_place_of_sums,
        ),
        any_of(
            "The counts are smoothed, as in public code that divides by them. Here they are the running means themselves",
            *map(smoothed_counts, (1e-5, 1e-3, 1e-2)),
        ),
        slip(
            "The farthest code is chosen: argmax in place of argmin",
            quantised_with,
            distance=lambda e, c: -((e[:, None] - c) ** 2).sum(axis=2),
        ),
        Mistake(
            "Codes are chosen with the codebook after the step. Use the one before it: sums / counts, as they come in",
            after_the_step,
        ),
        slip("z is e itself, unchanged. The decoder reads the codes", quantised_with, output=lambda z, e: e + 0 * z),
    ),
    also_right=(code_by_code, without_differences, quantised_with()),
    hints=(
        "Which codebook belongs to counts and sums? Which of its rows is nearest to each row of e? Only then think about gradients.",
        "`members`, with a 1 where a row chose a code and 0 elsewhere, gives both new values: its column sums, and members.T @ e. For the "
        "gradient, pretend that z = e, and add the derivative of the commitment.",
        "members = np.eye(codes)[chosen]; new_counts = decay * counts + (1 - decay) * members.sum(axis=0), and the sums likewise.",
    ),
)
