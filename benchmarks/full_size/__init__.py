"""The pipeline at Aff-Wild2's size: time and peak memory of what no network has a part in, in processes of their own.

Nothing is drawn or trained: see `corpus` for what is made up and how it compares with the real one. A quarter of an
hour on two cores, and 2 GB of disk where files may have holes.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.full_size import books, hashing
from benchmarks.full_size.corpus import write_corpus
from benchmarks.measure import Row, seconds
from repro.check import set_params
from stages.core.runtime import log

ROOT = Path(__file__).resolve().parents[2]
RUNS = ("jin2021-visual", "jiang2022-units", "thinh2021-fold1", "fan2021-visual")
SYSTEMS = ("jin2021", "wang2021", "jiang2022", "thinh2021", "fan2021")
MEMORY, TABLES, IDLE = 4.0, 600.0, 5.0  # GiB each, s together, s of a run that has nothing to do: at most
REPEAT, LONG = 3, 30.0  # runs whose median counts; what takes longer than this (s) runs once
TABLE_STAGES = ("ensemble", "smooth", "evaluate")


class Part(NamedTuple):
    """What is run, and of what it is a part: "table" stages have a goal together, "mapped" ones read arrays."""

    name: str
    command: tuple[str, ...]
    kind: str = ""


class Cost(NamedTuple):
    """Seconds by the clock and of the processor; peak memory in GiB, and that without memory-mapped pages."""

    wall: float
    cpu: float
    peak: float
    own: float


def rows() -> list[Row]:
    """Time and memory of each part, of all stages on tables together, and DVC's share."""
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        _prepare(world)
        costs = {part: _cost(world, part.command) for part in parts()}
        shutil.rmtree(world)
        idle = books.finished(Path(folder))
        times = seconds(lambda: books.dvc(idle, "status"), lambda: books.dvc(idle, "repro"), repeat=REPEAT)
        crops = hashing.rows(Path(folder))
    together = sum(cost.wall for part, cost in costs.items() if part.kind == "table")
    return [
        *(row for part, cost in costs.items() for row in _rows(part, cost)),
        Row("all stages on tables, one after the other", "s", together, "goal", TABLES, "≤ 1 ×"),
        Row("dvc status, nothing changed", "s", times[0], "goal", IDLE, "≤ 1 ×"),
        Row("dvc repro, nothing changed", "s", times[1], "goal", IDLE, "≤ 1 ×"),
        *crops,
    ]


def parts() -> Iterator[Part]:
    """All that is measured, each on what those before it have left."""
    here = "benchmarks.full_size"
    yield Part("index, from text", ("stages.index",))
    yield Part("(arrays with holes)", (f"{here}.corpus",))
    yield Part("prediction tables of 15 networks, written", (f"{here}.predictions",))
    for run in RUNS:
        yield Part(f"an epoch's order, {run}", (f"{here}.feeding", "sampler", run))
    for name, what in (
        ("faces", "faces"),
        ("clips", "clips"),
        ("windows", "windows"),
        ("centred", "centred windows"),
    ):
        yield Part(f"100 batches of {what}", (f"{here}.feeding", name), "mapped")
    yield Part("windows' outputs to a row a frame", (f"{here}.feeding", "predicted"), "mapped")
    for stage in TABLE_STAGES:
        for system in SYSTEMS:
            yield Part(f"{stage} {system}", (f"stages.{stage}", system), "table")
    yield Part("combine", ("stages.combine",), "table")
    yield Part("compare", ("stages.compare",), "table")


def _prepare(world: Path) -> None:
    """The published values, and the corpus as it comes: text and videos."""
    world.mkdir()
    shutil.copy(ROOT / "params.yaml", world)
    set_params(world, scale="paper", corpus="corpus", stand_ins=True)  # no published weights are at hand
    write_corpus(world / "corpus")
    _run(world, ("stages.params", "--write"))


def _cost(world: Path, command: tuple[str, ...]) -> Cost:
    """Median of a few runs."""
    found = [_run(world, command)]
    while found[0].wall < LONG and len(found) < REPEAT:
        found.append(_run(world, command))
    cost = Cost(*map(statistics.median, zip(*found, strict=True)))
    log.print(f"{' '.join(command)}: {cost.cpu:.1f} s CPU, {cost.wall:.1f} s, {cost.peak:.2f} GiB")
    return cost


def _run(world: Path, command: tuple[str, ...]) -> Cost:
    report = world / "cost.json"
    fresh = [sys.executable, "-m", "benchmarks.full_size.fresh", str(report), *command]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(fresh, cwd=world, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return Cost(**json.loads(report.read_text()))


def _rows(part: Part, cost: Cost) -> list[Row]:
    memory = cost.own if part.kind == "mapped" else cost.peak
    return [
        Row(part.name, "CPU s", cost.cpu, "by the clock, s", cost.wall),
        Row(f"{part.name}: peak memory", "GiB", memory, "goal", MEMORY, "≤ 1 ×"),
    ]
