"""A reader's own table, from a CSV file: numbers, categories, missing values, and perhaps labels.

Whatever is wrong with the file is said in one line, before anything is computed.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

__all__ = ["CsvError", "CsvTable", "read_csv"]

FEWEST_ROWS = 50
MOST_LEVELS = 20
MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-"}
ANOMALOUS = {"1", "1.0", "true", "yes", "anomaly", "anomalous", "outlier"}
BYTES_PER_CELL = 130  # a short text and its place in a list, and about eight copies as a number
SAMPLE = 2**20


class CsvError(ValueError):
    """What is wrong with a reader's file, in one line that says what to do."""


@dataclass(frozen=True, eq=False, repr=False)
class CsvTable:
    """A table from a CSV file.

    x (rows, columns): float64, NaN where a value is missing; a category is the number of its level, from 0 on.
    columns: the name of each column. kinds: of each column "real", "binary" (0 or 1), or the number of levels of a category, as
        ``vae_edu.likelihoods.Mixed`` has them. levels: the names of the levels of each category, by column.
    is_anomaly (rows,): bool, or None without labels. anomaly: the label that counts as an anomaly.
    lines (rows,): where each row stands in the file, counted from 1. constant: the names of columns that were dropped because
        they hold a single value.
    """

    x: np.ndarray
    columns: tuple[str, ...]
    kinds: tuple[str | int, ...]
    levels: dict[str, tuple[str, ...]]
    is_anomaly: np.ndarray | None
    anomaly: str | None
    lines: np.ndarray
    constant: tuple[str, ...]

    def shown(self, row: int, column: int) -> str:
        """One entry as text: a number with at most six digits, the name of a level, or "missing"."""
        value = self.x[row, column]
        if math.isnan(value):
            return "missing"
        levels = self.levels.get(self.columns[column])
        return levels[int(value)] if levels else f"{value:.6g}"


def read_csv(
    path: Path,
    *,
    label: str | None = None,
    anomaly: str | None = None,
    exclude: Sequence[str] = (),
    one_hot: Sequence[str] = (),
) -> CsvTable:
    """Read a table of numbers whose first line names the columns, separated by commas, semicolons or tabs.

    label: the column of labels; anomaly: which label is the anomaly, all others being normal. Without it that is 1, true, yes,
        anomaly, anomalous or outlier. exclude: columns to leave out. one_hot: columns to be taken as categories, with at most 20
        different values each.

    Missing are empty cells, and NA, NaN, null, none, ? and -. Between semicolons, numbers may have decimal commas.

    Raises ``CsvError`` for a file that is not there, is no such table or too large for the memory that is free; for names that
    are no columns; for text, infinite values and columns without a value; for fewer than 50 rows, or no column that varies;
    and for labels that are missing or of one class.
    """
    names, cells, lines = _cells(path)
    where = path.name
    unknown = [name for name in (*filter(None, [label]), *exclude, *one_hot) if name not in names]
    if unknown:
        raise CsvError(f"{where} has no column {unknown[0]!r}; its columns are {_listed(names)}")
    if len(lines) < FEWEST_ROWS:
        raise CsvError(
            f"{where} has {len(lines)} rows; {FEWEST_ROWS} are the fewest that a detector can learn from here"
        )
    by_name = dict(zip(names, cells, strict=True))
    labels = by_name[label] if label else None
    used = [name for name in names if name != label and name not in exclude]
    decimal_comma = _delimiter(path) == ";"
    parsed = {name: None if name in one_hot else _numbers(by_name[name], decimal_comma) for name in used}
    _require_numbers(where, {name: by_name[name] for name in used if name not in one_hot}, parsed, lines)
    levels = {name: _levels(where, name, by_name[name]) for name in used if name in one_hot}
    for name, own in levels.items():
        places = {level: float(place) for place, level in enumerate(own)}
        parsed[name] = np.array([places.get(cell.strip(), math.nan) for cell in by_name[name]])
    constant = tuple(name for name in used if np.nanmin(parsed[name]) == np.nanmax(parsed[name]))
    kept = tuple(name for name in used if name not in constant)
    if not kept:
        raise CsvError(f"{where} has no column left whose values differ")
    is_anomaly, counted = _is_anomaly(where, label, labels, anomaly, lines) if label else (None, None)
    return CsvTable(
        np.stack([parsed[name] for name in kept], axis=1),
        kept,
        tuple(len(levels[name]) if name in levels else _kind(parsed[name]) for name in kept),
        {name: own for name, own in levels.items() if name in kept},
        is_anomaly,
        counted,
        np.array(lines),
        constant,
    )


def _cells(path: Path) -> tuple[list[str], list[tuple[str, ...]], list[int]]:
    """The names of the columns, the cells of each column, and the line of each row."""
    if not path.exists():
        raise CsvError(f"there is no file {path}")
    if not path.is_file():
        raise CsvError(f"{path} is not a file")
    rows, lines = [], []
    try:
        delimiter = _delimiter(path)
        _require_memory(path, delimiter)
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                if not cells:
                    continue
                if rows and len(cells) != len(rows[0]):
                    raise CsvError(
                        f"{path.name} is not a CSV table: line {reader.line_num} has {len(cells)} cells, and the first line has "
                        f"{len(rows[0])}"
                    )
                rows.append(cells)
                lines.append(reader.line_num)
    except UnicodeDecodeError:
        raise CsvError(f"{path.name} is not a CSV file, or not in UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise CsvError(f"{path.name} is not a CSV table: line {reader.line_num}: {error}") from None
    except OSError as error:
        raise CsvError(f"{path.name} cannot be read: {error.strerror}") from None
    if not rows:
        raise CsvError(f"{path.name} is empty")
    names = [name.strip() or f"column {place}" for place, name in enumerate(rows.pop(0), start=1)]
    if all(_is_number(name) for name in names):
        raise CsvError(
            f"{path.name} begins with a line of numbers; expected the names of the columns in the first line"
        )
    if len(names) < 2:
        raise CsvError(
            f"{path.name} is not a CSV table: it has one column; expected commas, semicolons or tabs between cells"
        )
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise CsvError(f"{path.name} has more than one column {min(twice)!r}")
    return names, list(zip(*rows, strict=True)) or [()] * len(names), lines[1:]


def _delimiter(path: Path) -> str:
    """Which of comma, semicolon and tab occurs most in the first line."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline(SAMPLE)
    if "\0" in first:
        raise CsvError(f"{path.name} is not a CSV file, or not in UTF-8; save it as CSV in UTF-8")
    return max(",;\t", key=first.count)


def _require_memory(path: Path, delimiter: str) -> None:
    """Raise ``CsvError`` where the table would need more than half of the free memory, judged by its first megabyte."""
    size = path.stat().st_size
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    cells = (sample.count(delimiter.encode()) + sample.count(b"\n")) / max(len(sample), 1) * size
    needed, free = cells * BYTES_PER_CELL, psutil.virtual_memory().available
    if needed > free / 2:
        rows = sample.count(b"\n") / len(sample) * size
        raise CsvError(
            f"{path.name} is too large: its {rows:,.0f} rows or so need about {needed / 1e9:.2g} GB, and {free / 1e9:.2g} GB of "
            "memory are free, half of which may be taken; give it a random part of the rows"
        )


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def _is_number(cell: str) -> bool:
    return not math.isnan(_number(cell, False))


def _number(cell: str, decimal_comma: bool) -> float:
    """The number in a cell; NaN where there is none."""
    try:
        return float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        return math.nan


def _numbers(cells: Sequence[str], decimal_comma: bool) -> np.ndarray:
    return np.array([_number(cell, decimal_comma) for cell in cells])


def _require_numbers(where: str, cells: dict, parsed: dict, lines: list[int]) -> None:
    """Raise ``CsvError`` for text, columns without a value, and infinite values: for all columns of the first of these kinds."""
    texts, empty, infinite = {}, [], {}
    for name, own in cells.items():
        unread = [row for row in np.flatnonzero(np.isnan(parsed[name])) if not _is_missing(own[row])]
        if unread:
            texts[name] = (
                own[unread[0]].strip(),
                lines[unread[0]],
                len({cell.strip() for cell in own if not _is_missing(cell)}),
            )
        elif np.isnan(parsed[name]).all():
            empty.append(name)
        elif np.isinf(parsed[name]).any():
            infinite[name] = lines[int(np.isinf(parsed[name]).argmax())]
    if texts:
        found = _listed([f"{name} ({text!r} in line {line})" for name, (text, line, _) in texts.items()])
        few = [name for name, (_, _, different) in texts.items() if different <= MOST_LEVELS]
        options = " ".join(f"--{'one-hot' if name in few else 'exclude'} {_quoted(name)}" for name in texts)
        meaning = " (--one-hot takes a column as a category; --exclude leaves it out)" if few else ""
        raise CsvError(f"{where} has text in {found}; add {options}{meaning}")
    if empty:
        options = " ".join(f"--exclude {_quoted(name)}" for name in empty)
        raise CsvError(f"{where} has no value at all in {_listed(empty)}; add {options}")
    if infinite:
        found = _listed([f"{name} (line {line})" for name, line in infinite.items()])
        raise CsvError(f"{where} has infinite values in {found}; replace them by numbers, or leave these cells empty")


def _levels(where: str, name: str, cells: Sequence[str]) -> tuple[str, ...]:
    levels = tuple(sorted({cell.strip() for cell in cells if not _is_missing(cell)}))
    if not levels:
        raise CsvError(f"{where} has no value at all in {name}; add --exclude {_quoted(name)}")
    if len(levels) > MOST_LEVELS:
        raise CsvError(
            f"{where} has {len(levels):,} different values in {name}; --one-hot takes at most {MOST_LEVELS}, so use "
            f"--exclude {_quoted(name)}"
        )
    return levels


def _kind(values: np.ndarray) -> str:
    return "binary" if np.isin(values[~np.isnan(values)], (0, 1)).all() else "real"


def _is_anomaly(where: str, label: str, labels: Sequence[str], anomaly: str | None, lines: list[int]):
    labels = [each.strip() for each in labels]
    if any(_is_missing(each) for each in labels):
        line = lines[[_is_missing(each) for each in labels].index(True)]
        raise CsvError(f"{where} has no label in line {line}, column {label}")
    found = sorted(set(labels))
    if len(found) == 1:
        raise CsvError(
            f"{where} has labels of one class: each in {label} is {found[0]!r}; expected normal rows and anomalies"
        )
    counted = [each for each in found if each == anomaly] if anomaly else [e for e in found if e.lower() in ANOMALOUS]
    if len(counted) != 1:
        asked = f"{anomaly!r} is not among them" if anomaly else "say with --anomaly which is an anomaly"
        raise CsvError(f"{where} has the labels {_listed([repr(each) for each in found])} in {label}; {asked}")
    return np.array([each == counted[0] for each in labels]), counted[0]


def _quoted(name: str) -> str:
    return name if name.replace("_", "").isalnum() else f'"{name}"'


def _listed(names: Sequence[str], most: int = 8) -> str:
    """The names in words; of many, the first ones."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
