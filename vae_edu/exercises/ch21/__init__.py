"""Exercises of notebook 21: documents as word counts. One file each."""
