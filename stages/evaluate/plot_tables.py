"""Tables behind the plots of a system: its action units, and which expression it takes for which."""

from __future__ import annotations

import pandas as pd

from stages.core.labels import AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS
from stages.scoring.tables import labelled
from stages.scoring.tables.sums import confusion


def units_table(scored: labelled.Scored) -> pd.DataFrame:
    """One row an AU: f1, accuracy, auc, and its labelled positives and frames."""
    units = labelled.action_units(scored)
    return pd.DataFrame(
        {
            "unit": AU_NAMES,
            "f1": units.unit_f1,
            "accuracy": units.unit_accuracy,
            "auc": units.unit_auc,
            "positives": (scored.units == 1).sum(axis=0),
            "labelled": (scored.units >= 0).sum(axis=0),
        }
    )


def confusion_table(scored: labelled.Scored) -> pd.DataFrame:
    """Frames of each pair of actual and predicted expression, [49] rows."""
    counts = confusion(scored.expressions, scored.predicted[list(EXPRESSION_LOGITS)].to_numpy())
    every = pd.MultiIndex.from_product([EXPRESSIONS] * 2, names=["actual", "predicted"])
    return pd.Series(counts.astype(int).ravel(), index=every, name="frames").reset_index()
