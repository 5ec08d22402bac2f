"""Exercises of notebook 07: a VAE in PyTorch. One file each."""
