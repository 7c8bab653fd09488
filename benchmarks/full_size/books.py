"""A project whose pipeline has run at full size, as far as DVC keeps book of it: as many files, of a few bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.full_size.corpus import VIDEOS, trial_name
from repro.check import clone, environment
from stages.core.epochs import checkpoint_name
from stages.core.store import KEYS

ROOT = Path(__file__).resolve().parents[2]
PER_VIDEO = {  # subfolders of what holds a file a video, and their suffixes
    "data/synthetic": (("videos", ".mp4"), ("AU", ".txt"), ("EXPR", ".txt"), ("VA", ".txt")),
    "data/frames": ((".", ".npy"), (".", ".parquet")),
    "data/landmarks": ((".", ".npy"),),
    "data/masks": (("lines", ".npy"), ("filled", ".npy")),
    "data/mel": (("jin2021", ".npy"), ("wang2021", ".npy")),
    "data/embeddings": ((".", ".npy"),),
}
EPOCHS = {"wang2021": 100}
MOST = 15  # epochs of the other systems


def finished(folder: Path) -> Path:
    """A clone in which every out is there and in the lock."""
    run = clone(ROOT, folder / "run")
    _call(run, "stages.params", "--write")
    for path in _files(run):
        if not path.exists():
            _fill(run, path)
    _call(run, "dvc", "commit", "--force")
    return run


def dvc(run: Path, *words: str) -> str:
    """What `dvc …` prints there."""
    return _call(run, "dvc", *words)


def _call(run: Path, *words: str) -> str:
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, cwd=run, env=environment(), check=True, capture_output=True, text=True
    ).stdout


def _files(run: Path) -> list[Path]:
    """Deps and outs of all stages, inner ones first."""
    listed = (
        "import json; from dvc.repo import Repo\n"
        "print(json.dumps([[file.fs_path for file in (*stage.deps, *stage.outs)] for stage in Repo().index.stages]))"
    )
    command = [sys.executable, "-c", listed]
    text = subprocess.run(
        command, cwd=run, env=environment(), check=True, capture_output=True, text=True
    ).stdout
    return sorted((Path(path) for paths in json.loads(text) for path in paths), reverse=True)


def _fill(run: Path, path: Path) -> None:
    """The files of a dep or an out, each with its own path in it: equal ones would be one in DVC's cache."""
    files = [path] if path.suffix else [path / name for name in _names(path.relative_to(run).as_posix())]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"chosen": file.relative_to(run).as_posix()}))


def _names(out: str) -> Iterator[str]:
    parts = next((own for folder, own in PER_VIDEO.items() if out.startswith(folder)), ())
    yield from (
        f"{folder}/{trial_name(video)}{suffix}" for folder, suffix in parts for video in range(VIDEOS)
    )
    if out.startswith(("models/", "data/predictions/")):
        suffix = ".safetensors" if out.startswith("models/") else ".parquet"
        epochs = next((count for system, count in EPOCHS.items() if system in out), MOST)
        yield from (f"{checkpoint_name(epoch)}{suffix}" for epoch in range(1, epochs + 1))
    yield KEYS if parts else "card.json"
