"""Coordinate attention (Hou et al. 2021, https://arxiv.org/abs/2103.02907, Figure 2c and 3.2)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

LEAST = 8  # channels between the two convolutions, as in the authors' code
OPEN = 3.0  # a gate starts at sigmoid(3) = 0.95


class CoordinateAttention(nn.Module):
    """Gates along rows and columns: x · g_h · g_w, each in (0, 1) and made from the means of both axes.

    The gates start open and equal everywhere (ours), so that a pretrained network keeps its function.
    """

    def __init__(self, channels: int, reduction: int = 32) -> None:
        super().__init__()
        hidden = max(LEAST, channels // reduction)
        self.conv1 = nn.Conv1d(channels, hidden, 1)
        self.bn1 = nn.BatchNorm1d(hidden)
        self.act = nn.Hardswish()
        self.conv_h = nn.Conv1d(hidden, channels, 1)
        self.conv_w = nn.Conv1d(hidden, channels, 1)
        for gate in (self.conv_h, self.conv_w):
            nn.init.zeros_(gate.weight)
            nn.init.constant_(cast(Tensor, gate.bias), OPEN)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        height, width = x.shape[-2:]
        means = torch.cat([x.sum(dim=3) / width, x.sum(dim=2) / height], dim=2)  # [N, C, H + W]
        rows, columns = self.act(self.bn1(self.conv1(means))).split([height, width], dim=2)
        gate_h = torch.sigmoid(self.conv_h(rows))[..., None]
        gate_w = torch.sigmoid(self.conv_w(columns))[:, :, None]
        return x * gate_h * gate_w
