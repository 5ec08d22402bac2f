"""How much memory this process has needed."""

import re
import sys
from pathlib import Path

import psutil

__all__ = ["peak_megabytes"]

LINUX_STATUS = Path("/proc/self/status")


def peak_megabytes() -> float:
    """The largest memory that this process has held so far, in megabytes (10⁶ bytes)."""
    memory = psutil.Process().memory_info()
    if hasattr(memory, "peak_wset"):  # Windows
        return memory.peak_wset / 1e6
    if LINUX_STATUS.exists():  # what ``resource`` says there is at least what the process held that started this one
        found = re.search(r"VmHWM:\s+(\d+) kB", LINUX_STATUS.read_text())
        if found:
            return int(found[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
