"""Where the faces and the sound of a trial come from: the official crops, or the video file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from stages.core.errors import UserError
from stages.index.layout import Layout, side_of, video_of

COLUMNS = ["trial", "video", "source", "kind", "side", "sound"]


def find_sources(
    layout: Layout, trials: Iterable[str], prefer: str = "auto"
) -> tuple[pd.DataFrame, list[str]]:
    """One row a trial that has a source, and one sentence for each trial that has none.

    `prefer`: "auto" takes the crops of a trial where there are any, else its video; "videos" and "crops" take
    nothing else. Columns: source (path below the corpus root), kind ("video" | "crops"), side, and sound, the
    video file to hear ("" where the corpus lacks it).
    """
    rows, missing = [], []
    for trial in sorted(set(trials)):
        try:
            rows.append(_row(layout, trial, prefer))
        except UserError as error:
            missing.append(str(error))
    return pd.DataFrame(rows, columns=COLUMNS), missing


def _row(layout: Layout, trial: str, prefer: str) -> list[str]:
    video = video_of(trial)
    sound = _only(layout.videos.get(video, []), video)
    crops = _only(layout.crops.get(trial, []), trial) if prefer != "videos" else None
    source = crops if crops or prefer == "crops" else sound
    if source is None:
        wanted = {"auto": "no video or crops", "videos": "no video", "crops": "no crops"}[prefer]
        raise UserError(f"{layout.root}: trial {trial} is annotated but has {wanted}; add what is missing")
    kind = "crops" if crops else "video"
    return [trial, video, _below(layout.root, source), kind, side_of(trial), _below(layout.root, sound)]


def _only(places: list[Path], name: str) -> Path | None:
    if len(places) > 1:
        raise UserError(f"{places[0]} and {places[1]} are both named {name}; remove one of them")
    return places[0] if places else None


def _below(root: Path, path: Path | None) -> str:
    return path.relative_to(root).as_posix() if path else ""
