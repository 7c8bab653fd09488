"""Where the values of each stage stand in params.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from stages.core.errors import UserError
from stages.core.params import Values, block_of, dig, own_values, settled, top_values

SEEDED, TRAINED = ("seed",), ("seed", "threads")
KEPT = (*TRAINED, "keep")


class Place(NamedTuple):
    """`block`: the section that a stage reads, with {run} in it where the run names it.

    `top`: keys of the top level that it reads too. `runs`: section that lists its runs, if it has several;
    below `runs.` each run belongs to the block `<its system>.<stage>`.
    """

    block: str
    top: tuple[str, ...] = ()
    runs: str | None = None


PLACES = {
    "synthesize": Place("synthesize", SEEDED),
    "index": Place("index", ("corpus", "on_error")),
    "frames": Place("frames", ("corpus", "on_error")),
    "mel": Place("mel", ("corpus", "on_error")),
    "extra": Place("", ("extra",)),
    "landmarks": Place("landmarks", TRAINED),
    "masks": Place("masks", TRAINED),
    "pretrain": Place("pretrain.{run}", TRAINED, "pretrain"),
    "specialise": Place("specialise.{run}", TRAINED, "specialise"),
    "finetune": Place("", (*KEPT, "lr"), "runs.finetune"),
    "clips": Place("", KEPT, "runs.clips"),
    "embed": Place("", TRAINED, "runs.embed"),
    "audio": Place("", KEPT, "runs.audio"),
    "sequence": Place("", KEPT, "runs.sequence"),
    "ensemble": Place("{run}.ensemble", (), "systems"),
    "smooth": Place("{run}.smooth", (), "systems"),
    "evaluate": Place("{run}.published", ("evaluate",), "systems"),
    "combine": Place("combine", ("systems", "evaluate")),
    "compare": Place("", ("systems",)),
}


def stages(values: Mapping[str, Any]) -> Iterator[str]:
    """Names of all stages as DVC has them, `verb` or `verb@run`."""
    for verb, place in PLACES.items():
        if place.runs is None:
            yield verb
        else:
            yield from (f"{verb}@{run}" for run in runs_of(values, place.runs))


def runs_of(values: Mapping[str, Any], path: str) -> list[str]:
    """Runs that a section or list of params.yaml names."""
    found: Any = values if "." in path else values.get(path)
    found = dig(values, path) if found is values else found
    if not isinstance(found, Mapping | list | None):
        raise UserError(f"params.yaml, key {path}: lists no runs; write a table or a list of them")
    return list(found or [])


def sections(values: Mapping[str, Any], stage: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Block, section of the run, and keys of the top level that a stage reads.

    Errors: UserError where there is no such stage.
    """
    verb, _, run = stage.partition("@")
    if stage not in stages(values):
        raise UserError(f"{stage}: there is no such stage; `python -m stages.params` lists them")
    place = PLACES[verb]
    if place.runs and place.runs.startswith("runs."):
        return block_of(values, verb, run), f"{place.runs}.{run}", place.top
    return place.block.format(run=run), None, place.top


def in_force(values: Mapping[str, Any], stage: str) -> Values:
    """What the stage reads at the scale that runs: its own values, the top level's where those are null."""
    block, run, top = sections(values, stage)
    own = own_values(values, block, run)
    found = own | top_values(values, [name for name in top if own.get(name) is None])
    return settled(values, block, run, found)
