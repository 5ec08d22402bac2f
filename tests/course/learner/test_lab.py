"""The command that opens JupyterLab, and the environment it runs in."""

import json
import os
import sys

import pytest

from vae_edu.course.learner.lab import CONFIGURATION, lab_command, lab_environment, open_lab

FIRST = "--LabApp.default_url=/lab/tree/mine/00_start_here.ipynb"
BASE = [sys.executable, "-m", "jupyterlab", FIRST]
DISPLAY = {"DISPLAY": ":0"}


@pytest.fixture(autouse=True)
def first_notebook(course):
    (course / "notebooks" / "00_start_here.ipynb").write_text("{}", encoding="utf-8")


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
    monkeypatch.setattr(os, "execve", lambda *arguments: started.extend(arguments))
    monkeypatch.setattr("subprocess.run", lambda command, env: type("Ran", (), {"returncode": 0}))
    open_lab()
    command = lab_command(os.environ, is_root=user == 0)
    assert started == [course, sys.executable, command, lab_environment(os.environ)]


@pytest.mark.parametrize(("asked", "got"), [(None, "3"), ("5", "5")])
def test_kernels_have_half_of_the_cores_unless_the_user_has_said_otherwise(asked, got, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    given = {"HOME": "ada"} | ({"OMP_NUM_THREADS": asked} if asked else {})
    found = lab_environment(given)
    assert found["OMP_NUM_THREADS"] == got
    assert found["OPENBLAS_NUM_THREADS"] == "3"
    assert given.items() <= found.items()


def test_jupyterlab_reads_the_course_s_configuration_beside_the_user_s():
    assert lab_environment({})["JUPYTER_CONFIG_PATH"] == str(CONFIGURATION)
    assert lab_environment({"JUPYTER_CONFIG_PATH": ""})["JUPYTER_CONFIG_PATH"] == str(CONFIGURATION)
    both = lab_environment({"JUPYTER_CONFIG_PATH": "/etc/site"})["JUPYTER_CONFIG_PATH"]
    assert both.split(os.pathsep) == [str(CONFIGURATION), "/etc/site"]


def test_the_configuration_is_part_of_the_package():
    found = {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in CONFIGURATION.rglob("*") if path.is_file()
    }
    assert found.keys() == {"default_setting_overrides.json", "page_config.json"}
    assert found["page_config.json"].keys() == {
        "disabledExtensions"
    }  # whatever else counted for more than the user's own
