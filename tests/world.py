"""A few seconds' worth of everything that the training stages read, made of noise with a cause in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from stages.core.card import save_model
from stages.core.labels import AU_NAMES, EXPRESSIONS
from stages.core.store import fill
from stages.extra.items import MakeStills
from stages.networks.common.architecture import Architecture
from tests.cards import backbone_card

NETWORK = Architecture(kind="iresnet", depth=18, width=0.25, input_size=32)
TRIALS = {"t1": "train", "t2": "train", "v1": "validation", "v2": "validation"}
FRAMES = 40
GAP = range(10, 14)  # frame numbers without a face, in every trial


def build_world(root: Path) -> None:
    """Index, faces, mel, extra stills and a pretrained backbone below `root`."""
    random = np.random.default_rng(0)
    tables = [_trial(root, trial, split, random) for trial, split in TRIALS.items()]
    _parquet(pd.concat(tables, ignore_index=True), root / "data/index/frames.parquet")
    fill(root / "data/frames", dict.fromkeys(TRIALS, "x"), _copy(root), params={}, code="", jobs=1)
    _mels(root / "data/mel/jin2021", random)
    _stills(root / "data/stills/affect", random)
    _extra(root)
    torch.manual_seed(0)
    save_model(root / "models/pretrain/tiny", NETWORK.build().network.state_dict(), backbone_card(NETWORK))


def _trial(root: Path, trial: str, split: str, random: np.random.Generator) -> pd.DataFrame:
    """Labels of a trial; its faces go to a folder from which the store is filled."""
    number = np.arange(1, FRAMES + 1)
    table = pd.DataFrame({"trial": trial, "video": trial, "frame": number.astype(np.int32)})
    table[["au_split", "expr_split", "va_split"]] = split
    on = (number // 5) % 2
    for name in AU_NAMES:
        table[name] = on.astype(np.int8)
    table["expression"] = (number % len(EXPRESSIONS)).astype(np.int8)
    table["valence"] = table["arousal"] = (on - 0.5).astype(np.float32)
    table.loc[table["frame"] > 35, list(AU_NAMES)] = -1
    faces = ~np.isin(number, GAP)
    images = random.integers(0, 120, (faces.sum(), 112, 112, 3)) + 100 * on[faces][:, None, None, None]
    np.save(_made(root / "raw") / f"{trial}.npy", images.astype(np.uint8))
    _parquet(
        pd.DataFrame({"frame": number[faces].astype(np.int32), "time": (number[faces] - 1) / 30.0}),
        root / f"raw/{trial}.parquet",
    )
    return table


def _copy(root: Path):  # type: ignore[no-untyped-def]
    def make(trial: str, folder: Path) -> None:
        for suffix in ("npy", "parquet"):
            (root / f"raw/{trial}.{suffix}").rename(folder / f"{trial}.{suffix}")

    return make


def _mels(folder: Path, random: np.random.Generator) -> None:
    """Sound for all but the last trial."""
    _made(folder)
    rows = {trial: 0 if trial == "v2" else 260 for trial in TRIALS}
    for trial, count in rows.items():
        if count:
            np.save(folder / f"{trial}.npy", random.normal(size=(count, 64)).astype(np.float32))
    index = {"video": list(rows), "rate": 44100, "hop": 0.005, "offset": 0.0, "rows": list(rows.values())}
    _parquet(pd.DataFrame(index), folder / "index.parquet")


def _stills(folder: Path, random: np.random.Generator) -> None:
    labels = pd.DataFrame({"identity": ["a"] * 8 + ["b"] * 2, "split": ["train"] * 8 + ["validation"] * 2})
    for name in AU_NAMES:
        labels[name] = np.int8(1)
    labels["expression"] = np.int8(-1)
    np.save(_made(folder) / "images.npy", random.integers(0, 256, (10, 112, 112, 3)).astype(np.uint8))
    _parquet(labels, folder / "labels.parquet")


def _extra(root: Path) -> None:
    """What the stage extra leaves of the stills."""
    folder = root / "data/extra"
    fill(folder, {"stills": "x"}, MakeStills(root / "data/stills/affect"), params={}, code="", jobs=1)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _parquet(table: pd.DataFrame, path: Path) -> None:
    _made(path.parent)
    table.to_parquet(path, index=False)
