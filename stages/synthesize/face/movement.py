"""How each unit moves the face: displacements of the points, and of everything between them.

A *weight vector* has one entry a unit plus the derived movements of `DERIVED`, whose sizes follow from
several units together (`settle`). Displacements are linear in it, so a frame costs one small matrix
product.
"""

from __future__ import annotations

import numpy as np

from stages.synthesize.face.names import INDEX, UNITS
from stages.synthesize.face.space import Array

DERIVED = ("part_up", "part_down", "roll_upper", "roll_lower", "jaw")
BASIS: tuple[str, ...] = UNITS + DERIVED
SLOT = {name: i for i, name in enumerate(BASIS)}
_CROWDED = (
    (("AU1", "AU2"), 1.8),
    (("AU12", "AU14", "AU20", "AU15"), 1.35),
    (("AU6", "AU9", "AU10", "AU12"), 2.2),
    (("AU4", "AU9"), 1.4),
    (("AU15", "AU17", "AU16"), 1.6),
    (("AU23", "AU18"), 1.2),
    (("AU9", "AU10", "AU18"), 1.25),
)
PARTED = 0.02  # interocular units; 0.7 px in a 112 px crop, where a dark line between the lips begins to show


def lips_apart(units: Array) -> bool:
    """Whether lips are visibly apart, in which case AU25 must be labelled.

    `units` is [2, len(UNITS)] or [len(UNITS)].
    """
    return aperture(units) > PARTED


def aperture(units: Array) -> float:
    """Gap between the middles of the lips in interocular units, the mean of both sides."""
    weights = settle(np.atleast_2d(np.asarray(units, np.float32)))
    return float((weights[:, SLOT["part_up"]] + weights[:, SLOT["part_down"]]).mean())


def settle(units: Array) -> Array:
    """Intensities [n, len(UNITS)] to weights [n, len(BASIS)]: pulls saturate together, lips part."""
    u = np.clip(np.asarray(units, np.float32), 0, 1)
    weights = np.zeros((len(u), len(BASIS)), np.float32)
    strength = respond(u)
    weights[:, : len(UNITS)] = strength * _crowding(strength)
    au, shown = ({name: values[:, i] for name, i in INDEX.items()} for values in (u, strength))
    jaw = np.asarray(0.5 * np.tanh((0.24 * au["AU26"] + 0.46 * au["AU27"]) / 0.5), np.float32)
    weights[:, SLOT["jaw"]] = jaw
    weights[:, SLOT["part_up"]], weights[:, SLOT["part_down"]] = _part(au, jaw)
    weights[:, SLOT["roll_upper"]], weights[:, SLOT["roll_lower"]] = _roll(shown)
    return weights


def respond(units: Array) -> Array:
    """How strongly an intensity shows: slight ones show early (0.35 as 0.41), full ones as they are."""
    return np.asarray(1.3 * units / (1 + 0.3 * units), np.float32)


def _part(au: dict[str, Array], jaw: Array) -> tuple[Array, Array]:
    """Rise of the upper and fall of the lower lip, interocular units; pressing holds them."""
    slack = _soft_step(0.09, 0.3, jaw)  # a jaw that drops further than the lips can stretch parts them
    freed = np.maximum(slack, np.minimum(1, 2.5 * au["AU25"]))
    parted = 1.35 * au["AU25"] / (1 + 0.35 * au["AU25"])  # slight parting shows early
    bare = au["AU10"] + au["AU12"] + 0.6 * au["AU9"]  # with parted lips these bare the upper teeth
    down = 0.075 * parted * (1 + 0.35 * au["AU12"]) + 0.85 * jaw * freed
    down += 0.05 * au["AU16"] * (0.3 + au["AU25"])
    up = 0.025 * parted + 0.06 * np.maximum(au["AU10"] - 0.3, 0) + 0.09 * au["AU25"] * bare
    loose = (1 - 0.9 * au["AU24"]) * (1 - 0.35 * au["AU23"]) * (1 - 0.3 * au["AU17"])
    return 0.19 * np.tanh(up / 0.19) * loose, down * loose


def _roll(au: dict[str, Array]) -> tuple[Array, Array]:
    """Share of each lip's height that is rolled in or stretched away."""
    both = 0.68 * au["AU23"] + 0.75 * au["AU24"] + 0.22 * au["AU12"] + 0.25 * au["AU20"]
    both = both + 0.2 * au["AU14"] - 0.3 * au["AU18"]
    upper, lower = both + 0.25 * au["AU17"] * au["AU24"], both - 0.15 * au["AU17"]
    return 0.78 * np.tanh(upper / 0.78), 0.75 * np.tanh(lower / 0.75)


def _crowding(units: Array) -> Array:
    """Factor [n, len(UNITS)] that keeps pulls on the same tissue from adding beyond what skin allows."""
    factor = np.ones_like(units)
    for group, limit in _CROWDED:
        columns = [INDEX[name] for name in group]
        total = units[:, columns].sum(1, keepdims=True)
        factor[:, columns] *= np.where(
            total > 0.6 * limit, _saturate(total, limit) / np.maximum(total, 1e-6), 1
        )
    return factor


def _saturate(total: Array, limit: float) -> Array:
    """Identity up to 0.6 of the limit, then a smooth approach to it."""
    knee = 0.6 * limit
    return np.asarray(knee + 0.4 * limit * np.tanh((total - knee) / (0.4 * limit)), np.float32)


def _soft_step(low: float, high: float, value: Array) -> Array:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
