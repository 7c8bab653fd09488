"""Names of checkpoints: one an epoch, counted from 1."""

from __future__ import annotations

import re

from stages.core.errors import UserError

NAME = re.compile(r"epoch_(\d+)")


def checkpoint_name(epoch: int) -> str:
    """Checkpoint of an epoch."""
    return f"epoch_{epoch:02d}"


def epoch_of(name: str) -> int:
    """Epoch of a checkpoint: names sort by it, not as text (epoch_100 comes after epoch_11).

    Errors: UserError for a name that is none.
    """
    found = NAME.fullmatch(name)
    if not found:
        raise UserError(
            f"{name}: is no name of a checkpoint; checkpoints are named epoch_01, epoch_02 and so on"
        )
    return int(found[1])
