"""Exercises of notebook 03: latent-variable models. One file each."""

from vae_edu.exercises.ch03 import gaussian_proposal, mixture_density, principal_directions, which_to_trust

EXERCISES = (
    mixture_density.EXERCISE,
    gaussian_proposal.EXERCISE,
    which_to_trust.EXERCISE,
    principal_directions.EXERCISE,
)
