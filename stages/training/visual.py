"""Training a visual model on faces whose labels are incomplete, and running it on faces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stages.networks.common.backbones import FrontEnd
from stages.networks.common.visual import VisualModel
from stages.training.fit import epoch_seed
from stages.training.losses import TaskLoss, joint
from stages.training.samples.ahead import ahead, staged
from stages.training.samples.augment import Augment
from stages.training.samples.faces import Faces
from stages.training.samples.passes import in_order
from stages.training.samples.sampling import Draw, Draws, share

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Turn(NamedTuple):
    """A batch of some tasks: prepared faces [B, 3, S, S], and what each task's loss compares with."""

    faces: Tensor
    targets: dict[str, Tensor]


def turns(
    faces: Faces,
    draws: Draws,
    front_end: FrontEnd,
    augment: Augment,
    *,
    seed: int,
    fabric: Fabric,
) -> Callable[[int], Iterator[Turn]]:
    """Batches of an epoch, as `fit` asks for them; each process takes its share of what `draws` makes."""

    device = fabric.device

    def epoch_turns(epoch: int) -> Iterator[Turn]:
        generator = torch.Generator(device).manual_seed(epoch_seed(seed, epoch) + fabric.global_rank)
        for images, labels in ahead(read, enumerate(draws(epoch))):
            changed = augment(images, front_end.size, generator)
            targets = {task: label.to(device, non_blocking=True) for task, label in labels.items()}
            yield Turn(front_end.prepare(changed), targets)

    def read(drawn: tuple[int, Draw]) -> tuple[Tensor, dict[str, Tensor]]:
        turn, (tasks, chosen) = drawn
        own = share(chosen, fabric.global_rank, fabric.world_size, turn)
        labels = {task: staged(faces.labels.targets(task, own), device) for task in tasks}
        return staged(faces.images(own), device), labels

    return epoch_turns


def turn_loss(losses: Mapping[str, TaskLoss]) -> Callable[[nn.Module, Turn], dict[str, Tensor]]:
    """Sum of the losses of a batch's tasks; the other heads stay out of the graph: no gradients for them."""

    def loss(model: nn.Module, turn: Turn) -> dict[str, Tensor]:
        outputs = model(turn.faces, list(turn.targets))
        return joint(outputs, turn.targets, losses)

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
    for images in ahead(lambda rows: staged(faces.images(rows), device), in_order(len(faces), batch)):
        yield model.backbone.front_end.prepare(images.to(device, non_blocking=True))
