"""The three still sets, drawn person by person: one sitting gives a person's stills of every set.

Setting up a face costs as much as drawing ten stills, so people serve in all sets; one in five is validation
in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.core.labels import AU_NAMES
from stages.core.mapped import new_array
from stages.media.align import SIZE
from stages.synthesize.acting.labels import occurrence
from stages.synthesize.face import Face, sample_identity
from stages.synthesize.scenes.camera import sample_camera
from stages.synthesize.seeds import rng_of
from stages.synthesize.stills.portrait import Still, photograph
from stages.synthesize.stills.poses import Pose, affect_pose, free_pose

POINTS = 106


@dataclass(frozen=True)
class Size:
    """How many people sit for a set, and for how many stills each."""

    people: int
    stills: int

    @property
    def images(self) -> int:
        return self.people * self.stills


@dataclass(frozen=True)
class Kind:
    """A still set: what is posed, what is written beside each image, the share of grey-scale cameras."""

    name: str
    pose: Callable[[np.random.Generator], Pose]
    labels: Callable[[Pose], dict[str, Any]]
    grey: float
    points: bool = False


def affect_labels(pose: Pose) -> dict[str, Any]:
    """AU and expression columns of one affect still."""
    return dict(zip(AU_NAMES, occurrence(pose.units).tolist(), strict=True)) | {"expression": pose.expression}


def any_pose(rng: np.random.Generator) -> Pose:
    """Affect poses and free sums alike: landmarks must hold for every face."""
    return free_pose(rng) if rng.random() < 0.5 else affect_pose(rng)


KINDS = (
    Kind("identities", affect_pose, lambda pose: {}, grey=0.15),
    Kind("affect", affect_pose, affect_labels, grey=0.30),
    Kind("landmarks", any_pose, lambda pose: {}, grey=0.20, points=True),
)


def _kinds(sizes: Collection[str]) -> list[Kind]:
    """The sets that are drawn."""
    return [kind for kind in KINDS if kind.name in sizes]


def person_name(number: int) -> str:
    """Name of the n-th sitter."""
    return f"person-{number:05d}"


def split_of(number: int) -> str:
    """Every fifth person is validation, in all sets."""
    return "validation" if number % 5 == 4 else "train"


def prepare(root: Path, sizes: dict[str, Size]) -> None:
    """Lay out empty arrays under `root`, a folder a set, for `sit` to fill."""
    for kind in _kinds(sizes):
        (root / kind.name).mkdir(parents=True)
        images = sizes[kind.name].images
        _create(root / kind.name / "images.npy", (images, SIZE, SIZE, 3), np.uint8)
        if kind.points:
            _create(root / kind.name / "points.npy", (images, POINTS, 2), np.float32)


def _create(path: Path, shape: tuple[int, ...], dtype: type) -> None:
    new_array(path, dtype, shape)


def sit(seed: int, root: Path, sizes: dict[str, Size], numbers: Sequence[int]) -> None:
    """Photograph the given people for every set that wants them, into their own rows of the arrays."""
    arrays = {kind.name: _open(root / kind.name, kind) for kind in _kinds(sizes)}
    for number in numbers:
        face = Face(sample_identity(rng_of(seed, "person", person_name(number))))
        for kind in _kinds(sizes):
            size = sizes[kind.name]
            if number < size.people:
                rows = slice(number * size.stills, (number + 1) * size.stills)
                stills = [take(seed, kind, face, number, i) for i in range(size.stills)]
                arrays[kind.name][0][rows] = [still.image for still in stills]
                if kind.points:
                    arrays[kind.name][1][rows] = [still.points for still in stills]


def _open(folder: Path, kind: Kind) -> tuple[np.ndarray, ...]:
    names = ("images.npy", "points.npy") if kind.points else ("images.npy",)
    return tuple(np.load(folder / name, mmap_mode="r+") for name in names)


def take(seed: int, kind: Kind, face: Face, number: int, still: int) -> Still:
    """One still of a set; its pose is the one that `labels_of` writes down."""
    rng = _rng(seed, kind, number, still)
    units = kind.pose(rng).units
    return photograph(rng, face, units, camera=sample_camera(rng, grey=kind.grey))


def _rng(seed: int, kind: Kind, number: int, still: int) -> np.random.Generator:
    return rng_of(seed, kind.name, person_name(number), still)


def write_labels(seed: int, root: Path, sizes: dict[str, Size]) -> None:
    """Write each set's labels.parquet; poses are drawn again, which costs nothing beside the pictures."""
    for kind in _kinds(sizes):
        table = pd.DataFrame(list(_label_rows(seed, kind, sizes[kind.name])))
        integers = table.columns.difference(["identity", "split"])
        table = table.astype(dict.fromkeys(integers, "int8"))
        table.to_parquet(root / kind.name / "labels.parquet", index=False)


def _label_rows(seed: int, kind: Kind, size: Size) -> Iterator[dict[str, Any]]:
    for number in range(size.people):
        for still in range(size.stills):
            pose = kind.pose(_rng(seed, kind, number, still))
            yield {"identity": person_name(number), "split": split_of(number)} | kind.labels(pose)
