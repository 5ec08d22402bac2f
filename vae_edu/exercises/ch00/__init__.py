"""Exercises of notebook 00: start here. One file each."""
