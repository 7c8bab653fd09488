"""Windows of consecutive frames: cut within one trial, the same way in training and in prediction.

A trial lies on an axis of frame numbers from its first face to its last. A frame without a face keeps its
place: its features are zero, its labels missing, and encoders pass over it. Windows start every `stride`
frames, and one more ends with the trial; a trial shorter than a window has one, its end absent. Or each frame
has a window that is centred on it: a margin of absent frames before and behind the trial makes room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.corpora.labels import AU_NAMES, MISSING, VA_NAMES
from stages.learning.data import Labels, Rows, labels_of, open_array, split_table, with_faces
from stages.media.mel import MelTrack, mel_segment, open_track
from stages.media.spectrogram import MELS
from stages.media.store import read_notes

PACE = 1 / 30  # seconds a frame, where a trial has a single face
SILENT = MelTrack(np.zeros((0, MELS), np.float32), PACE, 0.0)


class Cut(NamedTuple):
    """Windows of `length` frames every `stride` frames; stride None: one centred on every frame to predict.

    `margin`: absent frames before and behind a trial, so that a window can be centred on its ends.
    """

    length: int
    stride: int | None
    margin: int = 0


def cuts(length: int, stride: int, predict_stride: int | None) -> tuple[Cut, Cut]:
    """How a model's windows are cut in training and in prediction: both know the same margin."""
    margin = 0 if predict_stride else length // 2
    return Cut(length, stride, margin), Cut(length, predict_stride, margin)


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


@dataclass(frozen=True)
class Windows:
    """W windows of `length` frames: window w starts `start[w]` frames into track `of[w]`.

    `centred`: of a window only the frame in its middle is kept; else each frame is in one or more of them.
    """

    tracks: Sequence[Track]
    of: Rows
    start: Rows
    length: int
    centred: bool = False

    def __len__(self) -> int:
        return len(self.start)

    @property
    def features(self) -> int:
        """Length of a visual feature."""
        return int(self.tracks[0].visual.shape[1])

    def visual(self, chosen: Rows) -> NDArray[np.float32]:
        """Visual features [B, length, features], zero where there is no face."""
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

    def per_frame(self, outputs: NDArray[np.floating]) -> tuple[pd.DataFrame, NDArray[np.floating]]:
        """Outputs [W, length, K] to one row a labelled frame with a face: (trial, frame) and values [N, K].

        A frame's value is that of the window centred on it, or the mean over all windows that hold it.
        """
        keys, values = [], []
        for place, track in enumerate(self.tracks):
            wanted = track.wanted()
            keys.append(pd.DataFrame({"trial": track.trial, "frame": wanted + track.first}))
            own = np.flatnonzero(self.of == place)
            kept = (
                outputs[own, self.length // 2] if self.centred else self._means(track, own, outputs)[wanted]
            )
            values.append(kept)
        return pd.concat(keys, ignore_index=True).astype({"frame": np.int32}), np.concatenate(values)

    def _means(self, track: Track, own: Rows, outputs: NDArray[np.floating]) -> NDArray[np.floating]:
        """Mean over the track's windows `own` that hold a frame, [L, K]; NaN where none does."""
        total = np.zeros((len(track.row), outputs.shape[-1]))
        count = np.zeros((len(track.row), 1))
        for w in own:
            total[self._span(w)] += outputs[w]
            count[self._span(w)] += 1
        return total / np.where(count, count, np.nan)

    def _span(self, window: int) -> slice:
        return slice(int(self.start[window]), int(self.start[window]) + self.length)

    @staticmethod
    def _visual(track: Track, span: slice) -> NDArray[np.float32]:
        row = track.row[span]
        return np.where(row[:, None] >= 0, track.visual[row.clip(min=0)], 0).astype(np.float32)


def cut_windows(tracks: Sequence[Track], cut: Cut) -> Windows:
    """All windows of the tracks that hold a labelled face, in order."""
    begins = [_begins(track, cut) for track in tracks]
    of = np.repeat(np.arange(len(tracks)), [len(own) for own in begins])
    return Windows(tracks, of, np.concatenate(begins), cut.length, centred=cut.stride is None)


def _begins(track: Track, cut: Cut) -> Rows:
    """Where a track's windows start."""
    wanted = track.wanted()
    if cut.stride is None:
        return wanted - cut.length // 2
    every = np.array(starts(len(track.row), cut.length, cut.stride))
    held = np.searchsorted(wanted, every + cut.length) - np.searchsorted(wanted, every)
    return every[held > 0]


def starts(frames: int, length: int, stride: int) -> list[int]:
    """First frames of the windows over `frames` (at least `length`) frames; the last one ends with them."""
    last = frames - length
    return sorted({*range(0, last + 1, stride), last})


def read_windows(table: pd.DataFrame, split: str, stores: Stores, cut: Cut) -> Windows:
    """Windows of a split of the frame table.

    Errors: UserError where the split is empty or a store lacks a trial.
    """
    rows = with_faces(split_table(table, split), stores.frames)
    return cut_windows(read_tracks(rows, stores, cut), cut)


def read_tracks(table: pd.DataFrame, stores: Stores, cut: Cut) -> list[Track]:
    """Tracks of a table made by `data.with_faces`, sorted by trial, with room for the windows of `cut`."""
    mels = stores.mels
    sounds = pd.read_parquet(mels / "index.parquet") if mels else pd.DataFrame()
    groups = table.groupby("trial", sort=True)
    return [
        track(
            rows,
            pd.read_parquet(stores.frames / f"{trial}.parquet", columns=["frame", "time"]),
            open_array(stores.embeddings / f"{trial}.npy"),
            open_track(mels, sounds, str(rows["video"].iloc[0])) if mels else SILENT,
            cut,
        )
        for trial, rows in groups
    ]


def track(
    rows: pd.DataFrame, faces: pd.DataFrame, visual: NDArray[np.floating], sound: MelTrack, cut: Cut
) -> Track:
    """One trial's labelled `rows` and its `faces` (frame, time) on one axis of frames."""
    number = faces["frame"].to_numpy()
    first = int(number[0]) - cut.margin
    size = max(int(number[-1]) + 1 + cut.margin - first, cut.length)
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
