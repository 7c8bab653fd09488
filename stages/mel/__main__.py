"""Stage `mel`: every video's sound as mel-spectrograms, one memory-mapped array a video and front end."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from stages.core.digests import code_version
from stages.core.errors import UserError
from stages.core.files import write_json, write_parquet
from stages.core.labels import VA_NAMES
from stages.core.params import Strict, load
from stages.core.paths import INDEX_FOLDER, MELS, METRICS
from stages.core.pictures import mel_picture
from stages.core.remembered import digest_paths
from stages.core.runtime import log, main
from stages.core.store import Note, fill, read_notes
from stages.media.decode import frame_times
from stages.mel import video_mel
from stages.mel.spectrogram import FRONT_ENDS, RATE
from stages.mel.video_mel import MakeMel
from stages.training.samples.mels import MEAN, STD, mel_window, open_track

TABLE = "index.parquet"
SHOWN = 10.0  # seconds of the picture


class Params(Strict):
    """Section `mel` of params.yaml, with the top-level `corpus` and `on_error`."""

    corpus: Path
    on_error: Literal["fail", "skip"]
    front_ends: list[str]


def build_mels(
    params: Params,
    index: Path = INDEX_FOLDER,
    out: Path = MELS,
    metrics: Path = METRICS / "mel.json",
    picture: Path = METRICS / "mel.png",
) -> None:
    """Bring `out`/<front end> up to date for every video of the index; write counts and a picture.

    Errors: UserError for an unknown front end, and for a file whose sound cannot be decoded unless `on_error`
    is "skip"; it counts as silent then.
    """
    unknown = [name for name in params.front_ends if name not in FRONT_ENDS]
    if unknown:
        raise UserError(
            f"params.yaml, key mel.front_ends: {unknown[0]} is unknown; choose of {', '.join(FRONT_ENDS)}"
        )
    videos = _videos(pd.read_parquet(index / "videos.parquet"), params.corpus)
    _clear(out, params.front_ends)
    tables = {name: _fill(out / name, name, videos, params.on_error) for name in params.front_ends}
    _tell({name: read_notes(out / name) for name in params.front_ends}, videos)
    write_json(metrics, {name: _count(name, table) for name, table in tables.items()})
    for name, table in list(tables.items())[:1]:
        _draw(picture, out / name, table, pd.read_parquet(index / "frames.parquet"), videos)


def _videos(table: pd.DataFrame, corpus: Path) -> dict[str, Path | None]:
    """The file to hear of each video; None where the corpus has only its crops."""
    unique = table.drop_duplicates("video")
    return {str(row.video): corpus / str(row.sound) if row.sound else None for row in unique.itertuples()}


def _clear(out: Path, front_ends: Sequence[str]) -> None:
    """Remove what earlier parameters left behind."""
    for path in out.iterdir() if out.is_dir() else ():
        if path.name not in front_ends:
            shutil.rmtree(path)


def _fill(
    folder: Path, front_end: str, videos: Mapping[str, Path | None], on_error: Literal["fail", "skip"]
) -> pd.DataFrame:
    digests = digest_paths(path for path in videos.values() if path)
    notes = fill(
        folder,
        {name: digests[path] if path else "" for name, path in videos.items()},
        MakeMel(videos, front_end, on_error),
        params={"front_end": front_end},
        code=code_version(video_mel.__file__),
        on_error=on_error,
        keep=[TABLE],
    )
    _refuse_damage(notes, videos, on_error)
    table = _table(front_end, {name: notes.get(name, {"rows": 0, "offset": 0.0}) for name in videos})
    write_parquet(folder / TABLE, table)
    log.print(f"{front_end}: {(table['rows'] > 0).sum()} of {len(table)} videos have sound")
    return table


def _refuse_damage(
    notes: Mapping[str, Note], videos: Mapping[str, Path | None], on_error: Literal["fail", "skip"]
) -> None:
    """Items that an earlier run made in spite of damage do not serve one that is to fail at it."""
    damaged = [name for name, note in notes.items() if "problem" in note and note["rows"]]
    if damaged and on_error == "fail":
        problem = f"{videos[damaged[0]]}: {notes[damaged[0]]['problem']}"
        raise UserError(f"{problem}; replace it, or set on_error to skip")


def _tell(tables: Mapping[str, Mapping[str, Note]], videos: Mapping[str, Path | None]) -> None:
    """One notice for each video whose sound is not heard, or not all of it."""
    for name, path in videos.items():
        problems = [notes[name]["problem"] for notes in tables.values() if "problem" in notes.get(name, {})]
        for problem in problems[:1]:
            log.print(f"{path}: {problem}; what is missing counts as silent")


def _table(front_end: str, notes: Mapping[str, Note]) -> pd.DataFrame:
    """One row a video: video, rate (Hz), hop and offset (s), rows."""
    table = pd.DataFrame(
        {
            "video": list(notes),
            "rate": RATE,
            "hop": FRONT_ENDS[front_end].seconds,
            "offset": [float(note["offset"]) for note in notes.values()],
            "rows": [int(note["rows"]) for note in notes.values()],
        }
    )
    return table.sort_values("video", ignore_index=True)


def _count(front_end: str, table: pd.DataFrame) -> dict[str, float]:
    return {
        "videos": len(table),
        "silent": int((table["rows"] == 0).sum()),
        "hours": float(table["rows"].sum() * FRONT_ENDS[front_end].seconds / 3600),
    }


def _draw(
    picture: Path, folder: Path, table: pd.DataFrame, frames: pd.DataFrame, videos: Mapping[str, Path | None]
) -> None:
    """The start of a video, one with sound and with valence and arousal if there is any."""
    heard = table.loc[table["rows"] > 0, "video"]
    labelled = frames[frames["video"].isin(heard) & frames[list(VA_NAMES)].notna().all(axis=1)]
    video = str([*labelled["video"].head(1), *heard.head(1), *table["video"]][0])
    trial = labelled[labelled["trial"] == labelled.loc[labelled["video"] == video, "trial"].min()]
    track = open_track(folder, table, video)
    seconds = min(SHOWN, max(1.0, track.offset + len(track.rows) * track.hop))
    shown = mel_window(track, seconds / 2, round(seconds / track.hop) | 1) * STD + MEAN
    mel_picture(picture, shown, track.hop, RATE, video, _curves(trial, videos[video]))


def _curves(trial: pd.DataFrame, path: Path | None) -> pd.DataFrame:
    """Valence and arousal over seconds, as far as the picture goes."""
    times = frame_times(path) if path and len(trial) else np.zeros(0)
    trial = trial[trial["frame"] <= len(times)]  # labels and containers disagree by a frame
    curves = trial[list(VA_NAMES)].set_index(times[trial["frame"].to_numpy() - 1])
    return curves[curves.index <= SHOWN]


def run() -> None:
    build_mels(load(Params, "mel"))


if __name__ == "__main__":
    main(run)
