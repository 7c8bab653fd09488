"""Extra stills as items of the per-video store: `<name>.npy` and `<name>.parquet`, a labelled face a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stages.core.labels import LABELS
from stages.core.store import Note
from stages.media.extract import Search
from stages.media.pictures import MakeCrops
from stages.training.samples.still_sets import read_stills

PORTION = 500  # pictures of an item, at most: 19 MB


@dataclass(frozen=True)
class MakeStills:
    """Makes the one item of a still set: its training split. Pass an instance to `store.fill`."""

    folder: Path

    def __call__(self, name: str, out: Path) -> Note:
        stills = read_stills(self.folder, ("split", *LABELS))
        rows = stills.rows("train")
        np.save(out / f"{name}.npy", np.asarray(stills.images[rows]))
        stills.labels.iloc[rows][list(LABELS)].to_parquet(out / f"{name}.parquet", index=False)
        return {"pictures": len(rows), "faces": len(rows)}


@dataclass(frozen=True)
class MakeCoded:
    """Makes an item of a coded set: its pictures with a face, aligned. Pass an instance to `store.fill`.

    `tables`: name of the item → its `path`s and labels, rows of `coded.find_coded`.
    """

    tables: Mapping[str, pd.DataFrame]
    search: Search

    def __call__(self, name: str, out: Path) -> Note:
        table = self.tables[name]
        note = MakeCrops({name: list(table["path"])}, self.search)(name, out)
        found = pd.read_parquet(out / f"{name}.parquet")["picture"]
        table.iloc[found][list(LABELS)].to_parquet(out / f"{name}.parquet", index=False)
        return note


def portions(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Long tables in parts that are quickly done again."""
    for name, table in tables.items():
        for number, start in enumerate(range(0, len(table), PORTION), start=1):
            yield f"{name}-{number:03d}", table.iloc[start : start + PORTION]
