"""Extra training faces beside the corpus's frames, as Jin et al. 2021, 4.1 adds BP4D: AUs and expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from stages.core.digests import code_version
from stages.core.errors import UserError
from stages.core.labels import VA_NAMES
from stages.core.resume import ROOT as STATE
from stages.core.runtime import log
from stages.core.store import Note, digest, fill
from stages.extra.coded import find_coded
from stages.media import pictures
from stages.media.extract import Search
from stages.media.pictures import MakeCrops
from stages.samples.faces import Faces, read_faces, still_faces

PORTION = 500  # pictures of an item of the store, at most: 19 MB


def read_extra(folder: Path) -> Faces:
    """Training faces of a still set (its training split), or of all pictures of a coded set.

    A coded set is a folder as `corpora.coded` reads it; its pictures are aligned once, then read like frames
    of a video. Errors: UserError as `read_stills` and `coded_faces`.
    """
    if not (folder / "images.npy").exists():
        return read_faces(*coded_faces(folder))
    return still_faces(folder, "train")


def coded_faces(folder: Path) -> tuple[pd.DataFrame, Path]:
    """Frame table of the coded pictures with a face, and the store that holds their crops.

    The table has `trial` (item of the store), `row`, 12 AUs, `expression`, and no valence or arousal. The
    store lies in `.state` and is kept: only pictures that are new or changed are looked at again.
    Errors: UserError as `find_coded`, for a picture that cannot be read, and where none has a face.
    """
    tables = dict(_portions(find_coded(folder)))
    store = STATE / f"extra-{digest(str(folder.resolve()))[:16]}"
    notes = _align(store, {name: list(table["path"]) for name, table in tables.items()})
    faces, seen = (sum(note[key] for note in notes.values()) for key in ("faces", "pictures"))
    if not faces:
        raise UserError(f"{folder}: no face is seen in any of {seen} coded pictures; give others as extra")
    log.print(f"{folder}: a face in {faces} of {seen} coded pictures")
    return pd.concat([_table(name, store, tables[name]) for name in tables], ignore_index=True), store


def _align(store: Path, paths: Mapping[str, Sequence[Path]]) -> dict[str, Note]:
    """Bring the store up to date; of several processes the first does it, the others wait."""
    search = Search()
    STATE.mkdir(exist_ok=True)
    with FileLock(store.with_suffix(".lock")):
        return fill(
            store,
            {name: digest([_stamp(path) for path in own]) for name, own in paths.items()},
            MakeCrops(paths, search),
            params=asdict(search),
            code=code_version(pictures.__file__),
        )


def _portions(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Long tables in parts that are quickly done again."""
    for name, table in tables.items():
        for number, start in enumerate(range(0, len(table), PORTION), start=1):
            yield f"{name}-{number:03d}", table.iloc[start : start + PORTION]


def _stamp(path: Path) -> tuple[str, int, int]:
    """What changes with a picture: reading all bytes of BP4D would take longer than most trainings."""
    status = path.stat()
    return path.name, status.st_size, status.st_mtime_ns


def _table(name: str, store: Path, labels: pd.DataFrame) -> pd.DataFrame:
    found = pd.read_parquet(store / f"{name}.parquet")["picture"]
    table = labels.iloc[found].assign(trial=name, row=np.arange(len(found)))
    return table.assign(**dict.fromkeys(VA_NAMES, np.float32(np.nan)))
