"""Moving averages over the ensemble's logits, with a width for each unit chosen on the selection half.

Run: python -m stages.smooth SYSTEM
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from stages.core.files import write_json, write_parquet
from stages.core.params import load
from stages.core.runtime import argument, log, main
from stages.smooth.moving_average import smooth
from stages.smooth.widths import Params, choose_widths

INDEX = Path("data/index/frames.parquet")


def run() -> None:
    """Read params, choose widths, write them and the smoothed predictions."""
    system = argument("system")
    params = load(Params, f"{system}.smooth")
    predictions = pd.read_parquet(Path("data/ensemble", f"{system}.parquet"))
    table = pd.read_parquet(INDEX)
    widths = choose_widths(table, predictions, params)
    write_json(Path("models", system, "widths.json"), widths)
    write_parquet(Path("data/smooth", f"{system}.parquet"), smooth(predictions, widths))
    log.print(f"widths of {system}: {', '.join(f'{unit} {width}' for unit, width in widths.items())}")


if __name__ == "__main__":
    main(run)
