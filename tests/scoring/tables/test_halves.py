from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES
from stages.scoring.tables import halves


def table(videos: dict[str, dict[str, int]], frames: int = 20) -> pd.DataFrame:
    """Validation trials; `videos[trial]` gives the positive frames of AUs and the expression."""
    parts = []
    for trial, units in videos.items():
        part = pd.DataFrame({"trial": trial, "frame": np.arange(1, frames + 1)})
        part["video"] = trial.removesuffix("_left").removesuffix("_right")
        part[["au_split", "expr_split", "va_split"]] = "validation"
        for name in AU_NAMES:
            part[name] = (np.arange(frames) < units.get(name, 0)).astype("int8")
        part["expression"] = np.int8(units.get("expression", 0))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def test_both_halves_hold_rare_units() -> None:
    videos = {f"v{i}": {"AU15": 5 if i in (0, 1) else 0, "expression": i // 2 % 3} for i in range(6)}
    sides = halves.halves(table(videos))
    assert sides["v0"] != sides["v1"]  # the only two with AU15
    assert {sides["v2"], sides["v3"]} == {sides["v4"], sides["v5"]} == set(halves.HALVES)


def test_sides_of_one_video_stay_together() -> None:
    sides = halves.halves(table({"a_left": {"AU1": 9}, "a_right": {"AU1": 9}, "b": {"AU1": 3}}))
    assert sides["a_left"] == sides["a_right"] != sides["b"]


def test_row_order_does_not_matter() -> None:
    frames = table({f"v{i}": {"AU2": i, "AU4": 7 - i} for i in range(8)})
    assert halves.halves(frames) == halves.halves(frames.sample(frac=1, random_state=3))


def test_training_trials_have_no_half() -> None:
    frames = table({"a": {}, "b": {}, "c": {}})
    frames.loc[frames["trial"] == "c", ["au_split", "expr_split", "va_split"]] = "train"
    assert set(halves.halves(frames)) == {"a", "b"}


def test_labels_of_other_splits_do_not_count() -> None:
    frames = table({f"v{i}": {"AU1": 5} for i in range(4)})
    frames.loc[frames["trial"].isin(["v0", "v1"]), "au_split"] = "train"
    assert halves.halves(frames)["v2"] != halves.halves(frames)["v3"]


def test_search_reaches_the_optimum_of_all_splits() -> None:
    shares = np.random.default_rng(5).dirichlet(np.full(10, 0.4), size=12).T
    signs = np.array(list(itertools.product([1, -1], repeat=10)))
    assert halves._cost(halves._balance(shares) @ shares) == pytest.approx(halves._cost(signs @ shares).min())


def test_one_video_is_an_error() -> None:
    with pytest.raises(UserError, match="1 validation video"):
        halves.halves(table({"a_left": {}, "a_right": {}}))
