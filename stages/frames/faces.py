"""Faces of the trials of a corpus, as items of the per-video store: `<trial>.npy` and `<trial>.parquet`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from stages.core.mapped import new_array
from stages.core.store import Note, digest, digest_path
from stages.frames.crops import list_crops, read_crops
from stages.media.align import SIZE
from stages.media.detect import scrfd_file
from stages.media.extract import Search, cut, locate
from stages.media.trajectory import Trajectory


@dataclass(frozen=True)
class Trial:
    """One labelled track: where its pictures are, and for how many frames there are labels.

    `kind`: "video" (a file) or "crops" (a folder); `video`: the file that tells the times of crops, if any.
    """

    source: Path
    kind: str
    side: str
    frames: int
    video: Path | None

    def reads(self) -> list[Path]:
        """Files and folders that its faces come from."""
        return [self.source, self.video] if self.kind == "crops" and self.video else [self.source]

    def digest(self, digests: Mapping[Path, str]) -> str:
        """Of all that its faces depend on but for the parameters. `digests`: of what it reads."""
        source, *clock = (digests[path] for path in self.reads())
        return digest(source, self.kind, self.side, self.frames, *(clock or [""]))


@dataclass(frozen=True)
class MakeFaces:
    """Makes one item of the store: pass an instance to `store.fill`."""

    trials: dict[str, Trial]
    search: Search

    def __call__(self, name: str, folder: Path) -> Note:
        trial = self.trials[name]
        track = _track(trial, self.search)
        faces = new_array(folder / f"{name}.npy", np.uint8, (len(track), SIZE, SIZE, 3))
        if trial.kind == "crops":
            read_crops(trial.source, track.frames, faces)
        else:
            cut(trial.source, track, faces)
        faces.flush()
        track.table().to_parquet(folder / f"{name}.parquet", index=False)
        note = {"frames": track.length, "faces": len(track)}
        return note | {"problem": track.problem} if track.problem else note

    def params(self) -> dict[str, object]:
        """What the store digests; the detector's file by its bytes, not its place.

        Not `on_error`: it changes damaged videos only, whose notes tell of it.

        Errors: UserError where that file is missing.
        """
        given = self.search.detector == "scrfd"
        weights = digest_path(scrfd_file(self.search.detector_pack)) if given else None
        digested = asdict(self.search) | {"detector_pack": weights}
        del digested["on_error"]
        return digested


def _track(trial: Trial, search: Search) -> Trajectory:
    if trial.kind == "crops":
        return list_crops(trial.source, trial.frames, trial.video)
    return locate(trial.source, search, trial.side, trial.frames)
