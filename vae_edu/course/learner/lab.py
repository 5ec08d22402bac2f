"""JupyterLab on the learner's copy of the first notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from vae_edu.course.executing import half_the_cores, threads_of
from vae_edu.course.places import mine, notebook_path, root

__all__ = ["lab_command", "lab_environment"]

# JupyterLab reads labconfig/ in it: no question about news, no look for updates, no menus for teachers.
CONFIGURATION = Path(__file__).with_name("jupyter")


def lab_command(environment: Mapping[str, str], *, is_root: bool, platform: str = sys.platform) -> list[str]:
    """The command that opens JupyterLab in the course's folder, with its token and on localhost as JupyterLab ships them.

    As root, JupyterLab starts only when told to: ``--allow-root`` is passed then, and only then. Where no display is to be
    seen, ``--no-browser`` keeps it from opening a text browser in the terminal; it prints its address in any case.
    """
    first = (mine() / notebook_path("00").name).relative_to(root()).as_posix()
    # The page to open, in the address that JupyterLab prints too: a file's name alone would not be in it.
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{first}"]
    if is_root:
        command.append("--allow-root")
    displays = (environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    has_display = platform in ("win32", "darwin") or any(displays)
    if not has_display:
        command.append("--no-browser")
    return command


def lab_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that JupyterLab and its kernels run in: the given one, with what the course needs.

    Kernels use half of the cores, unless the environment says otherwise. JupyterLab starts with the course's defaults, and
    the user's own settings still count for more. Extensions that only teachers need are off.
    """
    configuration = os.pathsep.join(filter(None, [str(CONFIGURATION), environment.get("JUPYTER_CONFIG_PATH")]))
    return threads_of(half_the_cores()) | dict(environment) | {"JUPYTER_CONFIG_PATH": configuration}


def open_lab() -> int:
    """Run JupyterLab until it ends; returns its exit status."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command, environment = lab_command(os.environ, is_root=is_root), lab_environment(os.environ)
    os.chdir(root())
    if os.name == "posix":
        os.execve(command[0], command, environment)  # Ctrl-C and exit status are JupyterLab's own
    import subprocess

    return subprocess.run(command, env=environment).returncode
