"""Exercises of notebook 05: gradients through sampling. One file each."""

from vae_edu.exercises.ch05 import both_estimators, noise_products, score_function_loss, which_runs

EXERCISES = (
    both_estimators.EXERCISE,
    score_function_loss.EXERCISE,
    noise_products.EXERCISE,
    which_runs.EXERCISE,
)
