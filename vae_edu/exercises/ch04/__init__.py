"""Exercises of notebook 04: the ELBO. One file each."""

from vae_edu.exercises.ch04 import (
    best_diagonal_q,
    kl_to_standard_normal,
    monte_carlo_elbo,
    name_the_mistakes,
    which_are_wrong,
)

EXERCISES = (
    monte_carlo_elbo.EXERCISE,
    kl_to_standard_normal.EXERCISE,
    which_are_wrong.EXERCISE,
    name_the_mistakes.EXERCISE,
    best_diagonal_q.EXERCISE,
)
