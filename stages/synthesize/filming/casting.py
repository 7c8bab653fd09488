"""A deck of acts: how often each expression is played, spread so that no video holds one kind only."""

from __future__ import annotations

import numpy as np

from stages.synthesize.acting.repertoire import GESTURES, NEUTRAL, PROTOTYPES
from stages.synthesize.acting.script import GESTURE, Act

# Share of each kind among the acts. Training is as unbalanced as Aff-Wild2 (Jin et al. 2021, fig. 1): Neutral
# above all, then Happiness and Sadness; validation leans less, so that few videos still hold every class.
TRAIN_SHARES = {
    NEUTRAL: 0.32, GESTURE: 0.16, "Happiness": 0.19, "Sadness": 0.10, "Surprise": 0.08,
    "Anger": 0.06, "Disgust": 0.05, "Fear": 0.04,
}  # fmt: skip
VALIDATION_SHARES = {
    NEUTRAL: 0.17, GESTURE: 0.16, "Happiness": 0.15, "Sadness": 0.12, "Surprise": 0.10,
    "Anger": 0.12, "Disgust": 0.09, "Fear": 0.09,
}  # fmt: skip


RARE = {"AU23", "AU24"}


def deal(rng: np.random.Generator, shares: dict[str, float], count: int) -> list[Act]:
    """`count` acts in the given shares; each kind comes at even distances, its variants in turn."""
    acts = [
        ((turn + offset) / number, act)
        for kind, number in allot(shares, count).items()
        for offset in (rng.random(),)
        for turn, act in enumerate(_turns(rng, kind, number))
    ]
    return [act for _, act in sorted(acts)]


def allot(shares: dict[str, float], count: int) -> dict[str, int]:
    """Whole numbers near the shares that sum to `count` (largest remainders)."""
    exact = {kind: share / sum(shares.values()) * count for kind, share in shares.items()}
    numbers = {kind: int(value) for kind, value in exact.items()}
    by_remainder = sorted(exact, key=lambda kind: numbers[kind] - exact[kind])
    for kind in by_remainder[: count - sum(numbers.values())]:
        numbers[kind] += 1
    return numbers


def _turns(rng: np.random.Generator, kind: str, number: int) -> list[Act]:
    if kind == GESTURE:
        order = _rare_alternating(rng.permutation(len(GESTURES)).tolist())
    else:
        order = rng.permutation(len(PROTOTYPES.get(kind, ((),)))).tolist()
    return [Act(kind, order[turn % len(order)]) for turn in range(number)]


def _rare_alternating(gestures: list[int]) -> list[int]:
    """Every second gesture moves a rare unit as long as there are any: few videos must hold all units."""
    rare = [gesture for gesture in gestures if RARE & GESTURES[gesture].keys()]
    other = [gesture for gesture in gestures if not RARE & GESTURES[gesture].keys()]
    paired = [gesture for both in zip(rare, other, strict=False) for gesture in both]
    return paired + rare[len(other) :] + other[len(rare) :]
