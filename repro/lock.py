"""Does dvc.lock belong to the code, parameters and metrics that are here? Run: python -m repro.lock

Compares what is here with the lock; data that is not here is taken as it stands in the lock, so it works in a
clone without data. A stage is stale where its command, or something that it depends on, is another than the
lock says, or where a stage before it is stale. Exit code 1 and a line for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from networkx import topological_sort
from ruamel.yaml import YAML

from stages.core.params import read_params
from stages.core.paths import VALUES
from stages.core.runtime import log, main
from stages.params.__main__ import write_all

ROOT = Path(__file__).resolve().parents[1]
WRITER = "values"  # the stage whose work is done here already


def run() -> None:
    """Exit 1 and name the stages that are out of date."""
    write_all(read_params(ROOT / "params.yaml"), ROOT / VALUES)  # as the stage `values` would
    lines = [f"{stage}: out of date ({why}); run dvc repro and commit dvc.lock" for stage, why in stale(ROOT)]
    lines += [f"{stage}: in dvc.lock but not in dvc.yaml; remove its entry" for stage in orphans(ROOT)]
    if lines:
        print(*lines, sep="\n")
        raise SystemExit(1)
    log.print("dvc.lock belongs to the code")


def stale(root: Path) -> Iterator[tuple[str, str]]:
    """Names of the stages that `dvc repro` would run, in its order, and why."""
    with Repo(str(root)) as repo:
        graph = repo.index.graph  # edges point from a stage to those it depends on
        found: set[Any] = set()
        for stage in reversed(list(topological_sort(graph))):
            before = sorted(other.name for other in graph.successors(stage) if other in found)
            # What `values` writes is here already: who reads it is compared by its own file.
            why = reason(stage) or next((f"{name} is" for name in before if name != WRITER), None)
            if why:
                found.add(stage)
                yield stage.name, why


def reason(stage: Any) -> str | None:
    """What of the stage itself is not as in the lock, None where all is."""
    if stage.changed_stage():
        return "its command changed"
    if not stage.outs or any(out.hash_info.value is None for out in stage.outs):
        return "never run"
    changed = [
        part.def_path for part in (*stage.deps, *stage.outs) if part.exists and part.changed_checksum()
    ]
    return f"{changed[0]} changed" if changed else None


def orphans(root: Path) -> list[str]:
    """Names in dvc.lock of stages that dvc.yaml no longer has: DVC leaves them and their outs there."""
    locked = YAML(typ="safe").load(root / "dvc.lock")["stages"]
    with Repo(str(root)) as repo:
        return sorted({*locked} - {stage.name for stage in repo.index.stages})


if __name__ == "__main__":
    main(run)
