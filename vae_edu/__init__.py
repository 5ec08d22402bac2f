"""A course on variational autoencoders, as notebooks, and the small package that they are built on.

Importing this package is cheap: it loads neither torch nor matplotlib. Import what you need from its modules, e.g.
``from vae_edu.claims import claim`` or ``from vae_edu.exercises import check, hint, solution, progress``.
"""

__version__ = "0.1.0"
