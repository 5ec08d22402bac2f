"""Exercises of notebook 02: why autoencoders do not generate. One file each."""

from vae_edu.exercises.ch02 import holes_and_missed, sample_mixture, where_from, whitening

EXERCISES = (
    whitening.EXERCISE,
    sample_mixture.EXERCISE,
    holes_and_missed.EXERCISE,
    where_from.EXERCISE,
)
