"""Random numbers of one item of the corpus, whatever the order or the worker it is drawn in."""

from __future__ import annotations

import hashlib

import numpy as np


def rng_of(seed: int, *name: str | int) -> np.random.Generator:
    """Generator keyed by the corpus seed and an item's name, e.g. `rng_of(1, "person-0007", "light")`."""
    key = "/".join(str(part) for part in (seed, *name)).encode()
    words = np.frombuffer(hashlib.sha256(key).digest(), np.uint32)
    return np.random.default_rng(words.tolist())
