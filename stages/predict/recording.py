"""A user's video as prediction sees it, and what is made of it once for all models that read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.clips.cutting import Clips, Footage, Shape, cut_clips
from stages.core.labels import AU_NAMES, MISSING, VA_NAMES
from stages.landmarks.landmarker import find_landmarks
from stages.landmarks.schemes import convert, scheme
from stages.masks.drawing import Mode, draw_masks
from stages.predict.trained_systems import Models
from stages.training.samples.faces import Pixels, open_array
from stages.training.samples.mels import MelTrack
from stages.training.samples.tracks import Track, track
from stages.training.visual import embed_images

NAME = "clip"  # of the one trial and video


@dataclass(frozen=True)
class Recording:
    """One face through one video: a scratch folder that holds `clip.npy` and `clip.parquet`, and its sound.

    The files are those that the stage frames writes for a trial; `sound` makes the mel of a front end.
    """

    folder: Path
    sound: Callable[[str], MelTrack]

    @property
    def faces(self) -> pd.DataFrame:
        """Number and time of each face."""
        return pd.read_parquet(self.folder / f"{NAME}.parquet", columns=["frame", "time"])

    @property
    def images(self) -> NDArray[Any]:
        """The crops, uint8 [N, 112, 112, 3] RGB."""
        return open_array(self.folder / f"{NAME}.npy")

    def table(self) -> pd.DataFrame:
        """Rows of a frame table, a face each, without a label; `row` is their place in the array."""
        faces = self.faces
        table = pd.DataFrame({"trial": NAME, "video": NAME, "frame": faces["frame"]})
        table["row"] = np.arange(len(faces))
        table[[*AU_NAMES, "expression"]] = np.int8(MISSING)
        table[list(VA_NAMES)] = np.float32(np.nan)
        return table

    def track(self, visual: NDArray[Any], sound: MelTrack, margin: int = 0, least: int = 1) -> Track:
        """Its axis of frames over arrays of the faces and a sound; see `tracks.track`."""
        return track(self.table(), self.faces, visual, sound, margin, least)


def features(
    recording: Recording, models: Models, folder: Path, checkpoint: str | None
) -> NDArray[np.floating]:
    """Features [faces, features] by the visual model in `folder`; None: by the checkpoint its card chose."""
    path = recording.folder / "seen" / folder.parent.name / folder.name / f"{checkpoint or 'chosen'}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, embed_images(models.load(folder, checkpoint)[0], recording.images))
    return open_array(path)


def masks(
    recording: Recording, models: Models, mode: Mode | Literal["none"], name: str | None = None
) -> Pixels | None:
    """Face masks [N, 112, 112], None for the mode "none".

    `name`: of the landmark scheme to draw in, by default the network's own.
    """
    if mode == "none":
        return None
    path = recording.folder / "masks" / f"{mode}-{name}.npy"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        landmarker = models.landmarker()
        names = scheme(name) if name else landmarker.scheme
        points = convert(find_landmarks(landmarker, recording.images), landmarker.scheme, names)
        np.save(path, draw_masks(points, names, mode))
    return open_array(path)


def cut_recording(recording: Recording, front_end: str, drawn: Pixels | None, shape: Shape) -> Clips:
    """The clips of a TSAV that end with each face, with masks and the sound around them."""
    axis = recording.track(recording.images, recording.sound(front_end))
    return cut_clips([Footage(axis, drawn)], shape)
