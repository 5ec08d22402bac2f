"""Exercises of notebook 09: the KL term. One file each."""
