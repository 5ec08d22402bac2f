"""Exercises of notebook 16: hierarchies and discrete codes. One file each."""
