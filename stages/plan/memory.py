"""What a training step takes of a device's memory, from the network's shapes alone.

Forward passes on the meta device tell what autograd keeps; nothing is computed and no weight is made. Figures
are in bytes of float32; `PRECISION=bf16-mixed` keeps less.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils.flop_counter import FlopCounterMode

from stages.plan.outline import Outline
from stages.training.recipe import Recipe

RESERVE = (
    0.1  # of the memory: the device's own context, workspaces of convolutions, gaps between tensors (ours)
)
LOSS = 3  # whole batches of outputs: themselves, their gradients, what the loss keeps
LEAST = 2  # samples of a micro-batch


class Memory(NamedTuple):
    """Bytes: `network` with gradients and optimizer; of a sample its `activations`, `inputs` and `outputs`.

    `parameters`: how many; `flops` of a sample's forward pass.
    """

    parameters: int
    network: int
    activations: float
    inputs: float
    outputs: float
    flops: float

    def step(self, batch: int, at_once: int) -> float:
        """Bytes of a step of `batch` samples, the activations of `at_once` kept at a time."""
        return self.network + batch * (self.inputs + LOSS * self.outputs) + at_once * self.activations

    def fits(self, batch: int, memory: float) -> int:
        """Samples of a micro-batch that fit: all of the batch, fewer, or 0 where not even two do."""
        room = memory * (1 - RESERVE) - self.step(batch, 0)
        count = min(batch, int(room // self.activations))
        return count if count >= min(LEAST, batch) else 0


def memory_of(outline: Outline) -> Memory:
    """Measured on two and on four samples: what grows is a sample's, what does not is left out."""
    model = outline.model.train()
    with torch.device("meta"):
        two, four = (outline.inputs(n) for n in (2, 4))
        with FlopCounterMode(display=False) as flops:
            kept, outputs = zip(*(_kept(model, inputs) for inputs in (two, four)), strict=True)
    return Memory(
        parameters=sum(tensor.numel() for tensor in model.parameters()),
        network=_network(model, outline.recipe),
        activations=(kept[1] - kept[0]) / 2,
        inputs=(_bytes(four) - _bytes(two)) / 2,
        outputs=(outputs[1] - outputs[0]) / 2,
        flops=flops.get_total_flops() / 6,
    )


def _kept(model: nn.Module, inputs: tuple[Any, ...]) -> tuple[int, int]:
    """Bytes that a forward pass keeps for the gradients, weights left out, and bytes of its outputs."""
    weights = {StorageWeakRef(tensor.untyped_storage()) for tensor in (*model.parameters(), *model.buffers())}
    kept: dict[StorageWeakRef, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[StorageWeakRef(storage)] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = model(*inputs)
    return sum(size for storage, size in kept.items() if storage not in weights), _bytes(outputs)


def _network(model: nn.Module, recipe: Recipe) -> int:
    """Weights and buffers, gradients, and what the optimizer remembers of each weight."""
    trained = [tensor for tensor in model.parameters() if tensor.requires_grad]
    remembered = 2 if recipe.optimizer == "adam" else int(recipe.momentum > 0)
    return _bytes([*model.parameters(), *model.buffers()]) + (1 + remembered) * _bytes(trained)


def _bytes(tensors: Any) -> int:
    if isinstance(tensors, Tensor):
        return tensors.numel() * tensors.element_size()
    parts: Iterable[Any] = tensors.values() if isinstance(tensors, dict) else tensors
    return sum(_bytes(part) for part in parts)
