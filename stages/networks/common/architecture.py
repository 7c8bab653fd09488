"""What builds a backbone, as cards keep it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from stages.networks.common.backbones import Backbone, FrontEnd, build_backbone, front_end_of


@dataclass(frozen=True)
class Architecture:
    """A backbone's file of stages/networks and its size; None: as published (the first form, its input)."""

    kind: str
    depth: int
    width: float = 1.0
    input_size: int | None = None
    form: str | None = None

    def build(self, dropout: float = 0.0) -> Backbone:
        """The backbone with random weights; `dropout` before its last linear layer, a matter of training."""
        return build_backbone(**asdict(self), dropout=dropout)

    @property
    def front_end(self) -> FrontEnd:
        """What it expects of images."""
        return front_end_of(self.kind, self.input_size, self.form)
