"""From a movement's recipe to intensities on both sides of one face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.synthesize.acting.repertoire import OPPOSED, Movement
from stages.synthesize.face import UNITS
from stages.synthesize.face.names import INDEX

Array = NDArray[np.float32]

ASYMMETRY = 0.12  # usual difference between the sides, share of the intensity
ONE_SIDED = 0.06  # share of movements seen on one side above all (a smirk, one raised brow)
OMITTED = 0.08  # chance that a person leaves a unit of the recipe out


def pose(rng: np.random.Generator, movement: Movement, intensity: float) -> Array:
    """One person's version of a movement: float32 [2, units], left and right of the image, 0..1.

    Every unit varies around the recipe, some are left out, the sides differ.
    """
    units = np.zeros((2, len(UNITS)), np.float32)
    for name, share in vary(rng, movement).items():
        units[:, INDEX[name]] = share * intensity * rng.uniform(0.85, 1.2)
    return yielding(np.clip(units * sides(rng), 0, 1))


def vary(rng: np.random.Generator, movement: Movement) -> Movement:
    """Leave out units at random, never the strongest."""
    strongest = max(movement, key=movement.__getitem__)
    return {name: share for name, share in movement.items() if name == strongest or rng.random() > OMITTED}


def sides(rng: np.random.Generator) -> Array:
    """Factor on each side, float32 [2, 1]."""
    tilt = rng.uniform(0.5, 0.9) if rng.random() < ONE_SIDED else abs(rng.normal(0, ASYMMETRY))
    return np.asarray(rng.permutation([[1.0], [1.0 - min(tilt, 0.9)]]), np.float32)


def yielding(units: Array) -> Array:
    """Movements that exclude each other give way (pressed lips cannot part), float32 [..., 2, units]."""
    units = units.copy()
    for strong, weak, share in OPPOSED:
        units[..., INDEX[weak]] *= 1 - share * np.clip(units[..., INDEX[strong]] * 1.5, 0, 1)
    return units
