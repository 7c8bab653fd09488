"""The official crops of Aff-Wild2: faces found and aligned by its authors, one numbered picture a frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from stages.core.errors import UserError
from stages.media.align import SIZE
from stages.media.decode import frame_times
from stages.media.names import crop_files
from stages.media.still import read_still
from stages.media.trajectory import Trajectory

RATE = 30.0  # frames a second where the video is not there to tell: the most frequent rate in Aff-Wild2


def list_crops(folder: Path, count: int, video: Path | None = None) -> Trajectory:
    """Which of the first `count` frames have a crop (00001.jpg is frame 1), and when; points are NaN.

    Times come from the video where there is one, else from a rate of 30 frames a second.
    Errors: UserError where no crop of these frames is there.
    """
    frames = np.array([number for number in crop_files(folder) if 1 <= number <= count], np.int64)
    if not len(frames):
        raise UserError(
            f"{folder}: holds no crop of frames 1 to {count}; add them or remove the trial's labels"
        )
    unknown = np.full((len(frames), 15), np.nan)
    return Trajectory(
        frames,
        _times(frames, video),
        unknown[:, :10].reshape(-1, 5, 2),
        unknown[:, :4],
        unknown[:, 14],
        count,
    )


def read_crops(folder: Path, frames: np.ndarray, faces: np.ndarray) -> None:
    """Read the crops of `frames` into `faces` uint8 [N, 112, 112, 3] RGB, resized if of another size.

    Errors: UserError naming the file that is no picture.
    """
    names = crop_files(folder)
    for row, frame in enumerate(frames.tolist()):
        image = read_still(folder / names[frame])
        if image.shape[:2] != (SIZE, SIZE):
            image = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        faces[row] = image


def _times(frames: np.ndarray, video: Path | None) -> np.ndarray:
    """Seconds since the first frame; beyond the video's last frame at its mean rate."""
    if video is None:
        return (frames - 1) / RATE
    known = frame_times(video)
    interval = known[-1] / (len(known) - 1) if len(known) > 1 else 1 / RATE
    beyond = np.maximum(frames - len(known), 0)
    return known[np.minimum(frames, len(known)) - 1] + beyond * interval
