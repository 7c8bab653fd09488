"""What the front door writes for a video, a picture, and where there is nobody."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.index.annotations import read_track
from stages.media.extract import Search
from stages.predict.films import Look, Predict, predict, trained
from stages.scoring.tables.labelled import UNITS
from stages.training.trained import Models
from tests.predict.saved import SEARCH, TASKS, astronaut, film, save_step, save_system

REAL = Path(__file__).parents[3] / "shared/real"
OUTPUTS = [*AU_NAMES, *EXPRESSIONS, *VA_NAMES]

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def results(system: Predict, silent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    predict(silent, {folder: system}, Look(SEARCH, overlay=True))
    return folder


def test_a_silent_video_with_a_gap(results: Path) -> None:
    rows = pd.read_parquet(results / "clip.parquet")
    assert list(rows) == ["frame", "time", "x0", "y0", "x1", "y1", *OUTPUTS]
    assert rows["frame"].tolist() == list(range(1, 13))
    np.testing.assert_allclose(rows["time"], np.arange(12) / 10, atol=1e-6)
    seen = rows["x0"].notna()
    assert seen[:4].all() and not seen[4:8].any() and seen[8:].all()
    assert (rows[OUTPUTS].notna().all(axis=1) == seen).all()
    assert rows.loc[~seen, OUTPUTS].isna().all(axis=None)
    assert rows[list(AU_NAMES)].stack().between(0, 1).all()
    np.testing.assert_allclose(rows.loc[seen, list(EXPRESSIONS)].sum(axis=1), 1, atol=1e-5)
    box = rows.loc[seen, ["x0", "y0", "x1", "y1"]].mean()
    assert box["x0"] < 105 < box["x1"] and box["y0"] < 55 < box["y1"]  # the astronaut's nose
    for task in TASKS:
        track = read_track(results / f"{task}_Set/clip.txt", task)
        assert track.rows == 12 and (track.labelled == seen).all()
    assert len(pd.read_csv(results / "clip.csv")) == 12
    with av.open(str(results / "clip.overlay.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12


def test_the_same_again(system: Predict, silent: Path, results: Path, tmp_path: Path) -> None:
    predict(silent, {tmp_path: system}, Look(SEARCH))
    files = [path for path in tmp_path.rglob("*.*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        assert path.read_bytes() == (results / path.relative_to(tmp_path)).read_bytes()


def test_sound_is_heard(system: Predict, silent: Path, results: Path, tmp_path: Path) -> None:
    """The same pictures with noise: what is chosen from the audio step changes, what is seen does not."""
    predict(with_noise(silent, tmp_path / "clip.mp4"), {tmp_path / "out": system}, Look(SEARCH))
    folders = (tmp_path / "out", results)
    loud, quiet = (pd.read_parquet(folder / "clip.parquet").dropna() for folder in folders)
    np.testing.assert_array_equal(loud["AU1"], quiet["AU1"])
    assert (loud[list(EXPRESSIONS)] - quiet[list(EXPRESSIONS)]).abs().max(axis=None) > 1e-4


def with_noise(video: Path, path: Path) -> Path:
    noise = np.random.default_rng(0).normal(0, 0.2, (1, 2 * 44_100)).astype(np.float32)
    with av.open(str(video)) as source, av.open(str(path), "w") as container:
        pictures = container.add_stream_from_template(source.streams.video[0])
        audio = container.add_stream("aac", rate=44_100)
        audio.layout = "mono"
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                container.mux(packet)
        sound = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
        sound.rate = 44_100
        container.mux([*audio.encode(sound), *audio.encode(None)])
    return path


def test_an_image(system: Predict, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "astronaut.jpg"), astronaut(300)[..., ::-1])
    predict(tmp_path / "astronaut.jpg", {tmp_path / "out": system}, Look(Search(), overlay=True))
    rows = pd.read_csv(tmp_path / "out/astronaut.csv")
    assert len(rows) == 1 and rows["time"][0] == 0 and rows.notna().all(axis=None)
    assert cv2.imread(str(tmp_path / "out/astronaut.overlay.png")) is not None


def test_no_face_at_all(system: Predict, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = film(tmp_path / "empty.avi", [np.full((96, 96, 3), 90, np.uint8)] * 3, codec="mpeg4")
    predict(video, {tmp_path / "out": system}, Look(Search(), overlay=True))
    rows = pd.read_parquet(tmp_path / "out/empty.parquet")
    assert len(rows) == 3 and rows.drop(columns=["frame", "time"]).isna().all(axis=None)
    units = (tmp_path / "out/AU_Set/empty.txt").read_text().splitlines()
    assert units[1:] == [",".join(["-1"] * 12)] * 3
    assert (tmp_path / "out/VA_Set/empty.txt").read_text().splitlines()[1:] == ["-5,-5"] * 3


def test_a_system_without_valence(silent: Path, tmp_path: Path) -> None:
    """Outputs that no head makes are empty cells, and their prediction file is not written."""
    models = tmp_path / "models"
    save_step(models, "two", "visual", ["AU", "EXPR"])
    save_system(models, "two", dict.fromkeys(UNITS, "visual"), {})
    predict(silent, {tmp_path / "out": trained(models=Models(models, CPU))}, Look(Search()))
    rows = pd.read_parquet(tmp_path / "out/clip.parquet")
    assert rows[list(VA_NAMES)].isna().all(axis=None) and rows["AU1"].notna().any()
    assert sorted(path.name for path in (tmp_path / "out").glob("*_Set")) == ["AU_Set", "EXPR_Set"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real clips are not beside this checkout (../shared/real)")
def test_a_real_clip_with_sound(system: Predict, tmp_path: Path) -> None:
    predict(REAL / "swiz3n.mpg", {tmp_path: system}, Look(Search()))
    rows = pd.read_parquet(tmp_path / "swiz3n.parquet")
    assert len(rows) == 75 and rows.notna().all(axis=None)
    np.testing.assert_allclose(np.diff(rows["time"]), 0.04, atol=1e-3)
    widths = rows["x1"] - rows["x0"]
    assert widths.between(60, 180).all() and widths.std() < 15
