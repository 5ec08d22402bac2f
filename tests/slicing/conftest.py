"""Small notebooks to slice."""

from small_notebooks import cell, notebook  # noqa: F401
