"""Exercises of notebook 14: when training goes wrong. One file each."""
