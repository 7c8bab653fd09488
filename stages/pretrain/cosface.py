"""CosFace, the large margin cosine loss (Wang et al. 2018, https://arxiv.org/abs/1801.09414, equation 4)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CosFace(nn.Module):
    """Cosines to one centre an identity, the true one's less `margin`, times `scale`: logits for softmax.

    Scale 64 and margin 0.4 are InsightFace's for Glint360K (its arcface_torch/configs/glint360k_r100.py).
    """

    def __init__(self, features: int, identities: int, scale: float = 64.0, margin: float = 0.4) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(identities, features))
        nn.init.normal_(self.weight, std=0.01)
        self.scale = scale
        self.margin = margin

    def forward(self, features: Tensor, identity: Tensor) -> Tensor:
        """Features [N, F] and identities [N] to logits [N, identities]."""
        cosines = F.linear(F.normalize(features), F.normalize(self.weight))
        margins = F.one_hot(identity, len(self.weight)) * self.margin
        return self.scale * (cosines - margins)


class Recogniser(nn.Module):
    """A backbone and its CosFace head, as trained on identities."""

    def __init__(self, backbone: nn.Module, head: CosFace) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x: Tensor, identity: Tensor) -> Tensor:
        """Prepared images [N, 3, S, S] and identities [N] to logits [N, identities]."""
        return cast(Tensor, self.head(self.backbone(x), identity))
