"""From a video file to aligned faces: first find the face in every frame, then cut it out of the planes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from stages.media.align import SIZE
from stages.media.decode import read_frames
from stages.media.detect import Detector, build_detector, detect_faces
from stages.media.refine import Refiner, onet
from stages.media.track import follow
from stages.media.trajectory import Trajectory, build, fill, smooth
from stages.media.warp import warp_face

SIDES = ("left", "right")


@dataclass(frozen=True)
class Search:
    """How faces are looked for: section `frames` of params.yaml tells what each means."""

    detector: str = "mtcnn"
    detector_pack: Path | None = None
    detect_every: int = 10
    detect_height: int = 480
    smooth: float = 0.8


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
    times, seen = follow(
        read_frames(path, count, threads),
        lambda frame: detect_faces(frame, detector, search.detect_height),
        refine,
        search.detect_every,
        people=2 if side else 1,
    )
    person = SIDES.index(side) if side else 0
    track = build(times, [faces[person] for faces in seen])
    if refine is None:
        track = fill(track, times, search.detect_every)
    return times, smooth(track, search.smooth)


def cut(path: Path, track: Trajectory, faces: np.ndarray, threads: int = 1) -> None:
    """Decode again and write the aligned faces of `track` into `faces` [N, 112, 112, 3]."""
    if not len(track):
        return
    row = 0
    for number, frame in enumerate(read_frames(path, int(track.frames[-1]), threads), start=1):
        if number == track.frames[row]:
            faces[row] = warp_face(frame, track.points[row])
            row += 1


@lru_cache(maxsize=1)
def _models(detector: str, pack: Path | None) -> tuple[Detector, Refiner | None]:
    """The detector and, for MTCNN, its last network as tracker; loaded once a process."""
    return build_detector(detector, pack), onet() if detector == "mtcnn" else None
