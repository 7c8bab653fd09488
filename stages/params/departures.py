"""What of each system's values is not as its paper has it, at the scale that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stages.core.params import leaves, own_values
from stages.core.stand_ins import is_drawn
from stages.params.places import in_force, sections
from stages.params.record import recorded
from stages.params.starts import behind

IMPORTING = ("pretrain", "landmarks")  # stages that import `weights` in place of training
KEPT = ("weights", "kind", "scheme", "refinement")  # what matters there all the same


class Departure(NamedTuple):
    """A key of params.yaml, its value in force, and the published one."""

    key: str
    value: Any
    published: Any


def of_system(values: Mapping[str, Any], system: str) -> list[Departure]:
    """Departures of a system's stages and of what they start from, the corpus in front; each one once."""
    found = [*_corpus(values)]
    for stage in behind(values, system):
        found += _of_stage(values, stage)
    return [own for number, own in enumerate(found) if own not in found[:number]]


def _corpus(values: Mapping[str, Any]) -> Iterator[Departure]:
    if is_drawn(values["corpus"]):
        yield Departure("corpus", values["corpus"], "Aff-Wild2")
    yield from _of_stage(values, "frames")


def _of_stage(values: Mapping[str, Any], stage: str) -> Iterator[Departure]:
    block, run, top = sections(values, stage)
    if not any(key.startswith(f"{block}.") for key in recorded()):
        return  # of a system that no paper has
    own, found = own_values(values, block, run), in_force(values, stage)
    imported = stage.partition("@")[0] in IMPORTING and found["weights"]
    for key, value in leaves(found):
        inherited = key in top and own.get(key) is None
        if (inherited and key not in recorded()) or (imported and key not in KEPT):
            continue  # a seed or a path; what an import does not read
        published = _published(key, block, run, top)
        if value != published:
            yield Departure(key if inherited else f"{block}.{key}", value, published)
    yield from _drawn(values, stage, block)


def _published(key: str, block: str, run: str | None, top: Sequence[str]) -> Any:
    """The recorded value of a key, the run's in front; what is null comes from the top level."""
    names = [f"{section}.{key}" for section in (run, block) if section]
    value = next((recorded()[name] for name in names if name in recorded()), None)
    return recorded().get(key) if value is None and key in top else value


def _drawn(values: Mapping[str, Any], stage: str, block: str) -> Iterator[Departure]:
    """Drawn stills that the stage trains on."""
    found = in_force(values, stage)
    if found.get("stills") and not found.get("weights") and is_drawn(found["stills"]):
        yield Departure(f"{block}.stills", found["stills"], "the paper's set")
    if found.get("extra") is True and is_drawn(values["extra"]):
        yield Departure("extra", values["extra"], "the paper's set")
