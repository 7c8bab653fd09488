"""What is in the frame table and what was left out, in numbers (metrics/index.json)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stages.core.labels import AU_NAMES, EXPRESSIONS, SPLITS, VA_NAMES
from stages.index.frame_table import SPLIT_COLUMNS


def count(table: pd.DataFrame, tracks: pd.DataFrame, removed: pd.Series) -> dict[str, Any]:
    """Counts per task and split, as nested JSON.

    `tracks`: everything annotated, in frames; `removed`: what the rule between tasks took out.
    """
    present = set(tracks["task"])
    labelled = (table[list(SPLIT_COLUMNS.values())] != "").sum(axis=1)
    return {
        "trials": int(table["trial"].nunique()),
        "videos": int(table["video"].nunique()),
        "frames": len(table),
        "frames_with_several_tasks": int((labelled > 1).sum()),
        "tasks": {task: _task(table, tracks, removed, task) for task in SPLIT_COLUMNS if task in present},
    }


def _task(table: pd.DataFrame, tracks: pd.DataFrame, removed: pd.Series, task: str) -> dict[str, Any]:
    own = tracks[tracks["task"] == task]
    return {
        split: _split(table[table[SPLIT_COLUMNS[task]] == split], own[own["split"] == split], removed, task)
        for split in SPLITS
    }


def _split(rows: pd.DataFrame, tracks: pd.DataFrame, removed: pd.Series, task: str) -> dict[str, Any]:
    gone = tracks[removed[tracks.index]]
    dropped = {
        "not_annotated_rows": int((tracks["rows"] - tracks["labelled"] - tracks["other"]).sum()),
        "removed_cross_task": {"videos": int(gone["video"].nunique()), "frames": int(gone["labelled"].sum())},
    }
    if task == "EXPR":
        dropped["other_rows"] = int(tracks["other"].sum())
    if task == "AU":
        dropped["partly_annotated_rows"] = int(tracks["partial"].sum())
    counts = {"trials": rows["trial"].nunique(), "videos": rows["video"].nunique(), "frames": len(rows)}
    return {**counts, **dropped, **_distribution(rows, task)}


def _distribution(rows: pd.DataFrame, task: str) -> dict[str, Any]:
    if task == "AU":
        known = rows[list(AU_NAMES)].where(rows[list(AU_NAMES)] >= 0)
        return {"positive_rate": _rounded(known.mean())}
    if task == "EXPR":
        counts = rows["expression"].value_counts()
        return {"frames_of": {name: int(counts.get(label, 0)) for label, name in enumerate(EXPRESSIONS)}}
    return {"mean": _rounded(rows[list(VA_NAMES)].mean()), "std": _rounded(rows[list(VA_NAMES)].std())}


def _rounded(values: pd.Series) -> dict[str, float]:
    return {str(name): round(float(value), 4) for name, value in values.fillna(0.0).items()}
