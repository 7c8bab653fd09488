"""Clips of faces and masks with the sound around them: cut the same way in training and in prediction.

Kuhnke et al. 2020 (TSAV), 3.2, and their released code: a clip ends with the frame that it is labelled by and
looks back, frames `dilation` apart; a frame before the video's first face, or without one, is black.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.training.samples.faces import Faces, Labels, Pixels, Rows, open_array
from stages.training.samples.mels import mel_window
from stages.training.samples.tracks import SILENT, Stores, Track, read_tracks


class Footage(NamedTuple):
    """A trial: its track, whose `visual` are the crops uint8 [faces, 112, 112, 3], and its masks, if any.

    Or stills, each of which is a clip that does not move, in silence.
    """

    track: Track
    masks: Pixels | None
    still: bool = False


class Shape(NamedTuple):
    """Of a clip: `frames` of `size` pixels a side, each `dilation` after the one before; `rows` of mel.

    The rows lie around the last frame; 1001 are 10 s. They are brought to `steps`, fewer at small scales.
    """

    frames: int = 8
    dilation: int = 6
    size: int = 112
    rows: int = 1001
    steps: int = 1001


@dataclass(frozen=True)
class Clips:
    """N clips: clip i ends with frame `place[i]` of `footage[of[i]]`'s track, whose labels it has."""

    footage: Sequence[Footage]
    of: Rows
    place: Rows
    labels: Labels
    shape: Shape

    def __len__(self) -> int:
        return len(self.of)

    def pixels(self, chosen: Rows) -> Pixels:
        """uint8 [B, frames, size, size, 4]: red, green, blue, mask; black where there is no face."""
        frames, size = self.shape.frames, self.shape.size
        clips = np.zeros((len(chosen), frames, size, size, 4), np.uint8)
        for clip, i in zip(clips, chosen, strict=True):
            self._fill(clip, self.footage[self.of[i]], int(self.place[i]))
        return clips

    def mel(self, chosen: Rows) -> NDArray[np.float32]:
        """The sound around the clips' last frames as images, [B, 1, 64, steps]."""
        tracks = [(self.footage[self.of[i]].track, self.place[i]) for i in chosen]
        cut = [mel_window(track.sound, float(track.time[at]), self.shape.rows) for track, at in tracks]
        return np.stack([_fewer(rows, self.shape.steps) for rows in cut])[:, None].swapaxes(2, 3)

    def targets(self, task: str, chosen: Rows) -> NDArray[Any]:
        """Labels of the clips' last frames."""
        return self.labels.targets(task, chosen)

    def keys(self) -> pd.DataFrame:
        """Trial and frame of each clip."""
        tracks = [footage.track for footage in self.footage]
        first = np.array([track.first for track in tracks])
        names = np.array([track.trial for track in tracks], object)
        return pd.DataFrame(
            {"trial": names[self.of], "frame": (first[self.of] + self.place).astype(np.int32)}
        )

    def _fill(self, clip: Pixels, footage: Footage, place: int) -> None:
        """Put the frames of a clip, and their masks, into [frames, size, size, 4] of zeros."""
        row = footage.track.row
        rows = (
            np.repeat(row[place], self.shape.frames) if footage.still else look_back(row, place, self.shape)
        )
        for frame, at in zip(clip, rows, strict=True):
            if at >= 0:
                _put(frame, footage.track.visual[at], None if footage.masks is None else footage.masks[at])


def look_back(row: Rows, place: int, shape: Shape) -> Rows:
    """Rows [frames] of the clip that ends at `place` of a track with `row` [L]; −1 where there is no face."""
    places = place - shape.dilation * np.arange(shape.frames - 1, -1, -1)
    return np.where(places >= 0, row[places.clip(min=0)], -1)


def _put(frame: Pixels, crop: Pixels, mask: Pixels | None) -> None:
    """A crop [H, W, 3] and its mask [H, W] into a frame [S, S, 4], each pixel the mean of those that it covers."""
    parts = [np.ascontiguousarray(part) for part in (crop, mask) if part is not None]
    if parts[0].shape[0] != len(frame):
        parts = [_shrunk(part, len(frame)) for part in parts]
    cv2.mixChannels(parts, [frame], [0, 0, 1, 1, 2, 2, 3, 3][: 2 * len(parts) + 4])


def _shrunk(image: Pixels, size: int) -> Pixels:
    """[H, W, …] to [size, size, …], each pixel the mean of those that it covers."""
    small: Any = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return small


def _fewer(rows: NDArray[np.float32], steps: int) -> NDArray[np.float32]:
    """[R, 64] to [steps, 64], each the mean of its share of the rows."""
    if len(rows) == steps:
        return rows
    borders = np.arange(steps) * len(rows) // steps
    sums = np.add.reduceat(rows, borders, axis=0)
    return (sums / np.diff(borders, append=len(rows))[:, None]).astype(np.float32)


def cut_clips(footage: Sequence[Footage], shape: Shape) -> Clips:
    """A clip for each labelled frame with a face, in the order of trials and frames."""
    wanted = [each.track.wanted() for each in footage]
    parts = [(each.track.labels, rows) for each, rows in zip(footage, wanted, strict=True)]
    labels = Labels(
        np.concatenate([labels.au[rows] for labels, rows in parts]),
        np.concatenate([labels.expression[rows] for labels, rows in parts]),
        np.concatenate([labels.va[rows] for labels, rows in parts]),
    )
    of = np.repeat(np.arange(len(footage)), [len(rows) for rows in wanted])
    return Clips(footage, of, np.concatenate(wanted), labels, shape)


def with_stills(clips: Clips, faces: Faces) -> Clips:
    """The clips, and behind them one of each labelled face."""
    footage = [_stills(faces, source) for source in range(len(faces.arrays))]
    stills = cut_clips(footage, clips.shape)
    parts = zip(vars(clips.labels).values(), vars(stills.labels).values(), strict=True)
    return Clips(
        [*clips.footage, *footage],
        np.concatenate([clips.of, stills.of + len(clips.footage)]),
        np.concatenate([clips.place, stills.place]),
        Labels(*(np.concatenate(pair) for pair in parts)),
        clips.shape,
    )


def _stills(faces: Faces, source: int) -> Footage:
    """Those of one of the arrays."""
    own = np.flatnonzero(faces.source == source)
    labels = Labels(*(values[own] for values in vars(faces.labels).values()))
    images: Any = faces.arrays[source]
    seconds, labelled = np.zeros(len(own)), np.ones(len(own), bool)
    return Footage(Track("", 0, faces.row[own], seconds, labels, labelled, images, SILENT), None, still=True)


def read_clips(table: pd.DataFrame, frames: Path, masks: Path | None, mels: Path, shape: Shape) -> Clips:
    """Clips of a table made by `faces.with_faces`; `masks`: their folder, none for black masks.

    Errors: UserError where a store lacks a trial.
    """
    tracks = read_tracks(table, Stores(frames, frames, mels))
    footage = [
        Footage(track, open_array(masks / f"{track.trial}.npy") if masks else None) for track in tracks
    ]
    return cut_clips(footage, shape)
