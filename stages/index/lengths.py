"""How long a trial is by its labels, its video container and its crops: they seldom agree to the frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from stages.core.errors import UserError
from stages.index.layout import Layout
from stages.media.names import crop_files

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream


def container_frames(path: Path) -> int | None:
    """Frames that a video file says it has, without decoding; an estimate from its duration, or None.

    Errors: UserError for a file that cannot be opened, or without a video that can be decoded.
    """
    from stages.media.containers import open_video

    with open_video(path) as (container, stream):
        return stream.frames or _estimate(container, stream)


def _estimate(container: InputContainer, stream: VideoStream) -> int | None:
    """Frames by rate and duration, the stream's or else the container's (Matroska has only that)."""
    if not stream.average_rate:
        return None
    if stream.duration is not None and stream.time_base is not None:
        return round(stream.duration * stream.time_base * stream.average_rate)
    return (
        None if container.duration is None else round(container.duration / 1e6 * float(stream.average_rate))
    )


def task_lengths(tracks: pd.DataFrame) -> Iterator[str]:
    """Trials whose tasks have different numbers of rows."""
    for trial, rows in tracks.groupby("trial"):
        if rows["rows"].nunique() > 1:
            lengths = ", ".join(f"{row.task} {row.rows}" for row in rows.itertuples())
            yield f"{trial}: the tasks differ in length ({lengths} rows)"


def source_lengths(layout: Layout, tracks: pd.DataFrame, sources: pd.DataFrame) -> Iterator[tuple[bool, str]]:
    """Disagreements of labels with videos and crops; True beside those that make the trial useless."""
    longest = tracks.groupby("trial")["rows"].max()
    for source in sources.itertuples():
        path, rows = layout.root / str(source.source), int(longest[source.trial])
        try:
            yield from (_crops if source.kind == "crops" else _video)(source.trial, rows, path)
        except UserError as error:
            yield True, str(error)


def _video(trial: object, rows: int, path: Path) -> Iterator[tuple[bool, str]]:
    frames = container_frames(path)
    if frames is not None and frames != rows:
        yield False, f"{trial}: {rows} rows of labels, the container reports {frames} frames"


def _crops(trial: object, rows: int, folder: Path) -> Iterator[tuple[bool, str]]:
    numbers = [number for number in crop_files(folder) if number >= 1]
    if not numbers:
        yield True, f"{trial}: its crop folder holds no numbered .jpg"
    elif numbers[0] > rows:
        yield True, f"{trial}: {rows} rows of labels, its crops begin at number {numbers[0]}"
    elif numbers[-1] > rows:
        yield False, f"{trial}: {rows} rows of labels, crops up to number {numbers[-1]}"
