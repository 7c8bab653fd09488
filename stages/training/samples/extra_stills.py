"""Extra training faces beside the corpus's frames, as the stage extra leaves them: AUs and expressions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from stages.core.labels import VA_NAMES
from stages.core.paths import EXTRA
from stages.core.store import read_keys
from stages.training.samples.faces import Faces, read_faces


def read_extra(store: Path = EXTRA) -> Faces:
    """All faces of the store with their AUs and expression; valence and arousal are missing.

    Errors: UserError where the stage extra has not run.
    """
    tables = [_table(store, name) for name in sorted(read_keys(store))]
    return read_faces(pd.concat(tables, ignore_index=True), store)


def _table(store: Path, name: str) -> pd.DataFrame:
    table = pd.read_parquet(store / f"{name}.parquet")
    return table.assign(trial=name, row=np.arange(len(table)), **dict.fromkeys(VA_NAMES, np.float32(np.nan)))
