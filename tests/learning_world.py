"""Small worlds with a cause in their noise, and trainings of them whose labels are right or mutated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from stages.core.card import save_card
from stages.core.labels import AU_NAMES
from stages.core.store import fill
from stages.training.checkpoints import outs_of
from stages.training.step import train_step
from tests.cards import card

FRAMES = 60
TRIALS = {"t1": "train", "t2": "train", "t3": "train", "v1": "validation", "v2": "validation"}
LENGTH = 16  # of a visual feature


def learnt(kind: ModuleType, params: Any, mutate: bool) -> float:
    """ABAW2 measure of the action units on the validation videos, after training on labels right or mutated."""
    module = SimpleNamespace(**vars(kind))
    if mutate:
        module.batches = lambda *arguments: mutated(kind.batches(*arguments))
    train_step(module, params, outs_of(params.system, params.step))  # type: ignore[arg-type]
    history = pd.read_csv(f"metrics/{params.system}/{params.step}.csv")
    return float(history["val_AU"].iloc[-1])


def mutated(batches: Callable[[int], Iterator[Any]]) -> Callable[[int], Iterator[Any]]:
    """Batches whose targets are in the reverse order: every sample has the labels of another one."""

    def epoch(number: int) -> Iterator[Any]:
        for batch in batches(number):
            yield batch._replace(targets={task: target.flip(0) for task, target in batch.targets.items()})

    return epoch


def build_windows(root: Path, feature: Callable[[np.ndarray], np.ndarray], heard: bool) -> None:
    """Labels by the toss of a coin for stretches of frames, and what tells them.

    `feature(labels)`: what the first visual feature of each frame is, behind it noise. `heard`: whether the sound
    is loud where the labels are 1.
    """
    random = np.random.default_rng(0)
    tables = []
    for trial, split in TRIALS.items():
        labels = np.repeat(random.integers(0, 2, FRAMES // 4), 4) if heard else random.integers(0, 2, FRAMES)
        tables.append(_trial(root, trial, split, labels))
        visual = random.normal(size=(FRAMES, LENGTH))
        visual[:, 0] = feature(labels)
        np.save(_made(root / "raw/visual") / f"{trial}.npy", visual.astype(np.float16))
        loud = np.repeat(labels, 7) if heard else np.zeros(7 * FRAMES)  # rows of 5 ms
        mel = random.normal(size=(len(loud), 64), scale=0.3) + 2.0 * loud[:, None]
        np.save(_made(root / "data/mel/jin2021") / f"{trial}.npy", mel.astype(np.float32))
    pd.concat(tables, ignore_index=True).to_parquet(
        _made(root / "data/index") / "frames.parquet", index=False
    )
    index = {"video": list(TRIALS), "rate": 44100, "hop": 1 / 210, "offset": 0.0, "rows": 7 * FRAMES}
    pd.DataFrame(index).to_parquet(root / "data/mel/jin2021/index.parquet", index=False)
    _store(root, "raw/faces", "data/frames")
    _store(root, "raw/visual", "data/embeddings/x/visual")
    save_card(root / "models/x/visual", card("finetune", step="visual"))


def _trial(root: Path, trial: str, split: str, labels: np.ndarray) -> pd.DataFrame:
    number = np.arange(1, FRAMES + 1, dtype=np.int32)
    faces = pd.DataFrame({"frame": number, "time": (number - 1) / 30.0})
    faces.to_parquet(_made(root / "raw/faces") / f"{trial}.parquet", index=False)
    table = pd.DataFrame({"trial": trial, "video": trial, "frame": number, "expression": np.int8(-1)})
    table[["au_split", "expr_split", "va_split"]] = split
    table[list(AU_NAMES)] = np.repeat(labels[:, None], len(AU_NAMES), axis=1).astype(np.int8)
    return table.assign(valence=np.float32(np.nan), arousal=np.float32(np.nan))


def _store(root: Path, source: str, target: str) -> None:
    """A per-video store of the files that lie in a folder."""

    def make(trial: str, out: Path) -> None:
        for file in (root / source).glob(f"{trial}.*"):
            file.rename(out / file.name)

    fill(root / target, dict.fromkeys(TRIALS, "x"), make, params={}, code="", jobs=1)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
