"""One picture of a film: its action units, expressions, valence and arousal, and its sound, over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.core.runtime import atomic_path
from stages.mel.sound import load_sound

MOST = 1600  # columns; a longer film has means of its frames
RATE = 8000  # Hz of the sound that is drawn
SIZE, DPI = (12, 8), 100  # inches; pixels an inch
NOT_SEEN = "#d0d0d0"


def write_timeline(source: Path, rows: pd.DataFrame, path: Path) -> None:
    """Draw `rows` (see `outputs.frame_rows`) of the film or picture `source` as a PNG; grey where no face is seen."""
    from matplotlib.figure import Figure

    table, sound = binned(rows, MOST), load_sound(source, RATE)
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    heights = [12, 7, 5, *([3] if sound else [])]
    axes = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    edges = edges_of(table["time"].to_numpy())
    _heat(axes[0], edges, table, AU_NAMES, "action units")
    _heat(axes[1], edges, table, EXPRESSIONS, "expressions")
    for name in VA_NAMES:
        axes[2].plot(table["time"], table[name], label=name)
    axes[2].set(ylim=(-1, 1), ylabel="valence, arousal")
    axes[2].axhline(0, color="black", linewidth=0.5)
    axes[2].legend(loc="upper right", ncols=2, frameon=False)
    if sound:
        _wave(axes[3], *sound)
    axes[-1].set(xlabel="seconds", xlim=(edges[0], edges[-1]))
    axes[0].set_title(source.name)
    with atomic_path(path) as beside:
        figure.savefig(beside, format="png", metadata={"Software": None})


def binned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Means of neighbouring frames where there are more than `most`."""
    if len(rows) <= most:
        return rows
    place = np.arange(len(rows)) * most // len(rows)
    return rows.drop(columns=["frame"]).groupby(place).mean(numeric_only=True)


def edges_of(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Borders [N + 1] between moments [N]; a single one lasts a second."""
    if len(times) < 2:
        return np.array([times[0], times[0] + 1.0])
    middles = (times[1:] + times[:-1]) / 2
    return np.concatenate([[2 * times[0] - middles[0]], middles, [2 * times[-1] - middles[-1]]])


def _heat(axis: Any, edges: NDArray[np.float64], table: pd.DataFrame, names: Any, title: str) -> None:
    """Probabilities as a map, the first name on top."""
    axis.set_facecolor(NOT_SEEN)
    values = np.ma.masked_invalid(table[list(names)].to_numpy(np.float64).T)
    axis.pcolormesh(edges, np.arange(len(names) + 1), values, vmin=0, vmax=1, cmap="magma")
    axis.set(yticks=np.arange(len(names)) + 0.5, yticklabels=list(names), ylabel=title)
    axis.invert_yaxis()


def _wave(axis: Any, samples: NDArray[np.floating], offset: float) -> None:
    """The sound's reach, up and down, in as many pieces as there are columns."""
    pieces = np.array_split(samples, min(MOST, max(1, len(samples))))
    times = offset + np.linspace(0, len(samples) / RATE, len(pieces))
    low, high = ([float(end(piece)) if len(piece) else 0.0 for piece in pieces] for end in (np.min, np.max))
    axis.fill_between(times, low, high, linewidth=0.5, color="tab:grey")
    axis.set(ylabel="sound", yticks=[])
