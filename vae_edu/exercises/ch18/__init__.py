"""Exercises of notebook 18: anomaly detection. One file each."""

from vae_edu.exercises.ch18 import choose_threshold, explain_alarms, name_the_pipelines

EXERCISES = (choose_threshold.EXERCISE, explain_alarms.EXERCISE, name_the_pipelines.EXERCISE)
