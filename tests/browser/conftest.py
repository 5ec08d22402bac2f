"""A real JupyterLab, started as `make lab` starts it for a new user, on copies of the notebooks; and a real Chromium."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from vae_edu.course.learner import copies
from vae_edu.course.learner.lab import lab_command, lab_environment
from vae_edu.course.places import notebook_paths

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of the running JupyterLab, token included; it ends in the page that `make lab` opens.

    The learner's copies, made by ``copies.refresh``, are at ``/lab/tree/mine/NAME``, and copies of the published notebooks at
    ``/lab/tree/notebooks/NAME``. There are no settings, workspaces or kernels of the user who runs the tests.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    folder = tmp_path_factory.mktemp("course")
    (folder / "notebooks").mkdir()
    for path in notebook_paths():
        shutil.copy(path, folder / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "mine", lambda: folder / "mine")
        copies.refresh()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = lab_command({}, is_root=is_root)
    # The tests ask the page for its notebook model; nothing else differs from `make lab`.
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True", "--ServerApp.port=0"]
    new_user = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    new_user |= {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = lab_environment(new_user | {"VAE_EDU_HOME": str(folder / "home"), "TQDM_DISABLE": "0"})
    environment.pop("VAE_EDU_STRICT", None)
    log = folder / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield _address(server, log)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _address(server: subprocess.Popen, log) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = re.search(r"http://(?:127\.0\.0\.1|localhost):\d+/lab\S*\?token=\w+", log.read_text())
        if found:
            return found[0]
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start with {sys.executable}:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()
