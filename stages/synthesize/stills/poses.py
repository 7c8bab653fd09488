"""What people do on stills: expressions, gestures and free sums of units, so that no unit implies another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stages.core.labels import EXPRESSIONS, MISSING
from stages.synthesize.acting.pose import Array, pose, yielding
from stages.synthesize.acting.repertoire import GESTURES, PROTOTYPES
from stages.synthesize.face import UNITS
from stages.synthesize.face.names import INDEX

# Share of each kind of affect still.
KINDS = {"expression": 0.38, "gesture": 0.15, "free": 0.36, "neutral": 0.11}
# How often a unit takes part in a free sum; those that expressions leave rare come more often.
FREE = {
    "AU1": 0.7, "AU2": 1.1, "AU4": 0.5, "AU6": 1.6, "AU7": 0.7, "AU10": 1.0, "AU12": 2.0, "AU15": 2.1,
    "AU23": 2.4, "AU24": 2.5, "AU25": 0.5, "AU26": 1.2, "AU5": 0.5, "AU9": 0.4, "AU14": 0.4, "AU16": 0.3,
    "AU17": 0.6, "AU18": 0.4, "AU20": 0.5, "AU27": 0.4, "AU43": 0.3,
}  # fmt: skip


# Who brings whom, and how often, as in spontaneous recordings (DISFA, BP4D: raised cheeks and smiles above
# all). Each also comes without the other; that a network may learn what is common is what makes it of use.
COMPANY = (
    ("AU6", "AU12", 0.6), ("AU12", "AU6", 0.45), ("AU12", "AU25", 0.4), ("AU6", "AU7", 0.3),
    ("AU1", "AU2", 0.3), ("AU4", "AU7", 0.3), ("AU23", "AU24", 0.2), ("AU15", "AU17", 0.3),
)  # fmt: skip


class Pose(NamedTuple):
    """Units float32 [2, units] and the expression label, −1 where they tell none."""

    units: Array
    expression: int


def affect_pose(rng: np.random.Generator) -> Pose:
    """A pose for the affect stills."""
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    return MAKERS[kind](rng)


def expression_pose(rng: np.random.Generator) -> Pose:
    """One of the six basic expressions from slight to full."""
    name = str(rng.choice(list(PROTOTYPES)))
    variants = PROTOTYPES[name]
    units = pose(rng, variants[rng.integers(len(variants))], rng.uniform(0.5, 1.0) ** 0.8)
    return Pose(faint(rng, units), EXPRESSIONS.index(name))


def gesture_pose(rng: np.random.Generator) -> Pose:
    """A movement that tells no expression."""
    return Pose(faint(rng, pose(rng, GESTURES[rng.integers(len(GESTURES))], rng.uniform(0.5, 1.0))), MISSING)


def free_pose(rng: np.random.Generator) -> Pose:
    """One to five units of any kind together, each at its own intensity."""
    share = np.array(list(FREE.values()))
    count = rng.choice([1, 2, 3, 4, 5], p=[0.25, 0.27, 0.24, 0.15, 0.09])
    chosen = rng.choice(list(FREE), count, replace=False, p=share / share.sum())
    units = np.zeros((2, len(UNITS)), np.float32)
    for name in chosen:
        np.maximum(units, pose(rng, {str(name): 1.0}, rng.uniform(0.4, 1.0)), out=units)
    bring_company(rng, units)
    return Pose(faint(rng, yielding(units)), MISSING)


def bring_company(rng: np.random.Generator, units: Array) -> None:
    """Add to `units` those that often come along, at about the intensity of the one that brings them."""
    for name, friend, chance in COMPANY:
        strength = float(units[:, INDEX[name]].max())
        if strength > 0.3 and rng.random() < chance:
            brought = pose(rng, {friend: 1.0}, min(1.0, strength * rng.uniform(0.8, 1.2)))
            np.maximum(units, brought, out=units)


def neutral_pose(rng: np.random.Generator) -> Pose:
    """A face at rest: nothing that a coder would note, or lips that hang apart, or a lid on its way."""
    units = np.zeros((2, len(UNITS)), np.float32)
    if rng.random() < 0.2:
        units[:, INDEX["AU25"]] = rng.uniform(0.3, 0.6)
    if rng.random() < 0.15:
        units[:, INDEX["AU43"]] = rng.uniform(0.2, 1.0)
    return Pose(faint(rng, units), EXPRESSIONS.index("Neutral"))


def faint(rng: np.random.Generator, units: Array) -> Array:
    """Add traces below what is coded to some other units, so that a zero is not exactly zero."""
    trace = rng.uniform(0, 0.12, units.shape[1]) * (rng.random(units.shape[1]) < 0.3)
    trace[[INDEX["AU25"], INDEX["AU26"], INDEX["AU27"], INDEX["AU43"]]] = 0
    return np.maximum(units, trace.astype(np.float32))


MAKERS = {"expression": expression_pose, "gesture": gesture_pose, "free": free_pose, "neutral": neutral_pose}
