"""Exercises of notebook 19: few labels. One file each."""
