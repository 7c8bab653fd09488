from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.training.samples.still_sets import read_stills


def pack(folder: Path) -> None:
    folder.mkdir(parents=True)
    numbers = np.arange(4, dtype=np.uint8)[:, None, None, None]
    np.save(folder / "images.npy", numbers * np.ones((112, 112, 3), np.uint8))
    labels = pd.DataFrame({"identity": list("aabb"), "split": ["train", "train", "validation", "train"]})
    labels.to_parquet(folder / "labels.parquet")


def unpack(folder: Path, people: int, size: int = 112) -> None:
    for person in range(people):
        home = folder / f"person{person}"
        home.mkdir(parents=True)
        for image in range(2):
            red = np.zeros((size, size, 3), np.uint8)
            red[..., 2] = 200  # OpenCV writes BGR
            cv2.imwrite(str(home / f"{image}.jpg"), red)
        (home / ".DS_Store").write_bytes(b"x")
        (home / "._0.jpg").write_bytes(b"x")


def test_packed_set_is_memory_mapped_and_split(tmp_path: Path) -> None:
    pack(tmp_path / "set")
    stills = read_stills(tmp_path / "set")
    assert isinstance(stills.images, np.memmap)
    assert stills.rows("validation").tolist() == [2]
    assert (stills.images[3] == 3).all()
    assert stills.points is None


def test_points_come_along(tmp_path: Path) -> None:
    pack(tmp_path / "set")
    np.save(tmp_path / "set/points.npy", np.zeros((4, 106, 2), np.float32))
    points = read_stills(tmp_path / "set").points
    assert points is not None and points.shape == (4, 106, 2)


def test_folder_of_identities_reads_rgb_at_112(tmp_path: Path) -> None:
    unpack(tmp_path / "set", people=5, size=64)
    stills = read_stills(tmp_path / "set")
    assert len(stills.images) == 10
    face = stills.images[0]
    assert face.shape == (112, 112, 3) and face[..., 0].min() > 180 and face[..., 2].max() < 40
    assert stills.images[np.array([1, 7])].shape == (2, 112, 112, 3)
    assert stills.images[2:5].shape == (3, 112, 112, 3)


def test_split_of_a_folder_is_by_identity_and_fixed(tmp_path: Path) -> None:
    unpack(tmp_path / "set", people=6)
    first, again = read_stills(tmp_path / "set").labels, read_stills(tmp_path / "set").labels
    pd.testing.assert_frame_equal(first, again)
    assert first.groupby("identity")["split"].nunique().max() == 1
    assert first.loc[first["split"] == "validation", "identity"].nunique() == 2


def broken(folder: Path, fault: str) -> None:
    pack(folder)
    if fault == "shape":
        np.save(folder / "images.npy", np.zeros((4, 96, 96, 3), np.uint8))
    elif fault == "length":
        np.save(folder / "images.npy", np.zeros((3, 112, 112, 3), np.uint8))
    elif fault == "truncated array":
        data = (folder / "images.npy").read_bytes()
        (folder / "images.npy").write_bytes(data[:1000])
    elif fault == "truncated labels":
        (folder / "labels.parquet").write_bytes(b"PAR1")
    elif fault == "column":
        pd.DataFrame({"identity": list("aabb")}).to_parquet(folder / "labels.parquet")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("shape", "images.npy: has shape"),
        ("length", "has 3 rows, labels.parquet has 4"),
        ("truncated array", "images.npy: cannot be read"),
        ("truncated labels", "labels.parquet: cannot be read"),
        ("column", "column split is missing"),
    ],
)
def test_faults_are_one_sentence(tmp_path: Path, fault: str, sentence: str) -> None:
    broken(tmp_path / "set", fault)
    with pytest.raises(UserError, match=sentence) as caught:
        read_stills(tmp_path / "set")
    assert "\n" not in str(caught.value)


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        read_stills(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds neither"):
        read_stills(tmp_path / "empty")


def test_corrupt_image_is_named(tmp_path: Path) -> None:
    unpack(tmp_path / "set", people=3)
    (tmp_path / "set/person1/0.jpg").write_bytes(b"not a jpeg")
    images = read_stills(tmp_path / "set").images
    with pytest.raises(UserError, match=r"person1/0\.jpg: cannot be read as an image"):
        images[np.arange(6)]
