"""Aligned faces of single pictures, as items of the per-video store: `<name>.npy` and `<name>.parquet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stages.core.store import Note
from stages.media.align import SIZE
from stages.media.extract import Search, extract
from stages.media.still import read_still


@dataclass(frozen=True)
class MakeCrops:
    """Makes one item of the store, uint8 [N, 112, 112, 3] RGB and the `picture` (from 0) of each row.

    Pictures without a face have no row. Pass an instance to `store.fill`.
    """

    pictures: Mapping[str, Sequence[Path]]
    search: Search

    def __call__(self, name: str, folder: Path) -> Note:
        crops = {place: read_crop(path, self.search) for place, path in enumerate(self.pictures[name])}
        found = {place: crop for place, crop in crops.items() if crop is not None}
        np.save(folder / f"{name}.npy", np.array(list(found.values()), np.uint8).reshape(-1, SIZE, SIZE, 3))
        pd.DataFrame({"picture": list(found)}).to_parquet(folder / f"{name}.parquet", index=False)
        return {"pictures": len(crops), "faces": len(found)}


def read_crop(path: Path, search: Search) -> np.ndarray | None:
    """RGB [112, 112, 3]: a picture of this size as it is, of any other its main face; None without a face.

    Errors: UserError for a file that is no picture.
    """
    picture = read_still(path)
    if picture.shape[:2] == (SIZE, SIZE):
        return picture
    faces, _ = extract(path, search, threads=1)
    return faces[0] if len(faces) else None
