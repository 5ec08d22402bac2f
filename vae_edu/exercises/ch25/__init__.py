"""Exercises of notebook 25: from VAEs to diffusion. One file each."""
