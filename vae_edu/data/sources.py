"""Where a published data file comes from: ``$VAE_EDU_DATA``, the user's cache, a system folder, or a download.

A file is used only if its SHA-256 is right, wherever it was found. A wrong file is refused by name.
"""

import contextlib
import gzip
import hashlib
import os
import time
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BadDataFile", "DataFile", "DataNotFound", "Publication", "read_file"]

_RETRIES = 1


class BadDataFile(ValueError):
    """A data file is truncated, altered, or another file altogether."""


class DataNotFound(OSError):
    """A data file is on this machine nowhere, and could not be downloaded."""


@dataclass(frozen=True)
class DataFile:
    """A gzip file as published, and the two SHA-256 it is known by."""

    name: str
    content_sha256: str  # of what is inside, which repacking does not change: checked wherever the file comes from
    gz_sha256: str  # of the file itself, byte for byte: checked before a download enters the cache


@dataclass(frozen=True)
class Publication:
    """A set of files that belong together, and where to find them."""

    files: tuple[DataFile, ...]
    cache_name: str  # the folder below the user's cache
    system_folder: Path  # where the system's package puts the files
    system_package: str
    base_url: str


def read_file(file: DataFile, publication: Publication, *, cache: Path, timeout: float = 20.0) -> bytes:
    """The decompressed content of ``file``, from the first of the four places that has it.

    A wrong file in ``$VAE_EDU_DATA`` or in the system's folder raises ``BadDataFile``. A wrong file in the cache is
    removed with a warning, and the search goes on. timeout: the seconds a server may stay silent.

    Raises ``BadDataFile`` also when what was downloaded is wrong, and ``DataNotFound`` when there is nothing to
    download from, or ``$VAE_EDU_DATA`` is no folder.
    """
    if given := os.environ.get("VAE_EDU_DATA"):
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise DataNotFound(f"VAE_EDU_DATA is {given}, which is not a folder: name one, or unset it")
        if (folder / file.name).exists():
            return _read_checked(folder / file.name, file, publication)
    cached = cache / publication.cache_name / file.name
    if cached.exists():
        try:
            return _read_checked(cached, file, publication)
        except BadDataFile as error:
            cached.unlink()
            warnings.warn(f"{error} It has been removed from the cache.", stacklevel=2)
    if (publication.system_folder / file.name).exists():
        return _read_checked(publication.system_folder / file.name, file, publication)
    _download(cached, file, publication, timeout)
    return _read_checked(cached, file, publication)


def _read_checked(path: Path, file: DataFile, publication: Publication) -> bytes:
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadDataFile(
            f"{path} is truncated or damaged ({error}): replace it by {publication.base_url}{file.name}, or remove it."
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != file.content_sha256:
        raise BadDataFile(
            f"{path} is not the published file: its content has SHA-256 {sha256}, expected {file.content_sha256}. "
            f"Replace it by {publication.base_url}{file.name}, or remove it."
        )
    return content


def _download(path: Path, file: DataFile, publication: Publication, timeout: float) -> None:
    """Download ``file`` to ``path``: pooch writes beside it, and renames what it wrote once the hash is right."""
    import pooch
    from tqdm import tqdm

    def attempt(url: str, output: str, fetcher: pooch.Pooch) -> None:
        # A fresh bar for each try, closed however it ends. pooch puts in the right total; without one a bar counts as false.
        with tqdm(desc=file.name, total=1, unit="B", unit_scale=True) as bar:
            pooch.HTTPDownloader(timeout=timeout, progressbar=bar)(url, output, fetcher)

    fetcher = pooch.create(
        path.parent, publication.base_url, registry={file.name: file.gz_sha256}, retry_if_failed=_RETRIES
    )
    _remove_leftovers(path.parent, older_than=10 * timeout)
    try:
        fetcher.fetch(file.name, downloader=attempt)
    except OSError as error:  # among them all that requests raises, and a cache that cannot be written
        raise DataNotFound(
            f"could not download {publication.base_url}{file.name} ({error})\n{_by_hand(path, publication)}"
        ) from error
    except ValueError as error:
        raise BadDataFile(
            f"{file.name} as served by {publication.base_url} is not the published file ({error})\n"
            f"{_by_hand(path, publication)}"
        ) from error


def _remove_leftovers(folder: Path, *, older_than: float) -> None:
    """Remove temporary files of downloads that were killed. A living one is written to at least once per timeout."""
    for leftover in folder.glob("tmp*"):
        with contextlib.suppress(OSError):  # another process may have been quicker
            if time.time() - leftover.stat().st_mtime > older_than:
                leftover.unlink()


def _by_hand(path: Path, publication: Publication) -> str:
    names = ", ".join(file.name for file in publication.files)
    return (
        f"There are three ways to provide the files ({names}; from {publication.base_url}) by hand:\n"
        f"  1. put them into any folder, and set the environment variable VAE_EDU_DATA to it;\n"
        f"  2. put them into the course's cache, {path.parent};\n"
        f"  3. on Debian or Ubuntu, install the package {publication.system_package}."
    )
