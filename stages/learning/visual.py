"""Fine-tuning a visual model whose tasks take turns (Jin et al. 2021, 3.1), and running it on faces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stages.learning.alternation import Alternation, rotation
from stages.learning.augment import Augment
from stages.learning.data import Faces
from stages.learning.fit import epoch_seed
from stages.learning.losses import TaskLoss
from stages.networks.backbones import FrontEnd, build_backbone
from stages.networks.heads import Heads
from stages.networks.visual import VisualModel

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def visual_model(card: dict[str, Any], dropout: float = 0.0) -> VisualModel:
    """An untrained visual model as its card says: `network` of the backbone, `tasks`."""
    backbone = build_backbone(**card["network"])
    return VisualModel(backbone, Heads(backbone.features, card["tasks"], dropout))


class Turn(NamedTuple):
    """A task's batch: prepared faces [B, 3, S, S] and the labels its loss compares with."""

    task: str
    faces: Tensor
    targets: Tensor


def turns(
    faces: Faces,
    order: Sequence[str],
    front_end: FrontEnd,
    augment: Augment,
    *,
    alternation: Alternation,
    batch: int,
    steps: int | None,
    seed: int,
    fabric: Fabric,
) -> Callable[[int], Iterator[Turn]]:
    """Batches of an epoch, as `fit` asks for them; each process takes its share of the global `batch`.

    `order` is that of rotation over tasks. Errors: UserError where one of them has no labels.
    """
    rows = faces.rows(order)

    def epoch_turns(epoch: int) -> Iterator[Turn]:
        generator = torch.Generator(fabric.device)
        generator.manual_seed(epoch_seed(seed, epoch) + fabric.global_rank)
        for task, chosen in rotation(rows, order, alternation, batch, seed, epoch, steps):
            own = chosen[fabric.global_rank :: fabric.world_size]
            images = augment(torch.from_numpy(faces.images(own)), front_end.size, generator)
            targets = torch.from_numpy(faces.labels.targets(task, own)).to(fabric.device)
            yield Turn(task, front_end.prepare(images), targets)

    return epoch_turns


def turn_loss(losses: Mapping[str, TaskLoss]) -> Callable[[nn.Module, Turn], dict[str, Tensor]]:
    """The loss of one task's batch: the other heads stay out of the graph, so they get no gradients."""

    def loss(model: nn.Module, turn: Turn) -> dict[str, Tensor]:
        value = losses[turn.task](model(turn.faces, [turn.task])[turn.task], turn.targets)
        return {"loss": value, turn.task: value}

    return loss


@torch.no_grad()
def predict_faces(model: VisualModel, faces: Faces, batch: int = 256) -> dict[str, NDArray[np.float32]]:
    """Outputs of all faces in order, task -> [N, outputs]; the model is left in eval mode."""
    model.eval()
    parts = [model(pixels) for pixels in _prepared(model, faces, batch)]
    return {task: torch.cat([part[task] for part in parts]).cpu().numpy() for task in parts[0]}


@torch.no_grad()
def embed_images(model: VisualModel, images: NDArray[np.uint8], batch: int = 256) -> NDArray[np.float16]:
    """Features of crops uint8 [N, 112, 112, 3] to float16 [N, features]."""
    model.eval()
    device = next(model.parameters()).device
    features = np.empty((len(images), model.backbone.features), np.float16)
    for start in range(0, len(images), batch):
        pixels = torch.from_numpy(images[start : start + batch].copy()).to(device)
        output = model.backbone(model.backbone.front_end.prepare(pixels))
        features[start : start + batch] = output.cpu().numpy()
    return features


def _prepared(model: VisualModel, faces: Faces, batch: int) -> Iterator[Tensor]:
    device = next(model.parameters()).device
    for start in range(0, len(faces), batch):
        rows = np.arange(start, min(start + batch, len(faces)))
        yield model.backbone.front_end.prepare(torch.from_numpy(faces.images(rows)).to(device))
