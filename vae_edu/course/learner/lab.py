"""Opening JupyterLab on the first notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from vae_edu.course.executing import half_the_cores, threads_of
from vae_edu.course.places import notebook_path, root

__all__ = ["lab_command"]


def lab_command(environment: Mapping[str, str], *, is_root: bool, platform: str = sys.platform) -> list[str]:
    """The command that opens JupyterLab in the course's folder, with its token and on localhost as JupyterLab ships them.

    As root, JupyterLab starts only when told to: ``--allow-root`` is passed then, and only then. Where no display is to be
    seen, ``--no-browser`` keeps it from opening a text browser in the terminal; it prints its address in any case.
    """
    first = notebook_path("00").relative_to(root()).as_posix()
    # The page to open, in the address that JupyterLab prints too: a file's name alone would not be in it.
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{first}"]
    if is_root:
        command.append("--allow-root")
    displays = (environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    has_display = platform in ("win32", "darwin") or any(displays)
    if not has_display:
        command.append("--no-browser")
    return command


def open_lab() -> int:
    """Run JupyterLab until it ends; returns its exit status."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = lab_command(os.environ, is_root=is_root)
    # The kernels get it, unless the user has said otherwise.
    environment = threads_of(half_the_cores()) | dict(os.environ)
    os.chdir(root())
    if os.name == "posix":
        os.execve(command[0], command, environment)  # Ctrl-C and exit status are JupyterLab's own
    import subprocess

    return subprocess.run(command, env=environment).returncode
