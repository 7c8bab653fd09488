"""Choosing one option (a checkpoint, a smoothing width) for each unit without falling for noise."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd


def choose(scores: pd.DataFrame, default: Hashable, margin: float) -> dict[str, Any]:
    """Option of each unit (column), from scores [options, units] on the selection half.

    A unit leaves `default` only for an option that is better by more than `margin`; equal options are taken
    in the order of the rows, so put the simplest first. A unit that `default` does not predict (NaN) takes
    its best option; one that cannot be scored keeps `default`. Some 45 checkpoints compete for each AU on
    half of the videos: without a margin the winner is often the luckiest.
    """
    return {str(unit): _choice(scores[unit], default, margin) for unit in scores}


def _choice(column: pd.Series, default: Hashable, margin: float) -> Hashable:
    if column.isna().all():
        return default
    best, base = column.idxmax(), column[default]
    return best if pd.isna(base) or column[best] > base + margin else default
