"""In place of a stage's command while DVC's own share of a run is measured: puts the outs there, notes the time.

    LAUNCH="python -m benchmarks.stub" dvc repro --force

STUB_SOURCE: a project in which the pipeline has run. STUB_LOG: where a line a stage goes, start and end.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from ruamel.yaml import YAML


def main() -> None:
    """Link what the running stage leaves, as the lock of the finished project lists it."""
    started = time.time()
    source, stage = Path(os.environ["STUB_SOURCE"]), os.environ["DVC_STAGE"].split(":")[-1]
    for out in YAML(typ="safe").load(source / "dvc.lock")["stages"][stage]["outs"]:
        put(source / out["path"], Path(out["path"]))
    with Path(os.environ["STUB_LOG"]).open("a") as log:
        log.write(f"{stage} {started} {time.time()}\n")


def put(source: Path, target: Path) -> None:
    """A hard link to a file, or of all in a folder."""
    if target.exists():  # an out that DVC keeps between runs
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)
    else:
        os.link(source, target)


if __name__ == "__main__":
    main()
