"""The frame table: one row a labelled frame, all tasks side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stages.core.labels import AU_NAMES, MISSING, TASKS, VA_NAMES
from stages.index.annotations import COLUMNS

SPLIT_COLUMNS = {"AU": "au_split", "EXPR": "expr_split", "VA": "va_split"}


def build_frame_table(tracks: pd.DataFrame, values: Sequence[np.ndarray]) -> pd.DataFrame:
    """Join the tasks of each trial by frame number; a task's file may be longer than another's.

    `tracks` rows carry the position of their values as index: `values[i]` float32 [frames, 12 | 1 | 2], NaN =
    not annotated. Result sorted by trial and frame: trial, video, frame int32 (from 1), au_split, expr_split,
    va_split ("" = not labelled), 12 AUs and expression int8 (−1), valence and arousal float32 (NaN).
    """
    parts = [_trial(str(trial), rows, values) for trial, rows in tracks.groupby("trial", sort=True)]
    return pd.concat(parts, ignore_index=True)


def _trial(trial: str, rows: pd.DataFrame, values: Sequence[np.ndarray]) -> pd.DataFrame:
    length = max(len(values[position]) for position in rows.index)
    of_task = {task: _Joined(length, COLUMNS[task]) for task in TASKS}
    for position, row in rows.iterrows():
        of_task[row["task"]].take(values[int(str(position))], row["split"])
    labelled = np.any([joined.labelled for joined in of_task.values()], axis=0)
    frames = np.flatnonzero(labelled)
    columns: dict[str, object] = {"trial": trial, "video": rows["video"].iloc[0]}
    columns["frame"] = np.int32(frames + 1)
    columns |= {SPLIT_COLUMNS[task]: joined.splits[frames] for task, joined in of_task.items()}
    columns |= dict(zip(AU_NAMES, _classes(of_task["AU"].values[frames]).T, strict=True))
    columns["expression"] = _classes(of_task["EXPR"].values[frames])[:, 0]
    columns |= dict(zip(VA_NAMES, of_task["VA"].values[frames].T, strict=True))
    return pd.DataFrame(columns)


class _Joined:
    """A task's values stretched to the length of the trial."""

    def __init__(self, length: int, width: int) -> None:
        self.values = np.full((length, width), np.nan, np.float32)
        self.splits = np.full(length, "", dtype=object)
        self.labelled: np.ndarray = np.zeros(length, bool)

    def take(self, values: np.ndarray, split: str) -> None:
        self.values[: len(values)] = values
        self.labelled = np.asarray(~np.isnan(self.values).all(1))
        self.splits[self.labelled] = split


def _classes(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), MISSING, values).astype(np.int8)
