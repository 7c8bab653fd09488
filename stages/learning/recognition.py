"""Training a backbone to tell people apart, and embedding images with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from stages.corpora.stills import ImageFolder, Stills
from stages.learning.augment import Augment
from stages.learning.fit import epoch_seed
from stages.networks.backbones import Backbone, FrontEnd
from stages.networks.cosface import Recogniser

POWER = 2  # of InsightFace's decay of the learning rate (arcface_torch/lr_scheduler.py)
CHUNK = 64  # images embedded at once


@dataclass(frozen=True)
class Batch:
    """Prepared images [N, 3, S, S] and the numbers of their identities [N]."""

    images: Tensor
    identity: Tensor


def recognition_loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropy of the margin's logits, and the share of true identities first in spite of the margin."""
    logits = model(batch.images, batch.identity)
    right = (logits.argmax(1) == batch.identity).float().mean()
    return {"loss": F.cross_entropy(logits, batch.identity), "hits": right}


def identity_batches(
    stills: Stills, augment: Augment, front_end: FrontEnd, batch: int, seed: int, fabric: Fabric
) -> Callable[[int], Iterator[Batch]]:
    """Epoch (from 1) to its batches of the training identities, shuffled and augmented by (seed, epoch).

    `batch` images in all; each device of `fabric` takes its share. The rest of an epoch is left out.
    """
    rows = stills.rows("train")
    codes = np.unique(stills.labels["identity"].to_numpy(str)[rows], return_inverse=True)[1]
    size = min(batch, len(rows))

    def batches(epoch: int) -> Iterator[Batch]:
        order = np.random.default_rng([seed, epoch]).permutation(len(rows))
        generator = Generator(fabric.device).manual_seed(epoch_seed(seed, epoch) + fabric.global_rank)
        for start in range(0, len(rows) - size + 1, size):
            chosen = order[start : start + size][fabric.global_rank :: fabric.world_size]
            images = augment(read(stills.images, rows[chosen]), front_end.size, generator)
            yield Batch(front_end.prepare(images), torch.from_numpy(codes[chosen]).to(fabric.device))

    return batches


def polynomial_sgd(
    model: Recogniser, lr: float, momentum: float, weight_decay: float, epochs: int
) -> tuple[SGD, LambdaLR]:
    """SGD and InsightFace's polynomial decay to zero, a step an epoch."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = SGD(trained, lr=lr, momentum=momentum, weight_decay=weight_decay)
    return optimizer, LambdaLR(optimizer, lambda done: (1 - min(done, epochs - 1) / epochs) ** POWER)


@torch.no_grad()
def embed(backbone: Backbone, images: np.ndarray | ImageFolder, rows: np.ndarray) -> np.ndarray:
    """Features float32 [len(rows), F] of the images of `rows`, in eval mode."""
    device = next(backbone.parameters()).device
    backbone.eval()
    chunks = np.array_split(rows, -(-len(rows) // CHUNK))
    parts = [backbone(backbone.front_end.prepare(read(images, chunk).to(device))) for chunk in chunks]
    return torch.cat(parts).float().cpu().numpy()


def read(images: np.ndarray | ImageFolder, rows: np.ndarray) -> Tensor:
    """Images of `rows` in memory, uint8 [N, 112, 112, 3]; read in the order of the file."""
    order = np.argsort(rows, kind="stable")
    batch = np.empty((len(rows), *images.shape[1:]), np.uint8)
    batch[order] = images[rows[order]]
    return torch.from_numpy(batch)
