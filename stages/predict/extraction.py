"""A user's own video as the pipeline sees one: faces, mels and times, in a scratch folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.mapped import new_array
from stages.core.runtime import log
from stages.media.align import SIZE
from stages.media.extract import Search, cut, look
from stages.mel.spectrogram import FRONT_ENDS
from stages.mel.video_mel import MakeMel


def store_faces(
    path: Path, search: Search, side: str, folder: Path, name: str, threads: int = 1
) -> tuple[NDArray[np.float64], pd.DataFrame]:
    """Write `<name>.npy` and `<name>.parquet` as the stage frames does for a trial.

    Returns the times in seconds of all frames that can be decoded, and the table. The video is decoded twice,
    to find the face and to cut it out: a face's place is smoothed with frames to come.
    Errors: UserError for a file that is no video or image, or is damaged.
    """
    times, track = look(path, search, side, threads=threads)
    if track.problem:
        log.print(f"{path}: {track.problem}; they keep their numbers")
    faces = new_array(folder / f"{name}.npy", np.uint8, (len(track), SIZE, SIZE, 3))
    cut(path, track, faces, threads)
    faces.flush()
    table = track.table()
    table.to_parquet(folder / f"{name}.parquet", index=False)
    return np.array(times), table


def store_mel(
    path: Path, front_end: str, folder: Path, name: str, on_error: Literal["fail", "skip"] = "fail"
) -> str:
    """Write `<name>.npy` and `index.parquet` as the stage mel does for a video; without sound there are no rows.

    Returns what cannot be decoded of the sound, "" if nothing.
    """
    note = MakeMel({name: path}, front_end, on_error)(name, folder)
    problem = str(note.pop("problem", ""))
    index = pd.DataFrame([{"video": name, "hop": FRONT_ENDS[front_end].seconds, **note}])
    index.to_parquet(folder / "index.parquet", index=False)
    return problem
