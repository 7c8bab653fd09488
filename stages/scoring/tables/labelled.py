"""Predictions set against the labels of the validation frames, and what they score."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.core.labels import (
    AU_LOGITS,
    AU_NAMES,
    EXPRESSION_LOGITS,
    MISSING,
    TASKS,
    VA_NAMES,
)
from stages.scoring.tables import measures
from stages.scoring.tables.measures import Criterion
from stages.scoring.tables.sums import Sums, confusion, unit_sums

Missing = Literal["drop", "fill"]
KEYS = ["trial", "frame"]
FRAME_BITS = 32  # room for a frame's number below its trial's
OUTPUTS = [*AU_LOGITS, *EXPRESSION_LOGITS, *VA_NAMES]
COLUMNS = {
    **{name: [logit] for name, logit in zip(AU_NAMES, AU_LOGITS, strict=True)},
    "EXPR": list(EXPRESSION_LOGITS),
    **{name: [name] for name in VA_NAMES},
}  # unit → columns of a prediction table
UNITS = tuple(COLUMNS)  # what is chosen one by one; the expressions share one softmax


class Scored(NamedTuple):
    """Row for row: trial names [N], AU labels [N, 12], expressions [N], VA [N, 2], predictions [N, 21]."""

    trials: pd.Series
    units: np.ndarray
    expressions: np.ndarray
    va: np.ndarray
    predicted: pd.DataFrame

    def where(self, rows: pd.Series) -> Scored:
        """The rows of a mask [N]."""
        return Scored(*(part[rows.to_numpy()] for part in self))


def split_table(frame_table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Rows of the frame table in `split`, sorted by trial and frame; labels of other splits are missing.

    Errors: UserError where the split is empty.
    """
    table = frame_table.copy()
    own = {task: table[f"{task.lower()}_split"].eq(split) for task in TASKS}
    table.loc[~own["AU"], list(AU_NAMES)] = MISSING
    table.loc[~own["EXPR"], "expression"] = MISSING
    table.loc[~own["VA"], list(VA_NAMES)] = np.nan
    rows = table[own["AU"] | own["EXPR"] | own["VA"]].sort_values(KEYS, ignore_index=True)
    if rows.empty:
        raise UserError(f"data/index/frames.parquet: split {split} is empty; check the corpus's annotations")
    return rows


def validation(frame_table: pd.DataFrame) -> pd.DataFrame:
    """The validation split; see `split_table`."""
    return split_table(frame_table, "validation")


def join(labels: pd.DataFrame, predictions: pd.DataFrame, missing: Missing) -> tuple[Scored, dict[str, int]]:
    """Labelled frames beside their predictions, and how many frames had none.

    `labels` is `validation(frame table)`. A frame without a prediction (no face was found) is left out under
    "drop" (Jin et al. 2021, 4.4) and gets the trial's previous prediction under "fill", the first one where
    none came before; a trial without any prediction is left out under both.
    """
    columns = [name for name in OUTPUTS if name in predictions]
    places = _places(labels, predictions)
    absent = pd.Series(places < 0)
    known = predictions[columns].reset_index(drop=True).reindex(places).reset_index(drop=True)
    rows = pd.concat([labels[KEYS].reset_index(drop=True), known], axis=1).reindex(columns=[*KEYS, *OUTPUTS])
    if missing == "fill":
        rows[columns] = _fill(rows, columns)
        gone = ~rows["trial"].isin(predictions["trial"].unique())
    else:
        gone = absent
    counts = {
        "labelled": len(rows),
        "without_prediction": int(absent.sum()),
        "filled": int((absent & ~gone).sum()),
        "dropped": int(gone.sum()),
    }
    return _scored(labels, rows).where(~gone), counts


def _places(labels: pd.DataFrame, predictions: pd.DataFrame) -> NDArray[np.intp]:
    """Row [N] of `predictions` that tells of each row of `labels`, −1 where none does.

    Trials as numbers: matching pairs of a name and a frame takes six times as long.
    """
    trials = pd.Index(predictions["trial"].unique())
    here, there = (
        (trials.get_indexer(table["trial"]) << FRAME_BITS) + table["frame"].to_numpy(np.int64)
        for table in (labels, predictions)
    )
    return pd.Index(there).get_indexer(here)


def _fill(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    ahead = rows.groupby("trial", sort=False)[columns].ffill()
    return ahead.fillna(rows.groupby("trial", sort=False)[columns].bfill())


def _scored(labels: pd.DataFrame, rows: pd.DataFrame) -> Scored:
    return Scored(
        trials=rows["trial"],
        units=labels[list(AU_NAMES)].to_numpy(),
        expressions=labels["expression"].to_numpy(),
        va=labels[list(VA_NAMES)].to_numpy(),
        predicted=rows[OUTPUTS],
    )


def predicted_units(scored: Scored) -> set[str]:
    """Those of `UNITS` that the predictions know at all: a system need not have every head."""
    known = scored.predicted.notna().any()
    return {unit for unit, columns in COLUMNS.items() if known[columns].all()}


def action_units(scored: Scored) -> measures.AUScore:
    """AU measures of joined rows."""
    return measures.action_units(scored.units, scored.predicted[list(AU_LOGITS)].to_numpy())


def expressions(scored: Scored) -> measures.ExpressionScore:
    """Expression measures of joined rows."""
    return measures.expressions(scored.expressions, scored.predicted[list(EXPRESSION_LOGITS)].to_numpy())


def concordance(scored: Scored) -> dict[str, float]:
    """CCC of valence and arousal."""
    predicted = scored.predicted[list(VA_NAMES)].to_numpy()
    return {name: measures.ccc(scored.va[:, i], predicted[:, i]) for i, name in enumerate(VA_NAMES)}


def official(scored: Scored) -> dict[str, float]:
    """The three ABAW2 measures, by task; NaN where a task is not labelled or not predicted."""
    return task_scores(scored, "score")


def macro_f1(scored: Scored) -> dict[str, float]:
    """Mean over the AUs of the F1 of both classes, presence and absence (Jiang et al. 2022, 4.4), as {"AU": …}."""
    logits = scored.predicted[list(AU_LOGITS)].to_numpy()
    absent = np.where(scored.units == MISSING, MISSING, 1 - scored.units)
    return {"AU": (action_units(scored).f1 + measures.action_units(absent, -logits).f1) / 2}


def task_scores(scored: Scored, criterion: Criterion) -> dict[str, float]:
    """What is maximised over a task's units together: the ABAW2 measures, or under "f1" those of ABAW3."""
    units = float(measures.au_measure(_unit_sums(scored), criterion))
    va = measures.mean(np.array(list(concordance(scored).values())))
    return dict(zip(TASKS, (units, _expression_score(scored, criterion), va), strict=True))


def unit_scores(scored: Scored, criterion: Criterion) -> dict[str, float]:
    """What is maximised when a checkpoint or a width is chosen for each of `UNITS`.

    "f1": F1 of the AU (Jiang et al. 2022, 4.4), macro F1 of the expressions. "score": the AU's or the
    expressions' share of the ABAW2 measure, which weighs accuracy as well. VA: CCC under both.
    """
    units = measures.unit_measures(_unit_sums(scored), criterion).tolist()
    faces = _expression_score(scored, criterion)
    return {**dict(zip(AU_NAMES, units, strict=True)), "EXPR": faces, **concordance(scored)}


def _unit_sums(scored: Scored) -> Sums:
    return unit_sums(scored.units, scored.predicted[list(AU_LOGITS)].to_numpy())


def _expression_score(scored: Scored, criterion: Criterion) -> float:
    counts = confusion(scored.expressions, scored.predicted[list(EXPRESSION_LOGITS)].to_numpy())
    return float(measures.expression_measure(counts, criterion))
