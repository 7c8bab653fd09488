"""Remembered digests are those of the bytes, whatever happens to the files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stages.core import remembered
from stages.core.errors import UserError
from stages.core.remembered import digest_paths
from stages.core.store import digest_path


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A folder of crops and a video."""
    monkeypatch.setattr(remembered, "SETTLED", -10.0)  # as if they had lain there for long
    monkeypatch.setenv("WORKERS", "1")
    crops = tmp_path / "crops"
    crops.mkdir()
    for number in range(3):
        (crops / f"{number:05d}.jpg").write_bytes(bytes([number]))
    (tmp_path / "a.mp4").write_bytes(b"video")
    return [crops, tmp_path / "a.mp4"]


def right(paths: list[Path]) -> dict[Path, str]:
    return {path: digest_path(path) for path in paths}


def test_what_has_not_changed_is_not_read_again(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, read = tmp_path / "memory.json", []
    monkeypatch.setattr(remembered, "digest_path", lambda path: read.append(path) or digest_path(path))
    assert digest_paths(sources, memory) == digest_paths(sources, memory) == right(sources)
    assert sorted(read) == sorted(sources)
    (sources[0] / "00007.jpg").write_bytes(b"another")
    assert digest_paths(sources, memory) == right(sources)
    assert read[2:] == sources[:1]


def test_a_change_that_keeps_size_and_time_is_seen(tmp_path: Path, sources: list[Path]) -> None:
    """As a copy that brings its times along."""
    memory, crop = tmp_path / "memory.json", sources[0] / "00001.jpg"
    before, told = digest_paths(sources, memory), crop.stat()
    crop.write_bytes(b"x")
    os.utime(crop, ns=(told.st_atime_ns, told.st_mtime_ns))
    after = digest_paths(sources, memory)
    assert after == right(sources) != before


def test_a_name_a_removed_file_and_a_changed_video_are_seen(tmp_path: Path, sources: list[Path]) -> None:
    memory, (crops, video) = tmp_path / "memory.json", sources
    digest_paths(sources, memory)
    (crops / "00001.jpg").rename(crops / "00009.jpg")
    assert digest_paths(sources, memory) == right(sources)
    (crops / "00002.jpg").unlink()
    video.write_bytes(b"other")
    assert digest_paths(sources, memory) == right(sources)


def test_young_files_are_not_trusted(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may change again within the same tick of the clock."""
    monkeypatch.setattr(remembered, "SETTLED", 60.0)
    digest_paths(sources, tmp_path / "memory.json")
    assert not (tmp_path / "memory.json").exists()


def test_a_damaged_memory_is_none(tmp_path: Path, sources: list[Path]) -> None:
    memory = tmp_path / "memory.json"
    memory.write_text("{")
    assert digest_paths(sources, memory) == right(sources)


def test_processes_agree(tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "2")
    assert digest_paths(sources, tmp_path / "memory.json") == right(sources)


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.mp4: no such file"):
        digest_paths([tmp_path / "gone.mp4"], tmp_path / "memory.json")


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_jumps_hides_no_change(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    """The machine's clock is off while digests are remembered, and right when a file changes, or the reverse."""
    memory, right_time = tmp_path / "memory.json", time.time
    for jumps in (True, False):
        monkeypatch.setattr(time, "time", lambda jumps=jumps: right_time() + jumps * years * 365 * 86400)
        for told in ("a", "b"):
            sources[1].write_text(told)
            wrong = time.time()
            os.utime(sources[1], (wrong, wrong))
            assert digest_paths(sources, memory) == digest_paths(sources, memory) == right(sources)
