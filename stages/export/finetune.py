"""Visual models as one graph from aligned crops to probabilities."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from stages.core.card import ModelCard
from stages.export.portable import Input, Portable, probabilities
from stages.media.align import SIZE
from stages.networks.common.backbones import FrontEnd
from stages.networks.common.visual import VisualModel
from stages.training.footage import Footage
from stages.training.samples.faces import read_faces

FACES = "aligned faces, RGB, 0 to 255, rows from the top (five points on the ArcFace template)"


def portable(model: VisualModel, card: ModelCard) -> Portable:
    """Crops uint8 [N, 112, 112, 3] to the card's tasks."""
    faces = {"faces": Input((SIZE, SIZE, 3), torch.uint8, FACES)}
    return Portable(Prepared(model, card.tasks).eval(), faces, card.tasks)


def samples(card: ModelCard, footage: Footage, count: int) -> dict[str, NDArray[np.uint8]]:
    """The inputs of `count` frames, spread over the footage."""
    faces = read_faces(footage.table, footage.faces)
    return {"faces": faces.images(np.linspace(0, len(faces) - 1, count).astype(int))}


@torch.no_grad()
def original(model: VisualModel, card: ModelCard, inputs: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Probabilities as the pipeline computes them."""
    return probabilities(model(model.backbone.front_end.prepare(inputs["faces"])), card.tasks)


class Prepared(nn.Module):
    """A visual model with its front end in the graph."""

    resampling: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, model: VisualModel, tasks: tuple[str, ...]) -> None:
        super().__init__()
        front_end = model.backbone.front_end
        self.model, self.tasks, self.flipped = model, tasks, front_end.order == "BGR"
        mean, std = (torch.tensor(values)[:, None, None] for values in (front_end.mean, front_end.std))
        self.register_buffer("scale", front_end.scale / std)
        self.register_buffer("shift", mean / std)
        self.register_buffer("resampling", resampling(front_end))

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        """uint8 [N, 112, 112, 3] to probabilities [N, outputs] of each task."""
        x = self.resampling @ faces.permute(0, 3, 1, 2).float() @ self.resampling.T
        x = (x.flip(1) if self.flipped else x) * self.scale - self.shift
        return probabilities(self.model(x), self.tasks)


def resampling(front_end: FrontEnd) -> Tensor:
    """The front end's resizing as a matrix [S, 112], of rows and of columns: it is linear, and the same for both.

    Runtimes differ in how they resize; a product of matrices is the same in all.
    """
    unit = torch.eye(SIZE)[None, None]
    if front_end.size == SIZE:
        return unit[0, 0]
    return F.interpolate(unit, size=(front_end.size, SIZE), mode="bilinear", antialias=True)[0, 0]
