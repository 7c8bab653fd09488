"""What a model reads: the faces of a split of the corpus, or of a user's own video, and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd

from stages.core.paths import EMBEDDINGS, FRAMES, MASKS, MELS
from stages.core.store import read_notes
from stages.scoring.tables.labelled import split_table
from stages.training.samples.faces import with_faces
from stages.training.trained import Models


class Footage(Protocol):
    """Frames with a face, and the folders that hold what a model sees and hears of them.

    Folders are as the stages leave them: `<trial>.npy`, rows as in the folder of `faces`.
    """

    @property
    def table(self) -> pd.DataFrame:
        """Rows (trial, video, frame, `row` in the trial's arrays, labels), sorted."""

    @property
    def faces(self) -> Path:
        """Crops, and numbers and times of their frames: `<trial>.npy`, `<trial>.parquet`."""

    @property
    def models(self) -> Models:
        """Trained models that others build on."""

    def features(self, model: Path, checkpoint: str | None) -> Path:
        """Features of the faces by the visual model in a folder."""

    def masks(self, mode: str, scheme: str | None) -> Path | None:
        """Face masks, drawn in a landmark scheme; None for the mode "none"."""

    def mels(self, front_end: str) -> Path:
        """Mels of the videos, with an `index.parquet`."""

    def cache(self, name: str) -> Path:
        """A file for what is computed once."""


@dataclass(frozen=True)
class Split:
    """A split of the corpus, from what the pipeline's stages have left. `scratch`: folder of its cache."""

    table: pd.DataFrame
    models: Models
    scratch: Path
    faces: Path = FRAMES

    def features(self, model: Path, checkpoint: str | None = None) -> Path:
        """What the stage embed has left; `checkpoint` is the one it took."""
        return EMBEDDINGS / model.parent.name / model.name

    def masks(self, mode: str, scheme: str | None = None) -> Path | None:
        """What the stage masks has left; `scheme` is the one it drew in."""
        return None if mode == "none" else MASKS / mode

    def mels(self, front_end: str) -> Path:
        """What the stage mel has left."""
        return MELS / front_end

    def cache(self, name: str) -> Path:
        """A file in the scratch folder."""
        return self.scratch / name


def read_split(table: pd.DataFrame, split: str, models: Models, scratch: Path) -> Split:
    """A split of the frame table. Errors: UserError where it is empty, or none of its frames has a face."""
    return Split(with_faces(split_table(table, split), FRAMES), models, scratch / split)


def noted(folder: Path | None, key: str) -> str | None:
    """What the notes of a per-video store say of all its items, None where they do not."""
    notes = read_notes(folder).values() if folder else ()
    return next((note.get(key) for note in notes), None)
