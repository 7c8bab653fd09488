"""Moving averages over the ensemble's logits, with a width for each unit chosen on the selection half.

Run: python -m stages.smooth SYSTEM
"""

from __future__ import annotations

import pandas as pd

from stages.core.files import write_json, write_parquet
from stages.core.params import load
from stages.core.paths import ENSEMBLES, INDEX, MODELS, SMOOTHED
from stages.core.runtime import argument, log, main
from stages.smooth.moving_average import smooth
from stages.smooth.widths import Params, choose_widths


def run() -> None:
    """Read params, choose widths, write them and the smoothed predictions."""
    system = argument("system")
    params = load(Params, f"{system}.smooth")
    predictions = pd.read_parquet(ENSEMBLES / system / "predictions.parquet")
    table = pd.read_parquet(INDEX)
    widths = choose_widths(table, predictions, params)
    write_json(MODELS / system / "widths.json", widths)
    write_parquet(SMOOTHED / f"{system}.parquet", smooth(predictions, widths))
    log.print(f"widths of {system}: {', '.join(f'{unit} {width}' for unit, width in widths.items())}")


if __name__ == "__main__":
    main(run)
