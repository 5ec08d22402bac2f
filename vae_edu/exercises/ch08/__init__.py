"""Exercises of notebook 08: choosing a likelihood. One file each."""

from vae_edu.exercises.ch08 import bits_per_pixel, logistic_log_prob, name_the_losses

EXERCISES = (logistic_log_prob.EXERCISE, bits_per_pixel.EXERCISE, name_the_losses.EXERCISE)
