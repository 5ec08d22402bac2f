"""The course as a thing to run: checking a machine, executing notebooks, solving them, bringing them back."""
