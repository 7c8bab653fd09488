"""DVC's own graph: which stages wait for which, which have anything to do, and their order in dvc.lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update

from stages.core.files import write_text

LOCK, PIPELINE = Path("dvc.lock"), "dvc.yaml"


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    `order`: names of its stages as `dvc repro` would take them. `needs`: stages that each reads from. `unchanged`:
    those that are up to date, and so is all that they read from.
    """

    order: tuple[str, ...]
    needs: dict[str, frozenset[str]]
    unchanged: frozenset[str] = frozenset()

    def readers(self, name: str) -> set[str]:
        """All stages that wait for one, at any distance."""
        found: set[str] = set()
        for other in self.order:  # those before come first
            if self.needs[other] & (found | {name}):
                found.add(other)
        return found


def plan(targets: Sequence[str] = (), force: bool = False) -> Plan:
    """The plan of a run in this folder, of some stages with all that they read from, or of the whole pipeline.

    `force`: nothing counts as unchanged. Errors: those of DVC.
    """
    with Repo() as repo, lock_repo(repo):
        graph = get_active_graph(repo.index.graph)  # edges point from a stage to those it reads from
        order = plan_repro(graph, collect_stages(repo, targets or [PIPELINE]))
        needs = {
            stage.addressing: frozenset(s.addressing for s in graph.successors(stage)) for stage in order
        }
        unchanged: set[str] = set()
        for stage in () if force else order:
            if needs[stage.addressing] <= unchanged and not stage.changed():
                unchanged.add(stage.addressing)
    return Plan(tuple(needs), needs, frozenset(unchanged))


def locked() -> list[str]:
    """Names of the stages in dvc.lock, in its order."""
    text = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    return [*(parse_yaml_for_update(text, str(LOCK)).get("stages") or {})]


def put_in_order(before: Iterable[str], order: Iterable[str]) -> None:
    """Entries of dvc.lock as a run of one stage at a time leaves them: those it had before, then as they came.

    DVC appends what is new, here in the order in which stages ended.
    """
    wanted = [*dict.fromkeys((*before, *order))]
    with Repo() as repo, lock_repo(repo):
        names = locked()
        ordered = sorted(names, key=lambda name: wanted.index(name) if name in wanted else len(wanted))
        if ordered == names:
            return
        lock = parse_yaml_for_update(LOCK.read_text(encoding="utf-8"), str(LOCK))
        for name in ordered:
            lock["stages"][name] = lock["stages"].pop(name)
        write_text(LOCK, dumps_yaml(lock))
