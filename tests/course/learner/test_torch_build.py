"""PyTorch's CPU build: taken where it is the right one and can be had, and never waited for."""

import contextlib
import hashlib
import http.server
import io
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from importlib import metadata

import pytest

from vae_edu.course.learner import torch_build

PIN = "9.9.9"  # no such torch exists, so nothing but the fake wheel can be installed
WHEEL = f"torch-{PIN}+cpu-py3-none-any.whl"
PATIENCE = 1.0


def fake_wheel():
    """A wheel of torch that holds one line of Python."""
    info = f"torch-{PIN}+cpu.dist-info"
    files = {
        "torch/__init__.py": f'__version__ = "{PIN}+cpu"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {PIN}+cpu\nRequires-Dist: numpy\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},," for name in (*files, f"{info}/RECORD")]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (files | {f"{info}/RECORD": "\n".join(record) + "\n"}).items():
            archive.writestr(name, text)
    return buffer.getvalue()


@contextlib.contextmanager
def serving(pages):
    """An index on loopback with these pages, as bytes by path; gives its address and the list of paths it was asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            page = pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", "application/octet-stream" if self.path.endswith("whl") else "text/html")
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/whl/cpu", asked
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def dripping(first, drop, seconds=10):
    """A server that sends ``first``, and then a ``drop`` every tenth of a second, for so long or until the test is over."""
    over = threading.Event()

    def serve():
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(first)
            for _ in range(10 * seconds):
                if over.wait(0.1):
                    break
                connection.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()


def index_pages(wheel, hashed=None):
    """An index with a wheel whose hash is said to be that of ``hashed``."""
    digest = hashlib.sha256(hashed or wheel).hexdigest()
    page = f'<!DOCTYPE html><a href="../{WHEEL.replace("+", "%2B")}#sha256={digest}">{WHEEL}</a>'
    return {"/whl/cpu/torch/": page.encode(), f"/whl/cpu/{WHEEL.replace('+', '%2B')}": wheel}


@pytest.fixture(autouse=True)
def bare_linux(tmp_path, monkeypatch):
    """Linux without a GPU, and a pip that knows nothing of this machine and installs into a folder of its own."""
    for name in [*os.environ]:
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "installed"))
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setattr(torch_build, "NVIDIA_DRIVER", tmp_path / "no_driver")
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.fixture
def installed(tmp_path):
    return tmp_path / "installed"


@pytest.fixture
def lines(tmp_path, capfd):
    """``lines(index)``: what is printed, by pip too, where requirements.txt pins torch to ``pin``."""

    def run(index, pin=PIN):
        requirements = tmp_path / "requirements.txt"
        requirements.write_text(f"# torch==0.0.0\ntqdm==4.0.0\ntorch=={pin}\n", encoding="utf-8")
        torch_build.main(index, requirements, PATIENCE)
        out, err = capfd.readouterr()
        return (out + err).splitlines()

    return run


def fallback(index, reason):
    return f"No CPU build of PyTorch from {index} ({reason}): installing the default build instead"


def test_the_cpu_build_is_installed_without_its_dependencies(lines, installed):
    pytest.importorskip("pip")
    with serving(index_pages(fake_wheel())) as (index, asked):
        assert lines(index) == [f"No NVIDIA GPU found: installing the CPU build of PyTorch {PIN} from {index}"]
    assert (installed / "torch" / "__init__.py").read_text() == f'__version__ = "{PIN}+cpu"\n'
    assert [path for path in asked if "numpy" in path] == []


def test_an_index_without_torch(lines):
    with serving({}) as (index, _):
        assert lines(index) == [fallback(index, "Not Found")]


def test_an_index_that_refuses_the_connection(lines):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        index = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert lines(index) == [fallback(index, "Connection refused")]


@pytest.mark.parametrize("index", ["nonsense", "nothing://here"])
def test_an_address_that_is_none(index, lines):
    (line,) = lines(index)
    assert "(unknown url type: " in line


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        pytest.param(b"", b"", id="silent"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X", id="trickling header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"X", id="trickling page"),
    ],
)
def test_a_slow_index_is_not_waited_for(first, drop, lines):
    with dripping(first, drop) as index:
        start = time.monotonic()
        printed = lines(index)
        seconds = time.monotonic() - start
    assert len(printed) == 1
    assert printed[0].startswith(f"No CPU build of PyTorch from {index} (")
    assert seconds < PATIENCE + 2


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        pytest.param({"/whl/cpu/torch/": b"<!DOCTYPE html>"}, "No matching distribution found", id="other versions"),
        pytest.param(index_pages(fake_wheel(), hashed=b"another"), "DO NOT MATCH THE HASHES", id="damaged"),
    ],
)
def test_when_pip_fails_one_line_says_so(pages, reason, lines, installed):
    pytest.importorskip("pip")
    with serving(pages) as (index, _):
        printed = lines(index)
    assert len(printed) == 2  # that it is tried, and that it failed
    assert printed[1].startswith(f"No CPU build of PyTorch from {index} (")
    assert reason in printed[1]
    assert not (installed / "torch").exists()


def fake_program(folder, status):
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho GPU 0\nexit {status}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("case", ["driver", "nvidia-smi", "darwin", "win32", "installed", "no index"])
def test_the_index_is_not_asked_where_the_default_build_is_right(case, lines, tmp_path, monkeypatch):
    pin = PIN
    if case == "driver":
        monkeypatch.setattr(torch_build, "NVIDIA_DRIVER", tmp_path)
    elif case == "nvidia-smi":
        fake_program(tmp_path / "programs", 0)
    elif case in ("darwin", "win32"):
        monkeypatch.setattr(sys, "platform", case)
    elif case == "installed":
        pin = metadata.version("torch").partition("+")[0]
    with serving({}) as (index, asked):
        assert lines("" if case == "no index" else index, pin) == []
    assert asked == []


def test_an_nvidia_smi_that_fails_is_no_gpu(lines, tmp_path):
    fake_program(tmp_path / "programs", 9)
    with serving({}) as (index, asked):
        assert lines(index) == [fallback(index, "Not Found")]
    assert asked == ["/whl/cpu/torch/"]


def test_the_version_is_the_one_that_requirements_txt_pins():
    assert f"torch=={torch_build.pinned(torch_build.REQUIREMENTS)}\n" in torch_build.REQUIREMENTS.read_text("utf-8")


def test_requirements_without_a_pin_are_an_error(tmp_path):
    (tmp_path / "requirements.txt").write_text("torchvision==1.0\ntorch>=2\n")
    with pytest.raises(ValueError, match="has no line torch==VERSION"):
        torch_build.pinned(tmp_path / "requirements.txt")


@pytest.mark.parametrize("index", [None, ""])
def test_it_runs_by_its_path_before_anything_is_installed(index):
    # -S: without the packages that are installed here. The address that would be asked is printed instead.
    code = f"""
import runpy, sys, urllib.request
urllib.request.urlopen = lambda address, timeout: sys.exit(print(address))
sys.argv = [{torch_build.__file__!r}]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    environment = {name: value for name, value in os.environ.items() if name != "TORCH_INDEX"}
    environment |= {} if index is None else {"TORCH_INDEX": index}
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    if index == "":
        assert ran.stdout == ""
    elif not os.path.exists("/proc/driver/nvidia") and sys.platform == "linux":
        assert ran.stdout.startswith(f"{torch_build.INDEX}/torch/\n")
