"""Stage index: annotations of an Aff-Wild2 folder → frame table; `--check FOLDER` only reports on one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from stages.core.errors import UserError
from stages.core.params import Strict, load
from stages.core.paths import INDEX_FOLDER, METRICS
from stages.core.runtime import atomic_dir, atomic_path, log, main
from stages.index.counts import count
from stages.index.frame_table import build_frame_table
from stages.index.layout import choose_release, survey
from stages.index.release import read_release
from stages.index.sources import find_sources
from stages.index.splits import check_splits, cross_task_leaks, require_filled


class Params(Strict):
    """Section `index` of params.yaml, with the top-level `corpus` and `on_error`."""

    corpus: Path
    on_error: Literal["fail", "skip"]
    edition: Literal["auto", "ABAW1", "ABAW2", "ABAW3", "ABAW5", "MTL"]
    source: Literal["auto", "videos", "crops"]
    cross_task: Literal["train", "validation", "keep"]
    partial_au: Literal["drop", "keep"]


def build_index(params: Params, out: Path = INDEX_FOLDER, metrics: Path = METRICS / "index.json") -> None:
    """Write frames.parquet and videos.parquet to `out` and the counts to `metrics`.

    Errors: UserError for anything in the corpus that does not fit; nothing is written then.
    """
    layout = survey(params.corpus)
    edition = choose_release(layout, params.edition)
    release = read_release(layout.releases[edition], params.partial_au)
    tracks = release.tracks
    for doubled in check_splits(tracks):
        raise UserError(doubled)
    videos, missing = find_sources(layout, tracks["trial"], params.source)
    _tell(missing, skip=params.on_error == "skip" and len(videos) > 0)
    tracks = tracks[tracks["trial"].isin(videos["trial"])]
    removed = cross_task_leaks(tracks, params.cross_task)
    require_filled(tracks, removed)
    table = build_frame_table(tracks[~removed], release.values)
    videos = videos[videos["trial"].isin(table["trial"])].reset_index(drop=True)
    videos["frames"] = videos["trial"].map(tracks[~removed].groupby("trial")["rows"].max()).astype("int32")
    counts = {"edition": edition, "skipped_trials": len(missing), **count(table, tracks, removed)}
    with atomic_dir(out) as folder, atomic_path(metrics) as report:
        table.to_parquet(folder / "frames.parquet", index=False)
        videos.to_parquet(folder / "videos.parquet", index=False)
        report.write_text(json.dumps(counts, indent=1) + "\n")
    log.print(f"{edition}: {len(table)} labelled frames of {len(videos)} trials")


def _tell(missing: list[str], skip: bool) -> None:
    """Trials without a source stop the stage, or are reported and left out."""
    for sentence in missing:
        if not skip:
            raise UserError(f"{sentence}, or set on_error to skip")
        log.print(f"skipped: {sentence}")


def run() -> None:
    if sys.argv[1:2] == ["--check"]:
        from stages.index.check import print_check

        if len(sys.argv) != 3:
            raise UserError("usage: python -m stages.index --check FOLDER")
        raise SystemExit(0 if print_check(Path(sys.argv[2])) else 1)
    build_index(load(Params, "index"))


if __name__ == "__main__":
    main(run)
