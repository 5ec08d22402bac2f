"""Exercises of notebook 23, one file each."""
