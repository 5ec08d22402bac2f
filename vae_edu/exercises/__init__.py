"""Exercises that answer back. In a notebook: ``from vae_edu.exercises import check, hint, progress, solution, use``."""

from vae_edu.exercises.desk import check, hint, progress, solution, use
from vae_edu.exercises.record import Exercise, Mistake, Property, Report

__all__ = ["Exercise", "Mistake", "Property", "Report", "check", "hint", "progress", "solution", "use"]
