from __future__ import annotations

from pathlib import Path

import pytest

from stages.index.layout import survey
from stages.index.sources import find_sources
from tests.index.trees import Tree


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    tree = Tree(tmp_path)
    for name in ("a.mp4", "b.avi", "10_1.mp4"):
        tree.file(Path("batch1") / name, b"")
    tree.crops("a_left", [1])
    tree.crops("c", [1])
    return tmp_path


@pytest.mark.parametrize(
    ("prefer", "expected", "missing"),
    [
        ("auto", {"a_left": "crops", "a_right": "video", "b": "video", "c": "crops"}, ["d"]),
        ("videos", {"a_left": "video", "a_right": "video", "b": "video"}, ["c", "d"]),
        ("crops", {"a_left": "crops", "c": "crops"}, ["a_right", "b", "d"]),
    ],
)
def test_preference(corpus: Path, prefer: str, expected: dict[str, str], missing: list[str]) -> None:
    trials = ["a_left", "a_right", "b", "c", "d"]
    sources, sentences = find_sources(survey(corpus), trials, prefer)
    assert dict(zip(sources["trial"], sources["kind"], strict=True)) == expected
    assert [sentence.split("trial ")[1].split()[0] for sentence in sentences] == missing


def test_two_people_share_video_and_sound(corpus: Path) -> None:
    sources = find_sources(survey(corpus), ["a_left", "a_right"])[0].set_index("trial")
    assert sources["video"].tolist() == ["a", "a"]
    assert sources["sound"].tolist() == ["batch1/a.mp4", "batch1/a.mp4"]
    assert sources["side"].tolist() == ["left", "right"]
    assert sources["source"].tolist() == ["cropped_aligned/a_left", "batch1/a.mp4"]


def test_crops_without_a_video_are_silent(corpus: Path) -> None:
    assert find_sources(survey(corpus), ["c"])[0]["sound"].tolist() == [""]


def test_two_files_of_one_name(corpus: Path) -> None:
    Tree(corpus).file(Path("batch2/b.mp4"), b"")
    sources, sentences = find_sources(survey(corpus), ["b", "10_1"])
    assert sources["trial"].tolist() == ["10_1"]
    assert "batch1/b.avi and" in sentences[0] and "both named b" in sentences[0]
