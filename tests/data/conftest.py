"""A user folder of its own for every test, a small made-up publication, and a real server that misbehaves."""

import gzip
import hashlib
import http.server
import struct
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from vae_edu.data.sources import DataFile, Publication


@pytest.fixture(autouse=True)
def user_folder(tmp_path, monkeypatch):
    """No test of this folder reads or writes the real user's files, or sends loopback traffic to a proxy."""
    monkeypatch.setenv("VAE_EDU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("VAE_EDU_DATA", raising=False)
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))  # its pause before a retry
    return tmp_path / "home"


@pytest.fixture(scope="session")
def arrays():
    """Made-up train images, train labels, test images, test labels: noise, so that the files do not compress away."""
    rng = np.random.default_rng(1)
    images = rng.integers(256, size=(120, 28, 28), dtype=np.uint8)
    labels = np.arange(120, dtype=np.uint8) % 10
    return [images[:80], labels[:80], images[80:], labels[80:]]


@pytest.fixture(scope="session")
def bodies(arrays):
    """{name: the bytes of the published idx.gz file}."""
    names = ("train-images.gz", "train-labels.gz", "test-images.gz", "test-labels.gz")
    return {name: gzip.compress(_idx(array), mtime=0) for name, array in zip(names, arrays, strict=True)}


@pytest.fixture
def publication(bodies, tmp_path):
    """The made-up files as a publication with an empty system folder; nothing listens at its address."""
    files = tuple(
        DataFile(name, hashlib.sha256(gzip.decompress(body)).hexdigest(), hashlib.sha256(body).hexdigest())
        for name, body in bodies.items()
    )
    (tmp_path / "system").mkdir()
    return Publication(files, "made-up", tmp_path / "system", "dataset-made-up", "http://127.0.0.1:9/")


@pytest.fixture
def server(bodies):
    """A server on loopback. Set ``behaviour``; ``asked`` lists the paths requested; ``half_sent`` tells of a stall."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        running.daemon_threads = True
        running.bodies, running.behaviour, running.asked = bodies, "right", []
        running.half_sent, running.release = threading.Event(), threading.Event()
        running.url = f"http://127.0.0.1:{running.server_port}/"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def served(publication, server):
    """The made-up publication at the server's address."""
    return replace(publication, base_url=server.url)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        body = self.server.bodies[self.path.lstrip("/")]
        half = body[: len(body) // 2]
        match self.server.behaviour:
            case "right":
                self._send(body, length=len(body))
            case "truncated":  # says how long the file is, and hangs up half way
                self._send(half, length=len(body))
            case "short":  # half a file that claims to be whole
                self._send(half, length=len(half))
            case "altered":
                self._send(body[:-9] + bytes([body[-9] ^ 1]) + body[-8:], length=len(body))
            case "another":  # a whole gzip file with something else inside
                another = gzip.compress(b"a page that asks to log in", mtime=0)
                self._send(another, length=len(another))
            case "stalled":
                self._send(half, length=len(body))
                self.server.half_sent.set()
                self.server.release.wait(30)
            case "missing":
                self.send_error(404)

    def _send(self, body, *, length):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


def _idx(array):
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()
