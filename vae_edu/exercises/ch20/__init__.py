"""Exercises of notebook 20: conditional generation. One file each."""

from vae_edu.exercises.ch20 import conditional_elbo, name_the_fault, split_error

EXERCISES = (conditional_elbo.EXERCISE, split_error.EXERCISE, name_the_fault.EXERCISE)
