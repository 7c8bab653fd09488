"""Moving averages of predictions along the frames of a video (Jiang et al. 2022, 3.4)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from stages.scoring.tables.labelled import COLUMNS


def smooth(predictions: pd.DataFrame, widths: Mapping[str, int]) -> pd.DataFrame:
    """Predictions whose columns are averaged over each unit's width, never across the borders of a trial.

    `predictions`: sorted by trial and frame; AUs and expressions are averaged as logits, valence and arousal
    as values. `widths`: frames, by unit ("AU1" … "AU26", "EXPR", "valence", "arousal"); absent or 1: as is.
    """
    smoothed, frames = predictions.copy(), predictions["frame"].to_numpy()
    trials = predictions.groupby("trial", sort=False).indices.values()
    for width in sorted(set(widths.values()) - {1}):
        columns = [name for unit, own in widths.items() if own == width for name in COLUMNS[unit]]
        values = predictions[columns].to_numpy()
        averages = np.empty_like(values)
        for rows in trials:
            averages[rows] = moving_average(values[rows], frames[rows], width).astype(np.float32)
        smoothed[columns] = averages
    return smoothed


def moving_average(values: np.ndarray, frames: np.ndarray, width: int) -> np.ndarray:
    """Centred mean of values [N, C] over the rows whose frame number lies in a window of `width` frames.

    The window of frame f is f − width // 2 … f − width // 2 + width − 1 (an even width reaches one further
    back, as pandas' centred windows do). `frames` [N] rise strictly; where frames are missing, the mean is
    over those that are there, so a stretch without a face does not draw its two sides together.
    """
    first = np.searchsorted(frames, frames - width // 2)
    end = np.searchsorted(frames, frames - width // 2 + width)
    sums = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    return (sums[end] - sums[first]) / (end - first)[:, None]
