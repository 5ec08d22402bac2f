"""Figures with alternative text, and explorers: figures that the reader moves."""
