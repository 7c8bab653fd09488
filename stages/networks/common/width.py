"""Narrower copies of published networks, for machines without an accelerator."""

from __future__ import annotations


def narrow(channels: int, width: float, divisor: int = 16) -> int:
    """`channels` times `width`, to the nearest multiple of `divisor`, at least one of them.

    Below 16 channels, torch 2.9's channels-last convolutions crash in the backward pass on some CPUs.
    """
    return max(divisor, int(channels * width / divisor + 0.5) * divisor)
