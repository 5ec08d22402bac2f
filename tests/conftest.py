"""Every test has its own user folder, and shapes are checked while the tests run."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

os.environ["TQDM_DISABLE"] = "1"
os.environ["VAE_EDU_STRICT"] = "1"

# Before anything imports these modules: their jaxtyping annotations are then checked at every call.
CHECKED = ("densities", "evaluation", "likelihoods", "models", "objectives")
_hook = install_import_hook([f"vae_edu.{name}" for name in CHECKED], "beartype.beartype")


# Files whose tests share a fixture that takes minutes, and files whose tests do so for one parameter, such as a notebook.
SHARED_BY_ALL = {"test_first_impression.py", "test_nbgrader.py", "test_site.py"}
SHARED_BY_PARAMETER = {"test_notebooks.py"}


def shared_by(nodeid: str) -> str:
    """What has to run in one process with the test, where several share the work: under pytest-xdist's ``--dist loadscope``."""
    path, _, test = nodeid.partition("::")
    if Path(path).name in SHARED_BY_ALL:
        return path
    if Path(path).name in SHARED_BY_PARAMETER:
        return path + test.partition("[")[2]
    return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Scopes finer than pytest-xdist's own, which are whole files: a slow one would keep one process busy at the end."""
    if config.getoption("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return shared_by(nodeid)

    return Scheduling(config, log)


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
