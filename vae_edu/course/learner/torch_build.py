"""On Linux without an NVIDIA GPU, install PyTorch's CPU build: the default build brings gigabytes of CUDA libraries.

The set-up runs this file by its path, with the Python of the environment, before ``pip install -r requirements.txt``. At
that moment nothing is installed yet, so it imports the standard library only. Where the CPU build cannot be had, one line
says why, and requirements.txt brings the default build.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from importlib import metadata
from pathlib import Path

__all__ = ["INDEX", "has_nvidia_gpu", "install_cpu_build", "main", "pinned", "trouble_with"]

INDEX = "https://download.pytorch.org/whl/cpu"  # the environment variable TORCH_INDEX names another; empty: none
PATIENCE = 8.0  # seconds for the index to answer
REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements.txt"
NVIDIA_DRIVER = Path("/proc/driver/nvidia")


def pinned(requirements: Path) -> str:
    """The version of torch that requirements.txt names. Raises ``ValueError`` where it names none."""
    pin = re.search(r"^torch==([\w.]+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    if pin is None:
        raise ValueError(f"{requirements} has no line torch==VERSION")
    return pin[1]


def is_installed(version: str) -> bool:
    """Whether this Python has that version of torch, in any build."""
    try:
        return metadata.version("torch").partition("+")[0] == version
    except metadata.PackageNotFoundError:
        return False


def has_nvidia_gpu() -> bool:
    """Whether NVIDIA's driver is loaded, or nvidia-smi works (under WSL there is only the latter)."""
    if NVIDIA_DRIVER.exists():
        return True
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        return subprocess.run([program], capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def trouble_with(index: str, patience: float = PATIENCE) -> str:
    """Why the index does not deliver its page about torch within ``patience`` seconds; empty where it does."""
    found = []

    def look() -> None:
        try:
            with urllib.request.urlopen(f"{index.rstrip('/')}/torch/", timeout=patience) as page:
                page.read()
            found.append("")
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)  # what urllib wraps
            found.append(getattr(reason, "strerror", None) or str(reason) or type(error).__name__)

    # urllib bounds the wait for each piece of the answer, and does not bound the look-up of the name. The thread bounds all.
    probe = threading.Thread(target=look, daemon=True)
    probe.start()
    probe.join(patience)
    return found[0] if found else f"no answer within {patience:g} seconds"


def install_cpu_build(version: str, index: str) -> str:
    """Install that version of torch from the index, without what it depends on; returns what went wrong, empty for nothing."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    ran = subprocess.run(
        [*pip, f"torch=={version}", "--index-url", index, "--no-deps"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if ran.returncode == 0:
        return ""
    errors = re.findall(r"^ERROR: (.+)", ran.stderr, re.MULTILINE)
    return errors[-1] if errors else f"pip ended with status {ran.returncode}"


def main(index: str, requirements: Path = REQUIREMENTS, patience: float = PATIENCE) -> None:
    """Install the CPU build where it is the right one, and print what was done; silent where there is nothing to do."""
    version = pinned(requirements)
    if not index or sys.platform != "linux" or is_installed(version) or has_nvidia_gpu():
        return
    trouble = trouble_with(index, patience)
    if not trouble:
        print(f"No NVIDIA GPU found: installing the CPU build of PyTorch {version} from {index}", flush=True)
        trouble = install_cpu_build(version, index)
    if trouble:
        print(f"No CPU build of PyTorch from {index} ({trouble}): installing the default build instead", flush=True)


if __name__ == "__main__":
    main(os.environ.get("TORCH_INDEX", INDEX))
