"""How faces are looked for, as params.yaml says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from stages.core.params import Strict
from stages.media.extract import Search


class Params(Strict):
    """Section `frames` of params.yaml, with the top-level `corpus` and `on_error`."""

    corpus: Path
    on_error: Literal["fail", "skip"]
    detector: Literal["mtcnn", "scrfd"]
    detector_pack: Path | None
    detect_every: int = Field(ge=1)
    detect_height: int = Field(ge=48)
    smooth: float = Field(ge=0)
    max_frames: int | None = Field(ge=1)


def search_of(params: Params) -> Search:
    """The share of the parameters that says how faces are looked for."""
    return Search(
        params.detector,
        params.detector_pack,
        params.detect_every,
        params.detect_height,
        params.smooth,
        params.on_error,
    )
