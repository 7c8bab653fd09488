"""A video's mel, and the one way in which training and prediction cut it.

The floor of the decibels (`top_db`) lies 80 dB below the loudest value of each window, silence padded before,
as in TSAV's released code (kuhnkeF/ABAW2020TNT, `AmpToDB`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.errors import UserError

Rows = NDArray[np.float32]

MELS = 64
MEAN, STD = -14.8, 19.895  # dB: TSAV's normalisation (Kuhnke et al. 2020, released code)
FLOOR_DB = -100.0  # dB of the smallest power told from none (1e-10)
SILENCE = (FLOOR_DB - MEAN) / STD
TOP_DB = 80.0
LATE = 3600.0  # seconds from the end of a sound to a frame: ticks taken for seconds, or another video's sound


class MelTrack(NamedTuple):
    """A video's mel: rows [T, 64], seconds between rows, seconds from the first video frame to row 0."""

    rows: Rows
    hop: float
    offset: float

    @property
    def end(self) -> float:
        """Seconds from the first video frame to the end of the sound."""
        return self.offset + len(self.rows) * self.hop


def check_times(track: MelTrack, times: NDArray[np.floating], trial: str) -> None:
    """Silence stands where a sound ends before its video; frames an hour past it have wrong times.

    `times`: of the trial's frames, in seconds. Errors: UserError naming the trial; none for a silent video.
    """
    if len(track.rows) and times.max() > track.end + LATE:
        raise UserError(
            f"{trial}: its last frame is said to be at {times.max():.0f} s, its sound ends at "
            f"{track.end:.0f} s; check that they are one video's and run the stages frames and mel again"
        )


def open_track(folder: Path, index: pd.DataFrame, video: str) -> MelTrack:
    """The mel of `video` in the folder of a front end, memory-mapped; no rows where the video has no sound.

    `index` is the folder's `index.parquet`. Errors: UserError where it has no such video.
    """
    found = index[index["video"] == video]
    if found.empty:
        raise UserError(f"{folder / 'index.parquet'}: has no video {video}; run the stage mel again")
    row = found.iloc[0]
    rows = np.load(folder / f"{video}.npy", mmap_mode="r") if row["rows"] else np.zeros((0, MELS), np.float32)
    return MelTrack(rows, float(row["hop"]), float(row["offset"]))


def mel_window(track: MelTrack, centre: float, rows: int) -> Rows:
    """An odd number of `rows` whose middle one is the row nearest to `centre` (s) → float32 [rows, 64].

    Silence stands where the sound does not reach: a window is never moved off its centre. TSAV's window of
    10 s is 1001 rows of the front end wang2021.
    """
    middle = round((centre - track.offset) / track.hop)
    return _floor(_cut(track.rows, middle - rows // 2, rows))


def mel_segment(track: MelTrack, times: NDArray[np.floating], steps: int) -> Rows:
    """The sound under consecutive frames, resampled to `steps` rows → float32 [steps, 64].

    `times` [F] are the frames' times in seconds, rising. The steps divide the frames' span, half a frame
    before the first to half a frame after the last, evenly *in frames*: step s lies at frame
    (s + ½) · F / steps − ½, so that sound and frames stay in step across frames that are missing. Rows are
    interpolated linearly between neighbours (Jin et al. 2021, released code: 30 frames, 100 steps).
    """
    frames = (np.arange(steps) + 0.5) * len(times) / steps - 0.5
    return _floor(_at(track, _extrapolate(frames, np.asarray(times, np.float64))))


def _extrapolate(positions: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times at fractional frame positions; the outermost half frames go on at the neighbouring pace."""
    if len(times) == 1:
        return times[0] + positions / 30.0
    left = np.clip(np.floor(positions).astype(int), 0, len(times) - 2)
    return times[left] + (positions - left) * (times[left + 1] - times[left])


def _at(track: MelTrack, times: NDArray[np.float64]) -> Rows:
    """Rows at any times, linear between neighbours, silence beyond the ends."""
    place = (times - track.offset) / track.hop
    left = np.floor(place).astype(int)
    share = (place - np.floor(place)).astype(np.float32)[:, None]
    return _rows_at(track.rows, left) * (1 - share) + _rows_at(track.rows, left + 1) * share


def _rows_at(rows: Rows, places: NDArray[np.integer]) -> Rows:
    """Rows at any places, however far apart; silence where there is none."""
    found = np.full((len(places), MELS), SILENCE, np.float32)
    there = (places >= 0) & (places < len(rows))
    found[there] = rows[places[there]]
    return found


def _cut(rows: Rows, first: int, count: int) -> Rows:
    """`count` rows from `first`, which may lie outside: silence stands there."""
    start, stop = min(max(first, 0), first + count), max(min(first + count, len(rows)), first)
    if start >= stop:
        return np.full((count, MELS), SILENCE, np.float32)
    window = np.empty((count, MELS), np.float32)
    window[: start - first], window[stop - first :] = SILENCE, SILENCE
    window[start - first : stop - first] = rows[start:stop]
    return window


def _floor(window: Rows) -> Rows:
    return np.maximum(window, window.max() - np.float32(TOP_DB / STD), out=window)
