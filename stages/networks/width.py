"""Narrower copies of published networks, for machines without an accelerator."""

from __future__ import annotations


def narrow(channels: int, width: float, divisor: int = 8) -> int:
    """`channels` times `width`, to the nearest multiple of `divisor`, at least one of them."""
    return max(divisor, int(channels * width / divisor + 0.5) * divisor)
