"""Moving averages over the ensemble's logits, with a width for each unit chosen on the selection half.

Run: python -m stages.smooth SYSTEM
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pydantic import NonNegativeFloat, PositiveInt

from stages.core.files import write_json, write_parquet
from stages.core.params import Strict, load
from stages.core.runtime import argument, log, main
from stages.ensemble.choosing import choose
from stages.ensemble.robust_choice import fold_scores, steady
from stages.scoring import labelled
from stages.scoring.halves import SELECTION, half_of, halves
from stages.smooth.moving_average import smooth

INDEX = Path("data/index/frames.parquet")


class Params(Strict):
    """Section `<system>.smooth` of params.yaml."""

    widths: list[PositiveInt]
    criterion: labelled.Criterion
    margin: NonNegativeFloat


def run() -> None:
    """Read params, choose widths, write them and the smoothed predictions."""
    system = argument("system")
    params = load(Params, f"{system}.smooth")
    predictions = pd.read_parquet(Path("data/ensemble", f"{system}.parquet"))
    table = pd.read_parquet(INDEX)
    widths = choose_widths(table, predictions, params.widths, params.criterion, params.margin)
    write_json(Path("models", system, "widths.json"), widths)
    write_parquet(Path("data/smooth", f"{system}.parquet"), smooth(predictions, widths))
    log.print(f"widths of {system}: {', '.join(f'{unit} {width}' for unit, width in widths.items())}")


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


if __name__ == "__main__":
    main(run)
