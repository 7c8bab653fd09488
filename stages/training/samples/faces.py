"""Faces with incomplete labels: index arrays over memory-mapped crops, read in batches without workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES, LABELS, MISSING, VA_NAMES
from stages.core.store import read_keys
from stages.training.samples.still_sets import SIZE, ImageFolder, read_stills

Rows = NDArray[np.integer]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Labels:
    """Of N samples: `au` int8 [N, 12], `expression` int8 [N] (−1 missing); `va` float32 [N, 2] (NaN)."""

    au: NDArray[np.int8]
    expression: NDArray[np.int8]
    va: NDArray[np.float32]

    def targets(self, task: str, rows: Rows | slice) -> NDArray[Any]:
        """What the task's loss compares with."""
        of_task: dict[str, NDArray[Any]] = {"AU": self.au, "EXPR": self.expression, "VA": self.va}
        return of_task[task][rows]

    def known(self, task: str) -> NDArray[np.bool_]:
        """Samples [N] with a label of the task."""
        if task == "VA":
            return np.asarray(~np.isnan(self.va).any(axis=-1))
        return np.asarray(self.expression != MISSING if task == "EXPR" else (self.au != MISSING).any(axis=-1))


@dataclass(frozen=True)
class Faces:
    """N labelled crops: sample i is image `row[i]` of `arrays[source[i]]`."""

    arrays: Sequence[NDArray[np.uint8] | ImageFolder]
    source: Rows
    row: Rows
    labels: Labels

    def __len__(self) -> int:
        return len(self.row)

    def images(self, rows: Rows) -> Pixels:
        """Crops of the samples, uint8 [B, 112, 112, 3] RGB."""
        batch = np.empty((len(rows), SIZE, SIZE, 3), np.uint8)
        for place, (source, row) in enumerate(zip(self.source[rows], self.row[rows], strict=True)):
            batch[place] = self.arrays[source][row]
        return batch

    def rows(self, tasks: Sequence[str]) -> dict[str, Rows]:
        """Samples labelled for each task. Errors: UserError where a task has none."""
        found: dict[str, Rows] = {task: np.flatnonzero(self.labels.known(task)) for task in tasks}
        for task, rows in found.items():
            if not len(rows):
                raise UserError(
                    f"data/index/frames.parquet: no training frame with a face is labelled for {task}; "
                    "add annotations or take it out of params.yaml, key tasks"
                )
        return found


def with_faces(table: pd.DataFrame, frames: Path) -> pd.DataFrame:
    """Rows whose frame has a face, with `row`, its place in `frames/<trial>.npy`.

    Errors: UserError where none has.
    """
    parts = [_faces_of(trial, rows, frames) for trial, rows in table.groupby("trial", sort=True)]
    found = pd.concat(parts, ignore_index=True)
    if found.empty:
        raise UserError(f"{frames}: no labelled frame has a face; run the stage frames again")
    return found


def read_faces(table: pd.DataFrame, frames: Path) -> Faces:
    """Labelled crops of a table made by `with_faces`."""
    trials, source = np.unique(table["trial"].to_numpy(str), return_inverse=True)
    arrays = [open_array(frames / f"{trial}.npy") for trial in trials]
    return Faces(arrays, source, table["row"].to_numpy(), labels_of(table))


def still_faces(folder: Path, split: str, columns: Sequence[str] = LABELS) -> Faces:
    """Faces of a split of a still set whose table has the label `columns`; other labels are missing.

    Errors: UserError as `read_stills`.
    """
    stills = read_stills(folder, ("split", *columns))
    rows = stills.rows(split)
    labels = stills.labels.iloc[rows].reindex(columns=[*LABELS, *VA_NAMES])
    known = labels.fillna(dict.fromkeys(LABELS, MISSING))
    return Faces([np.asarray(stills.images)], np.zeros(len(rows), np.int64), rows, labels_of(known))


def join(first: Faces, second: Faces) -> Faces:
    """The samples of both, the first's in front."""
    pairs = zip(vars(first.labels).values(), vars(second.labels).values(), strict=True)
    return Faces(
        [*first.arrays, *second.arrays],
        np.concatenate([first.source, second.source + len(first.arrays)]),
        np.concatenate([first.row, second.row]),
        Labels(*(np.concatenate(pair) for pair in pairs)),
    )


def labels_of(table: pd.DataFrame) -> Labels:
    """Label columns of a table as arrays."""
    return Labels(
        table[list(AU_NAMES)].to_numpy(np.int8),
        table["expression"].to_numpy(np.int8),
        table[list(VA_NAMES)].to_numpy(np.float32),
    )


def width_of(store: Path) -> int:
    """Length of the features in a per-video store of embeddings."""
    return int(open_array(store / f"{min(read_keys(store))}.npy").shape[1])


def open_array(path: Path) -> NDArray[Any]:
    """A memory-mapped array as a plain one: `np.memmap` costs microseconds an access.

    Errors: UserError where it is missing.
    """
    if not path.exists():
        raise UserError(f"{path}: missing; run the stage that writes it again")
    return np.asarray(np.load(path, mmap_mode="r"))


def _faces_of(trial: str, rows: pd.DataFrame, frames: Path) -> pd.DataFrame:
    path = frames / f"{trial}.parquet"
    if not path.exists():  # left out by on_error: skip
        return rows.iloc[:0].assign(row=np.int64(0))
    found = pd.read_parquet(path, columns=["frame"])
    found["row"] = np.arange(len(found))
    return rows.merge(found, on="frame")
