from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from stages.core.errors import UserError
from stages.finetune.folds import left_out, mean_auc
from stages.training.samples.faces import Labels

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


def test_a_fold_is_judged_by_the_areas_under_its_roc_curves() -> None:
    random = np.random.default_rng(0)
    labels = Labels(
        random.integers(-1, 2, (60, 12)).astype(np.int8),
        random.integers(-1, 7, 60).astype(np.int8),
        np.full((60, 2), np.nan, np.float32),
    )
    outputs = {"AU": random.normal(size=(60, 12)), "EXPR": random.normal(size=(60, 7))}
    units = [
        roc_auc_score(truth[truth >= 0], logit[truth >= 0])
        for truth, logit in zip(labels.au.T, outputs["AU"].T, strict=True)
    ]
    known = labels.expression >= 0
    classes = [
        roc_auc_score(labels.expression[known] == label, outputs["EXPR"][known, label]) for label in range(7)
    ]
    assert mean_auc(labels, outputs) == pytest.approx((np.mean(units) + np.mean(classes)) / 2)
    assert mean_auc(labels, {"AU": outputs["AU"]}) == pytest.approx(np.mean(units))
