from __future__ import annotations

import numpy as np
import pandas as pd

from stages.core.labels import AU_NAMES
from stages.training.samples.mels import MelTrack
from stages.training.samples.tracks import Track, track

LENGTH = 30


def make_track(
    name: str,
    numbers: list[int],
    labelled: list[int] | None = None,
    marker: float = 1.0,
    margin: int = 0,
    least: int = LENGTH,
) -> Track:
    """A trial with faces at `numbers`; features are marker · 1000 + frame number, AU1 is set at frame 7."""
    wanted = numbers if labelled is None else labelled
    rows = pd.DataFrame({"trial": name, "frame": np.array(wanted, np.int32)})
    for au in AU_NAMES:
        rows[au] = (rows["frame"] == 7).astype(np.int8)
    rows["expression"] = (rows["frame"] % 7).astype(np.int8)
    rows["valence"] = rows["arousal"] = np.float32(0.25)
    faces = pd.DataFrame({"frame": np.array(numbers, np.int32), "time": (np.array(numbers) - 1) / 25})
    visual = np.repeat(marker * 1000 + np.array(numbers)[:, None], 4, 1).astype(np.float32)
    sound = MelTrack(np.arange(2000 * 64, dtype=np.float32).reshape(2000, 64), 0.005, 0.0)
    return track(rows, faces, visual, sound, margin, least)


def test_time_runs_on_past_the_last_face() -> None:
    one = make_track("a", [1, 2, 3, 8])
    assert np.allclose(one.time, np.arange(LENGTH) / 25)


def test_time_runs_on_before_the_first_face() -> None:
    one = make_track("a", [3, 4, 5, 10], margin=4, least=9)
    assert np.allclose(one.time, (np.arange(one.first, one.first + len(one.time)) - 1) / 25)
