"""The command that opens JupyterLab."""

import os
import sys

import pytest

from vae_edu.course.learner import lab
from vae_edu.course.learner.lab import lab_command, open_lab

FIRST = "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"
BASE = [sys.executable, "-m", "jupyterlab", FIRST]
DISPLAY = {"DISPLAY": ":0"}


@pytest.fixture(autouse=True)
def first_notebook(course, monkeypatch):
    (course / "notebooks" / "00_start_here.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(lab, "root", lambda: course)


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("display", [DISPLAY, {"WAYLAND_DISPLAY": "wayland-0"}, {}])
@pytest.mark.parametrize("is_root", [True, False])
def test_only_what_is_needed_is_passed(is_root, display, platform):
    command = lab_command(display, is_root=is_root, platform=platform)
    browser = [] if display or platform != "linux" else ["--no-browser"]
    # Equality: no flag about tokens, passwords, addresses or ports, so that JupyterLab's own safeguards hold.
    assert command == [*BASE, *(["--allow-root"] if is_root else []), *browser]


def test_an_empty_display_is_none():
    assert lab_command({"DISPLAY": ""}, is_root=False, platform="linux") == [*BASE, "--no-browser"]


@pytest.mark.skipif(os.name != "posix", reason="only there JupyterLab takes this process's place")
@pytest.mark.parametrize("user", [0, 1000])
def test_jupyterlab_takes_this_process_s_place_in_the_course_s_folder(user, course, monkeypatch):
    started = []
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "chdir", lambda folder: started.append(folder))
    monkeypatch.setattr(os, "execve", lambda program, command, environment: started.extend([program, command]))
    monkeypatch.setattr("subprocess.run", lambda command, env: type("Ran", (), {"returncode": 0}))
    open_lab()
    assert started == [course, sys.executable, lab_command(os.environ, is_root=user == 0)]


@pytest.mark.skipif(os.name != "posix", reason="only there JupyterLab takes this process's place")
@pytest.mark.parametrize(("asked", "got"), [(None, "3"), ("5", "5")])
def test_kernels_have_half_of_the_cores_unless_the_user_has_said_otherwise(asked, got, course, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    started = []
    monkeypatch.setattr(os, "execve", lambda program, command, environment: started.append(environment))
    monkeypatch.setattr("subprocess.run", lambda command, env: type("Ran", (), {"returncode": 0}))
    open_lab()
    assert started[0]["OMP_NUM_THREADS"] == got
    assert os.environ.items() <= started[0].items()
