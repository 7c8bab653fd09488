from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.errors import UserError
from stages.predict.inputs import listed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "b.mp4",
        "a.MOV",
        "sub/c.jpg",
        "sub/notes.txt",
        ".hidden.mp4",
        "__MACOSX/._b.mp4",
        "x[1].mp4",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(found: list[Path], folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in found]


def test_a_folder_is_its_films_and_pictures(folder: Path) -> None:
    assert names(listed([folder]), folder) == ["a.MOV", "b.mp4", "sub/c.jpg", "x[1].mp4"]


def test_a_pattern_is_what_fits_and_a_file_is_taken_as_it_is(folder: Path) -> None:
    assert names(listed([folder / "*.mp4"]), folder) == ["b.mp4", "x[1].mp4"]
    assert names(listed([folder / "**/*.jpg"]), folder) == ["sub/c.jpg"]
    assert names(listed([folder / "x[1].mp4", folder / "sub/notes.txt"]), folder) == [
        "x[1].mp4",
        "sub/notes.txt",
    ]
    assert names(listed([folder / "b.mp4", folder]), folder) == ["b.mp4", "a.MOV", "sub/c.jpg", "x[1].mp4"]


@pytest.mark.parametrize("name", ["*.avi", "empty"])
def test_nothing_there_is_said(folder: Path, name: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(UserError, match=r"no film or picture there"):
        listed([folder / name])
