"""From a video file to aligned faces: first find the face in every frame, then cut it out of the planes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd

from stages.media.align import SIZE
from stages.media.clock import rising
from stages.media.decode import read_frames
from stages.media.detect import Detector, Face, build_detector, detect_faces
from stages.media.frame import Frame
from stages.media.packets import sound_stamps
from stages.media.refine import Refiner, onet
from stages.media.track import follow
from stages.media.trajectory import Trajectory, build, fill, smooth
from stages.media.warp import warp_face

SIDES = ("left", "right")


@dataclass(frozen=True)
class Search:
    """How faces are looked for: section `frames` of params.yaml tells what each means.

    `on_error`: "skip" leaves out the frames of a damaged video that cannot be decoded; the others keep their
    numbers.
    """

    detector: str = "mtcnn"
    detector_pack: Path | None = None
    detect_every: int = 10
    detect_height: int = 480
    smooth: float = 0.8
    on_error: Literal["fail", "skip"] = "fail"


def extract(
    path: Path, search: Search | None = None, *, side: str = "", count: int | None = None, threads: int = 0
) -> tuple[np.ndarray, pd.DataFrame]:
    """Faces uint8 [N, 112, 112, 3] RGB of a video or image, and their table (see `Trajectory.table`).

    `side`: "left" or "right" of two people, else the main face; `count`: read no more frames than that.
    Errors: UserError for a file that cannot be read.
    """
    track = locate(path, search or Search(), side, count, threads)
    faces = np.empty((len(track), SIZE, SIZE, 3), np.uint8)
    cut(path, track, faces, threads)
    return faces, track.table()


def locate(
    path: Path, search: Search, side: str = "", count: int | None = None, threads: int = 1
) -> Trajectory:
    """The face of a trial in every frame of its video where it is visible."""
    return look(path, search, side, count, threads)[1]


def look(
    path: Path, search: Search, side: str = "", count: int | None = None, threads: int = 1
) -> tuple[list[float], Trajectory]:
    """Times in seconds of all frames, and what `locate` finds in them: the video is decoded once."""
    cv2.setNumThreads(max(threads, 0) or -1)
    detector, refine = _models(search.detector, search.detector_pack)
    numbers: list[int] = []
    problems: list[str] | None = [] if search.on_error == "skip" else None
    stamps, found = follow(
        _counted(read_frames(path, count, threads, problems), numbers),
        lambda frame: detect_faces(frame, detector, search.detect_height),
        refine,
        search.detect_every,
        people=2 if side else 1,
    )
    person = SIDES.index(side) if side else 0
    times, faces = _placed(path, numbers, stamps, [slots[person] for slots in found])
    track = build(times, faces)
    if refine is None:
        track = fill(track, times, search.detect_every)
    return times, replace(smooth(track, search.smooth), problem=_told(problems, len(numbers)))


def cut(path: Path, track: Trajectory, faces: np.ndarray, threads: int = 1) -> None:
    """Decode again and write the aligned faces of `track` into `faces` [N, 112, 112, 3]."""
    if not len(track):
        return
    row = 0
    for frame in read_frames(path, int(track.frames[-1]), threads, [] if track.problem else None):
        if frame.number == track.frames[row]:
            faces[row] = warp_face(frame, track.points[row])
            row += 1


def _told(problems: list[str] | None, frames: int) -> str:
    return f"only {frames} frames can be decoded ({problems[0]})" if problems else ""


def _counted(frames: Iterable[Frame], numbers: list[int]) -> Iterator[Frame]:
    """The frames; their numbers are put into a list as they go by."""
    for frame in frames:
        numbers.append(frame.number)
        yield frame


def _placed(
    path: Path, numbers: list[int], stamps: list[float], faces: list[Face | None]
) -> tuple[list[float], list[Face | None]]:
    """Clean times and faces of all frames up to the last: those that were lost have no face."""
    times = rising(np.array(stamps), lambda: sound_stamps(path))
    every = np.arange(1, numbers[-1] + 1)
    seen = dict(zip(numbers, faces, strict=True))
    return np.interp(every, numbers, times).tolist(), [seen.get(number) for number in every.tolist()]


@lru_cache(maxsize=1)
def _models(detector: str, pack: Path | None) -> tuple[Detector, Refiner | None]:
    """The detector and, for MTCNN, its last network as tracker; loaded once a process."""
    return build_detector(detector, pack), onet() if detector == "mtcnn" else None
