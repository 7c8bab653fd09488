"""PReLU (He et al. 2015, https://arxiv.org/abs/1502.01852), written so that narrow networks train fast."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PReLU(nn.PReLU):
    """`nn.PReLU` over the channels of [N, C, H, W], written for CPU training as x + (1 − w)(relu(x) − x).

    torch's own gradient took a third of a narrow IResNet's step; this form takes half of that. In mixed precision the
    weights take the type of `x`, as autocast has it for torch's own.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        if not self.training or x.device.type != "cpu":
            return super().forward(x)
        return torch.lerp(x, torch.relu(x), 1 - self.weight[:, None, None].to(x.dtype))
