"""What a sweep is: a list of named changes to the parameters of one training run, and how it is scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stages.core.paths import FRAMES, INDEX
from stages.scoring.tables.labelled import Scored

Changes = Mapping[str, Any]  # key of the block → its value, or a function of the value that the block has


@dataclass(frozen=True)
class Variant:
    """One row: its name, what it changes, what that is in words, and the published figure."""

    name: str
    changes: Changes
    says: str
    published: float | None = None


@dataclass(frozen=True)
class Study:
    """Variants of the run `system`-`step` of training stage `verb`.

    Cumulative: each variant keeps the changes of those before it. `figures` scores joined predictions; `note`
    says in Markdown what the published figures are and what the paper leaves open. `inputs`: what the stage
    reads beside the paths among its parameters; once they change, rows are trained again.
    """

    verb: str
    system: str
    step: str
    variants: tuple[Variant, ...]
    figures: Callable[[Scored], dict[str, float]]
    note: str = ""
    cumulative: bool = field(default=False, kw_only=True)
    inputs: tuple[Path, ...] = field(default=(INDEX, FRAMES), kw_only=True)

    @property
    def run(self) -> str:
        """Name of the run in params.yaml."""
        return f"{self.system}-{self.step}"

    def rows(self) -> Iterator[tuple[Variant, Changes]]:
        """Every variant with all of its changes."""
        kept: Changes = {}
        for variant in self.variants:
            changes = {**kept, **variant.changes}
            kept = changes if self.cumulative else kept
            yield variant, changes


def changed(values: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """`values` of a block with the changes; functions get the block's own value."""
    made = {key: new(values.get(key)) if callable(new) else new for key, new in changes.items()}
    return {**values, **made}


def unchanged(value: Any) -> Any:
    """The block's own value again, in a cumulative study."""
    return value


def times(share: float) -> Callable[[int | None], int | None]:
    """A whole number times `share`, at least 1; null stays null."""
    return lambda value: None if value is None else max(1, round(value * share))
