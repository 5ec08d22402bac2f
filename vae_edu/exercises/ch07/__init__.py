"""Exercises of notebook 07: a VAE in PyTorch, and its likelihoods. One file each."""
