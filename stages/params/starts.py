"""What the systems that are listed start from: published files and still sets, and whether they are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.core.errors import UserError
from stages.core.params import Values, stand_ins
from stages.core.paths import PRETRAINED
from stages.core.stand_ins import CORPUS, PUBLISHED, SETS, STILLS, VIDEOS, is_drawn
from stages.core.store import digest_path
from stages.params.places import in_force, sections, stages

PACK = PUBLISHED / "buffalo_l"  # of the detector scrfd, where none is named


def behind(values: Mapping[str, Any], system: str) -> list[str]:
    """Stages that a system's predictions rest on and that have values of their own, its starts first."""
    runs = [stage for stage in stages(values) if "@" in stage and _system(values, stage) == system]
    starts = [start for run in runs for start in _starts(values, run)]
    return list(dict.fromkeys([*reversed(starts), *runs]))


def _system(values: Mapping[str, Any], stage: str) -> str:
    """The system that a stage belongs to; of a backbone its name, which no system has."""
    block, run, _ = sections(values, stage)
    return block.split(".")[0] if run or block.split(".")[-1] in ("ensemble", "smooth") else ""


def _starts(values: Mapping[str, Any], stage: str) -> Iterator[str]:
    """The backbone of a run, what that goes on from, and the landmarks of its masks."""
    found = in_force(values, stage)
    backbone = Path(found.get("backbone") or ".")
    if backbone.parent == PRETRAINED:
        for start in (f"{verb}@{backbone.name}" for verb in ("specialise", "pretrain")):
            if start in stages(values):
                yield start
                yield from _starts(values, start)
    if found.get("mask", "none") != "none":
        yield "landmarks"


def check_starts(values: Mapping[str, Any]) -> None:
    """Errors: UserError in one sentence where a listed system starts from what is not there.

    It names the files and sets, who wants them, and the keys that name others or let stand-ins take their place.
    """
    missing: dict[str, list[str]] = {}
    for system in values["systems"]:
        for told in dict.fromkeys(
            text for stage in behind(values, system) for text in _missing(values, stage)
        ):
            missing.setdefault(told, []).append(system)
    if not stand_ins(values) and is_drawn(values["corpus"]):
        missing[f"corpus: {values['corpus']}, which is drawn"] = ["all systems"]
    if missing:
        listed = "; ".join(f"{told} (for {', '.join(systems)})" for told, systems in missing.items())
        way = " or name others by these keys"
        if not stand_ins(values):
            way = ", name others by these keys, or set stand_ins: true, which draws and trains what stands in"
        raise UserError(
            f"params.yaml, scale {values['scale']}: systems start from what is not there: {listed}; put files "
            f"where they are named ({PUBLISHED}/README.md tells their sources){way}"
        )


def _missing(values: Mapping[str, Any], stage: str) -> Iterator[str]:
    found, block = in_force(values, stage), sections(values, stage)[0]
    weights, stills = found.get("weights"), found.get("stills")
    if weights and not Path(weights).exists():
        yield f"{block}.weights: {weights}"
    if stills and not weights and not stand_ins(values) and is_drawn(stills):
        yield f"{block}.stills: {stills}, which is drawn"


def drawn(values: Mapping[str, Any]) -> list[str]:
    """What `synthesize` draws: `VIDEOS`, and the still sets that some stage reads; nothing without stand-ins."""
    if not stand_ins(values):
        return []
    read = {Path(path).resolve() for path in _read(values)}
    return [name for name, path in _sets().items() if path.resolve() in read]


def _sets() -> dict[str, Path]:
    return {VIDEOS: CORPUS, **{name: STILLS / name for name in SETS}}


def _read(values: Mapping[str, Any]) -> Iterator[str]:
    """Corpus and still sets that stages read at the values in force."""
    yield values["corpus"]
    for stage in stages(values):
        found = in_force(values, stage)
        named = found.get("extra") if stage == "extra" else found.get("stills")
        if named and not found.get("weights"):
            yield named


def watched(values: Mapping[str, Any], stage: str) -> Values:
    """What a stage depends on and no key tells: digests of the files that its keys name."""
    found = in_force(values, stage)
    pack = found.get("detector_pack") or PACK if found.get("detector") == "scrfd" else None
    files = {"weights": found.get("weights"), "detector_pack": pack}
    return {
        f"{key} holds": digest_path(Path(file)) for key, file in files.items() if file and Path(file).exists()
    }
