"""A batch in parts that a device holds: outputs and gradients as of the whole batch, memory as of a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

LEAST = 2  # samples of a part: batch norm cannot train on one


def in_micro_batches(model: nn.Module, size: int | None) -> nn.Module:
    """`model`, run in parts of at most `size` samples of a device's batch; itself where there is no size."""
    return model if size is None else MicroBatches(model, size)


class MicroBatches(nn.Module):
    """A model whose training pass keeps the activations of one part at a time.

    A part's pass keeps its outputs alone and is run again, with the same dropout, when its gradients are due
    (Chen et al. 2016, https://arxiv.org/abs/1604.06174). A loss so sees the outputs of the whole batch, whatever
    it divides by: gradients are those of one big batch. Batch norm alone takes each part by itself, as it does
    each device's share; its running statistics move once a part.
    """

    def __init__(self, model: nn.Module, size: int) -> None:
        super().__init__()
        self.model = model
        self.size = size

    def forward(self, *inputs: Any) -> Any:
        """As the model: tensors have the samples in front, in and out; other inputs are of the whole batch."""
        count = next(len(each) for each in inputs if isinstance(each, Tensor))
        parts = parts_of(count, self.size)
        if parts == 1 or not torch.is_grad_enabled():
            return self.model(*inputs)
        return _joined([self._part(*part) for part in _split(inputs, parts)])

    def _part(self, *inputs: Any) -> Any:
        return checkpoint(self.model, *inputs, use_reentrant=False, context_fn=self._passes)

    def _passes(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        """Around a part's first pass and its second, which must not count again in running statistics."""
        return nullcontext(), _kept(self.model)


def parts_of(count: int, size: int) -> int:
    """Parts of nearly equal length, none of fewer than two samples; three of them are one part at size 2."""
    return max(1, min(-(-count // size), count // LEAST))


def _split(inputs: Sequence[Any], parts: int) -> Iterator[tuple[Any, ...]]:
    split = [x.tensor_split(parts) if isinstance(x, Tensor) else [x] * parts for x in inputs]
    return zip(*split, strict=True)


def _joined(outputs: Sequence[Any]) -> Any:
    """Tensors, mappings or tuples of them, one a part, in one."""
    first = outputs[0]
    if isinstance(first, Tensor):
        return torch.cat(list(outputs))
    if isinstance(first, Mapping):
        return {name: _joined([output[name] for output in outputs]) for name in first}
    return tuple(_joined(each) for each in zip(*outputs, strict=True))


@contextmanager
def _kept(model: nn.Module) -> Iterator[None]:
    """Buffers are behind it what they were before."""
    buffers = list(model.buffers())
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in zip(buffers, before, strict=True):
                buffer.copy_(value)
