from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from skimage.data import astronaut

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.core.paths import EXTRA
from stages.extra.__main__ import build_extra
from stages.media.extract import Search, extract
from stages.scoring.tables.labelled import split_table
from stages.training.samples.extra_stills import read_extra
from stages.training.samples.faces import Faces, join, read_faces, with_faces
from tests.world import build_world


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    build_world(root)
    return root


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKERS", "1")  # processes that stay alive would stay in the folder of the last test


def aligned(folder: Path) -> Faces:
    """What training reads of a folder of stills."""
    build_extra(folder)
    return read_extra()


def picture(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[..., ::-1])


@pytest.fixture
def bp4d(tmp_path: Path) -> Path:
    """Two sequences: whole pictures, one of them without a face, and crops."""
    folder = tmp_path / "bp4d"
    (folder / "AUCoding/AU_OCC").mkdir(parents=True)
    (folder / "AUCoding/AU_OCC/F001_T1.csv").write_text("0,15,23\n1,1,0\n2,0,1\n3,1,9\n")
    (folder / "AUCoding/AU_OCC/M001_T2.csv").write_text("0,15,23\n5,9,1\n")
    small = cv2.resize(astronaut(), (240, 240), interpolation=cv2.INTER_AREA)
    picture(folder / "2D+3D/F001/T1/0001.png", small)
    picture(folder / "2D+3D/F001/T1/0002.png", np.full((240, 240, 3), 90, np.uint8))
    picture(folder / "2D+3D/F001/T1/0003.png", small[:, ::-1])
    picture(folder / "2D+3D/M001/T2/005.png", np.full((112, 112, 3), (10, 20, 30), np.uint8))
    return folder


def test_stills_join_training_without_valence_and_never_their_validation_part(root: Path) -> None:
    table = pd.read_parquet(root / "data/index/frames.parquet")
    rows = with_faces(split_table(table, "train"), root / "data/frames")
    faces, extra = read_faces(rows, root / "data/frames"), aligned(root / "data/stills/affect")
    both = join(faces, extra)
    assert len(extra) == 8 and len(both) == len(faces) + 8
    last = np.array([0, len(both) - 1])
    pictures = np.load(root / "data/stills/affect/images.npy")
    assert (both.images(last)[1] == pictures[7]).all()
    assert (both.images(last)[0] == faces.images(last[:1])[0]).all()
    assert both.labels.targets("AU", last)[1].tolist() == [1] * 12
    tasks = both.rows(("AU", "EXPR", "VA"))
    assert len(tasks["AU"]) == int((rows[list(AU_NAMES)] >= 0).any(axis=1).sum()) + 8
    assert tasks["VA"].max() < len(faces) and tasks["EXPR"].max() < len(faces)


def test_whole_pictures_are_aligned_crops_are_taken_as_they_are(bp4d: Path) -> None:
    faces = aligned(bp4d)
    assert len(faces) == 3  # nobody is in frame 2
    images = faces.images(np.arange(3))
    for row, name in ((0, "0001"), (1, "0003")):
        wanted, _ = extract(bp4d / f"2D+3D/F001/T1/{name}.png", Search(), threads=1)
        assert (images[row] == wanted[0]).all()
    assert (images[2] == (10, 20, 30)).all()
    places = [AU_NAMES.index("AU15"), AU_NAMES.index("AU23")]
    assert faces.labels.au[:, places].tolist() == [[1, 0], [1, -1], [-1, 1]]
    assert (np.delete(faces.labels.au, places, axis=1) == -1).all()
    assert (faces.labels.expression == -1).all() and np.isnan(faces.labels.va).all()


def test_pictures_are_aligned_once_and_again_when_they_change(bp4d: Path) -> None:
    before = aligned(bp4d).images(np.arange(3))
    made = {path.name: path.stat().st_ino for path in EXTRA.glob("*.npy")}
    picture(bp4d / "2D+3D/M001/T2/005.png", np.full((112, 112, 3), 200, np.uint8))
    after = aligned(bp4d).images(np.arange(3))
    assert (after[:2] == before[:2]).all() and (after[2] == 200).all()
    kept = {path.name: path.stat().st_ino for path in EXTRA.glob("*.npy")}
    assert kept["F001_T1-001.npy"] == made["F001_T1-001.npy"]
    assert kept.keys() == made.keys()


def test_a_picture_that_cannot_be_read_and_a_set_without_faces(tmp_path: Path) -> None:
    picture(tmp_path / "set/a.png", np.full((96, 96, 3), 90, np.uint8))
    (tmp_path / "set/codes.csv").write_text("file,AU1\na.png,1\nb.png,1\n")
    (tmp_path / "set/b.png").write_bytes(b"no picture")
    with pytest.raises(
        UserError, match=r"b\.png: cannot be read as an image, it may be damaged; replace it;"
    ) as caught:
        build_extra(tmp_path / "set")
    assert "on_error" not in str(caught.value) and "\n" not in str(caught.value)
    (tmp_path / "set/codes.csv").write_text("file,AU1\na.png,1\n")
    with pytest.raises(UserError, match="no face is seen in any of 1 coded pictures"):
        build_extra(tmp_path / "set")
