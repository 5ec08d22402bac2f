"""Exercises of notebook 05: gradients through sampling. One file each."""

from vae_edu.exercises.ch05 import both_estimators, leave_one_out, noise_products, which_runs

EXERCISES = (
    both_estimators.EXERCISE,
    leave_one_out.EXERCISE,
    noise_products.EXERCISE,
    which_runs.EXERCISE,
)
