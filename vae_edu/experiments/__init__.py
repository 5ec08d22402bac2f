"""Runs too long for a notebook, one module each, beside the results file that it wrote; and training from the command line."""
