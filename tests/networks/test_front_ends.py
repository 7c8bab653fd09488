"""What a system's backbone sees of a face: the size, channel order and normalisation it was trained with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from stages.networks.common.backbones import build_backbone, find_published

PARAMS: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())
BLUE, GREEN, RED = 91.4953, 103.8827, 131.0912  # VGGFace2's means

# Of each system: pixels a side, channels in order, what is taken off and what the rest is divided by.
ARCFACE = (112, [0, 1, 2], [127.5] * 3, 127.5)
SYSTEMS = {
    "jin2021": ARCFACE,
    "jiang2022": ARCFACE,
    "thinh2021": (224, [2, 1, 0], [BLUE, GREEN, RED], 1.0),
    "fan2021": (224, [2, 1, 0], [BLUE, GREEN, RED], 1.0),
}


def block_of(run: str) -> dict[str, Any]:
    """The pretraining that a fine-tuning run starts from, directly or by way of a specialised one."""
    folder = Path(PARAMS["runs"]["finetune"][run]["backbone"])
    while folder.name in PARAMS["specialise"]:
        folder = Path(PARAMS["specialise"][folder.name]["backbone"])
    assert folder.parent == Path("models/pretrain")
    block: dict[str, Any] = PARAMS["pretrain"][folder.name]
    return block


@pytest.mark.parametrize("run", PARAMS["runs"]["finetune"])
def test_each_visual_run_gets_what_its_backbone_was_trained_on(run: str) -> None:
    """A flat face of one colour, through the front end and by hand."""
    size, order, mean, deviation = SYSTEMS[PARAMS["runs"]["finetune"][run]["system"]]
    block = block_of(run)
    assert block["input_size"]["paper"] == size
    colour = np.array([250, 120, 30], np.uint8)
    depth = min(find_published(block["kind"]).depths)
    prepared = build_backbone(block["kind"], depth, width=0.25).front_end.prepare(
        torch.from_numpy(np.tile(colour, (1, 112, 112, 1)))
    )
    assert prepared.shape == (1, 3, size, size)
    expected = (colour[order] - np.array(mean)) / deviation
    np.testing.assert_allclose(prepared[0, :, size // 2, size // 3], expected, atol=1e-4)


def test_every_system_with_a_visual_run_is_pinned() -> None:
    assert {run["system"] for run in PARAMS["runs"]["finetune"].values()} == set(SYSTEMS)
