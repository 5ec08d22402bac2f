"""Exercises of notebook 06: a VAE from scratch in NumPy. One file each."""

from vae_edu.exercises.ch06 import adam_step, backward, distortion, three_mistakes

EXERCISES = (
    distortion.EXERCISE,
    backward.EXERCISE,
    three_mistakes.EXERCISE,
    adam_step.EXERCISE,
)
