"""What training and prediction ask of the index and the stores, without a network: python -m … PART [RUN]"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice

import numpy as np
import pandas as pd

from stages.clips.cutting import Shape, read_clips
from stages.core.params import load_run
from stages.core.paths import EMBEDDINGS, FRAMES, INDEX, MASKS, MELS
from stages.finetune.model import Params, draws
from stages.scoring.tables.labelled import split_table
from stages.training.samples.faces import Faces, read_faces, with_faces
from stages.training.samples.passes import endless_batches
from stages.training.samples.tracks import Stores
from stages.training.samples.windows import Cut, cuts, read_windows

STEPS = 100  # random batches that are read
BATCH = {"faces": 64, "clips": 28, "windows": 64}  # of Jin and Wang & Wang


def table(split: str = "train") -> pd.DataFrame:
    """Frames of a split with a face."""
    return with_faces(split_table(pd.read_parquet(INDEX), split), FRAMES)


def faces() -> Faces:
    """All training faces."""
    return read_faces(table(), FRAMES)


def sampler(run: str) -> None:
    """The order of an epoch of a visual model."""
    own = faces()
    batches = sum(1 for _ in draws(own, load_run(Params, "finetune", run))(1))
    print(f"{run}: {batches} batches of {len(own)} faces")


def read_random_faces() -> None:
    """Random batches of faces."""
    own = faces()
    for rows in _random("faces", len(own)):
        own.images(rows)


def read_random_clips() -> None:
    """Random batches of clips: faces, masks and sound."""
    own = read_clips(table(), FRAMES, MASKS / "lines", MELS / "wang2021", Shape())
    for rows in _random("clips", len(own)):
        own.pixels(rows), own.mel(rows)


def read_random_segments() -> None:
    """Random batches of Jin's windows: features and sound."""
    stores = Stores(FRAMES, EMBEDDINGS / "jin2021" / "visual", MELS / "jin2021")
    own = read_windows(table(), stores, Cut(30, 10))
    taught = own.taught(("AU", "EXPR"))
    for rows in _random("windows", len(taught)):
        own.visual(taught[rows]), own.mel(taught[rows], 100)


def read_random_centred() -> None:
    """Random batches of Fan's windows: nine frames' features."""
    own = read_windows(table(), Stores(FRAMES, EMBEDDINGS / "fan2021" / "visual"), cuts(9, 4, None)[0])
    for rows in _random("windows", len(own)):
        own.visual(rows)


def predict_all_frames() -> None:
    """Fan's windows around every validation frame, and their outputs' way to a row a frame."""
    stores = Stores(FRAMES, EMBEDDINGS / "fan2021" / "visual")
    own = read_windows(table("validation"), stores, cuts(9, 4, None)[1])
    own.per_frame(np.zeros((len(own), 9, 12), np.float32))


def _random(kind: str, count: int) -> islice[np.ndarray]:
    return islice(endless_batches(np.arange(count), BATCH[kind], [0, 1]), STEPS)


PARTS: dict[str, Callable[..., None]] = {
    "sampler": sampler,
    "faces": read_random_faces,
    "clips": read_random_clips,
    "windows": read_random_segments,
    "centred": read_random_centred,
    "predicted": predict_all_frames,
}

if __name__ == "__main__":
    PARTS[sys.argv[1]](*sys.argv[2:])
