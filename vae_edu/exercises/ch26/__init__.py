"""The exercises of notebook 26: verdicts on many sentences, guesses that are scored, and a project with ten defects."""
