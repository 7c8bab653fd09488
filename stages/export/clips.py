"""Aural-visual models as one graph from clips and mels to probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stages.clips.model import Card, cut
from stages.export.portable import Input, Portable, probabilities
from stages.networks.tsav import MEAN, STD, prepare
from stages.training.footage import Footage
from stages.training.samples.mels import MELS


def portable(model: nn.Module, card: Card) -> Portable:
    """Clips uint8 [N, T, S, S, 4] and mels [N, 1, 64, R] to the card's tasks."""
    clip = card.clip
    pixels = (
        f"{clip.frames} aligned faces, {clip.dilation} frames apart, that end with the one asked for, oldest first: "
        f"RGB and the landmark mask ({card.mask}), 0 to 255, black where there is no face"
    )
    sound = (
        f"mel-spectrogram {card.front_end}, {clip.rows} rows around the last frame brought to {clip.steps}"
    )
    inputs = {
        "clips": Input((clip.frames, clip.size, clip.size, len(MEAN)), torch.uint8, pixels),
        "mel": Input((1, MELS, clip.steps), torch.float32, sound),
    }
    return Portable(Prepared(model, card.tasks).eval(), inputs, card.tasks)


def samples(card: Card, footage: Footage, count: int) -> dict[str, NDArray[Any]]:
    """The inputs of `count` frames, spread over the footage."""
    clips = cut(card, footage)
    chosen = np.linspace(0, len(clips) - 1, count).astype(int)
    return {"clips": clips.pixels(chosen), "mel": clips.mel(chosen)}


@torch.no_grad()
def original(model: nn.Module, card: Card, inputs: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Probabilities as the pipeline computes them."""
    return probabilities(model(prepare(inputs["clips"]), inputs["mel"]), card.tasks)


class Prepared(nn.Module):
    """An aural-visual model with its front end in the graph."""

    scale: Tensor
    shift: Tensor

    def __init__(self, model: nn.Module, tasks: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.tasks = model, tasks
        mean, std = torch.tensor(MEAN), torch.tensor(STD)
        self.register_buffer("scale", 1 / (255 * std))
        self.register_buffer("shift", mean / std)

    def forward(self, clips: Tensor, mel: Tensor) -> tuple[Tensor, ...]:
        """uint8 [N, T, S, S, 4] and [N, 1, 64, R] to probabilities [N, outputs] of each task."""
        x = clips.float() * self.scale - self.shift
        return probabilities(self.model(x.permute(0, 4, 1, 2, 3), mel), self.tasks)
