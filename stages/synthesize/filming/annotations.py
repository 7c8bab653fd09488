"""Annotation files of the 2021 release: one text file a task and track, a header, then one row a frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.core.runtime import atomic_path
from stages.synthesize.filming.cast import Part

HEADERS = {"AU": ",".join(AU_NAMES), "EXPR": ",".join(EXPRESSIONS), "VA": ",".join(VA_NAMES)}
UNKNOWN = {"AU": ",".join(["-1"] * len(AU_NAMES)), "EXPR": "-1", "VA": "-5,-5"}
FOLDERS = {"train": "Train_Set", "validation": "Validation_Set"}


def annotate(root: Path, part: Part, rows: dict[str, list[str]]) -> None:
    """Write a track's files under `root`/annotations; `rows` per task, frame by frame."""
    for task, split in part.splits.items():
        text = "\n".join([HEADERS[task], *lengthened(rows[task], part.extra.get(task, 0))]) + "\n"
        path = root / "annotations" / f"{task}_Set" / FOLDERS[split] / f"{part.trial}.txt"
        with atomic_path(path) as beside:
            beside.write_text(text)


def rows_of(
    aus: NDArray[np.int8], expression: NDArray[np.int8], affect: NDArray[np.float64], known: NDArray[np.bool_]
) -> dict[str, list[str]]:
    """Rows of the tasks from AUs [T, 12], expression [T], affect [T, 2]; rows not `known` are −1 or −5."""
    texts = {
        "AU": [",".join(map(str, row)) for row in aus.tolist()],
        "EXPR": [str(label) for label in expression.tolist()],
        "VA": [f"{valence:.3f},{arousal:.3f}" for valence, arousal in affect.tolist()],
    }
    return {
        task: [row if seen else UNKNOWN[task] for row, seen in zip(rows, known, strict=True)]
        for task, rows in texts.items()
    }


def lengthened(rows: list[str], extra: int) -> list[str]:
    """The rows with `extra` more (the last one again) or fewer at the end."""
    return rows[: len(rows) + extra] + rows[-1:] * max(extra, 0)
