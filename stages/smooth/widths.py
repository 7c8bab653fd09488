"""Widths of moving averages, one for each unit, chosen on the selection half (Jiang et al. 2022, 3.4)."""

from __future__ import annotations

import pandas as pd
from pydantic import NonNegativeFloat, PositiveInt

from stages.core.params import Strict
from stages.ensemble.choosing import choose
from stages.ensemble.robust_choice import fold_scores, steady
from stages.scoring import labelled
from stages.scoring.halves import SELECTION, half_of, halves
from stages.smooth.moving_average import smooth


class Params(Strict):
    """Section `<system>.smooth` of params.yaml."""

    widths: list[PositiveInt]
    criterion: labelled.Criterion
    margin: NonNegativeFloat


def choose_widths(
    table: pd.DataFrame,
    predictions: pd.DataFrame,
    grid: list[int],
    criterion: labelled.Criterion,
    margin: float,
) -> dict[str, int]:
    """Width in frames of each unit.

    1 (no smoothing) unless another gains more than `margin`, whichever one video is left out.
    """
    labels = labelled.validation(table)
    rows = labels[half_of(labels["trial"], halves(table), SELECTION)]
    widths, folds = sorted({1, *grid}), []
    for width in widths:
        smoothed = smooth(predictions, dict.fromkeys(labelled.UNITS, width))
        folds.append(fold_scores(labelled.join(rows, smoothed, "drop")[0], criterion))
    chosen = choose(steady(folds, 0), 0, margin)
    return {unit: widths[place] for unit, place in chosen.items()}
