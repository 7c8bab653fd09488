"""Stage `extra`: labelled stills that may join the training, aligned once (Jin et al. 2021, 4.1: BP4D)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from stages.core.digests import code_version
from stages.core.errors import UserError
from stages.core.params import Strict, load
from stages.core.paths import EXTRA
from stages.core.runtime import log, main
from stages.core.store import Note, digest, digest_path, fill
from stages.extra import items
from stages.extra.coded import find_coded
from stages.extra.items import MakeCoded, MakeStills, portions
from stages.media.extract import Search

MISSED = (
    "no extra stills: Jin et al. 2021, 4.1, trained with BP4D, Jiang et al. 2022, 4.3, with AU stills of their own; "
    "name a folder as extra"
)


class Params(Strict):
    """The top-level `extra` of params.yaml; None: there is no set."""

    extra: Path | None


def build_extra(folder: Path | None, out: Path = EXTRA) -> None:
    """Bring the store `out` up to date: the training split of a still set, or all pictures of a coded set.

    Without a folder it holds nothing, and the log tells what the papers had.
    A coded set is a folder as `coded` reads it; only pictures that are new or changed are looked at again.
    Errors: UserError as `read_stills` and `find_coded`, for a picture that cannot be read, and where none has
    a face.
    """
    if folder is None:
        fill(out, {}, _nothing, params={}, code="")
        log.print(MISSED)
        return
    notes = _stills(folder, out) if (folder / "images.npy").exists() else _coded(folder, out)
    faces, seen = (sum(note[key] for note in notes.values()) for key in ("faces", "pictures"))
    if not faces:
        raise UserError(f"{folder}: no face is seen in any of {seen} coded pictures; give others as extra")
    log.print(f"{folder}: a face in {faces} of {seen} pictures")


def _nothing(name: str, out: Path) -> None:
    """Makes no item."""


def _stills(folder: Path, out: Path) -> dict[str, Note]:
    source = digest(*(digest_path(folder / file) for file in ("images.npy", "labels.parquet")))
    return fill(out, {"stills": source}, MakeStills(folder), params={}, code=code_version(items.__file__))


def _coded(folder: Path, out: Path) -> dict[str, Note]:
    tables, search = dict(portions(find_coded(folder))), Search()
    sources = {
        name: digest([_stamp(path) for path in table["path"]], table.drop(columns="path").to_csv())
        for name, table in tables.items()
    }
    make = MakeCoded(tables, search)
    return fill(out, sources, make, params=asdict(search), code=code_version(items.__file__))


def _stamp(path: Path) -> tuple[str, int, int]:
    """What changes with a picture: reading all bytes of BP4D would take longer than most trainings."""
    status = path.stat()
    return path.name, status.st_size, status.st_mtime_ns


def run() -> None:
    build_extra(load(Params, "").extra)


if __name__ == "__main__":
    main(run)
