"""Exercises of notebook 24: editing images. One file each."""
