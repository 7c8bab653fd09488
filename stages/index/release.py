"""All annotations of a release in memory: one table of tracks, and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.core.errors import UserError
from stages.index.annotations import Track, faults, read_track
from stages.index.layout import AnnotationFile, video_of
from stages.index.mtl import mtl_faults, read_mtl
from stages.media.names import check_name

COLUMNS = ["task", "split", "trial", "video", "path", "rows", "labelled", "other", "partial"]


@dataclass(frozen=True)
class Release:
    """`tracks`: one row a task and trial (see COLUMNS; counts in frames); `values[i]` belongs to row i."""

    tracks: pd.DataFrame
    values: list[np.ndarray]


def read_release(
    files: Sequence[AnnotationFile],
    partial_au: str = "drop",
    report: Callable[[AnnotationFile, UserError], None] | None = None,
) -> Release:
    """Read every annotation file of a release.

    `report` is called with a file that is faulty and its first fault; without it the fault is raised.
    """
    rows, values = [], []
    for file in files:
        try:
            for task, trial, track in _read(file, partial_au):
                check_name(trial, file.path)
                rows.append(_row(file, task, trial, track))
                values.append(track.values)
        except UserError as error:
            if report is None:
                raise
            report(file, error)
    return Release(pd.DataFrame(rows, columns=COLUMNS), values)


def file_faults(file: AnnotationFile) -> list[str]:
    """Everything wrong with an annotation file, one sentence each."""
    found = mtl_faults(file.path) if file.task == "MTL" else faults(file.path, file.task)
    return found or list(_first_fault(file))


def _first_fault(file: AnnotationFile) -> Iterator[str]:
    """What is wrong with a file as a whole."""
    try:
        read_release([file])
    except UserError as error:
        yield str(error)


def _read(file: AnnotationFile, partial_au: str) -> Iterator[tuple[str, str, Track]]:
    if file.task != "MTL":
        yield file.task, file.trial, read_track(file.path, file.task, partial_au)
        return
    for trial, tracks in read_mtl(file.path, partial_au).items():
        for task, track in tracks.items():
            yield task, trial, track


def _row(file: AnnotationFile, task: str, trial: str, track: Track) -> list[object]:
    labelled = int(track.labelled.sum())
    place = (task, file.split, trial, video_of(trial), str(file.path))
    return [*place, track.rows, labelled, track.other, track.partial]
