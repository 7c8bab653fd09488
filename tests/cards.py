"""Typed cards with what a test cares about; what it does not is filled in."""

from __future__ import annotations

from typing import Any

from stages.core.card import kind_named
from stages.landmarks.landmarker import LandmarkCard, Landmarker, describe
from stages.networks.common.architecture import Architecture
from stages.networks.common.pretrained import BackboneCard

MADE: dict[str, Any] = {"params": {}, "data": "", "code": ""}
OWN: dict[str, dict[str, Any]] = {
    "finetune": {"network": {"kind": "iresnet", "depth": 18}, "neck": "plain", "parts": {}, "hidden": None},
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
    told = {"system": "x", "step": "y", "tasks": ("AU",)}
    return kind_named(kind).Card(**{**MADE, **told, **OWN[kind], **own})


def backbone_card(network: Architecture) -> BackboneCard:
    """The card of a pretrained backbone."""
    return BackboneCard(stage="pretrain", name="x", network=network, **MADE)


def landmark_card(landmarker: Landmarker) -> LandmarkCard:
    """The card of a landmark network."""
    return LandmarkCard(network=describe(landmarker), **MADE)
