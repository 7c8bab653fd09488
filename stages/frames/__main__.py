"""Stage `frames`: every trial's face in every frame, aligned to 112×112, one memory-mapped array a trial."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from stages.core.digests import code_version
from stages.core.errors import UserError
from stages.core.labels import SPLITS, TASKS
from stages.core.params import load
from stages.core.paths import FRAMES, INDEX_FOLDER, METRICS
from stages.core.remembered import digest_paths
from stages.core.runtime import atomic_path, log, main
from stages.core.store import Note, fill
from stages.frames import faces
from stages.frames.faces import MakeFaces, Trial
from stages.frames.search import Params, search_of
from stages.media import extract

FACES = "index.parquet"


def build_frames(
    params: Params, index: Path = INDEX_FOLDER, out: Path = FRAMES, metrics: Path = METRICS / "frames.json"
) -> None:
    """Bring the store of faces up to date; write its index (trial, frame, has_face) and the counts.

    Errors: UserError for a source that cannot be read, unless `on_error` is "skip".
    """
    trials = _trials(pd.read_parquet(index / "videos.parquet"), params.corpus, params.max_frames)
    make = MakeFaces(trials, search_of(params))
    digests = digest_paths(path for trial in trials.values() for path in trial.reads())
    notes = fill(
        out,
        {name: trial.digest(digests) for name, trial in trials.items()},
        make,
        params=make.params(),
        code=code_version(faces.__file__, extract.__file__),
        on_error=params.on_error,
        keep=[FACES],
    )
    _tell_damage(notes, trials, params.on_error)
    table = _with_faces(pd.read_parquet(index / "frames.parquet"), out, notes)
    counts = _count(table, notes, skipped=len(trials) - len(notes))
    with atomic_path(out / FACES) as beside, atomic_path(metrics) as report:
        table[["trial", "frame", "has_face"]].to_parquet(beside, index=False)
        report.write_text(json.dumps(counts, indent=1) + "\n")
    log.print(f"faces in {counts['faces']} of {counts['frames']} frames of {len(notes)} trials")


def _trials(videos: pd.DataFrame, corpus: Path, limit: int | None) -> dict[str, Trial]:
    return {
        str(row.trial): Trial(
            source=corpus / str(row.source),
            kind=str(row.kind),
            side=str(row.side),
            frames=int(row.frames) if limit is None else min(int(row.frames), limit),
            video=corpus / str(row.sound) if row.sound else None,
        )
        for row in videos.itertuples()
    }


def _tell_damage(notes: dict[str, Note], trials: dict[str, Trial], on_error: str) -> None:
    """What is lost is told; where damage is to stop the stage, also that of an earlier run."""
    for name in (name for name, note in notes.items() if "problem" in note):
        sentence = f"{trials[name].source}: {notes[name]['problem']}"
        if on_error == "fail":
            raise UserError(f"{sentence}; replace it, or set on_error to skip")
        log.print(f"{sentence}; they keep their numbers")


def _with_faces(table: pd.DataFrame, out: Path, notes: dict[str, Note]) -> pd.DataFrame:
    """The frame table with `has_face`, and `read`: whether the frame was looked at."""
    tables = [
        pd.read_parquet(out / f"{name}.parquet", columns=["frame"]).assign(trial=name) for name in notes
    ]
    found = pd.concat([pd.DataFrame({"frame": [], "trial": []}), *tables])
    there = pd.MultiIndex.from_frame(found[["trial", "frame"]])
    has_face = pd.MultiIndex.from_frame(table[["trial", "frame"]]).isin(there)
    read = table["frame"] <= table["trial"].map({name: note["frames"] for name, note in notes.items()})
    return table.assign(has_face=has_face, read=read)


def _count(table: pd.DataFrame, notes: dict[str, Note], skipped: int) -> dict[str, object]:
    """Frames and faces in all; labelled frames of each split and task with and without a face."""
    splits = {
        split: {task: _labelled(table[table[f"{task.lower()}_split"] == split]) for task in TASKS}
        for split in SPLITS
    }
    totals = {key: sum(note[key] for note in notes.values()) for key in ("frames", "faces")}
    return {"trials": len(notes), "skipped": skipped, **totals, **splits}


def _labelled(rows: pd.DataFrame) -> dict[str, int]:
    face, read = rows["has_face"], rows["read"]
    return {
        "labelled": len(rows),
        "face": int(face.sum()),
        "no_face": int((read & ~face).sum()),
        "not_read": int((~read).sum()),
    }


def run() -> None:
    build_frames(load(Params, "frames"))


if __name__ == "__main__":
    main(run)
