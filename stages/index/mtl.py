"""The MTL challenge of 2022: one file a split, rows `video/00001.jpg,valence,arousal,expression,<12 AUs>`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.index.annotations import (
    EXPRESSIONS_2022,
    HEADERS,
    Track,
    clip,
    form_of,
    parse_table,
    read_parts,
    to_track,
)

IMAGE = re.compile(r"^(?P<trial>.+)/(?P<frame>\d+)\.jpg$")
NAMES = {"VA": HEADERS["VA"][0], "EXPR": EXPRESSIONS_2022, "AU": AU_NAMES}
PLACES = {"VA": slice(0, 2), "EXPR": slice(2, 3), "AU": slice(3, 15)}
WIDTH = 16
FRAMES = (
    10_000_000  # of all trials of a file: Aff-Wild2 has 3 million; a number may claim any amount of memory
)
DIGITS = 12  # of a frame's number, at most
TYPES = {"image": pa.string(), **{str(column): pa.float32() for column in range(1, WIDTH)}}


def read_mtl(path: Path, partial_au: str = "drop") -> dict[str, dict[str, Track]]:
    """Read one split's file: trial → task → track.

    Errors: UserError naming the file and the line of the first fault.
    """
    header, body = read_parts(path)
    table = parse_table(body, TYPES) if body and _is_header(header) else None
    rows = None if table is None else _rows(table)
    if rows is None:
        raise UserError(next(iter(mtl_faults(path)), f"{path}: cannot be parsed; write it again"))
    places, values = rows
    if (frames := int(places.groupby("trial")["frame"].max().sum())) > FRAMES:
        raise UserError(
            f"{path}: its numbers tell of {frames} frames, more than {FRAMES}; number images from 1"
        )
    return {
        str(trial): _tracks(place["frame"].to_numpy(), values[place.index.to_numpy()], partial_au)
        for trial, place in places.groupby("trial")
    }


def mtl_faults(path: Path) -> list[str]:
    """Everything wrong with a file, one sentence each with its line number."""
    try:
        header, body = read_parts(path)
    except UserError as error:
        return [str(error)]
    if not _is_header(header):
        return [f"{path}, line 1: the header is {clip(header)!r}, MTL files have 'image,valence,…'"]
    if not body:
        return [f"{path}: has a header but no rows; write one row an image"]
    found = [(number, _fault(line)) for number, line in enumerate(body.decode().splitlines(), start=2)]
    return [f"{path}, line {number}: {text}" for number, text in found if text]


def _is_header(header: str) -> bool:
    return header.replace(" ", "").lower().startswith("image,valence,arousal,expression")


def _rows(table: pa.Table) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Trial and frame of each row, and its 15 values; None where one is not valid."""
    places = table.column("image").to_pandas().str.extract(IMAGE)
    values = np.column_stack([column.to_numpy() for column in table.columns[1:]])
    if places.isna().any(axis=None) or not all(_valid(values, task).all() for task in PLACES):
        return None
    if not places["frame"].map(_is_number).all():
        return None
    places["frame"] = places["frame"].astype(np.int64)
    return places, values


def _is_number(digits: str) -> bool:
    """Whether digits are the number of a frame."""
    return len(digits) <= DIGITS and int(digits) > 0


def _valid(values: np.ndarray, task: str) -> np.ndarray:
    form = form_of(",".join(NAMES[task]), task)
    assert form is not None
    return form.valid(values[:, PLACES[task]])


def _tracks(frames: np.ndarray, values: np.ndarray, partial_au: str) -> dict[str, Track]:
    tracks = {
        task: to_track(values[:, place], task, NAMES[task], partial_au) for task, place in PLACES.items()
    }
    return {task: _spread(frames, track) for task, track in tracks.items()}


def _spread(frames: np.ndarray, track: Track) -> Track:
    """Rows of some frames → one row a frame; frames that the file does not list are not annotated."""
    values = np.full((frames.max(), track.values.shape[1]), np.nan, np.float32)
    values[frames - 1] = track.values
    return Track(values, track.rows, track.other, track.partial)


def _fault(line: str) -> str:
    cells = line.split(",")
    if len(cells) != WIDTH:
        return f"has {len(cells)} values instead of {WIDTH}"
    match = IMAGE.match(cells[0])
    if not match or not _is_number(match["frame"]):
        return f"{clip(cells[0])!r} is no <video>/<number>.jpg"
    try:
        row = np.array([cells[1:]], np.float32)
    except ValueError:
        return f"{clip(line)!r} is no row of numbers"
    wrong = [task for task in PLACES if not _valid(row, task).all()]
    return f"{clip(line)!r} is out of range in {wrong[0]}" if wrong else ""
