"""What a run costs beside its work: DVC between two commands, a front door before its first line, a no-op run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.measure import Row, seconds
from repro.check import clone, environment

ROOT = Path(__file__).resolve().parents[1]
BETWEEN, IDLE = 1.5, 5.0  # seconds, at most
READ = (
    "from stages.core.params import load_run\nfrom stages.finetune.model import Params\n"
    "load_run(Params, 'finetune', 'jin2021-visual')"
)


def rows() -> list[Row]:
    """Runs of a pipeline that has run here: its outs are put in place instead of being made."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".state") as folder:
        run = clone(ROOT, Path(folder) / "run")
        between = median(_gaps(run))
        (idle,) = seconds(lambda: _dvc(run), repeat=3)
    reading, importing = seconds(lambda: _python(READ), lambda: _python("import torch"), repeat=3)
    return [
        Row("stages a minute that DVC keeps book of", "1/min", 60 / between, "goal", 60 / BETWEEN, "≥ 1 ×"),
        Row("no-op runs a minute", "1/min", 60 / idle, "goal", 60 / IDLE, "≥ 1 ×"),
        Row(
            "front doors a minute that have read their values", "1/min", 60 / reading, "torch", 60 / importing
        ),
    ]


def _gaps(run: Path) -> list[float]:
    """Seconds from the end of one command to the start of the next."""
    log = run.parent / "log"
    stub = {"LAUNCH": "python -m benchmarks.stub", "STUB_SOURCE": str(ROOT), "STUB_LOG": str(log)}
    _dvc(run, "--force", **stub)
    times = [tuple(map(float, line.split()[1:])) for line in log.read_text().splitlines()]
    return [later[0] - before[1] for before, later in pairwise(times)]


def _dvc(run: Path, *options: str, **env: str) -> None:
    command = [sys.executable, "-m", "dvc", "repro", *options]
    subprocess.run(command, cwd=run, env={**environment(), **env}, check=True, capture_output=True)


def _python(code: str) -> None:
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ}, check=True, capture_output=True
    )
