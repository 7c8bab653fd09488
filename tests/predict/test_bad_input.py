"""Files that cannot be read, names that clash, and what the command line takes."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.core.runtime import main
from stages.media.extract import Search
from stages.predict.__main__ import check_names, parse, run
from stages.predict.films import Look, Predict, predict, predict_all
from tests.predict.saved import SEARCH


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
        predict(path, {tmp_path / "out": system}, Look(Search(), overlay=True))
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_a_bad_video_does_not_stop_the_others(
    system: Predict, silent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = damaged(tmp_path, "truncated", silent)
    with pytest.raises(UserError, match="1 of 2 videos were left out"):
        predict_all([bad, silent], {tmp_path / "out": system}, Look(SEARCH))
    assert len(pd.read_csv(tmp_path / "out/clip.csv")) == 12
    assert not list((tmp_path / "out").rglob("damaged*"))


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
    assert told.startswith("error: models/no/system.json: missing; run `dvc repro` first")
    assert told.count("\n") == 1


def test_an_out_that_is_a_file_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("mine")
    for out in ("taken", "taken/below"):
        monkeypatch.setattr("sys.argv", ["predict", "a.mp4", "--out", out, "--system", "no"])
        with pytest.raises(SystemExit) as left:
            main(run)
        assert left.value.code == 2
        told = capsys.readouterr().err
        assert told.endswith("taken: is a file; name a folder with --out\n") and told.count("\n") == 1
    assert Path("taken").read_text() == "mine"
