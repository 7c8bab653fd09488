"""Moving averages over the ensemble's logits, with a width for each unit.

Chosen as in stage ensemble on each part of the validation videos, of what was chosen on that part. With the choice on
all of them a system is whole: models/<system>/system.json is what predicts other videos.

Run: python -m stages.smooth SYSTEM
"""

from __future__ import annotations

import json

import pandas as pd

from stages.core.files import write_json
from stages.core.params import load
from stages.core.paths import ENSEMBLES, INDEX, MODELS, SMOOTHED
from stages.core.runtime import argument, log, main
from stages.scoring.crossfit import ALL, chosen_on, for_each, read_parts, write_parts
from stages.scoring.provenance import SELECTIONS, SYSTEM
from stages.smooth.moving_average import smooth
from stages.smooth.widths import Params, choose_widths


def run() -> None:
    """Read params, choose widths, write them and the smoothed predictions."""
    system = argument("system")
    params = load(Params, f"{system}.smooth")
    tables, rows = read_parts(ENSEMBLES / system), chosen_on(pd.read_parquet(INDEX))
    widths = for_each(lambda part: choose_widths(rows[part], tables[part], params))
    write_parts(SMOOTHED / system, for_each(lambda part: smooth(tables[part], widths[part])))
    selections = json.loads((ENSEMBLES / system / SELECTIONS).read_text())
    write_json(MODELS / system / SYSTEM, {"selection": selections[ALL], "widths": widths[ALL]})
    told = ", ".join(f"{unit} {width}" for unit, width in widths[ALL].items())
    log.print(f"widths of {system}: {told}")


if __name__ == "__main__":
    main(run)
