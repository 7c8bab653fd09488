"""Operations of torch as they run, and those of them that raise under deterministic algorithms on CUDA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

# What `torch.use_deterministic_algorithms` lists under "will throw a RuntimeError", by the names that the dispatcher
# has for it (https://docs.pytorch.org/docs/2.9/generated/torch.use_deterministic_algorithms.html). Of NLLLoss, as
# its kernels have it, the one of images. Antialiased interpolation is not in the list, but its kernels raise too.
ALWAYS = {
    "avg_pool3d_backward", "_adaptive_avg_pool2d_backward", "_adaptive_avg_pool3d_backward",
    "max_pool3d_with_indices_backward", "adaptive_max_pool2d_backward", "fractional_max_pool2d_backward",
    "fractional_max_pool3d_backward", "max_unpool2d", "max_unpool3d", "upsample_linear1d_backward",
    "upsample_bilinear2d_backward", "upsample_bicubic2d_backward", "upsample_trilinear3d_backward",
    "_upsample_bilinear2d_aa_backward", "_upsample_bicubic2d_aa_backward", "reflection_pad1d_backward",
    "reflection_pad2d_backward", "reflection_pad3d_backward", "nll_loss2d_forward", "nll_loss2d_backward",
    "_ctc_loss_backward", "put_", "put", "histc", "kthvalue", "grid_sampler_2d_backward",
    "grid_sampler_3d_backward",
}  # fmt: skip
# Those that raise for some arguments only.
SOMETIMES: dict[str, Callable[[Sequence[Any], dict[str, Any]], bool]] = {
    "bincount": lambda args, named: len(args) > 1 or "weights" in named,
    "cumsum": lambda args, named: _floating(args[0]),
    "cumsum_": lambda args, named: _floating(args[0]),
    "median": lambda args, named: len(args) > 1 or "dim" in named,
    "nanmedian": lambda args, named: len(args) > 1 or "dim" in named,
    "scatter_reduce": lambda args, named: "prod" in args,
    "_embedding_bag_backward": lambda args, named: 2 in args[5:],
}


class Operations(TorchDispatchMode):
    """Within it, the names of all operations of this thread are noted: forward, backward and the optimizer's.

    `refused` are those that CUDA would refuse.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.refused: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        self.names.add(name)
        if name in ALWAYS or (name in SOMETIMES and SOMETIMES[name](args, kwargs or {})):
            self.refused.add(name)
        return func(*args, **(kwargs or {}))


def _floating(value: Any) -> bool:
    return isinstance(value, Tensor) and (torch.is_floating_point(value) or torch.is_complex(value))
