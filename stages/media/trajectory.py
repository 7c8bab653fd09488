"""A face's way through a video as arrays: short gaps filled, points smoothed, written as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from stages.media.detect import Face

JUMP = 0.5  # interocular distances from one frame to the next: a cut, or another person
POINT_COLUMNS = [f"p{point}{axis}" for point in range(5) for axis in "xy"]
BOX_COLUMNS = ["x0", "y0", "x1", "y1"]


@dataclass(frozen=True)
class Trajectory:
    """One row for each frame with a face: number (from 1), time (s), points [N, 5, 2], box [N, 4], score.

    `length`: how many frames there are to the last one looked at; `problem`: what is wrong with the others.
    """

    frames: np.ndarray
    times: np.ndarray
    points: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    length: int
    problem: str = ""

    def __len__(self) -> int:
        return len(self.frames)

    def table(self) -> pd.DataFrame:
        """Columns frame, time, x0, y0, x1, y1, p0x … p4y, score."""
        table = pd.DataFrame({"frame": self.frames.astype(np.int32), "time": self.times.astype(np.float64)})
        values = np.hstack([self.boxes, self.points.reshape(-1, 10), self.scores[:, None]])
        table[[*BOX_COLUMNS, *POINT_COLUMNS, "score"]] = values.astype(np.float32)
        return table


def build(times: Sequence[float], faces: Sequence[Face | None]) -> Trajectory:
    """The rows of the frames that have a face."""
    rows = [index for index, face in enumerate(faces) if face is not None]
    there = [face for face in faces if face is not None]
    return Trajectory(
        np.array(rows, np.int64) + 1,
        np.array(times, np.float64)[rows],
        np.array([face.points for face in there], np.float64).reshape(-1, 5, 2),
        np.array([face.box for face in there], np.float64).reshape(-1, 4),
        np.array([face.score for face in there], np.float64),
        len(faces),
    )


def fill(track: Trajectory, times: Sequence[float], limit: int) -> Trajectory:
    """Put straight lines between faces at most `limit` frames apart (a detector that looks now and then)."""
    if not len(track):
        return track
    wanted = np.arange(track.frames[0], track.frames[-1] + 1)
    after = np.searchsorted(track.frames, wanted)
    before = np.searchsorted(track.frames, wanted, side="right") - 1
    wanted = wanted[track.frames[after] - track.frames[before] <= limit]

    def line(values: np.ndarray) -> np.ndarray:
        flat = values.reshape(len(values), -1).T
        return np.stack([np.interp(wanted, track.frames, column) for column in flat], 1)

    points, boxes, scores = line(track.points).reshape(-1, 5, 2), line(track.boxes), line(track.scores)[:, 0]
    return Trajectory(wanted, np.array(times)[wanted - 1], points, boxes, scores, track.length)


def smooth(track: Trajectory, sigma: float) -> Trajectory:
    """Points and boxes under a Gaussian of `sigma` frames, never across a gap, a cut or another person."""
    if sigma <= 0 or len(track) < 2:
        return track
    values = np.hstack([track.points.reshape(-1, 10), track.boxes])
    parts = [_blur(part, sigma) for part in np.split(values, _borders(track))]
    blurred = np.concatenate(parts)
    return replace(track, points=blurred[:, :10].reshape(-1, 5, 2), boxes=blurred[:, 10:])


def _borders(track: Trajectory) -> np.ndarray:
    """Rows that do not follow from the row before."""
    moved = np.linalg.norm(np.diff(track.points.mean(1), axis=0), axis=1)
    eyes = np.linalg.norm(track.points[1:, 1] - track.points[1:, 0], axis=1)
    return np.flatnonzero((np.diff(track.frames) > 1) | (moved > JUMP * eyes)) + 1


def _blur(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian along rows, cut at four sigma; beyond the ends the motion goes on (a point reflection)."""
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    longer = np.pad(values, ((reach, reach), (0, 0)), "reflect", reflect_type="odd")
    return np.stack([np.convolve(column, kernel / kernel.sum(), "valid") for column in longer.T], 1)
