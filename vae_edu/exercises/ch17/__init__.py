"""Exercises of notebook 17: what latents mean. One file each."""

from vae_edu.exercises.ch17 import fraction_of_variance, gap_and_null, name_the_codes, rotation_cost

EXERCISES = (gap_and_null.EXERCISE, fraction_of_variance.EXERCISE, rotation_cost.EXERCISE, name_the_codes.EXERCISE)
