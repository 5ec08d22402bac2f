"""Exercises of notebook 11: curing posterior collapse. One file each."""
