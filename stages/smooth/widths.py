"""Widths of the moving averages, one for each unit."""

from __future__ import annotations

import pandas as pd
from pydantic import NonNegativeFloat, PositiveInt

from stages.core.params import Strict
from stages.scoring.robust_choice import choose, fold_scores, steady
from stages.scoring.tables import labelled
from stages.scoring.tables.measures import Criterion
from stages.smooth.moving_average import smooth


class Params(Strict):
    """Section `<system>.smooth` of params.yaml."""

    widths: list[PositiveInt]
    criterion: Criterion
    margin: NonNegativeFloat


def choose_widths(rows: pd.DataFrame, predictions: pd.DataFrame, params: Params) -> dict[str, int]:
    """Width in frames of each unit.

    1 (no smoothing) unless another gains more than the margin, whichever one video is left out. `rows`: the
    validation frames to choose on.
    """
    predictions = predictions[predictions["trial"].isin(rows["trial"].unique())]
    widths, folds = sorted({1, *params.widths}), []
    for width in widths:
        smoothed = smooth(predictions, dict.fromkeys(labelled.UNITS, width))
        folds.append(fold_scores(labelled.join(rows, smoothed, "drop")[0], params.criterion))
    chosen = choose(steady(folds, 0), 0, params.margin)
    return {unit: widths[place] for unit, place in chosen.items()}
