"""Windows of consecutive frames: cut within one trial, the same way in training and in prediction.

Windows start every `stride` frames of a trial's axis, and one more ends with it; a trial shorter than a
window has one, its end absent. Or each frame has a window that is centred on it: a margin of absent frames
before and behind the trial makes room. Where there is no face, features are zero; encoders pass over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.training.samples.faces import Rows
from stages.training.samples.mels import mel_segment
from stages.training.samples.tracks import Stores, Track, read_tracks


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

    def taught(self, tasks: Sequence[str]) -> Rows:
        """Windows that hold a labelled frame of one of the tasks: the others have nothing to teach."""
        known = [np.any([track.labels.known(task) for task in tasks], axis=0) for track in self.tracks]
        sums = [np.concatenate([[0], np.cumsum(own)]) for own in known]
        held = [
            sums[of][start + self.length] - sums[of][start]
            for of, start in zip(self.of, self.start, strict=True)
        ]
        return np.flatnonzero(held)

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


def read_windows(table: pd.DataFrame, stores: Stores, cut: Cut) -> Windows:
    """Windows of a table made by `faces.with_faces`. Errors: UserError where a store lacks a trial."""
    return cut_windows(read_tracks(table, stores, margin=cut.margin, least=cut.length), cut)
