"""Widths of the moving averages, one for each unit, chosen on the selection half."""

from __future__ import annotations

import pandas as pd
from pydantic import NonNegativeFloat, PositiveInt

from stages.core.params import Strict
from stages.scoring.robust_choice import choose, fold_scores, steady
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import SELECTION, half_of, halves
from stages.scoring.tables.measures import Criterion
from stages.smooth.moving_average import smooth


class Params(Strict):
    """Section `<system>.smooth` of params.yaml."""

    widths: list[PositiveInt]
    criterion: Criterion
    margin: NonNegativeFloat


def choose_widths(table: pd.DataFrame, predictions: pd.DataFrame, params: Params) -> dict[str, int]:
    """Width in frames of each unit.

    1 (no smoothing) unless another gains more than the margin, whichever one video is left out. `table`: the
    frame table.
    """
    labels = labelled.validation(table)
    rows = labels[half_of(labels["trial"], halves(table), SELECTION)]
    widths, folds = sorted({1, *params.widths}), []
    for width in widths:
        smoothed = smooth(predictions, dict.fromkeys(labelled.UNITS, width))
        folds.append(fold_scores(labelled.join(rows, smoothed, "drop")[0], params.criterion))
    chosen = choose(steady(folds, 0), 0, params.margin)
    return {unit: widths[place] for unit, place in chosen.items()}
