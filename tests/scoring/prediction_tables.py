"""Small frame tables and prediction tables, drawn from a seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS, VA_NAMES
from stages.scoring.tables import labelled


def frame_table(trials: int = 6, frames: int = 60, train: int = 2) -> pd.DataFrame:
    """Trials v0 … of runs of labels; the first `train` of them are training trials."""
    rng = np.random.default_rng(0)
    parts = []
    for number in range(trials):
        part = pd.DataFrame({"trial": f"v{number}", "video": f"v{number}", "frame": np.arange(1, frames + 1)})
        part["frame"] = part["frame"].astype("int32")
        part[["au_split", "expr_split", "va_split"]] = "train" if number < train else "validation"
        for name in AU_NAMES:
            part[name] = np.repeat(rng.random(frames // 10) < 0.4, 10).astype("int8")
        part["expression"] = np.repeat(rng.integers(0, len(EXPRESSIONS), frames // 10), 10).astype("int8")
        for name in VA_NAMES:
            part[name] = np.repeat(rng.uniform(-1, 1, frames // 10), 10).astype("float32")
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def predict(table: pd.DataFrame, noise: float, seed: int = 0) -> pd.DataFrame:
    """Predictions for the validation frames: the truth and noise of standard deviation `noise`."""
    rng = np.random.default_rng(seed)
    rows = table[table["au_split"].eq("validation")].reset_index(drop=True)
    said = rows[["trial", "frame"]].copy()
    for name, logit in zip(AU_NAMES, AU_LOGITS, strict=True):
        said[logit] = rows[name] * 2.0 - 1
    for label, logit in enumerate(EXPRESSION_LOGITS):
        said[logit] = rows["expression"].eq(label) * 2.0
    for name in VA_NAMES:
        said[name] = rows[name].astype(float)
    columns = said.columns[2:]
    said[columns] = (said[columns] + rng.normal(scale=noise, size=said[columns].shape)).astype("float32")
    return said


def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """The table without some labels of AU4, AU6, expressions and valence."""
    table.loc[table.index % 7 == 0, ["AU4", "AU6", "expression"]] = -1
    table.loc[table.index % 5 == 0, "valence"] = np.nan
    return table


def keen_and_shy() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A frame table and two predictions of AUs and expressions: F1 prefers the first, the ABAW2 measure the other.

    A fifth of the frames are positive, or Fear. The keen one finds them all, and as many again twice over; the
    shy one finds a quarter of the positives, no Fear, and raises no false alarm.
    """
    table = frame_table(trials=8, frames=100)
    phase = (table["frame"] - 1) % 20
    for name in AU_NAMES:
        table[name] = (phase < 4).astype("int8")
    table["expression"] = np.where(phase < 4, EXPRESSIONS.index("Fear"), 0).astype("int8")
    keen, shy = predict(table, noise=0), predict(table, noise=0)
    phase = (keen["frame"] - 1) % 20
    for own, yes, sure in ((keen, phase < 14, 1.0), (shy, phase < 1, 3.0)):
        own[[*EXPRESSION_LOGITS, *VA_NAMES]] = [0.0] * len(EXPRESSIONS) + [np.nan] * 2
        for name in AU_LOGITS:
            own[name] = np.where(yes, sure, -sure)
    keen["logit_Fear"], keen["logit_Neutral"] = np.where(phase < 14, 1.0, 0), np.where(phase < 14, 0, 1.0)
    shy["logit_Neutral"] = 3.0
    return table, keen, shy


def scored(table: pd.DataFrame, predictions: pd.DataFrame) -> labelled.Scored:
    """Predictions beside the labels of the validation frames."""
    return labelled.join(labelled.validation(table), predictions, "drop")[0]


def write(root: Path, step: str, checkpoint: str, predictions: pd.DataFrame, system: str = "toy") -> None:
    """Put a prediction table where the stages look for it; its step's card chooses what is written last."""
    path = root / system / step / f"{checkpoint}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    predictions.to_parquet(path, index=False)
    (path.parent / "card.json").write_text(json.dumps({"chosen": checkpoint}))
