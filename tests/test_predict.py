"""The front door on real and made-up files, with a system whose weights are random."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from stages.corpora.affwild2.annotations import read_track
from stages.corpora.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.errors import UserError
from stages.learning.card import save_card, save_model, save_weights
from stages.learning.checkpoints import BUILDERS
from stages.learning.landmarking import Landmarker, describe
from stages.learning.scoring import UNITS
from stages.media.extract import Search
from stages.media.schemes import JD106
from stages.networks.hrnet import landmark_hrnet
from stages.networks.tsav import TSAV, TSAV_UNITS
from stages.predict import Predict, check_names, parse, predict, predict_all, published, run, trained
from stages.runtime import main

REAL = Path(__file__).parents[2] / "shared/real"
TASKS = ["AU", "EXPR", "VA"]
NETWORK = {"kind": "iresnet", "depth": 18, "width": 0.25, "input_size": 32}
ENCODER: dict[str, Any] = {
    "kind": "transformer", "project": None, "layers": 1, "attention_heads": 2, "feed_forward": 32,
    "positions": "none", "features": 32,
}  # fmt: skip
CARDS: dict[str, dict[str, Any]] = {
    "visual": {"stage": "finetune", "network": NETWORK},
    "audio": {
        "stage": "audio", "reads": "models/tiny/visual", "visual": 512, "features": 32, "window": 30,
        "steps": 100, "front_end": "jin2021",
    },
    "sequence": {
        "stage": "sequence", "reads": "models/tiny/audio", "visual": 512, "audio": 32, "window": 30,
        "network": ENCODER,
    },
    "clips": {
        "stage": "clips", "network": {"width": 0.25}, "mask": "filled", "front_end": "wang2021",
        "clip": {"frames": 2, "dilation": 3, "size": 32, "rows": 101, "steps": 50},
    },
}  # fmt: skip
SEARCH = Search(detect_every=1)
OUTPUTS = [*AU_NAMES, *EXPRESSIONS, *VA_NAMES]


def save_step(models: Path, system: str, step: str, tasks: list[str] = TASKS) -> None:
    """One epoch of random weights."""
    params = {"stride": 10, "predict_stride": 1 if step == "clips" else 10}
    card = {**CARDS[step], "system": system, "step": step, "tasks": tasks, "params": params}
    folder = models / system / step
    save_card(folder, {**card, "chosen": "epoch_01"})
    save_weights(folder / "epoch_01.safetensors", BUILDERS[CARDS[step]["stage"]](card).state_dict())


def save_system(models: Path, system: str, steps: dict[str, str], widths: dict[str, int]) -> None:
    """Which step each unit comes from."""
    source = {"system": system, "checkpoint": "epoch_01", "weight": 1.0}
    write(models / system / "selection.json", {unit: [{**source, "step": steps[unit]}] for unit in steps})
    write(models / system / "widths.json", widths)


def save_landmarks(models: Path) -> None:
    landmarker = Landmarker(landmark_hrnet(JD106.points, 4), JD106, 64, "quarter")
    save_model(models / "landmarks", landmarker.model.state_dict(), {"network": describe(landmarker)})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system with a step of each kind: AU1 by eye, AU2 by clips, EXPR by ear, the rest by sequence."""
    models = tmp_path_factory.mktemp("project") / "models"
    torch.manual_seed(0)
    for step in CARDS:
        save_step(models, "tiny", step)
    save_landmarks(models)
    steps = dict.fromkeys(UNITS, "sequence") | {"AU1": "visual", "AU2": "clips", "EXPR": "audio"}
    save_system(models, "tiny", steps, {"AU1": 5})
    return models


@pytest.fixture(scope="module")
def system(models: Path) -> Predict:
    return trained("tiny", models)


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def astronaut(height: int = 240) -> np.ndarray:
    """A real face that ships with scikit-image, RGB."""
    from skimage.data import astronaut as picture

    return cv2.resize(picture(), (height, height), interpolation=cv2.INTER_AREA)


def film(path: Path, frames: list[np.ndarray], rate: int = 25, codec: str = "libx264") -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options={"g": "5"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames without sound; nobody is there in the middle four."""
    face, empty = astronaut(), np.full((240, 240, 3), 90, np.uint8)
    frames = [face] * 4 + [empty] * 4 + [face] * 4
    return film(tmp_path_factory.mktemp("silent") / "clip.mp4", frames, rate=10)


@pytest.fixture(scope="module")
def results(system: Predict, silent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    predict(silent, folder, system, SEARCH, overlay=True)
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
    predict(silent, tmp_path, system, SEARCH)
    files = [path for path in tmp_path.rglob("*.*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        assert path.read_bytes() == (results / path.relative_to(tmp_path)).read_bytes()


def test_sound_is_heard(system: Predict, silent: Path, results: Path, tmp_path: Path) -> None:
    """The same pictures with noise: what is chosen from the audio step changes, what is seen does not."""
    predict(with_noise(silent, tmp_path / "clip.mp4"), tmp_path / "out", system, SEARCH)
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
    predict(tmp_path / "astronaut.jpg", tmp_path / "out", system, Search(), overlay=True)
    rows = pd.read_csv(tmp_path / "out/astronaut.csv")
    assert len(rows) == 1 and rows["time"][0] == 0 and rows.notna().all(axis=None)
    assert cv2.imread(str(tmp_path / "out/astronaut.overlay.png")) is not None


def test_no_face_at_all(system: Predict, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = film(tmp_path / "empty.avi", [np.full((96, 96, 3), 90, np.uint8)] * 3, codec="mpeg4")
    predict(video, tmp_path / "out", system, Search(), overlay=True)
    rows = pd.read_parquet(tmp_path / "out/empty.parquet")
    assert len(rows) == 3 and rows.drop(columns=["frame", "time"]).isna().all(axis=None)
    units = (tmp_path / "out/AU_Set/empty.txt").read_text().splitlines()
    assert units[1:] == [",".join(["-1"] * 12)] * 3
    assert (tmp_path / "out/VA_Set/empty.txt").read_text().splitlines()[1:] == ["-5,-5"] * 3


def damaged(folder: Path, kind: str, video: Path) -> Path:
    path = folder / "damaged.mp4"
    data = bytearray(video.read_bytes())
    if kind == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif kind == "noise":
        path.write_bytes(os.urandom(4000))
    elif kind == "text":
        path = folder / "damaged.txt"
        path.write_text("no video")
    elif kind == "sound only":
        path = folder / "damaged.wav"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=8000)
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
            sound.rate = 8000
            container.mux(stream.encode(sound))
    return path


@pytest.mark.parametrize("kind", ["missing", "truncated", "noise", "text", "sound only"])
def test_what_cannot_be_read_leaves_nothing(system: Predict, silent: Path, tmp_path: Path, kind: str) -> None:
    path = damaged(tmp_path, kind, silent)
    with pytest.raises(UserError, match=path.name) as caught:
        predict(path, tmp_path / "out", system, Search(), overlay=True)
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_a_bad_video_does_not_stop_the_others(
    system: Predict, silent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = damaged(tmp_path, "truncated", silent)
    with pytest.raises(UserError, match="1 of 2 videos were left out"):
        predict_all([bad, silent], tmp_path / "out", system, SEARCH)
    assert len(pd.read_csv(tmp_path / "out/clip.csv")) == 12
    assert not list((tmp_path / "out").rglob("damaged*"))


def test_a_system_without_valence(silent: Path, tmp_path: Path) -> None:
    """Outputs that no head makes are empty cells, and their prediction file is not written."""
    models = tmp_path / "models"
    save_step(models, "two", "visual", ["AU", "EXPR"])
    save_system(models, "two", dict.fromkeys(UNITS, "visual"), {})
    predict(silent, tmp_path / "out", trained(root=models), Search())
    rows = pd.read_parquet(tmp_path / "out/clip.parquet")
    assert rows[list(VA_NAMES)].isna().all(axis=None) and rows["AU1"].notna().any()
    assert sorted(path.name for path in (tmp_path / "out").glob("*_Set")) == ["AU_Set", "EXPR_Set"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file like TSAV's published one, of random values."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("published") / "TSAV_Sub4_544k.pth.tar"
    torch.save({"state_dict": TSAV(TSAV_UNITS).state_dict()}, path)
    return path


KNOWN = ["AU1", "AU2", "AU4", "AU6", "AU12", "AU15", "AU25"]


def test_published_weights_without_any_training(
    silent: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What TSAV knows is there, what it does not know is empty; without landmarks its masks are black."""
    predict(silent, tmp_path / "out", published(weights, tmp_path / "models"), SEARCH, overlay=True)
    told = " ".join(capsys.readouterr().err.split())
    assert "344" in told and "no landmark network" in told and "dvc repro landmarks" in told
    rows = pd.read_parquet(tmp_path / "out/clip.parquet")
    seen = rows["x0"].notna()
    assert rows.loc[seen, [*KNOWN, "AU20", *EXPRESSIONS, *VA_NAMES]].notna().all(axis=None)
    assert rows.loc[seen, "AU1"].nunique() > 1
    unknown = [name for name in AU_NAMES if name not in KNOWN]
    assert rows[unknown].isna().all(axis=None) and rows[~seen].drop(columns=["frame", "time"]).isna().all(
        axis=None
    )
    units = [line.split(",") for line in (tmp_path / "out/AU_Set/clip.txt").read_text().splitlines()]
    assert units[0] == list(AU_NAMES) and len(units) == 13
    for line, face in zip(units[1:], seen, strict=True):
        known = {name for name, value in zip(AU_NAMES, line, strict=True) if value != "-1"}
        assert known == (set(KNOWN) if face else set())
    assert (tmp_path / "out/clip.overlay.mp4").is_file()


def test_published_weights_see_masks(models: Path, weights: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "astronaut.png"), astronaut()[..., ::-1])
    for name, root in (("with", models), ("without", tmp_path / "models")):
        predict(tmp_path / "astronaut.png", tmp_path / name, published(weights, root), SEARCH)
    drawn, black = (pd.read_parquet(tmp_path / f"{name}/astronaut.parquet") for name in ("with", "without"))
    assert (drawn[KNOWN] - black[KNOWN]).abs().to_numpy().max() > 1e-5


def test_another_file_in_place_of_published_weights_is_told(tmp_path: Path) -> None:
    torch.save({"state_dict": {"fc.weight": torch.zeros(2, 2)}}, tmp_path / "other.pth")
    with pytest.raises(UserError, match=r"other\.pth") as caught:
        published(tmp_path / "other.pth", tmp_path / "models")
    assert "\n" not in str(caught.value)


def test_a_trained_clips_model_needs_landmarks(silent: Path, tmp_path: Path) -> None:
    """Masks that it was trained with and that cannot be drawn are an error, not black."""
    save_step(tmp_path / "models", "one", "clips")
    save_system(tmp_path / "models", "one", dict.fromkeys(UNITS, "clips"), {})
    with pytest.raises(UserError, match=r"landmarks/card\.json: missing"):
        predict(silent, tmp_path / "out", trained("one", tmp_path / "models"), SEARCH)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real clips are not beside this checkout (../shared/real)")
def test_a_real_clip_with_sound(system: Predict, tmp_path: Path) -> None:
    predict(REAL / "swiz3n.mpg", tmp_path, system, Search())
    rows = pd.read_parquet(tmp_path / "swiz3n.parquet")
    assert len(rows) == 75 and rows.notna().all(axis=None)
    np.testing.assert_allclose(np.diff(rows["time"]), 0.04, atol=1e-3)
    widths = rows["x1"] - rows["x0"]
    assert widths.between(60, 180).all() and widths.std() < 15


def test_names_must_differ(tmp_path: Path) -> None:
    check_names([tmp_path / "a.mp4", tmp_path / "b.mp4"])
    with pytest.raises(UserError, match=r"a\.mp4: another video is named a too"):
        check_names([tmp_path / "a.mp4", tmp_path / "x" / "a.avi"])


def test_command_line() -> None:
    options = parse(["a.mp4", "b.avi", "--out", "o", "--side", "left"])
    assert options.videos == [Path("a.mp4"), Path("b.avi")] and options.out == Path("o")
    assert (options.system, options.weights) == (None, None)
    assert (options.side, options.overlay) == ("left", False)


def test_without_models_the_command_that_makes_them_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["predict", "a.mp4", "--out", "out", "--system", "no"])
    with pytest.raises(SystemExit) as left:
        main(run)
    told = capsys.readouterr().err
    assert left.value.code == 2 and list(tmp_path.iterdir()) == []
    assert told.startswith("error: models/no/selection.json: missing; run `dvc repro` first")
    assert told.count("\n") == 1
