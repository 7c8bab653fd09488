from __future__ import annotations

from pathlib import Path

import pytest

from stages.index.lengths import container_frames
from tests.index.trees import Tree
from tests.media.videos import astronaut, moving, write_video


@pytest.mark.parametrize(
    "name", ["a.mp4", "a.avi", "a.mkv"]
)  # Matroska's streams tell no number, no duration
def test_a_container_tells_its_frames_without_decoding(tmp_path: Path, name: str) -> None:
    assert container_frames(Tree(tmp_path).video(name, frames=7, folder="batch1")) == 7


def test_a_file_that_does_not_tell_is_not_said_to_hold_none(tmp_path: Path) -> None:
    assert container_frames(write_video(tmp_path / "raw.h264", moving(astronaut(), 3))) is None
