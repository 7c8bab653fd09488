"""A clip's files are those that the stages frames and mel would write for a trial of the same video."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from stages.frames.faces import MakeFaces, Trial
from stages.media.decode import frame_times
from stages.media.extract import Search
from stages.mel.video_mel import MakeMel
from stages.predict.extraction import store_faces, store_mel
from stages.training.samples.mels import open_track

SECOND = 44_100


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people (one of them twice) on five frames, and a second of noise."""
    from skimage.data import astronaut

    one = cv2.resize(astronaut()[:256, 90:346], (200, 200), interpolation=cv2.INTER_AREA)
    picture = np.hstack([one, one])
    path = tmp_path_factory.mktemp("pair") / "pair.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=5)
        video.height, video.width = picture.shape[:2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=SECOND)
        audio.layout = "mono"
        for _ in range(5):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        noise = np.random.default_rng(0).normal(0, 0.1, (1, SECOND)).astype(np.float32)
        sound = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
        sound.rate = SECOND
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path


@pytest.mark.parametrize("side", ["", "left", "right"])
def test_faces_of_the_stage(pair: Path, tmp_path: Path, side: str) -> None:
    (tmp_path / "stage").mkdir()
    (tmp_path / "clip").mkdir()
    MakeFaces({"x": Trial(pair, "video", side, 5, None)}, Search())("x", tmp_path / "stage")
    times, table = store_faces(pair, Search(), side, tmp_path / "clip", "x", threads=2)
    np.testing.assert_allclose(times, frame_times(pair), atol=1e-9)
    for name in ("x.npy", "x.parquet"):
        assert (tmp_path / "clip" / name).read_bytes() == (tmp_path / "stage" / name).read_bytes()
    assert table["frame"].tolist() == [1, 2, 3, 4, 5]
    middle = (table["x0"] + table["x1"]) / 2
    assert (middle < 200).all() if side == "left" else side == "" or (middle > 200).all()


def test_mel_of_the_stage(pair: Path, tmp_path: Path) -> None:
    store_mel(pair, "jin2021", tmp_path, "x")
    track = open_track(tmp_path, pd.read_parquet(tmp_path / "index.parquet"), "x")
    (tmp_path / "stage").mkdir()
    note = MakeMel({"x": pair}, "jin2021")("x", tmp_path / "stage")
    np.testing.assert_array_equal(track.rows, np.load(tmp_path / "stage/x.npy"))
    assert len(track.rows) == note["rows"] > 190 and track.offset == note["offset"]
    assert track.hop == pytest.approx(220 / SECOND)


def test_nobody_there(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "still.png"), np.full((64, 64, 3), 90, np.uint8))
    times, table = store_faces(tmp_path / "still.png", Search(), "", tmp_path, "x")
    assert times.tolist() == [0.0] and table.empty
    assert np.load(tmp_path / "x.npy").shape == (0, 112, 112, 3)
    assert pd.read_parquet(tmp_path / "x.parquet").empty
