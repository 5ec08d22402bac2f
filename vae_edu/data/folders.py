"""Where the course keeps what belongs to its user: ``VAE_EDU_HOME`` if it is set, else where the platform wants it."""

import os
from pathlib import Path

import platformdirs

__all__ = ["user_cache_dir", "user_data_dir"]


def user_data_dir() -> Path:
    """The folder for what must not be lost, such as progress: ``$VAE_EDU_HOME/data``, or the platform's place.

    The folder need not exist yet; whoever writes there creates it.
    """
    home = os.environ.get("VAE_EDU_HOME")
    return _below(home, "data") if home else platformdirs.user_data_path("vae-edu", appauthor=False)


def user_cache_dir() -> Path:
    """The folder for what can be fetched again, such as downloads: ``$VAE_EDU_HOME/cache``, or the platform's place.

    The folder need not exist yet; whoever writes there creates it.
    """
    home = os.environ.get("VAE_EDU_HOME")
    return _below(home, "cache") if home else platformdirs.user_cache_path("vae-edu", appauthor=False)


def _below(home: str, name: str) -> Path:
    return Path(home).expanduser().absolute() / name
