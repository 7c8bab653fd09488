"""Everybody in a film: one row a frame and person, the same person through cuts, crossings and absences."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from stages.core.digests import ROOT
from stages.core.labels import AU_NAMES
from stages.media.extract import Search
from stages.predict.films import ALL, Look, Predictor, frames_of, predict, trained
from stages.predict.ready import READY_MODELS, SAMPLE
from stages.training.trained import Models
from tests.predict.saved import astronaut, film

Picture = NDArray[np.uint8]
COUNT = 24
WALL = np.full((240, 160, 3), 60, np.uint8)
LOOK = Look(Search(detect_every=5), people=ALL)


@pytest.fixture(scope="module")
def ready() -> Predictor:
    return trained("jin2021", Models(ROOT / READY_MODELS, torch.device("cpu")))


@pytest.fixture(scope="module")
def drawn() -> list[Picture]:
    """Frames of the drawn film that comes with the project, 240 rows high."""
    with av.open(str(ROOT / SAMPLE)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)][:COUNT]
    assert frames[0].shape == (240, 320, 3) and len(frames) == COUNT
    return frames


def beside(left: Picture, right: Picture) -> Picture:
    return np.hstack([left[:, 40:280], right[:, :240]])


def said(path: Path, ready: Predictor, look: Look = LOOK) -> pd.DataFrame:
    return frames_of(path, {path: ready}, look)[path]


def middles(rows: pd.DataFrame, person: int) -> NDArray[np.float64]:
    own = rows[rows["person"].eq(person)]
    return ((own["x0"] + own["x1"]) / 2).to_numpy()


def test_each_of_two_is_told_as_if_alone(tmp_path: Path, drawn: list[Picture], ready: Predictor) -> None:
    real = astronaut()
    both = said(film(tmp_path / "both.mp4", [beside(one, real) for one in drawn]), ready)
    assert both["person"].value_counts().to_dict() == {1: COUNT, 2: COUNT}
    places = {person: middles(both, person).mean() for person in (1, 2)}
    left = min(places, key=lambda person: places[person])
    alone = said(film(tmp_path / "alone.mp4", [one[:, 40:280] for one in drawn]), ready, Look(LOOK.search))
    own = both[both["person"].eq(left)].reset_index(drop=True)
    assert own["frame"].tolist() == alone["frame"].tolist()
    difference = (own[list(AU_NAMES)] - alone[list(AU_NAMES)]).abs()
    assert difference.mean(axis=None) < 0.03
    other = both[both["person"].ne(left)].reset_index(drop=True)
    assert (other[list(AU_NAMES)] - alone[list(AU_NAMES)]).abs().mean(axis=None) > 0.06


def test_a_cut_after_which_they_have_changed_sides(
    tmp_path: Path, drawn: list[Picture], ready: Predictor
) -> None:
    real, half = astronaut(), COUNT // 2
    mirrored = [np.hstack([real, one[:, 40:280]]) for one in drawn[half:]]
    rows = said(film(tmp_path / "cut.mp4", [*(beside(one, real) for one in drawn[:half]), *mirrored]), ready)
    assert set(rows["person"].dropna()) == {1, 2}
    for person in (1, 2):
        before, after = (
            middles(rows[cut], person) for cut in (rows["frame"] <= half, rows["frame"] > half + 5)
        )
        assert (before.mean() < 240) != (after.mean() < 240)
        assert np.ptp(before) < 40 and np.ptp(after) < 40


def test_somebody_who_passes_in_front(tmp_path: Path, drawn: list[Picture], ready: Predictor) -> None:
    """The face behind is gone for some frames, and then the same person's again."""
    real = cv2.resize(astronaut()[:150, 30:180], (120, 120))  # the face
    frames = []
    for place, one in enumerate([*drawn, *drawn]):
        picture = np.hstack(
            [np.full((240, 160, 3), 60, np.uint8), one[:, 40:280], np.full((240, 160, 3), 60, np.uint8)]
        )
        across = int(place / (2 * COUNT - 1) * (560 - 120))
        picture[60:180, across : across + 120] = real
        frames.append(picture)
    rows = said(film(tmp_path / "pass.mp4", frames), ready)
    spans = {person: np.ptp(middles(rows, person)) for person in set(rows["person"].dropna())}
    walker = max(spans, key=lambda person: spans[person])
    behind = [person for person in spans if person != walker]
    assert spans[walker] > 200 and len(behind) == 1
    steady = rows[rows["person"].eq(behind[0])]
    assert spans[behind[0]] < 60
    assert steady["frame"].min() <= 5 and steady["frame"].max() >= 2 * COUNT - 5
    assert len(steady) < 2 * COUNT, "hidden for a while"


def test_only_those_seen_longest(tmp_path: Path, drawn: list[Picture], ready: Predictor) -> None:
    real, empty = astronaut(), np.full((240, 240, 3), 90, np.uint8)
    frames = [beside(one, real if place < 8 else empty) for place, one in enumerate(drawn)]
    path = film(tmp_path / "some.mp4", frames)
    assert said(path, ready)["person"].value_counts().to_dict() == {1: COUNT, 2: 8} or (
        said(path, ready)["person"].value_counts().to_dict() == {2: COUNT, 1: 8}
    )
    one = said(path, ready, LOOK._replace(people=1))
    assert one["person"].eq(1).all() and len(one) == COUNT


def test_nobody_is_a_row_without_a_person(tmp_path: Path, drawn: list[Picture], ready: Predictor) -> None:
    empty = np.full((240, 240, 3), 90, np.uint8)
    path = film(tmp_path / "gap.mp4", [drawn[0][:, 40:280]] * 8 + [empty] * 6)
    places = {tmp_path / "out": ready}
    predict(path, places, LOOK)
    rows = pd.read_parquet(tmp_path / "out/gap.parquet")
    assert rows["frame"].tolist() == list(range(1, 15))
    gone = rows["person"].isna()
    assert 4 <= gone.sum() <= 6 and rows.loc[gone, [*AU_NAMES, "x0"]].isna().all(axis=None)
    told = (tmp_path / "out/AU_Set/gap_1.txt").read_text().splitlines()
    assert len(told) == 15 and told[1] != told[-1] == ",".join(["-1"] * 12)
    predict(film(tmp_path / "none.mp4", [empty] * 4), places, LOOK)
    assert pd.read_parquet(tmp_path / "out/none.parquet")["person"].isna().all()
