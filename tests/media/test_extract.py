"""From any video to aligned faces: steady crops, times, gaps, images, and real clips where present."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from stages.core.errors import UserError
from stages.media.align import TEMPLATE, similarity
from stages.media.decode import read_frames
from stages.media.extract import Search, extract
from stages.media.refine import MIRROR
from tests.media.videos import astronaut, moving, write_video

CLIPS = Path(__file__).parents[3] / "shared" / "real"
POINTS = [f"p{point}{axis}" for point in range(5) for axis in "xy"]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 frames of a panning camera, of which 10 to 14 show no face."""
    frames = moving(astronaut(), 25)
    for index in range(9, 14):
        frames[index] = np.full_like(frames[index], 90)
    return write_video(tmp_path_factory.mktemp("extract") / "pan.mp4", frames)


def test_rows_are_the_frames_with_a_face(video: Path) -> None:
    faces, table = extract(video)
    assert table["frame"].tolist() == [*range(1, 10), *range(15, 26)]
    assert np.allclose(table["time"], (table["frame"] - 1) / 25)
    assert faces.shape == (20, 112, 112, 3) and faces.dtype == np.uint8
    assert (table["score"] > 0.7).all()


def test_faces_are_what_the_points_say(video: Path) -> None:
    """Every row's crop is its frame seen through the similarity of its points; the pan is undone."""
    faces, table = extract(video)
    frames = list(read_frames(video))
    for row in (0, 8, 9, 19):
        points = table.loc[row, POINTS].to_numpy(float).reshape(5, 2)
        whole = frames[table["frame"][row] - 1].rgb()
        expected = cv2.warpAffine(whole, similarity(points, TEMPLATE), (112, 112))
        assert np.abs(faces[row].astype(int) - expected).mean() < 1
    pan = np.diff(table.loc[:8, "p2x"])
    assert np.allclose(pan, 2.0, atol=0.5)
    assert np.abs(faces[8].astype(int) - faces[0])[30:100, 30:80].mean() < 12


def test_count(video: Path) -> None:
    assert extract(video, count=5)[1]["frame"].tolist() == [1, 2, 3, 4, 5]


def test_mirror_image_gives_mirror_faces(tmp_path: Path) -> None:
    """No constant shift is left in what the pipeline works on."""
    tables = []
    for name, image in (("a.png", astronaut()), ("b.png", astronaut()[:, ::-1])):
        cv2.imwrite(str(tmp_path / name), image[:, :, ::-1])
        tables.append(extract(tmp_path / name)[1])
    here, there = (table.loc[0, POINTS].to_numpy(float).reshape(5, 2) for table in tables)
    there = there[MIRROR]
    there[:, 0] = 319 - there[:, 0]
    assert np.abs(here - there).max() < 0.01 * np.linalg.norm(here[1] - here[0])


def test_no_face_at_all(tmp_path: Path) -> None:
    path = write_video(tmp_path / "grey.mp4", [np.full((120, 160, 3), 90, np.uint8)] * 3)
    faces, table = extract(path)
    assert faces.shape == (0, 112, 112, 3) and len(table) == 0 and "p4y" in table


def test_no_video(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no video")
    with pytest.raises(UserError, match=r"a\.txt"):
        extract(tmp_path / "a.txt")


def test_missing_scrfd_weights(video: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"det_10g\.onnx"):
        extract(video, Search(detector="scrfd", detector_pack=tmp_path))


@pytest.mark.skipif(
    not CLIPS.is_dir(), reason="the four real clips (GRID corpus) are not beside this checkout"
)
@pytest.mark.parametrize("name", ["bbaf2n", "lrwp9a", "pwij3p", "swiz3n"])
def test_real_clips(name: str) -> None:
    """One speaker, one face in every frame; heads hardly move, so crops must not jitter."""
    faces, table = extract(CLIPS / f"{name}.mpg", count=25)
    assert table["frame"].tolist() == list(range(1, 26)) and (table["score"] > 0.95).all()
    points = table[POINTS].to_numpy(float).reshape(-1, 5, 2)
    distance = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    assert np.abs(np.diff(points, 2, axis=0)).mean() < 0.01 * distance.mean()
    assert 40 < distance.mean() < 70
    eyes = faces[:, 45:58, 30:82]
    assert np.abs(np.diff(eyes.astype(float), axis=0)).mean() < 12
