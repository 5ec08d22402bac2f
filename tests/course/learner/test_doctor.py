"""The doctor: each finding, well and in its trouble, and the real command on a machine without this or that."""

import os
import shutil
import subprocess
import sys
from functools import partial
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from vae_edu.course.cli import app
from vae_edu.course.learner import doctor
from vae_edu.course.learner.doctor import (
    Finding,
    cores,
    data,
    examine,
    memory,
    package,
    pins,
    python,
    write_access,
)
from vae_edu.course.places import NotACheckout
from vae_edu.data import fashion_mnist
from vae_edu.data.folders import user_data_dir


def test_a_finding_reads_in_one_line_and_its_remedy_in_another():
    assert str(Finding("well", "all is well")) == "✓ all is well"
    assert str(Finding("warning", "so so", "do this")) == "! so so\n    remedy: do this"
    assert str(Finding("missing", "bad", "do that")) == "✗ bad\n    remedy: do that"


def test_python():
    assert python((3, 11, 0)) == Finding("well", "Python 3.11.0")
    assert python((3, 15, 1)).state == "well"
    assert python().state == "well"
    for old in ((3, 10, 14), (2, 7, 18)):
        finding = python(old)
        assert finding.state == "missing"
        assert ".".join(map(str, old)) in finding.text
        assert "3.11" in finding.remedy


class TestPackages:
    def test_the_right_version(self):
        version = metadata.version("numpy")
        assert package("numpy", version) == Finding("well", f"numpy {version}")
        assert package("numpy", "").state == "well"

    def test_another_version(self):
        finding = package("numpy", "1.2.3")
        assert finding.state == "warning"
        assert metadata.version("numpy") in finding.text
        assert "1.2.3" in finding.text
        assert finding.remedy == "pip install numpy==1.2.3"

    @pytest.mark.parametrize(
        ("local", "state"), [("2.13.0+cpu", "well"), ("2.13.0", "well"), ("2.13.1+cpu", "warning")]
    )
    def test_a_build_s_local_version_does_not_count(self, local, state, monkeypatch):
        monkeypatch.setattr(doctor.metadata, "version", lambda name: local)
        assert package("torch", "2.13.0").state == state

    def test_none(self):
        finding = package("vae-edu-no-such-package", "1.0")
        assert finding.state == "missing"
        assert "not installed" in finding.text
        assert finding.remedy == "pip install vae-edu-no-such-package==1.0"
        assert package("vae-edu-no-such-package", "").remedy == "pip install vae-edu-no-such-package"

    def test_torch_comes_from_pytorch_s_own_index(self, monkeypatch):
        def absent(name):
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(doctor.metadata, "version", absent)
        assert package("torch", "2.13.0").remedy.startswith("pip install torch==2.13.0 --index-url https://")

    def test_the_pins_are_those_of_the_requirements(self, tmp_path, monkeypatch):
        text = "# numpy==9\nnumpy==2.4.6\n\nscikit-learn==1.9.1  # why\n-e .\n"
        (tmp_path / "requirements.txt").write_text(text, encoding="utf-8")
        monkeypatch.setattr(doctor, "root", lambda: tmp_path)
        assert pins() == {"numpy": "2.4.6", "scikit-learn": "1.9.1"}

    def test_without_the_course_s_folder_they_are_what_the_package_needs(self, monkeypatch):
        def nowhere():
            raise NotACheckout("no notebooks")

        monkeypatch.setattr(doctor, "root", nowhere)
        found = pins()
        assert {"torch", "numpy", "scikit-learn", "jupyterlab"} <= set(found)
        assert set(found.values()) == {""}
        assert "nbgrader" not in found
        assert "pytest" not in found


@pytest.mark.parametrize(("count", "state"), [(1, "warning"), (2, "well"), (64, "well")])
@pytest.mark.parametrize("has_affinity", [True, False])
def test_cores(count, state, has_affinity, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 99 if has_affinity else count)
    if has_affinity:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(count)), raising=False)
    else:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    finding = cores()
    assert finding.state == state
    assert finding.text.startswith(f"{count} ")


@pytest.mark.parametrize(("gibibytes", "state"), [(0.5, "warning"), (1.9, "warning"), (2.0, "well"), (16, "well")])
def test_memory(gibibytes, state, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=gibibytes * 2**30))
    finding = memory()
    assert finding.state == state
    assert finding.text == f"{gibibytes:.1f} GiB of memory"


def test_memory_without_psutil(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert memory().state == "warning"


class TestData:
    def test_well(self):
        assert data() == Finding("well", "12,000 embedded images, checksum right")

    def test_damaged(self, tmp_path, monkeypatch):
        damaged = tmp_path / "damaged.npz"
        damaged.write_bytes(b"no archive")
        monkeypatch.setattr(fashion_mnist, "_load_embedded", partial(fashion_mnist._load_embedded, damaged))
        finding = data()
        assert finding.state == "missing"
        assert "damaged.npz" in finding.text
        assert finding.remedy

    def test_gone(self, tmp_path, monkeypatch):
        gone = tmp_path / "gone.npz"
        monkeypatch.setattr(fashion_mnist, "_load_embedded", partial(fashion_mnist._load_embedded, gone))
        finding = data()
        assert finding.state == "missing"
        assert "gone.npz" in finding.text


class TestWriteAccess:
    def test_well_and_nothing_is_left_behind(self):
        assert write_access() == Finding("well", "progress is kept in $VAE_EDU_HOME")
        assert list(user_data_dir().iterdir()) == []

    def test_the_home_folder_reads_as_a_tilde(self, tmp_path, monkeypatch):
        monkeypatch.setattr(Path, "home", lambda: tmp_path)
        monkeypatch.setattr("vae_edu.data.folders.user_data_dir", lambda: tmp_path / "mine" / "data")
        monkeypatch.delenv("VAE_EDU_HOME")
        assert write_access().text == f"progress is kept in ~/{Path('mine', 'data')}"

    def test_a_file_where_the_folder_should_be(self, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("", encoding="utf-8")
        monkeypatch.setenv("VAE_EDU_HOME", str(tmp_path / "file"))
        finding = write_access()
        assert finding.state == "warning"
        assert finding.text.startswith(f"no write access to {tmp_path / 'file' / 'data'}")
        assert "VAE_EDU_HOME" in finding.remedy

    def test_a_folder_that_may_only_be_read(self, monkeypatch):
        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)  # root may write anywhere, so no real folder
        finding = write_access()
        assert finding.state == "warning"
        assert finding.text.endswith("Permission denied")


class TestCommand:
    def run(self, monkeypatch, *findings):
        monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
        return CliRunner().invoke(app, ["doctor"])

    def test_all_well(self, monkeypatch):
        ran = self.run(monkeypatch, Finding("well", "fine"), Finding("well", "good"))
        assert (ran.exit_code, ran.output) == (0, "✓ fine\n✓ good\n")

    def test_a_warning_is_no_failure(self, monkeypatch):
        assert self.run(monkeypatch, Finding("warning", "so so", "help")).exit_code == 0

    def test_something_missing_is_one_and_the_rest_is_told_all_the_same(self, monkeypatch):
        ran = self.run(monkeypatch, Finding("missing", "bad", "help"), Finding("well", "good"))
        assert (ran.exit_code, ran.output) == (1, "✗ bad\n    remedy: help\n✓ good\n")


HIDING = """\
import importlib.abc
import importlib.metadata
import os
import sys

HIDDEN = dict(pair.split("=") for pair in os.environ["HIDDEN"].split(","))  # import name by distribution name
found = importlib.metadata.Distribution.from_name.__func__


def from_name(cls, name):
    if name in HIDDEN:
        raise importlib.metadata.PackageNotFoundError(name)
    return found(cls, name)


class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HIDDEN.values():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


importlib.metadata.Distribution.from_name = classmethod(from_name)
sys.meta_path.insert(0, Hide())
"""
IMPORTED_AS = {"ipython": "IPython", "scikit-learn": "sklearn"}
# typer is not among them: it is what reads the command line.
NEEDED = ("ipywidgets", "numpy", "platformdirs", "psutil", "torch")
ALL_NEEDED = sorted(set(pins()) - {"typer"} - doctor.for_tests())


class TestTheRealCommand:
    def run(self, tmp_path, hidden):
        script = shutil.which("vae-edu", path=str(Path(sys.executable).parent))
        if script is None:
            pytest.skip("the vae-edu command is not installed beside this Python")
        (tmp_path / "sitecustomize.py").write_text(HIDING, encoding="utf-8")
        names = ",".join(f"{name}={IMPORTED_AS.get(name, name)}" for name in hidden)
        path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"HIDDEN": names, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run([script, "doctor"], env=environment, capture_output=True, encoding="utf-8", timeout=120)

    @pytest.mark.parametrize("hidden", [*([name] for name in NEEDED), ALL_NEEDED], ids=[*NEEDED, "everything"])
    def test_it_runs_and_says_what_is_missing(self, hidden, tmp_path):
        ran = self.run(tmp_path, hidden)
        assert "Traceback" not in ran.stderr
        assert ran.returncode == 1
        lines = ran.stdout.splitlines()
        for name in hidden:
            place = lines.index(f"✗ {name} is not installed")
            assert lines[place + 1].startswith(f"    remedy: pip install {name}")
        said = ("progress is kept", "write access unknown")  # the last that it looks at
        assert any(each in line for line in lines for each in said), "it did not look at everything"

    def test_it_imports_nothing_heavy(self):
        code = (
            "import sys; from vae_edu.course.learner.doctor import examine; list(examine()); "
            "print([name for name in ('torch', 'matplotlib', 'sklearn', 'ipywidgets') if name in sys.modules])"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=120)
        assert ran.stdout.strip() == "[]", ran.stderr


def test_examine_looks_at_everything_once():
    texts = [finding.text for finding in examine()]
    names = [text.split()[0] for text in texts]
    assert len(texts) == len(set(texts)) == len(pins()) + 5
    assert set(pins()) <= set(names)
