"""Where the course lies on this machine."""

from pathlib import Path

import vae_edu

__all__ = ["NotACheckout", "mine", "notebook_path", "notebook_paths", "root"]


class NotACheckout(RuntimeError):
    """The package is installed without the course around it."""


def root() -> Path:
    """The course's top folder, which holds README.md, notebooks/ and vae_edu/. Raises ``NotACheckout`` where there is none."""
    folder = Path(vae_edu.__file__).resolve().parent.parent
    if not (folder / "notebooks").is_dir() or not (folder / "requirements.txt").is_file():
        raise NotACheckout(
            f"vae_edu is installed in {folder}, without the notebooks beside it. Get the course's folder and install from "
            "it with: pip install -r requirements.txt"
        )
    return folder


def mine() -> Path:
    """The folder of the learner's own copies of the notebooks; it need not exist yet."""
    return root() / "mine"


def notebook_paths() -> list[Path]:
    """The course's notebooks, in order."""
    return sorted((root() / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def notebook_path(number: str | int) -> Path:
    """The notebook with this number (``"04"``, ``4``) or name. Raises ``ValueError`` that names the ones there are."""
    text = str(number)
    wanted = f"{int(text):02d}" if text.isdigit() else Path(text).stem
    for path in notebook_paths():
        if wanted in (path.stem[:2], path.stem):
            return path
    raise ValueError(f"there is no notebook {text!r}; there are {', '.join(path.stem for path in notebook_paths())}")
