"""Family names in eleven languages, as rows of symbols: the course's text."""

import importlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vae_edu.data.images import split_per_class

__all__ = ["NameData", "load_names"]

# Where Faker keeps a language's names; all of them are written in Latin letters.
_LOCALES = {
    "Croatian": ("hr_HR",),
    "Dutch": ("nl_NL",),
    "English": ("en_GB", "en_US"),
    "Estonian": ("et_EE",),
    "Finnish": ("fi_FI",),
    "French": ("fr_FR", "fr_BE"),
    "German": ("de_DE", "de_AT"),
    "Italian": ("it_IT",),
    "Slovak": ("sk_SK",),
    "Spanish": ("es_ES",),
    "Zulu": ("zu_ZA",),
}
_LENGTHS = range(3, 13)
_PER_LANGUAGE, _TEST_PER_LANGUAGE = 600, 60
_SPLIT_SEED = 0  # changing it changes every result of the course that uses these data


@dataclass(frozen=True, eq=False, repr=False)
class NameData:
    """Names with the language of each, split into a training and a test set that share no name.

    train_x (train, length), test_x (test, length): int64. Symbol s > 0 is the letter ``letters[s − 1]``; 0 ends a name and
        fills the rest of its row, so each row ends in at least one 0.
    train_labels (train,), test_labels (test,): int64, an index into ``languages``.
    """

    train_x: np.ndarray
    test_x: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray
    languages: tuple[str, ...]
    letters: str

    @property
    def symbols(self) -> int:
        """How many symbols there are: the letters and the end."""
        return len(self.letters) + 1

    def encode(self, names: Iterable[str]) -> np.ndarray:
        """Rows of symbols (names, length), as ``train_x`` has them.

        Raises ``ValueError`` for a name with another letter, and for one that is empty or too long.
        """
        names, length = list(names), self.train_x.shape[1]
        x = np.zeros((len(names), length), dtype=np.int64)
        for row, name in zip(x, names, strict=True):
            unknown = set(name) - set(self.letters)
            if unknown:
                raise ValueError(f"{name!r} has {''.join(sorted(unknown))!r} in it; the letters are {self.letters}")
            if not 1 <= len(name) < length:
                raise ValueError(f"{name!r} has {len(name)} letters; expected 1 to {length - 1}")
            row[: len(name)] = [self.letters.index(letter) + 1 for letter in name]
        return x

    def decode(self, x: np.ndarray) -> list[str]:
        """The names that rows of symbols (names, length) stand for: what comes before the first 0."""
        alphabet = "\0" + self.letters
        return ["".join(alphabet[symbol] for symbol in row).split("\0", 1)[0] for row in x]

    def __repr__(self) -> str:
        return (
            f"NameData({len(self.train_x):,} training and {len(self.test_x):,} test names in "
            f"{len(self.languages)} languages, {len(self.letters)} letters)"
        )


def load_names() -> NameData:
    """Up to 600 family names in each of eleven languages, in lower case, of 3 to 12 letters, 60 of each for the test.

    A name that two of the languages have is left out, and so are names with a space or a sign in them. The alphabet is that
    of all names. Source: the locale data of the package Faker (MIT licence), ``faker.providers.person``.
    """
    found = {language: _family_names(locales) for language, locales in _LOCALES.items()}
    shared = {name for name, times in Counter(name for names in found.values() for name in names).items() if times > 1}
    names, labels = [], []
    for label, own in enumerate(found.values()):
        kept = sorted(own - shared)
        names += kept
        labels += [label] * len(kept)
    names, labels = np.array(names), np.array(labels, dtype=np.int64)
    rng = np.random.default_rng(_SPLIT_SEED)
    drawn = np.concatenate(
        [rng.permutation(np.flatnonzero(labels == label))[:_PER_LANGUAGE] for label in range(len(found))]
    )
    names, labels = names[drawn], labels[drawn]
    empty, letters = np.zeros((0, _LENGTHS.stop), dtype=np.int64), "".join(sorted(set("".join(names))))
    x = NameData(empty, empty, labels[:0], labels[:0], tuple(found), letters).encode(names)
    train, test = split_per_class(x, labels, _TEST_PER_LANGUAGE, rng=rng)
    return NameData(x[train], x[test], labels[train], labels[test], tuple(found), letters)


def _family_names(locales: tuple[str, ...]) -> set[str]:
    from faker.providers import person

    providers = (importlib.import_module(f"{person.__name__}.{locale}").Provider for locale in locales)
    names = {name.lower() for provider in providers for name in provider.last_names}
    return {name for name in names if name.isalpha() and len(name) in _LENGTHS}
