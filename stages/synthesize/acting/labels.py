"""Label rules: what a coder would write down for the true state of a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.core.labels import AU_NAMES
from stages.synthesize.face import lips_apart
from stages.synthesize.face.names import INDEX

Array = NDArray[np.float32]

VISIBLE = 0.22  # intensity from which a unit is coded: slight evidence, FACS level B (FACS Manual 2002)


def intensities(units: Array) -> Array:
    """The 12 labelled units of float32 [..., 2, units], the stronger side: float32 [..., 12].

    A stretched mouth (AU27) counts as a dropped jaw (AU26), as in corpora without AU27.
    """
    stronger = units.max(axis=-2)
    labelled = stronger[..., [INDEX[name] for name in AU_NAMES]].copy()
    jaw = AU_NAMES.index("AU26")
    labelled[..., jaw] = np.maximum(labelled[..., jaw], stronger[..., INDEX["AU27"]])
    return labelled


def occurrence(units: Array) -> NDArray[np.int8]:
    """AU labels 0/1 of float32 [..., 2, units]: int8 [..., 12].

    Lips that are visibly apart are AU25, and never AU24, which presses them together.
    """
    labels, parted = (intensities(units) >= VISIBLE).astype(np.int8), apart(units)
    labels[..., AU_NAMES.index("AU25")] = parted
    labels[..., AU_NAMES.index("AU24")] *= 1 - parted
    return labels


def apart(units: Array) -> NDArray[np.int8]:
    """Whether the lips are visibly apart, int8 [...]."""
    flat = units.reshape(-1, *units.shape[-2:])
    return np.array([lips_apart(each) for each in flat], np.int8).reshape(units.shape[:-2])
