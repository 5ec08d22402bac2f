"""Exercises of notebook 13: evaluating samples. One file each."""
