"""Exercises of notebook 10: posterior collapse. One file each."""
