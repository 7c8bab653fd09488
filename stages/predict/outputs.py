"""What a system says about a video: one row a frame, and files in the form of Aff-Wild2's annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, softmax

from stages.core.files import write_parquet, write_text
from stages.core.labels import (
    AU_LOGITS,
    AU_NAMES,
    EXPRESSION_LOGITS,
    EXPRESSIONS,
    PREDICTION_COLUMNS,
    VA_NAMES,
)

PERSON = "person"
BOX = ("x0", "y0", "x1", "y1")
OUTPUTS = {"AU": AU_NAMES, "EXPR": EXPRESSIONS, "VA": VA_NAMES}
NOT_ANNOTATED = -1  # of an action unit
NOT_SEEN = {"EXPR": "-1", "VA": "-5,-5"}  # as unannotated frames are written
THRESHOLD = 0.5  # probability from which an action unit is written as active


def frame_rows(predictions: pd.DataFrame, faces: pd.DataFrame, times: NDArray[np.float64]) -> pd.DataFrame:
    """One row for each of `times` [L] (s): frame (from 1), time, box, probabilities, valence, arousal.

    `predictions`: logits of the frames with a face; `faces`: their boxes in pixels. AUs are twelve separate
    probabilities (sigmoid), the expressions share one (softmax). Frames without a face have NaN, as do
    outputs that the system lacks. AUs beyond the twelve that it knows stand at the end.
    """
    found = predictions[["frame"]].astype(np.int32)
    found[list(AU_NAMES)] = expit(predictions[list(AU_LOGITS)].to_numpy(np.float32))
    found[list(EXPRESSIONS)] = softmax(predictions[list(EXPRESSION_LOGITS)].to_numpy(np.float32), axis=1)
    found[list(VA_NAMES)] = predictions[list(VA_NAMES)].to_numpy(np.float32)
    others = [name for name in predictions if name not in PREDICTION_COLUMNS]
    found[[name.removeprefix("logit_") for name in others]] = expit(predictions[others].to_numpy(np.float32))
    rows = pd.DataFrame({"frame": np.arange(1, len(times) + 1, dtype=np.int32), "time": times})
    boxes = faces[["frame", *BOX]]
    return rows.merge(boxes, how="left", on="frame").merge(found, how="left", on="frame")


def people_rows(
    predictions: Mapping[int, pd.DataFrame], faces: Mapping[int, pd.DataFrame], times: NDArray[np.float64]
) -> pd.DataFrame:
    """One row a frame and person (column `person`, after time), as `frame_rows`; one without where nobody is seen.

    `predictions`, `faces`: by the person's number.
    """
    nobody = frame_rows(
        pd.DataFrame(columns=list(PREDICTION_COLUMNS)), pd.DataFrame(columns=["frame", *BOX]), times
    )
    rows = {number: frame_rows(own, faces[number], times) for number, own in predictions.items()}
    seen = [own[own["x0"].notna()].assign(**{PERSON: number}) for number, own in rows.items()]
    everybody = pd.concat(seen) if seen else nobody[:0].assign(**{PERSON: 0})
    joined = everybody.merge(nobody[["frame", "time"]], how="outer", on=["frame", "time"])
    joined.insert(2, PERSON, joined.pop(PERSON).astype("Int32"))
    return joined.sort_values(["frame", PERSON], ignore_index=True)


def write_rows(folder: Path, name: str, rows: pd.DataFrame) -> None:
    """`<name>.parquet` and `<name>.csv`; NaN is an empty cell there."""
    write_parquet(folder / f"{name}.parquet", rows)
    write_text(folder / f"{name}.csv", rows.to_csv(index=False, float_format="%.5f"))


def write_annotations(folder: Path, name: str, rows: pd.DataFrame, tasks: Iterable[str]) -> None:
    """`{AU,EXPR,VA}_Set/<name>.txt` as Aff-Wild2 has them: a header, one row a frame.

    What is not known, all of a frame without a face, is −1 (VA: −5), as what is not annotated.
    """
    for task in tasks:
        lines = [",".join(OUTPUTS[task]), *annotation_lines(rows, task)]
        write_text(folder / f"{task}_Set" / f"{name}.txt", "\n".join(lines) + "\n")


def annotation_lines(rows: pd.DataFrame, task: str) -> list[str]:
    """A line for each row of `frame_rows`."""
    values = rows[list(OUTPUTS[task])].to_numpy()
    return [_line(row, task) for row in values]


def predicted_tasks(rows: pd.DataFrame) -> list[str]:
    """Tasks that the system has outputs for, be it one AU; all of them where no frame has a face."""
    seen = rows[rows["x0"].notna()]
    return [task for task, names in OUTPUTS.items() if seen.empty or seen[list(names)].notna().any(axis=None)]


def _line(row: NDArray[np.floating], task: str) -> str:
    if task == "AU":
        decided = np.where(np.isnan(row), NOT_ANNOTATED, row >= THRESHOLD)
        return ",".join(str(int(value)) for value in decided)
    if np.isnan(row).any():
        return NOT_SEEN[task]
    if task == "EXPR":
        return str(int(row.argmax()))
    return ",".join(f"{value:.4f}" for value in row)
