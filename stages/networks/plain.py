"""A backbone as it is, without a neck."""

from __future__ import annotations

from stages.core.errors import UserError
from stages.networks.common.backbones import Backbone


def neck(backbone: Backbone, **parts: bool) -> Backbone:
    """What a visual model's heads read: the backbone's own features.

    Errors: UserError for `parts`, which only other networks have.
    """
    if parts:
        raise UserError(f"params.yaml, keys {', '.join(parts)}: network plain has no such parts; set pyramid")
    return backbone
