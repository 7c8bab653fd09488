"""A corpus of Aff-Wild2's size: its annotations as text, its videos as empty files, its arrays as holes on disk.

548 videos, 2,813,201 frames (Jin et al. 2021, 1), 539 of them with expressions (Fan et al. 2021, 3.1). Here every
frame is labelled, those of the corpus's test set too, and the validation sets have 71 (VA), 70 (EXPR) and 105 (AU)
videos, as many as those of ABAW2, most of them of one task alone: more of everything than a user will have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.lib import format as npy
from numpy.typing import NDArray
from pyarrow import csv

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.core.paths import EMBEDDINGS, FRAMES, INDEX_FOLDER, MASKS, MELS

VIDEOS, TOTAL = 548, 2_813_201
ANNOTATED = {"VA": 548, "EXPR": 539, "AU": 548}
VALIDATION = {"VA": range(71), "EXPR": range(40, 110), "AU": range(55, 160)}
NAMES = {"VA": VA_NAMES, "EXPR": EXPRESSIONS, "AU": AU_NAMES}
HOP, RATE, WIDTH = 0.01, 30.0, 512  # seconds of a row of mel, frames a second, length of a feature
FEATURES = ("jin2021/visual", "fan2021/visual")
FRONT_ENDS = ("jin2021", "wang2021")
FACES = 0.98  # share of the frames that have one
POSITIVE = (0.12, 0.05, 0.16, 0.26, 0.39, 0.34, 0.24, 0.03, 0.03, 0.03, 0.63, 0.08)  # share of each AU


def trial_name(video: int) -> str:
    """Names of a video's files."""
    return f"video{video:03d}"


def lengths() -> NDArray[np.int64]:
    """Frames of each video: a few long ones hold most of the corpus."""
    drawn = np.random.default_rng(0).lognormal(0.0, 0.8, VIDEOS)
    found = np.maximum((drawn / drawn.sum() * TOTAL).astype(np.int64), 30)
    found[-1] += TOTAL - found.sum()
    return found


def write_corpus(root: Path) -> None:
    """Videos without a byte and annotation files in the layout of ABAW2."""
    (root / "videos").mkdir(parents=True)
    for video, count in enumerate(lengths()):
        (root / "videos" / f"{trial_name(video)}.mp4").touch()
        for task, annotated in ANNOTATED.items():
            if video < annotated:
                split = "Validation_Set" if video in VALIDATION[task] else "Train_Set"
                folder = root / "annotations" / f"{task}_Set" / split
                folder.mkdir(parents=True, exist_ok=True)
                _annotate(folder / f"{trial_name(video)}.txt", task, int(count), video)


def _annotate(path: Path, task: str, count: int, seed: int) -> None:
    """Labels that change slowly, as those of people do."""
    random = np.random.default_rng([seed, len(task)])
    blocks = -(-count // 50)
    if task == "VA":
        values = random.uniform(-1, 1, (blocks, 2)).round(3)
    else:
        values = (
            random.integers(0, 7, (blocks, 1)) if task == "EXPR" else random.random((blocks, 12)) < POSITIVE
        )
    rows = np.repeat(values, 50, axis=0)[:count]
    rows = rows if task == "VA" else rows.astype(np.int8)
    table = pa.table({str(place): column for place, column in enumerate(rows.T)})
    with path.open("wb") as file:
        file.write((",".join(NAMES[task]) + "\n").encode())
        csv.write_csv(table, file, csv.WriteOptions(include_header=False))


def write_stores(root: Path) -> None:
    """What the per-video stages leave, for every trial of the index: arrays without a written page."""
    frames = pd.read_parquet(root / INDEX_FOLDER / "frames.parquet", columns=["trial", "frame"])
    for trial, rows in frames.groupby("trial"):
        number = rows["frame"].to_numpy()[: int(len(rows) * FACES)]
        faces = len(number)
        table = pd.DataFrame({"frame": number, "time": (number - 1) / RATE})
        _sparse(root / FRAMES / f"{trial}.npy", np.uint8, (faces, 112, 112, 3))
        table.to_parquet(root / FRAMES / f"{trial}.parquet", index=False)
        _sparse(root / MASKS / "lines" / f"{trial}.npy", np.uint8, (faces, 112, 112))
        for model in FEATURES:
            _sparse(root / EMBEDDINGS / model / f"{trial}.npy", np.float16, (faces, WIDTH))
        for front_end in FRONT_ENDS:
            _sparse(root / MELS / front_end / f"{trial}.npy", np.float32, (_mel_rows(len(rows)), 64))
    counts = frames.groupby("trial").size()
    for front_end in FRONT_ENDS:
        index = {"video": counts.index, "rate": 44100, "hop": HOP, "offset": 0.0, "rows": _mel_rows(counts)}
        pd.DataFrame(index).to_parquet(root / MELS / front_end / "index.parquet", index=False)


def _mel_rows(frames: Any) -> Any:
    return frames * 10 // 3  # HOP and RATE


def _sparse(path: Path, kind: type, shape: tuple[int, ...]) -> None:
    """An array of zeros that takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        npy.write_array_header_1_0(
            file, {"descr": np.dtype(kind).str, "fortran_order": False, "shape": shape}
        )
        file.truncate(file.tell() + int(np.prod(shape)) * np.dtype(kind).itemsize)


if __name__ == "__main__":
    write_stores(Path())
