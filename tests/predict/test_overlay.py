from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.media.decode import frame_times
from stages.predict.overlay import BARS, DASH, GREEN, GREY, HEIGHT, ORANGE, PANEL, panel, write_overlay
from tests.index.trees import Tree


def rows(times: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame({"frame": np.arange(1, len(times) + 1), "time": times})
    table[["x0", "y0", "x1", "y1"]] = [4.0, 4.0, 20.0, 20.0]
    table[[*AU_NAMES, *EXPRESSIONS, *VA_NAMES]] = 0.25
    return table


def test_bars_show_values() -> None:
    row = rows(np.zeros(1)).iloc[0]
    row["AU2"], row["valence"], row["arousal"] = 0.75, -0.5, np.nan
    picture = panel(row)
    width = BARS.stop - BARS.start
    lengths = {colour: (picture == colour).all(2).sum(1) for colour in (GREEN, ORANGE)}
    assert lengths[GREEN][10] == round(width / 4)  # AU1
    assert lengths[ORANGE][31] == round(width * 0.75)  # AU2, active
    assert lengths[GREEN][430] == width // 4  # valence, to the left of the middle
    assert (picture[430, BARS.start + width // 4] == GREEN).all()
    assert lengths[GREEN][452] == 0  # arousal, unknown


def test_what_is_not_known_looks_unlike_zero() -> None:
    row = rows(np.zeros(1)).iloc[0]
    row["AU1"], row["AU2"] = np.nan, 0.0
    grey = (panel(row) == GREY).all(2)[:, BARS]
    assert grey[8:22].sum() == 2 * DASH and grey[29:43].all()


def test_video_keeps_length_and_times(tmp_path: Path) -> None:
    source = Tree(tmp_path).video("a.mp4", frames=6)
    times = np.array([0.0, 0.04, 0.08, 0.2, 0.24, 0.28])
    write_overlay(source, rows(times), tmp_path / "out.mp4")
    np.testing.assert_allclose(frame_times(tmp_path / "out.mp4"), times, atol=1e-3)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].width == HEIGHT + PANEL


def test_image_becomes_an_image_with_a_box(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((24, 24, 3), 200, np.uint8))
    write_overlay(tmp_path / "a.png", rows(np.zeros(1)), tmp_path / "out.png")
    picture = cv2.imread(str(tmp_path / "out.png"))[..., ::-1]
    assert picture.shape == (HEIGHT, HEIGHT + PANEL, 3)
    assert (picture[80, 200] == GREEN).all() and picture[200, 200].tolist() == [200, 200, 200]


@pytest.mark.parametrize("name", ["out.mp4", "out.png"])
def test_nothing_is_left_of_a_failure(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(Exception, match=r"a\.mp4"):
        write_overlay(tmp_path / "a.mp4", rows(np.zeros(2)), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
