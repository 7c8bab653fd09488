"""Tracks: what is known of each frame of a trial, on one axis.

The axis is that of frame numbers, from the trial's first face to its last. A frame without a face keeps its
place, its labels missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.labels import AU_NAMES, MISSING, VA_NAMES
from stages.core.store import read_notes
from stages.training.samples.faces import Labels, Rows, labels_of, open_array
from stages.training.samples.mels import MELS, MelTrack, check_times, open_track

PACE = 1 / 30  # seconds a frame, where a trial has a single face
SILENT = MelTrack(np.zeros((0, MELS), np.float32), PACE, 0.0)


class Stores(NamedTuple):
    """Folders of faces, of embeddings and of a front end's mels; no mels: all trials are silent."""

    frames: Path
    embeddings: Path
    mels: Path | None = None

    def checkpoint(self) -> str | None:
        """The visual checkpoint that the embeddings come from, as the stage embed has noted it."""
        notes = read_notes(self.embeddings)
        return next((note.get("checkpoint") for note in notes.values()), None)


@dataclass(frozen=True)
class Track:
    """An axis of L frames from number `first`: `row` [L] of its arrays (−1 no face), `time` [L], labels [L].

    `labelled` [L] marks the frames that the table holds.
    """

    trial: str
    first: int
    row: Rows
    time: NDArray[np.float64]
    labels: Labels
    labelled: NDArray[np.bool_]
    visual: NDArray[np.floating]  # features [faces, features], memory-mapped
    sound: MelTrack

    def wanted(self) -> Rows:
        """Places of the labelled frames with a face: those that are learnt from and predicted."""
        return np.flatnonzero(self.labelled & (self.row >= 0))


def read_tracks(table: pd.DataFrame, stores: Stores, margin: int = 0, least: int = 1) -> list[Track]:
    """Tracks of a table made by `data.with_faces`, sorted by trial; see `track`.

    Errors: UserError for a trial whose frames' times lie far beyond its sound.
    """
    mels = stores.mels
    sounds = pd.read_parquet(mels / "index.parquet") if mels else pd.DataFrame()
    groups = table.groupby("trial", sort=True)
    tracks = [
        track(
            rows,
            pd.read_parquet(stores.frames / f"{trial}.parquet", columns=["frame", "time"]),
            open_array(stores.embeddings / f"{trial}.npy"),
            open_track(mels, sounds, str(rows["video"].iloc[0])) if mels else SILENT,
            margin,
            least,
        )
        for trial, rows in groups
    ]
    for each in tracks:
        check_times(each.sound, each.time, each.trial)
    return tracks


def track(
    rows: pd.DataFrame,
    faces: pd.DataFrame,
    visual: NDArray[np.floating],
    sound: MelTrack,
    margin: int = 0,
    least: int = 1,
) -> Track:
    """One trial's labelled `rows` and its `faces` (frame, time) on one axis of at least `least` frames.

    `margin`: absent frames before and behind the faces.
    """
    number = faces["frame"].to_numpy()
    first = int(number[0]) - margin
    size = max(int(number[-1]) + 1 + margin - first, least)
    row = np.full(size, MISSING, np.int64)
    row[number - first] = np.arange(len(number))
    empty = pd.DataFrame({name: np.int8(MISSING) for name in (*AU_NAMES, "expression")}, index=range(size))
    axis = empty.assign(**{name: np.float32(np.nan) for name in VA_NAMES})
    place = rows["frame"].to_numpy() - first
    axis.iloc[place] = rows[list(axis)].to_numpy(np.float32)
    labelled = np.zeros(size, bool)
    labelled[place] = True
    times = _times(number - first, faces["time"].to_numpy(), size)
    return Track(str(rows["trial"].iloc[0]), first, row, times, labels_of(axis), labelled, visual, sound)


def _times(place: Rows, seconds: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Times of all frames: linear across gaps, at the mean pace before the first face and past the last."""
    span = place[-1] - place[0]
    pace = (seconds[-1] - seconds[0]) / span if span else PACE
    axis = np.arange(size)
    beyond = np.maximum(axis - place[-1], 0) - np.maximum(place[0] - axis, 0)
    return np.interp(axis, place, seconds) + beyond * pace
