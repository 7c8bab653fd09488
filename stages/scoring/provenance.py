"""What stands behind the predictions in data/ensemble/<system>: the JSON beside it, for whoever shows their figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from stages.core.epochs import epoch_of
from stages.core.errors import UserError
from stages.scoring.candidates import Candidate

# Files and folders in data/ensemble/<system>, beside the predictions of each part (see `crossfit`).
SELECTIONS, PROVENANCE, NETWORKS = "selections.json", "provenance.json", "networks"
SYSTEM = "system.json"  # in models/<system>: sources of each unit and widths of smoothing, for other videos


class Provenance(NamedTuple):
    """`networks`: the checkpoint that stands for each, simplest first; `sources`: those that are in use."""

    networks: list[Candidate]
    sources: list[Candidate]

    def listed(self) -> str:
        """The sources in words: "visual epoch_03, epoch_07; audio epoch_02"."""
        steps = groupby(self.sources, lambda source: source.step)
        return "; ".join(f"{step} {', '.join(source.checkpoint for source in own)}" for step, own in steps)

    def as_json(self) -> dict[str, list[dict[str, str]]]:
        """As the file holds it."""
        return {name: [each._asdict() for each in own] for name, own in self._asdict().items()}


def provenance(networks: Sequence[Candidate], used: Iterable[Candidate]) -> Provenance:
    """Those in use in the order of the networks, and within one of the epochs."""
    order = [network.step for network in networks]
    sources = sorted(used, key=lambda own: (order.index(own.step), epoch_of(own.checkpoint)))
    return Provenance(list(networks), sources)


def read_provenance(path: Path) -> Provenance:
    """What stage ensemble wrote. Errors: UserError where there is none."""
    if not path.is_file():
        raise UserError(f"{path}: missing; run dvc repro, which runs the stage ensemble first")
    values: dict[str, list[dict[str, str]]] = json.loads(path.read_text())
    return Provenance(**{name: [Candidate(**each) for each in own] for name, own in values.items()})
