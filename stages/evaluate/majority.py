"""The baseline that every system must beat: what is most common in the training labels."""

from __future__ import annotations

import pandas as pd

from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSION_LOGITS, MISSING, VA_NAMES
from stages.scoring.tables.labelled import KEYS


def majority(frame_table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Predictions for `rows` that say the training labels' majority class (VA: mean) of every frame."""
    said = {}
    units = frame_table.loc[frame_table["au_split"].eq("train"), list(AU_NAMES)]
    for name, logit in zip(AU_NAMES, AU_LOGITS, strict=True):
        train = units[name]
        said[logit] = 1.0 if train[train != MISSING].mean() > 0.5 else -1.0
    train = frame_table.loc[frame_table["expr_split"].eq("train"), "expression"]
    common = train[train != MISSING].mode()
    for label, logit in enumerate(EXPRESSION_LOGITS):
        said[logit] = float(label in common[:1].tolist())
    for name in VA_NAMES:
        said[name] = float(frame_table.loc[frame_table["va_split"].eq("train"), name].mean())
    return rows[KEYS].assign(**said)
