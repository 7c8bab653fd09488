"""What has to be there before a run and is not: the corpus, published weights, still sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.params.places import in_force, sections, stages
from stages.plan.outline import DRAWN

CORPUS = "data/synthetic"  # drawn where it is missing


def missing(values: Mapping[str, Any]) -> list[str]:
    """Key and path of every input that params.yaml names, that no stage makes, and that is not there."""
    return list(dict.fromkeys(f"{key}: {path}" for key, path in _named(values) if not Path(path).exists()))


def _named(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if values["corpus"] != CORPUS:
        yield "corpus", values["corpus"]
    for stage in stages(values):
        found, block = in_force(values, stage), sections(values, stage)[0]
        for key in ("weights", "stills", "extra", "detector_pack"):
            path = found.get(key)
            if isinstance(path, str) and path not in DRAWN and not (key == "stills" and found.get("weights")):
                yield f"{block}.{key}".lstrip("."), path
