"""Outputs of a network as the prediction table that every later stage reads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.labels import AU_LOGITS, EXPRESSION_LOGITS, PREDICTION_COLUMNS, VA_NAMES
from stages.scoring.tables.labelled import KEYS

COLUMNS = {"AU": AU_LOGITS, "EXPR": EXPRESSION_LOGITS, "VA": VA_NAMES}
Outputs = Mapping[str, NDArray[np.floating]]  # task -> [N, outputs]


def prediction_table(keys: pd.DataFrame, outputs: Outputs) -> pd.DataFrame:
    """Rows of `keys` (trial, frame), sorted, with their outputs; NaN for tasks without a head."""
    columns = {
        name: values.astype(np.float32)
        for task, array in outputs.items()
        for name, values in zip(COLUMNS[task], array.T, strict=True)
    }
    table = keys[KEYS].reset_index(drop=True).assign(**columns).reindex(columns=list(PREDICTION_COLUMNS))
    absent = [name for name in PREDICTION_COLUMNS[2:] if name not in columns]
    table[absent] = table[absent].astype(np.float32)
    return table.sort_values(KEYS, ignore_index=True)
