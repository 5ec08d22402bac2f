"""Measuring what a model learned, and what it generates."""
