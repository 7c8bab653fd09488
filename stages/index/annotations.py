"""Annotation files, strictly: one header, one row a frame; a fast parser, and a slow one that names lines.

Formats: one text file a trial; VA −5 and EXPR/AU −1 mean "not annotated" (ABAW2 and ABAW3 read-me files).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES

AU_2020 = ("AU1", "AU2", "AU4", "AU6", "AU12", "AU15", "AU20", "AU25")  # ABAW1
EXPRESSIONS_2022 = (*EXPRESSIONS, "Other")  # ABAW3 and later
HEADERS = {"AU": (AU_NAMES, AU_2020), "EXPR": (EXPRESSIONS, EXPRESSIONS_2022), "VA": (VA_NAMES,)}
COLUMNS = {"AU": 12, "EXPR": 1, "VA": 2}
OTHER = 7  # class "Other" of 2022, which the systems do not have
VA_MISSING = -5


@dataclass(frozen=True)
class Track:
    """One task of one trial.

    `values` float32 [frames, 12 | 1 | 2], row i = frame i + 1, NaN = not annotated. `rows` is the number of
    rows in the file, `other` how many of them are of class Other, `partial` how many AU rows know only some.
    """

    values: np.ndarray
    rows: int
    other: int = 0
    partial: int = 0

    @property
    def labelled(self) -> np.ndarray:
        """bool [frames]: frames with at least one known value."""
        return ~np.isnan(self.values).all(1)


@dataclass(frozen=True)
class Form:
    """How the rows of a file look: `valid` maps float32 [n, width] to bool [n], `text` says it in words."""

    header: tuple[str, ...]
    width: int
    valid: Callable[[np.ndarray], np.ndarray]
    text: str


def read_track(path: Path, task: str, partial_au: str = "drop") -> Track:
    """Read one annotation file. `partial_au`: drop or keep AU rows that know only some of their AUs.

    Errors: UserError naming the file and the line of the first fault.
    """
    header, body = read_parts(path)
    form = form_of(header, task)
    values = parse(body, form.width) if form and body else None
    if form is None or values is None or not form.valid(values).all():
        raise UserError(next(iter(faults(path, task)), f"{path}: cannot be parsed; write it again"))
    return to_track(values, task, form.header, partial_au)


def faults(path: Path, task: str) -> list[str]:
    """Everything wrong with a file, one sentence each with its line number; slow and exact."""
    try:
        header, body = read_parts(path)
    except UserError as error:
        return [str(error)]
    form = form_of(header, task)
    if form is None:
        expected = " or ".join(",".join(names) for names in HEADERS[task])
        return [f"{path}, line 1: the header is {clip(header)!r}, {task} files have {expected!r}"]
    if not body:
        return [f"{path}: has a header but no rows; write one row a frame"]
    lines = enumerate(body.decode().splitlines(), start=2)
    found = [(number, _fault(line, form)) for number, line in lines]
    return [f"{path}, line {number}: {text}" for number, text in found if text]


def form_of(header: str, task: str) -> Form | None:
    """The form that a header announces, None for a wrong header. Blanks and case do not matter."""
    names = [name.strip().lower() for name in header.split(",")]
    for known in HEADERS[task]:
        if names == [name.lower() for name in known]:
            return _form(task, known)
    return None


def parse(body: bytes, width: int) -> np.ndarray | None:
    """Comma-separated numbers as float32 [rows, width]; None where a row does not fit."""
    table = parse_table(body, {str(column): pa.float32() for column in range(width)})
    return None if table is None else np.column_stack([column.to_numpy() for column in table.columns])


def parse_table(body: bytes, types: dict[str, pa.DataType]) -> pa.Table | None:
    """Comma-separated columns of the given names and types; None where a row does not fit."""
    try:
        return csv.read_csv(
            pa.BufferReader(body),
            read_options=csv.ReadOptions(column_names=list(types), use_threads=False),
            parse_options=csv.ParseOptions(ignore_empty_lines=False, quote_char=False),
            convert_options=csv.ConvertOptions(column_types=types, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None


def to_track(values: np.ndarray, task: str, header: Sequence[str], partial_au: str) -> Track:
    """Valid values as they stand in a file, float32 [n, width] → Track: missing values become NaN."""
    if task == "VA":
        missing = (values == VA_MISSING).any(1, keepdims=True)
        return Track(np.where(missing, np.nan, values), len(values))
    if task == "EXPR":
        other = values == OTHER
        return Track(np.where(other | (values < 0), np.nan, values), len(values), int(other.sum()))
    known = np.where(values < 0, np.nan, values)
    unknown = np.isnan(known)
    partial = unknown.any(1) & ~unknown.all(1)
    if partial_au == "drop":  # Jin et al. 2021, 4.1: "We discard annotations with -1"
        known[partial] = np.nan
    return Track(_twelve(known, header), len(values), partial=int(partial.sum()))


def _twelve(values: np.ndarray, header: Sequence[str]) -> np.ndarray:
    """AUs of an edition in the order of AU_NAMES; those it lacks are NaN, those we lack (AU20) go."""
    wide = np.full((len(values), len(AU_NAMES)), np.nan, np.float32)
    for column, name in enumerate(header):
        if name in AU_NAMES:
            wide[:, AU_NAMES.index(name)] = values[:, column]
    return wide


def _form(task: str, header: tuple[str, ...]) -> Form:
    if task == "AU":
        return Form(header, len(header), lambda rows: _all_in(rows, (-1, 0, 1)), "0, 1 or -1")
    if task == "EXPR":
        classes = range(-1, len(header))
        return Form(header, 1, lambda rows: _all_in(rows, classes), f"-1 to {len(header) - 1}")
    return Form(header, 2, _valid_va, "-1 to 1, or -5")


def _all_in(rows: np.ndarray, values: Sequence[int]) -> np.ndarray:
    return np.asarray(np.isin(rows, list(values)).all(1))


def _valid_va(rows: np.ndarray) -> np.ndarray:
    return np.asarray(((np.abs(rows) <= 1) | (rows == VA_MISSING)).all(1))


def read_parts(path: Path) -> tuple[str, bytes]:
    """Header and rows of an annotation file; blank lines at the end do not count."""
    try:
        text = path.read_bytes()
        text.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error}); replace it") from None
    head, _, body = text.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    if not head.strip():
        raise UserError(f"{path}, line 1: is empty; the header belongs there")
    return head.decode().strip(), body.rstrip()


def _fault(line: str, form: Form) -> str:
    """What is wrong with one row, "" if nothing."""
    cells = line.split(",")
    if len(cells) != form.width:
        return f"has {len(cells)} values instead of {form.width}"
    try:
        row = np.array([cells], np.float32)
    except ValueError:
        return f"{clip(line)!r} is no row of numbers"
    return "" if form.valid(row).all() else f"{clip(line)!r} is out of range, values are {form.text}"


def clip(text: str, length: int = 80) -> str:
    """A text short enough for an error message."""
    return text if len(text) <= length else text[: length - 1] + "…"
