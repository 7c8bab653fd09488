"""Still sets: faces as one memory-mapped array with a label table, or a folder of <identity>/<image>.jpg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.core.errors import UserError

SIZE = 112  # pixels; faces aligned to the five-point template
POINTS = 106  # landmarks of the JD scheme
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png"}
VALIDATION_SHARE = 0.1  # identities of a plain folder that are held out


class ImageFolder:
    """Image files read on demand as if they were one uint8 [N, 112, 112, 3] RGB array."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = np.array([str(path) for path in paths], dtype=object)
        self.shape = (len(paths), SIZE, SIZE, 3)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> np.ndarray:
        chosen = self.paths[index]
        if isinstance(chosen, str):
            return read_image(Path(chosen))
        images = [read_image(Path(path)) for path in chosen]
        return np.stack(images) if images else np.empty((0, *self.shape[1:]), np.uint8)


@dataclass(frozen=True)
class Stills:
    """`images[i]`, uint8 [112, 112, 3] RGB, and row i of `labels` belong together; `points` [N, 106, 2]."""

    images: np.ndarray | ImageFolder
    labels: pd.DataFrame
    points: np.ndarray | None = None

    def rows(self, split: str) -> np.ndarray:
        """Indices of the images of a split."""
        return np.flatnonzero((self.labels["split"] == split).to_numpy())


def read_stills(folder: Path, columns: Sequence[str] = ("identity", "split")) -> Stills:
    """Open a still set without reading its pixels.

    `columns` are the label columns that the caller needs.
    Errors: UserError for a missing folder, a missing column, arrays that disagree in length or shape.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; a still set is a folder with images.npy")
    stills = _packed(folder) if (folder / "images.npy").exists() else _unpacked(folder)
    absent = [name for name in columns if name not in stills.labels]
    if absent:
        raise UserError(f"{folder / 'labels.parquet'}: column {absent[0]} is missing; add it")
    if not len(stills.labels):
        raise UserError(f"{folder}: holds no images; fill it or name another folder")
    return stills


def read_image(path: Path) -> np.ndarray:
    """One image file as uint8 [112, 112, 3] RGB, resized where it has another size."""
    import cv2

    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise UserError(f"{path}: cannot be read as an image; replace or remove it")
    if image.shape[:2] != (SIZE, SIZE):
        image = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _packed(folder: Path) -> Stills:
    images = _array(folder / "images.npy", (SIZE, SIZE, 3))
    labels = _labels(folder / "labels.parquet")
    points_path = folder / "points.npy"
    points = _array(points_path, (POINTS, 2)) if points_path.exists() else None
    for name, array in (("images.npy", images), ("points.npy", points)):
        if array is not None and len(array) != len(labels):
            raise UserError(f"{folder / name}: has {len(array)} rows, labels.parquet has {len(labels)}")
    return Stills(images, labels, points)


def _array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r")
    except Exception as error:  # its header is read as Python
        raise UserError(f"{path}: cannot be read as a NumPy array ({error}); write it again") from None
    if array.shape[1:] != shape:
        raise UserError(f"{path}: has shape {array.shape}, expected [N, {', '.join(map(str, shape))}]")
    return array


def _labels(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except Exception as error:  # Arrow's errors have no common base
        raise UserError(f"{path}: cannot be read as a Parquet table ({error}); write it again") from None


def _unpacked(folder: Path) -> Stills:
    """A folder of <identity>/<image>; the split is drawn from the identity's name, so it never changes."""
    people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    files = [(path, person.name) for person in people for path in sorted(person.iterdir()) if _is_image(path)]
    if not files:
        raise UserError(f"{folder}: holds neither images.npy nor <identity>/<image>.jpg; fill it")
    labels = pd.DataFrame({"identity": [name for _, name in files]})
    held_out = _held_out(labels["identity"].unique())
    labels["split"] = np.where(labels["identity"].isin(held_out), "validation", "train")
    return Stills(ImageFolder([path for path, _ in files]), labels)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def _held_out(names: Sequence[str]) -> list[str]:
    """A tenth of the identities (two at least, so that there are pairs of different people)."""
    shuffled = sorted(names, key=lambda name: sha256(name.encode()).digest())
    return shuffled[: max(2, round(VALIDATION_SHARE * len(names)))] if len(names) > 2 else []
