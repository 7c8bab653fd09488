"""Training a backbone to tell people apart, and embedding images with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from stages.core.errors import UserError
from stages.networks.common.backbones import Backbone, FrontEnd
from stages.pretrain.cosface import CosFace, Recogniser
from stages.pretrain.verification import Pairs, draw_pairs, similarities, verification_scores
from stages.training.fit import epoch_seed
from stages.training.pretraining import Scores, Supervision
from stages.training.samples.ahead import ahead
from stages.training.samples.augment import Augment
from stages.training.samples.faces import Rows
from stages.training.samples.passes import full_batches, shuffled
from stages.training.samples.sampling import share
from stages.training.samples.still_sets import ImageFolder, Stills, read_stills

CHUNK = 64  # images embedded at once


@dataclass(frozen=True)
class Batch:
    """Prepared images [N, 3, S, S] and the numbers of their identities [N]."""

    images: Tensor
    identity: Tensor


def identities(
    backbone: Backbone,
    stills: Stills,
    pairs: Pairs,
    augment: Augment,
    *,
    scale: float,
    margin: float,
    batch: int,
    seed: int,
    fabric: Fabric,
) -> Supervision:
    """CosFace on the training identities; `pairs` verify on those held out. Margin 0 is a plain softmax of
    cosines."""
    people = stills.labels["identity"].to_numpy(str)[stills.rows("train")]
    head = CosFace(backbone.features, len(np.unique(people)), scale, margin)
    return Supervision(
        Recogniser(backbone, head),
        recognition_loss,
        identity_batches(stills, augment, backbone.front_end, batch, seed, fabric),
        lambda: verified(backbone, stills, pairs),
    )


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

    def batches(epoch: int) -> Iterator[Batch]:
        order = shuffled(np.arange(len(rows)), [seed, epoch])
        generator = Generator(fabric.device).manual_seed(epoch_seed(seed, epoch) + fabric.global_rank)
        for images, identity in ahead(make, enumerate(full_batches(order, batch))):
            changed = augment(images, front_end.size, generator)
            yield Batch(front_end.prepare(changed), identity.to(fabric.device))

    def make(drawn: tuple[int, Rows]) -> tuple[Tensor, Tensor]:
        turn, chosen = drawn
        own = share(chosen, fabric.global_rank, fabric.world_size, turn)
        return read(stills.images, rows[own]), torch.from_numpy(codes[own])

    return batches


def with_pairs(folder: Path, count: int, seed: int) -> tuple[Stills, Pairs]:
    """A still set, and pairs of images of its held-out identities as rows of it; see `draw_pairs`.

    Errors: UserError where the split validation has no pair of one person or none of two.
    """
    stills = read_stills(folder)
    rows = stills.rows("validation")
    people = stills.labels["identity"].to_numpy(str)[rows]
    pairs = draw_pairs(people, count, seed)
    if not pairs.same.any() or pairs.same.all():
        raise UserError(
            f"{folder}: split validation needs two identities with two images each to verify "
            f"with, it has {len(rows)} images of {len(np.unique(people))}; add some"
        )
    return stills, Pairs(rows[pairs.left], rows[pairs.right], pairs.same)


def verified(backbone: Backbone, stills: Stills, pairs: Pairs) -> Scores:
    """Verification scores of the backbone on held-out pairs."""
    rows, places = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    features = embed(backbone, stills.images, rows)
    left, right = np.split(places, 2)
    return verification_scores(similarities(features, Pairs(left, right, pairs.same)), pairs.same)


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
