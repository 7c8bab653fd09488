"""Windows of consecutive frames: cut within one trial, the same way in training and in prediction.

A trial lies on an axis of frame numbers from its first face to its last. A frame without a face keeps its
place: its features are zero, its labels missing, and attention does not look at it. Windows start every
`stride` frames, and one more ends with the trial; a trial shorter than a window has one, its end absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.corpora.labels import AU_NAMES, MISSING, VA_NAMES
from stages.learning.data import Labels, Rows, labels_of, open_array, split_table, with_faces
from stages.media.mel import MelTrack, mel_segment, open_track

PACE = 1 / 30  # seconds a frame, where a trial has a single face


@dataclass(frozen=True)
class Track:
    """A trial of L frames from number `first`: `row` [L] of its arrays (−1 no face), `time` [L], labels [L].

    `labelled` [L] marks the frames that the table holds.
    """

    trial: str
    first: int
    row: Rows
    time: NDArray[np.float64]
    labels: Labels
    labelled: NDArray[np.bool_]
    visual: NDArray[np.floating]  # features [faces, 512], memory-mapped
    sound: MelTrack


@dataclass(frozen=True)
class Windows:
    """W windows of `length` frames: window w starts `start[w]` frames into track `of[w]`."""

    tracks: Sequence[Track]
    of: Rows
    start: Rows
    length: int

    def __len__(self) -> int:
        return len(self.start)

    @property
    def features(self) -> int:
        """Length of a visual feature."""
        return int(self.tracks[0].visual.shape[1])

    def visual(self, chosen: Rows) -> NDArray[np.float32]:
        """Visual features [B, length, 512], zero where there is no face."""
        return np.stack([self._visual(self.tracks[self.of[w]], self._span(w)) for w in chosen])

    def mel(self, chosen: Rows, steps: int) -> NDArray[np.float32]:
        """The sound under the windows, [B, steps, 64]."""
        tracks = [(self.tracks[self.of[w]], self._span(w)) for w in chosen]
        return np.stack([mel_segment(track.sound, track.time[span], steps) for track, span in tracks])

    def absent(self, chosen: Rows) -> NDArray[np.bool_]:
        """Frames [B, length] without a face."""
        return np.stack([self.tracks[self.of[w]].row[self._span(w)] < 0 for w in chosen])

    def targets(self, task: str, chosen: Rows) -> NDArray[Any]:
        """Labels of the windows' frames, [B, length, …]."""
        parts = [(self.tracks[self.of[w]].labels, self._span(w)) for w in chosen]
        return np.stack([labels.targets(task, span) for labels, span in parts])

    def average(self, outputs: NDArray[np.floating]) -> tuple[pd.DataFrame, NDArray[np.float64]]:
        """Outputs [W, length, K] to one row a labelled frame with a face: (trial, frame) and means [N, K].

        A frame's value is the mean over all windows that hold it.
        """
        keys, means = [], []
        for place, track in enumerate(self.tracks):
            total = np.zeros((len(track.row), outputs.shape[-1]))
            count = np.zeros((len(track.row), 1))
            for w in np.flatnonzero(self.of == place):
                total[self._span(w)] += outputs[w]
                count[self._span(w)] += 1
            wanted = np.flatnonzero(track.labelled & (track.row >= 0))
            keys.append(pd.DataFrame({"trial": track.trial, "frame": wanted + track.first}))
            means.append(total[wanted] / count[wanted])
        return pd.concat(keys, ignore_index=True).astype({"frame": np.int32}), np.concatenate(means)

    def _span(self, window: int) -> slice:
        return slice(int(self.start[window]), int(self.start[window]) + self.length)

    @staticmethod
    def _visual(track: Track, span: slice) -> NDArray[np.float32]:
        row = track.row[span]
        return np.where(row[:, None] >= 0, track.visual[row.clip(min=0)], 0).astype(np.float32)


def cut(tracks: Sequence[Track], length: int, stride: int) -> Windows:
    """All windows of the tracks that hold a labelled face, in order."""
    of, start = [], []
    for place, track in enumerate(tracks):
        useful = track.labelled & (track.row >= 0)
        begins = starts(len(track.row), length, stride)
        begins = [begin for begin in begins if useful[begin : begin + length].any()]
        of += [place] * len(begins)
        start += begins
    return Windows(tracks, np.array(of, np.int64), np.array(start, np.int64), length)


def starts(frames: int, length: int, stride: int) -> list[int]:
    """First frames of the windows over `frames` (at least `length`) frames; the last one ends with them."""
    last = frames - length
    return sorted({*range(0, last + 1, stride), last})


def read_windows(
    table: pd.DataFrame, split: str, frames: Path, embeddings: Path, mels: Path, length: int, stride: int
) -> Windows:
    """Windows of a split of the frame table, over the stores of faces, embeddings and mels.

    Errors: UserError where the split is empty or a store lacks a trial.
    """
    rows = with_faces(split_table(table, split), frames)
    return cut(read_tracks(rows, frames, embeddings, mels, length), length, stride)


def read_tracks(table: pd.DataFrame, frames: Path, embeddings: Path, mels: Path, length: int) -> list[Track]:
    """Tracks of a table made by `data.with_faces`, each at least `length` frames long, sorted by trial."""
    sounds = pd.read_parquet(mels / "index.parquet")
    groups = table.groupby("trial", sort=True)
    return [
        track(
            rows,
            pd.read_parquet(frames / f"{trial}.parquet", columns=["frame", "time"]),
            open_array(embeddings / f"{trial}.npy"),
            open_track(mels, sounds, str(rows["video"].iloc[0])),
            length,
        )
        for trial, rows in groups
    ]


def track(
    rows: pd.DataFrame, faces: pd.DataFrame, visual: NDArray[np.floating], sound: MelTrack, length: int
) -> Track:
    """One trial's labelled `rows` and its `faces` (frame, time) on one axis of frames."""
    number = faces["frame"].to_numpy()
    first, size = int(number[0]), max(int(number[-1] - number[0]) + 1, length)
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
    """Times of all frames: linear across gaps, at the mean pace past the last face."""
    span = place[-1] - place[0]
    pace = (seconds[-1] - seconds[0]) / span if span else PACE
    beyond = np.maximum(np.arange(size) - place[-1], 0) * pace
    return np.interp(np.arange(size), place, seconds) + beyond
