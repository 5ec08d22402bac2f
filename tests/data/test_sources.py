"""The four sources, in their order; and downloads from a real server on loopback that goes wrong in every way."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from vae_edu.data import BadDataFile, DataNotFound, fashion_mnist
from vae_edu.data.folders import user_cache_dir
from vae_edu.data.sources import read_file

ANOTHER = gzip.compress(b"something else", mtime=0)


@pytest.fixture
def cache(user_folder):
    """The folder in the cache that belongs to the made-up publication."""
    folder = user_cache_dir() / "made-up"
    assert user_folder in folder.parents
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def given(tmp_path, monkeypatch):
    """The folder that $VAE_EDU_DATA names."""
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("VAE_EDU_DATA", str(folder))
    return folder


def fill(folder, bodies, **replaced):
    for name, body in bodies.items():
        (folder / name).write_bytes(replaced.get(name.removesuffix(".gz").replace("-", "_"), body))


def load(publication, *, timeout=5.0):
    return fashion_mnist._load_full(publication, timeout=timeout)


def same(data, arrays):
    return np.array_equal(np.rint(data.train_x * 255), arrays[0].reshape(80, 784)) and np.array_equal(
        data.test_labels, arrays[3]
    )


# The order. A bad file in a later place shows that it was not looked at, a bad file in an earlier one that it was.


def test_vae_edu_data_comes_first(bodies, arrays, served, server, cache, given):
    fill(given, bodies)
    fill(cache, bodies, train_images=ANOTHER)
    fill(served.system_folder, bodies, train_images=ANOTHER)
    assert same(load(served), arrays)
    assert server.asked == []
    assert (cache / "train-images.gz").read_bytes() == ANOTHER


def test_the_cache_comes_second(bodies, arrays, served, server, cache, given):
    fill(cache, bodies)
    fill(served.system_folder, bodies, train_images=ANOTHER)
    assert same(load(served), arrays)
    assert server.asked == []


def test_the_systems_folder_comes_third(bodies, arrays, served, server):
    fill(served.system_folder, bodies)
    assert same(load(served), arrays)
    assert server.asked == []


def test_a_download_comes_last_and_only_once(bodies, arrays, served, server):
    assert same(load(served), arrays)
    assert server.asked == [f"/{name}" for name in bodies]
    assert same(load(served), arrays)
    assert len(server.asked) == 4, "the second time from the cache"
    assert {path.name for path in (user_cache_dir() / "made-up").iterdir()} == set(bodies)


def test_each_file_is_looked_for_by_itself(bodies, arrays, served, server, cache, given):
    fill(given, {"train-images.gz": bodies["train-images.gz"]})
    fill(cache, {"train-labels.gz": bodies["train-labels.gz"]})
    fill(served.system_folder, {"test-images.gz": bodies["test-images.gz"]})
    assert same(load(served), arrays)
    assert server.asked == ["/test-labels.gz"]


def test_an_empty_vae_edu_data_means_none(bodies, arrays, served, monkeypatch):
    monkeypatch.setenv("VAE_EDU_DATA", "")
    fill(served.system_folder, bodies)
    assert same(load(served), arrays)


def test_vae_edu_data_that_is_no_folder_is_refused(bodies, served, server, tmp_path, monkeypatch):
    fill(served.system_folder, bodies)
    monkeypatch.setenv("VAE_EDU_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataNotFound, match=r"VAE_EDU_DATA is .*nowhere, which is not a folder"):
        load(served)


# Bad files on disk.


@pytest.mark.parametrize("place", ["VAE_EDU_DATA", "system"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda body: ANOTHER, "is not the published file: its content has SHA-256"),
        (lambda body: body[: len(body) // 2], "is truncated or damaged"),
        (lambda body: body[:-1], "is truncated or damaged"),
        (lambda body: body[:300] + bytes([body[300] ^ 1]) + body[301:], "is truncated or damaged"),
        (lambda body: b"", "is not the published file: its content has SHA-256"),
        (lambda body: b"<html>", "is truncated or damaged"),
    ],
    ids=["another", "half", "one byte short", "one bit", "empty", "no gzip"],
)
def test_a_bad_file_is_refused_by_name(place, damage, message, bodies, served, server, tmp_path, monkeypatch):
    folder = served.system_folder
    if place == "VAE_EDU_DATA":
        fill(folder, bodies)
        folder = tmp_path / "given"
        folder.mkdir()
        monkeypatch.setenv("VAE_EDU_DATA", str(folder))
    fill(folder, bodies, test_images=damage(bodies["test-images.gz"]))
    with pytest.raises(BadDataFile) as caught:
        load(served)
    assert f"{folder / 'test-images.gz'} {message}" in str(caught.value)
    assert f"{served.base_url}test-images.gz" in str(caught.value), "and says where the right one is"
    assert server.asked == [], "and is not silently passed over, though right ones are to be had elsewhere"
    assert (folder / "test-images.gz").exists(), "what is not ours is not removed"


def test_the_refusal_states_both_hashes(bodies, publication):
    fill(publication.system_folder, bodies, train_images=bodies["test-images.gz"])
    with pytest.raises(BadDataFile) as caught:
        load(publication)
    assert publication.files[0].content_sha256 in str(caught.value)
    assert publication.files[2].content_sha256 in str(caught.value)


@pytest.mark.parametrize("damage", [lambda body: ANOTHER, lambda body: body[:-20]], ids=["another", "truncated"])
def test_a_bad_file_in_the_cache_is_named_removed_and_fetched_again(damage, bodies, arrays, served, server, cache):
    fill(cache, bodies, test_images=damage(bodies["test-images.gz"]))
    with pytest.warns(UserWarning, match=r"made-up.test-images.gz is .* removed from the cache"):
        data = load(served)
    assert same(data, arrays)
    assert server.asked == ["/test-images.gz"]
    assert (cache / "test-images.gz").read_bytes() == bodies["test-images.gz"]


def test_a_bad_file_in_the_cache_does_not_stay_where_nothing_can_replace_it(bodies, served, server, cache):
    server.behaviour = "missing"
    fill(cache, bodies, test_images=ANOTHER)
    with pytest.warns(UserWarning, match=r"test-images.gz"), pytest.raises(DataNotFound):
        load(served)
    assert not (cache / "test-images.gz").exists()


def test_a_repacked_file_with_the_right_content_is_accepted(bodies, arrays, publication):
    repacked = {name: gzip.compress(gzip.decompress(body), 1, mtime=7) for name, body in bodies.items()}
    assert all(repacked[name] != body for name, body in bodies.items())
    fill(publication.system_folder, repacked)
    assert same(load(publication), arrays)


# Downloads that go wrong: an error that names the file, an empty cache, and the next try succeeds.


@pytest.mark.parametrize(
    ("behaviour", "error", "message"),
    [
        ("truncated", DataNotFound, "could not download http://127.0.0.1"),
        ("short", BadDataFile, "train-images.gz as served by http://127.0.0.1"),
        ("altered", BadDataFile, "train-images.gz as served by http://127.0.0.1"),
        ("another", BadDataFile, "train-images.gz as served by http://127.0.0.1"),
        ("stalled", DataNotFound, "Read timed out"),
        ("missing", DataNotFound, "404"),
    ],
)
def test_a_download_that_goes_wrong_leaves_nothing_and_can_be_repeated(
    behaviour, error, message, bodies, arrays, served, server, cache
):
    server.behaviour = behaviour
    start = time.monotonic()
    with pytest.raises(error) as caught:
        load(served, timeout=0.3)
    assert time.monotonic() - start < 5, "two tries of 0.3 seconds"
    assert message in str(caught.value)
    assert "train-images.gz" in str(caught.value)
    assert server.asked == ["/train-images.gz"] * 2, "one retry, and no more"
    assert list(cache.iterdir()) == []
    server.behaviour = "right"
    assert same(load(served), arrays)


def test_a_wrong_download_states_both_hashes(served, server):
    server.behaviour = "another"
    with pytest.raises(BadDataFile) as caught:
        load(served)
    assert served.files[0].gz_sha256 in str(caught.value)


def test_files_that_arrived_before_the_failure_are_kept(bodies, arrays, served, server, cache):
    class FailsAtTheThird(dict):
        def __getitem__(self, name):
            if name == "test-images.gz":
                server.behaviour = "truncated"
            return super().__getitem__(name)

    server.bodies = FailsAtTheThird(bodies)
    with pytest.raises(DataNotFound, match=r"test-images\.gz"):
        load(served)
    assert {path.name for path in cache.iterdir()} == {"train-images.gz", "train-labels.gz"}
    server.bodies, server.behaviour, server.asked = bodies, "right", []
    assert same(load(served), arrays)
    assert server.asked == ["/test-images.gz", "/test-labels.gz"]


def test_without_a_network_the_error_says_the_three_ways(publication, cache):
    with pytest.raises(DataNotFound) as caught:
        load(publication)  # its address: the discard port, where nothing listens
    text = str(caught.value)
    assert "could not download http://127.0.0.1:9/train-images.gz" in text
    for part in ("three ways", "VAE_EDU_DATA", str(cache), "dataset-made-up", *(f.name for f in publication.files)):
        assert part in text


@pytest.mark.parametrize("way", ["VAE_EDU_DATA", "cache", "package"])
def test_each_of_the_three_ways_works(way, bodies, arrays, publication, tmp_path, cache, monkeypatch):
    folder = {"VAE_EDU_DATA": tmp_path / "anywhere", "cache": cache, "package": publication.system_folder}[way]
    folder.mkdir(exist_ok=True)
    fill(folder, bodies)
    if way == "VAE_EDU_DATA":
        monkeypatch.setenv("VAE_EDU_DATA", str(folder))
    assert same(load(publication), arrays)


def test_a_cache_that_cannot_be_written_is_reported(served, user_folder):
    user_folder.write_text("a file where the folder should be")
    with pytest.raises(DataNotFound, match="three ways"):
        load(served)


def test_killed_in_the_middle_then_repeated(bodies, arrays, served, server, cache):
    server.behaviour = "stalled"
    downloading = _download_in_a_process(served)
    try:
        assert server.half_sent.wait(30)
        _wait_until(lambda: any(path.stat().st_size for path in cache.iterdir()))
        assert downloading.poll() is None, "still downloading"
    finally:
        downloading.kill()
    if os.name == "posix":
        assert downloading.wait(10) == -signal.SIGKILL
    (leftover,) = cache.iterdir()
    assert leftover.name.startswith("tmp"), "only a temporary file is left, which no source reads"

    server.behaviour = "right"
    os.utime(leftover, (time.time() - 1000,) * 2)
    assert same(load(served), arrays)
    assert {path.name for path in cache.iterdir()} == set(bodies), "an old leftover is swept away"


def test_the_temporary_file_of_another_download_is_let_alone(bodies, served, cache):
    (cache / "tmp_of_another").write_bytes(b"still coming")
    load(served)
    assert (cache / "tmp_of_another").exists()


def test_two_processes_at_once(bodies, arrays, served, cache):
    processes = [_download_in_a_process(served) for _ in range(2)]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert same(load(replace(served, base_url="http://127.0.0.1:9/")), arrays)
    assert {path.name for path in cache.iterdir()} == set(bodies)


def test_read_file_returns_the_decompressed_content(bodies, served, tmp_path):
    content = read_file(served.files[1], served, cache=tmp_path / "cache of its own")
    assert content == gzip.decompress(bodies["train-labels.gz"])
    assert (tmp_path / "cache of its own" / "made-up" / "train-labels.gz").exists()


PROGRAM = """
import json, sys
from pathlib import Path
from vae_edu.data.fashion_mnist import read_published
from vae_edu.data.sources import DataFile, Publication

told = json.loads(sys.argv[1])
told["files"] = tuple(DataFile(**file) for file in told["files"])
told["system_folder"] = Path(told["system_folder"])
read_published(Publication(**told))
"""


def _download_in_a_process(publication):
    told = json.dumps(asdict(publication), default=str)
    return subprocess.Popen([sys.executable, "-c", PROGRAM, told], stderr=subprocess.DEVNULL)


def _wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)
