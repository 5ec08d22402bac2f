"""Every test has its own user folder, and shapes are checked while the tests run."""

import os

import pytest
from jaxtyping import install_import_hook

os.environ["TQDM_DISABLE"] = "1"
os.environ["VAE_EDU_STRICT"] = "1"

# Before anything imports these modules: their jaxtyping annotations are then checked at every call.
CHECKED = ("densities", "evaluation", "likelihoods", "models", "objectives")
_hook = install_import_hook([f"vae_edu.{name}" for name in CHECKED], "beartype.beartype")


@pytest.fixture(autouse=True)
def user_home(tmp_path_factory, monkeypatch):
    """A new, empty user folder; never the learner's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("VAE_EDU_HOME", str(home))
    return home


class _Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def springing():
    """``springing(path)``: an object that makes the folder ``path`` when it is unpickled."""
    return _Trap
