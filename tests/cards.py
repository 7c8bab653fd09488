"""Typed cards with what a test cares about; what it does not is filled in."""

from __future__ import annotations

from typing import Any

from stages.core.card import kind_named

OWN: dict[str, dict[str, Any]] = {
    "finetune": {"network": {}, "neck": "plain", "parts": {}, "hidden": None},
    "audio": {
        "reads": "models/x/visual", "embedded": None, "visual": 16, "features": 8, "window": 30,
        "predict_stride": 10, "steps": 20, "front_end": "jin2021",
    },
    "sequence": {
        "sees": "models/x/visual", "embedded": None, "visual": 512, "hears": None, "audio": 0, "front_end": None,
        "encoder": "gru", "shape": {}, "window": 9, "predict_stride": None,
    },
}  # fmt: skip


def card(kind: str, **own: Any) -> Any:
    """A card of a kind."""
    told = {"system": "x", "step": "y", "tasks": ("AU",), "params": {}, "data": "", "code": ""}
    return kind_named(kind).Card(**{**told, **OWN[kind], **own})
