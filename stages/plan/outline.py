"""What a stage trains: its network without memory, what a sample is to it, and how many it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from stages.core.card import ModelCard
from stages.core.params import Values
from stages.networks.common.architecture import Architecture
from stages.networks.common.pretrained import read_network
from stages.params.places import in_force, stages
from stages.plan.counts import Counts
from stages.synthesize.stills.sets import split_of
from stages.training.recipe import Recipe
from stages.training.samples.still_sets import read_stills

DRAWN = {
    f"data/stills/{name}": (f"{kind}_people", f"{kind}_stills")
    for name, kind in (("identities", "identity"), ("affect", "affect"), ("landmarks", "landmark"))
}
MADE: dict[str, Any] = {
    "params": {},
    "data": "",
    "code": "",
}  # what a card tells of a training that is to come


class Outline(NamedTuple):
    """`model` on the meta device; `inputs(n)`: what its forward pass takes of n samples.

    `unit`: what a sample is. `seen`: samples of an epoch, None where that is not known before.
    `validated`: samples that are predicted after each epoch. `features`: of what others read of it.
    """

    model: nn.Module
    inputs: Callable[[int], tuple[Any, ...]]
    unit: str
    recipe: Recipe
    seen: int | None
    validated: int = 0
    features: int = 0


@dataclass
class Made:
    """What stages make that others build on: backbones and cards by the folder they leave, and their features.

    `values` of params.yaml tell how many stills will be drawn.
    """

    values: Mapping[str, Any]
    backbones: dict[Path, Architecture] = field(default_factory=dict)
    cards: dict[Path, ModelCard] = field(default_factory=dict)
    features: dict[Path, int] = field(default_factory=dict)

    def backbone(self, folder: Path) -> Architecture:
        """What builds a backbone: as planned, or as it lies there. Errors: UserError where neither is."""
        return self.backbones.get(folder) or read_network(folder)

    def stills(self, folder: str) -> int | None:
        """Training images of a still set, drawn or there; None where there is none."""
        found = self._identities(folder)
        return None if found is None else len(found)

    def drawn(self) -> int:
        """Images of the still sets that will be drawn, since some stage reads them."""
        found = (in_force(self.values, stage) for stage in stages(self.values))
        read = {own.get("stills") for own in found if not own.get("weights")} | {self.values["extra"]}
        sets = [self._size(keys) for folder, keys in DRAWN.items() if folder in read]
        return sum(people * each for people, each in sets)

    def people(self, folder: str) -> int:
        """Training identities of a still set; 1 where there is none."""
        return len(set(self._identities(folder) or [""]))

    def _identities(self, folder: str) -> list[str] | list[int] | None:
        """Whose face each training image shows."""
        if folder in DRAWN:
            people, each = self._size(DRAWN[folder])
            return [person for person in range(people) if split_of(person) == "train" for _ in range(each)]
        if not Path(folder).is_dir():
            return None
        stills = read_stills(Path(folder))
        return stills.labels["identity"].to_numpy(str)[stills.rows("train")].tolist()

    def _size(self, keys: tuple[str, str]) -> tuple[int, int]:
        """People of a drawn set, and stills of each."""
        found = in_force(self.values, "synthesize")
        return found[keys[0]], found[keys[1]]


def outlines(made: Made, counts: Counts) -> Iterator[tuple[str, Outline]]:
    """Stages that train a network, in order, with what they train; those that import one are passed over.

    What they make is noted in `made`. Errors: UserError as the stages' own parameters have them.
    """
    values = made.values
    for stage in stages(values):
        name = f"stages.plan.networks.{stage.partition('@')[0]}"
        if find_spec(name):
            with torch.device("meta"):
                outline = import_module(name).outline(stage, in_force(values, stage), made, counts)
            if outline:
                yield stage, outline


def recipe_of(values: Values) -> Recipe:
    """The recipe in the values of a stage."""
    return Recipe(**{name: values[name] for name in Recipe.model_fields if values.get(name) is not None})


def windows(params: Any, counts: Counts, split: str, stride: int) -> int:
    """Windows of a split that begin every `stride` frames and hold a labelled one: as many as its largest task has."""
    frames = max(counts.known(task, split) for task in params.tasks)
    return max(1, frames // stride)
