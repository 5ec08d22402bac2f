"""Exercises of notebook 22: world models. One file each."""
