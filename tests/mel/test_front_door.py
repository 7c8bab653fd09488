from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.mel.__main__ import Params, build_mels
from tests.mel.sounds import sine, write_clip


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two clips of a second, one late by a quarter; `index` names a third that has only crops."""
    write_clip(tmp_path / "a.mkv", [sine(440)])
    write_clip(tmp_path / "b.mkv", [sine(880)], late=0.25)
    (tmp_path / "index").mkdir()
    videos = {"trial": ["a", "b_left", "b_right", "c"], "video": ["a", "b", "b", "c"]}
    sounds = {"sound": ["a.mkv", "b.mkv", "b.mkv", ""]}
    pd.DataFrame({**videos, **sounds}).to_parquet(tmp_path / "index/videos.parquet")
    labels = {"trial": "a", "video": "a", "frame": np.arange(1, 27), "valence": 0.5, "arousal": -0.5}
    pd.DataFrame(labels).to_parquet(tmp_path / "index/frames.parquet")
    return tmp_path


def build(corpus: Path, *front_ends: str, on_error: str = "fail") -> pd.DataFrame:
    params = Params(corpus=corpus, on_error=on_error, front_ends=list(front_ends))
    build_mels(params, corpus / "index", corpus / "mel", corpus / "mel.json", corpus / "mel.png")
    return pd.read_parquet(corpus / "mel" / front_ends[0] / "index.parquet")


def test_every_video_has_a_row_and_every_sound_a_file(corpus: Path) -> None:
    table = build(corpus, "wang2021")
    assert table["video"].tolist() == ["a", "b", "c"]
    assert table["rows"].tolist() == [101, 101, 0]
    assert table["offset"].tolist() == pytest.approx([0, 0.25, 0], abs=2e-3)
    assert set(table["rate"]) == {44100} and set(table["hop"]) == {0.01}
    assert np.load(corpus / "mel/wang2021/b.npy").shape == (101, 64)
    assert json.loads((corpus / "mel.json").read_text())["wang2021"]["silent"] == 1


def test_a_picture_is_drawn(corpus: Path) -> None:
    build(corpus, "wang2021")
    assert len(np.unique(cv2.imread(str(corpus / "mel.png")))) > 50


def test_front_ends_that_are_no_longer_wanted_are_removed(corpus: Path) -> None:
    build(corpus, "wang2021", "jin2021")
    build(corpus, "jin2021")
    assert [path.name for path in (corpus / "mel").iterdir()] == ["jin2021"]


def test_damaged_sound_stops_the_stage_or_counts_as_silent(corpus: Path) -> None:
    (corpus / "b.mkv").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"b\.mkv: cannot be opened"):
        build(corpus, "jin2021")
    assert (corpus / "mel/jin2021/a.npy").exists()
    table = build(corpus, "jin2021", on_error="skip")
    assert (table["rows"] > 0).tolist() == [True, False, False]


def test_an_unknown_front_end_is_named(corpus: Path) -> None:
    with pytest.raises(UserError, match=r"mel\.front_ends: jin2022 is unknown; choose of jin2021, wang2021"):
        build(corpus, "jin2022")
