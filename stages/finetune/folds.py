"""K folds over videos: frames of one video are alike, so they stay on one side; and how a fold is judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.core.labels import EXPRESSIONS, MISSING
from stages.scoring.tables import measures
from stages.training.samples.faces import Labels


def left_out(table: pd.DataFrame, folds: int, fold: int) -> NDArray[np.bool_]:
    """Rows [N] of `table` (column video) that fold `fold` of `folds`, counted from 1, does not train on.

    Folds have about as many frames each; the same table always gives the same folds (Thinh et al. 2021, 3.2).
    Errors: UserError where there are fewer videos than folds, or no such fold.
    """
    from sklearn.model_selection import GroupKFold

    videos = table["video"].to_numpy(str)
    count = len(np.unique(videos))
    if not 1 <= fold <= folds or folds < 2:
        raise UserError(f"params.yaml, key fold: there is no fold {fold} of {folds}; count from 1 to folds")
    if count < folds:
        raise UserError(f"params.yaml, key folds: {count} training videos for {folds} folds; lower it")
    rows = list(GroupKFold(folds).split(videos, groups=videos))[fold - 1][1]
    mask = np.zeros(len(table), bool)
    mask[rows] = True
    return mask


def mean_auc(labels: Labels, outputs: Mapping[str, NDArray[np.floating]]) -> float:
    """Mean over the tasks AU and EXPR of `outputs` of the mean area under the ROC curve of their classes.

    An expression is told from all others by its logit; a class without positives or negatives is left out.
    """
    truths = {"AU": labels.au, "EXPR": one_hot(labels.expression)}
    areas = [
        measures.action_units(truth, outputs[task]).unit_auc
        for task, truth in truths.items()
        if task in outputs
    ]
    return measures.mean(np.array([measures.mean(area) for area in areas]))


def one_hot(expressions: NDArray[np.int8]) -> NDArray[np.int8]:
    """Expressions [N] as [N, 7] of 0 and 1, −1 where missing."""
    hot = (expressions[:, None] == np.arange(len(EXPRESSIONS))).astype(np.int8)
    hot[expressions == MISSING] = MISSING
    return hot
