"""A user's video as models see one: what the pipeline's stages would have left of it, made when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.card import kind_of
from stages.core.labels import AU_NAMES, MISSING, VA_NAMES
from stages.landmarks.landmarker import Landmarker, find_landmarks, load_landmarker
from stages.landmarks.schemes import convert, scheme
from stages.masks.drawing import Mode, draw_masks
from stages.training.samples.faces import open_array
from stages.training.trained import Models

NAME = "clip"  # of the one trial and video
LANDMARKS = "landmarks"  # the model's folder
BATCH = 256  # faces embedded, and looked over for landmarks, at once


@dataclass(frozen=True)
class Recording:
    """One face through one video: a scratch folder that holds `clip.npy` and `clip.parquet`; see `Footage`.

    The files are those that the stage frames writes for a trial. `sound` puts the mel of a front end into a
    folder, as the stage mel does. What several models or checkpoints share is made once.
    """

    folder: Path
    models: Models
    sound: Callable[[str, Path], None]

    @cached_property
    def table(self) -> pd.DataFrame:
        """Rows of a frame table, a face each, without a label; `row` is their place in the array."""
        frames = pd.read_parquet(self.faces / f"{NAME}.parquet", columns=["frame"])["frame"]
        table = pd.DataFrame({"trial": NAME, "video": NAME, "frame": frames, "row": np.arange(len(frames))})
        table[[*AU_NAMES, "expression"]] = np.int8(MISSING)
        table[list(VA_NAMES)] = np.float32(np.nan)
        return table

    @property
    def faces(self) -> Path:
        """The scratch folder itself."""
        return self.folder

    def features(self, model: Path, checkpoint: str | None) -> Path:
        """Features by the visual model in a folder; None: by the checkpoint that its card chose."""

        def make(path: Path) -> None:
            network, card = self.models.load(model, checkpoint)
            np.save(path, kind_of(card).embed(network, self._images(), BATCH))

        return self._once(Path("embeddings", model.parent.name, model.name, checkpoint or "chosen"), make)

    def masks(self, mode: Mode | str, name: str | None = None) -> Path | None:
        """Face masks [N, 112, 112] in a landmark scheme, by default the network's own."""
        if mode == "none":
            return None

        def make(path: Path) -> None:
            found, images = landmarker(self.models), self._images()
            names = scheme(name) if name else found.scheme
            masks = np.lib.format.open_memmap(path, "w+", np.uint8, images.shape[:3])
            for start in range(0, len(images), BATCH):  # two hours of masks are 2 GB
                part = slice(start, start + BATCH)
                points = convert(find_landmarks(found, images[part]), found.scheme, names)
                masks[part] = draw_masks(points, names, mode)  # type: ignore[arg-type]
            masks.flush()

        return self._once(Path("masks", f"{mode}-{name}"), make)

    def mels(self, front_end: str) -> Path:
        """The sound's mel."""
        folder = self.folder / "mel" / front_end
        if not folder.exists():
            folder.mkdir(parents=True)
            self.sound(front_end, folder)
        return folder

    def cache(self, name: str) -> Path:
        """A file in the scratch folder."""
        return self.folder / "cache" / name

    def _images(self) -> NDArray[Any]:
        return open_array(self.folder / f"{NAME}.npy")

    def _once(self, place: Path, make: Callable[[Path], None]) -> Path:
        """The folder of an array that is made the first time."""
        path = self.folder / place / f"{NAME}.npy"
        if not path.exists():
            path.parent.mkdir(parents=True)
            make(path)
        return path.parent


def has_landmarks(models: Models) -> bool:
    """Whether there is a network to draw masks by."""
    return (models.root / LANDMARKS / "card.json").is_file()


def landmarker(models: Models) -> Landmarker:
    """The landmark network that masks are drawn by, loaded once. Errors: UserError where there is none."""
    folder = models.root / LANDMARKS
    if folder not in models.loaded:
        found = load_landmarker(folder)
        found.model.to(models.device)
        models.loaded[folder] = found, None
    loaded: Landmarker = models.loaded[folder][0]
    return loaded
