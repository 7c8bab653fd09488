from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stages.errors import UserError
from stages.learning.folds import left_out

LENGTHS = {"a": 50, "b": 10, "c": 20, "d": 30, "e": 40}
TABLE = pd.DataFrame({"video": [name for name, length in LENGTHS.items() for _ in range(length)]})


def test_every_video_is_left_out_whole_and_once() -> None:
    sides = np.stack([left_out(TABLE, 3, fold) for fold in (1, 2, 3)])
    assert (sides.sum(axis=0) == 1).all()
    for video in LENGTHS:
        assert len({tuple(row) for row in sides[:, TABLE["video"].eq(video)].T.tolist()}) == 1


def test_folds_have_about_as_many_frames() -> None:
    assert sorted(left_out(TABLE, 3, fold).sum() for fold in (1, 2, 3)) == [50, 50, 50]


@pytest.mark.parametrize(
    ("folds", "fold", "key"), [(3, 4, "fold"), (3, 0, "fold"), (1, 1, "fold"), (6, 1, "folds")]
)
def test_impossible_folds_are_refused(folds: int, fold: int, key: str) -> None:
    with pytest.raises(UserError, match=f"key {key}:"):
        left_out(TABLE, folds, fold)
