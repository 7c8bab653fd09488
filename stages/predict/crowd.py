"""All faces of a film in a scratch folder, a folder a person, as `extraction` leaves the one of the main face."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.runtime import log
from stages.media.align import SIZE
from stages.media.clock import rising
from stages.media.decode import read_frames
from stages.media.detect import Detector, build_detector, detect_faces
from stages.media.extract import Search
from stages.media.frame import Frame
from stages.media.packets import sound_stamps
from stages.media.refine import Refiner, onet
from stages.media.trajectory import Trajectory, build, fill, smooth
from stages.media.warp import warp_face
from stages.predict.people import Person, follow_all

FEWEST = 5  # frames of a film in which somebody has to be seen; faces half hidden look like nobody, briefly


class Seen(NamedTuple):
    """Somebody's number, from 1 in the order of appearance, the folder of their faces, and the faces' table."""

    number: int
    folder: Path
    table: pd.DataFrame


def store_everybody(
    path: Path, search: Search, most: int | None, folder: Path, name: str, threads: int
) -> tuple[NDArray[np.float64], list[Seen]]:
    """Write everybody's `<name>.npy` and `<name>.parquet` to a folder of their own.

    `most`: so many people, those who are seen longest; None: all. Returns the times of all frames as well.
    Errors: UserError for a file that is no video or image, or is damaged.
    """
    problems: list[str] | None = [] if search.on_error == "skip" else None
    detector, refine = _models(search.detector, search.detector_pack)
    numbers: list[int] = []
    stamps, people = follow_all(
        _counted(read_frames(path, None, threads, problems), numbers),
        lambda frame: detect_faces(frame, detector, search.detect_height),
        refine,
        search.detect_every,
    )
    if problems:
        log.print(
            f"{path}: only {len(numbers)} frames can be decoded ({problems[0]}); they keep their numbers"
        )
    every = np.arange(1, numbers[-1] + 1)
    times = np.interp(every, numbers, rising(np.array(stamps), lambda: sound_stamps(path))).tolist()
    tracks = [_track(person, numbers, times, search, refine is None) for person in people]
    kept = _longest(tracks, most, min(FEWEST, len(times)))
    tables = _cut(path, [tracks[place] for place in kept], folder, name, threads, problems)
    seen = [Seen(number, folder / str(number), table) for number, table in enumerate(tables, 1)]
    return np.array(times), seen


def _track(
    person: Person, numbers: Sequence[int], times: list[float], search: Search, gaps: bool
) -> Trajectory:
    faces = {numbers[place]: face for place, face in person.faces.items()}
    track = build(times, [faces.get(number) for number in range(1, len(times) + 1)])
    return smooth(fill(track, times, search.detect_every) if gaps else track, search.smooth)


def _longest(tracks: Sequence[Trajectory], most: int | None, fewest: int) -> list[int]:
    """Places of the tracks to keep, in order of appearance."""
    there = [place for place, track in enumerate(tracks) if len(track) >= fewest]
    ranked = sorted(there, key=lambda place: -len(tracks[place]))
    return sorted(ranked[:most])


def _cut(
    path: Path,
    tracks: Sequence[Trajectory],
    folder: Path,
    name: str,
    threads: int,
    problems: list[str] | None,
) -> list[pd.DataFrame]:
    """Decode once more and write everybody's aligned faces; their tables."""
    arrays, rows, tables = [], [0] * len(tracks), [track.table() for track in tracks]
    for number, (track, table) in enumerate(zip(tracks, tables, strict=True), 1):
        own = folder / str(number)
        own.mkdir()
        table.to_parquet(own / f"{name}.parquet", index=False)
        shape = (len(track), SIZE, SIZE, 3)
        arrays.append(np.lib.format.open_memmap(own / f"{name}.npy", "w+", np.uint8, shape))
    last = max((int(track.frames[-1]) for track in tracks), default=0)
    for frame in read_frames(path, last, threads, [] if problems else None) if last else ():
        for place, track in enumerate(tracks):
            row = rows[place]
            if row < len(track) and frame.number == track.frames[row]:
                arrays[place][row] = warp_face(frame, track.points[row])
                rows[place] = row + 1
    for array in arrays:
        array.flush()
    return tables


def _counted(frames: Iterator[Frame], numbers: list[int]) -> Iterator[Frame]:
    for frame in frames:
        numbers.append(frame.number)
        yield frame


@lru_cache(maxsize=1)
def _models(detector: str, pack: Path | None) -> tuple[Detector, Refiner | None]:
    return build_detector(detector, pack), onet() if detector == "mtcnn" else None
