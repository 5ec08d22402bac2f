"""Exercises of notebook 01: autoencoders. One file each."""

from vae_edu.exercises.ch01 import best_denoiser, name_the_models, pca_reconstruct, train_epoch

EXERCISES = (
    pca_reconstruct.EXERCISE,
    train_epoch.EXERCISE,
    name_the_models.EXERCISE,
    best_denoiser.EXERCISE,
)
