"""K folds over videos: frames of one video are alike, so they stay on one side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.errors import UserError


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
