"""Names and shapes of a network's tensors, as lists of published files give them."""

from __future__ import annotations

from hashlib import sha256

from torch import nn


def shapes(network: nn.Module) -> dict[str, str]:
    """Tensor name to "64x3x3x3", or "scalar"."""
    state = network.state_dict()
    return {name: "x".join(map(str, tensor.shape)) or "scalar" for name, tensor in state.items()}


def digest(network: nn.Module) -> str:
    """Digest of the sorted lines "name shape"."""
    lines = sorted(f"{name} {shape}" for name, shape in shapes(network).items())
    return sha256("\n".join(lines).encode()).hexdigest()[:16]
