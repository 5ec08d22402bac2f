"""Exercises of notebook 12: evaluating likelihoods. One file each."""
