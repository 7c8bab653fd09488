"""The truth behind a video, kept beside the corpus for checks; training never reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from stages.core.labels import AU_NAMES
from stages.core.runtime import atomic_path
from stages.synthesize.acting.labels import intensities
from stages.synthesize.acting.performance import Performance
from stages.synthesize.face import Drawn


class Truth:
    """Rows of one track: trial, person, frame (1-based), visible, AU intensities 0..1, expression, valence,
    arousal, box x0..y1 and 106 points (x0, y0, x1, y1, …) in pixels."""

    def __init__(self, trial: str, person: str) -> None:
        self.trial, self.person = trial, person
        self.rows: list[dict[str, object]] = []

    def add(self, frame: int, show: Performance, drawn: Drawn, visible: bool) -> None:
        """Append what is true of a frame (0-based)."""
        row: dict[str, object] = {"trial": self.trial, "person": self.person, "frame": frame + 1}
        row |= {"visible": visible}
        row |= dict(zip(AU_NAMES, intensities(show.units[frame]).tolist(), strict=True))
        row |= {"expression": int(show.expression[frame])}
        row |= {"valence": float(show.valence[frame]), "arousal": float(show.arousal[frame])}
        row |= dict(zip(("x0", "y0", "x1", "y1"), np.asarray(drawn.box, float).tolist(), strict=True))
        row["points"] = np.asarray(drawn.points, np.float32).ravel()
        self.rows.append(row)

    @staticmethod
    def write(path: Path, tracks: Sequence[Truth]) -> None:
        """Write the tracks of a video as one Parquet file."""
        table = pd.DataFrame([row for track in tracks for row in track.rows])
        with atomic_path(path) as beside:
            table.to_parquet(beside, index=False)
