"""Exercise 5.4: which sampler did each training run use?"""

from itertools import permutations

from vae_edu.exercises.record import Exercise, Mistake


def which_runs():
    """The numbers of the runs that used samplers A, B, C and D, in this order. Four whole numbers."""
    # A shares its noise between rows: no average over the batch removes what the rows share, so the reported ELBO jumps from step to step.
    # B is right. C repeats its noise at every call: with the whole training set in each batch, the reported ELBO does not jump
    # at all, and the model learns the noise by heart. D shares its noise between latents: the decoder makes it cancel.
    return 3, 2, 4, 1


RIGHT = dict(zip("ABCD", which_runs(), strict=True))
# What speaks against each pairing of a sampler and a run that is wrong.
AGAINST = {
    (
        "A",
        1,
    ): "each row of A is a right sample, so the ELBO that A reports is right on average, and run 1 reports an impossible one",
    (
        "A",
        2,
    ): "A uses the same noise for all rows: what they share does not average out over the batch, and run 2 is quiet",
    ("A", 4): "A uses new noise at every call, and run 4 does not change from step to step",
    ("B", 1): "B is independent, so its report is right on average, and run 1 reports an impossible ELBO",
    ("B", 3): "B is independent, so its noise averages out over the batch, and run 3 is the noisiest",
    ("B", 4): "B uses new noise at every call, and run 4 does not change from step to step",
    ("C", 1): "C repeats its noise, so what it reports cannot jump from step to step, and run 1 jumps",
    ("C", 2): "C repeats its noise, so what it reports cannot jump from step to step, and run 2 jumps",
    ("C", 3): "C repeats its noise, so what it reports cannot jump from step to step, and run 3 is the noisiest",
    (
        "D",
        2,
    ): "with D a decoder can make the noise of all latents cancel. What would that do to the report, and to the exact ELBO?",
    (
        "D",
        3,
    ): "with D a decoder can make the noise of all latents cancel. What would that do to the report, and to the exact ELBO?",
    ("D", 4): "D uses new noise at every call, and run 4 does not change from step to step",
}


def answered(*runs: int) -> Mistake:
    """The answer ``runs``; its message names the first pairing that cannot be."""
    sampler, run = next((sampler, run) for sampler, run in zip("ABCD", runs, strict=True) if RIGHT[sampler] != run)
    return Mistake(f"{sampler} and run {run}: {AGAINST[sampler, run]}", lambda: runs)


EXERCISE = Exercise(
    id="5.4",
    title="Which run used which sampler?",
    minutes=8,
    difficulty=2,
    answer=which_runs,
    cases=lambda rng: [()],
    mistakes=tuple(answered(*runs) for runs in permutations((1, 2, 3, 4)) if runs != which_runs()),
    otherwise="not all four are right. The answer holds each of the runs 1, 2, 3 and 4 once",
    hints=(
        "The reported ELBO is a mean over the batch. Which noise averages out there? Which noise is the same at the next step?",
        "Think of a decoder W with two latents, whose noise W₁σ₁ε₁ + W₂σ₂ε₂ it would like to be rid of. For which sampler can it be?",
        "One of the four has products of 0 everywhere. Find its run first: which of the runs reports, on average, what is exact?",
    ),
)
