"""Files as people have them, from the file to the tables: what a player shows is what is predicted from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.media.decode import frame_times
from stages.predict.films import Look, Predictor, predict
from tests.media.videos import moving, set_display_matrix, spoil, write_video
from tests.mel.test_hard_sounds import unknown
from tests.predict.saved import SEARCH, astronaut

BOX = ["x0", "y0", "x1", "y1"]


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """Off the middle, so that a mirror image is another picture."""
    return np.ascontiguousarray(np.roll(astronaut(), 30, axis=1))


def table(path: Path, out: Path, system: Predictor, on_error: str = "fail") -> pd.DataFrame:
    predict(path, {out: system}, Look(SEARCH.__class__(detect_every=1, on_error=on_error)))  # type: ignore[arg-type]
    return pd.read_parquet(out / f"{path.stem}.parquet")


def test_a_mirrored_film_is_shown_unmirrored(system: Predictor, tmp_path: Path, face: np.ndarray) -> None:
    plain = table(write_video(tmp_path / "a.mp4", [face] * 3), tmp_path / "out", system)
    film = write_video(tmp_path / "b.mp4", [np.ascontiguousarray(face[:, ::-1])] * 3)
    seen = table(set_display_matrix(film, (-1, 0, 0, 1)), tmp_path / "out", system)
    assert np.abs(seen[BOX] - plain[BOX]).to_numpy().max() < 2
    assert np.abs(seen[list(AU_NAMES)] - plain[list(AU_NAMES)]).to_numpy().max() < 0.05


def test_sound_without_a_decoder_is_silence(
    system: Predictor, tmp_path: Path, face: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table(unknown(tmp_path / "a.mp4", face), tmp_path / "out", system)
    assert len(rows) == 25 and rows["valence"].notna().all()
    assert capsys.readouterr().err.count("a.mp4: no decoder for its sound is here") == 1


def test_a_damaged_frame(
    system: Predictor, tmp_path: Path, face: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    film = spoil(write_video(tmp_path / "a.mp4", [face] * 12, codec="mpeg4", options={"g": "1"}), 5)
    with pytest.raises(UserError, match=r"a\.mp4: cannot be decoded after frame 4"):
        table(film, tmp_path / "out", system)
    assert not (tmp_path / "out").exists()
    rows = table(film, tmp_path / "out", system, on_error="skip")
    assert rows["frame"].tolist() == list(range(1, 13))
    assert rows.index[rows["x0"].isna()].tolist() == [4] and rows["AU1"].isna().sum() == 1
    np.testing.assert_allclose(rows["time"], np.arange(12) / 25, atol=1e-3)
    assert "a.mp4: only 11 frames can be decoded" in capsys.readouterr().err


def test_an_avi_whose_stamps_are_in_the_order_of_storage(
    system: Predictor, tmp_path: Path, face: np.ndarray
) -> None:
    film = write_video(tmp_path / "a.avi", moving(face, 12), options={"bf": "3"})
    predict(film, {tmp_path / "out": system}, Look(SEARCH, overlay=True))
    rows = pd.read_parquet(tmp_path / "out/a.parquet")
    np.testing.assert_allclose(rows["time"], np.arange(12) / 25, atol=1e-6)
    np.testing.assert_allclose(frame_times(tmp_path / "out/a.overlay.mp4"), rows["time"], atol=1e-3)
    assert (np.diff(rows["x0"]) > 0.5).mean() > 0.8  # pictures in the order in which they are shown


def test_a_name_with_a_colon(
    system: Predictor, tmp_path: Path, face: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_video(tmp_path / "a.mp4", [face] * 2).rename(tmp_path / "12:30.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(table(Path("12:30.mp4"), Path("out"), system)) == 2
