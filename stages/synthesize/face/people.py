"""Draws people at random: features that go together in people are drawn together, the rest on their own.

Means and spreads of lengths follow published facial anthropometry (Farkas, Anthropometry of the Head and
Face, 1994: face width 140 mm, mouth width 52 mm, nose width 35 mm, lid opening 30 by 11 mm) over an
interocular distance of 63 mm.
"""

from __future__ import annotations

import numpy as np

from stages.synthesize.face.identity import (
    Beard,
    Brows,
    Colour,
    Eyes,
    Glasses,
    Hair,
    Identity,
    Mouth,
    Nose,
    Skin,
    Skull,
)
from stages.synthesize.face.names import UNITS

STYLES = (
    "bald",
    "crop",
    "short",
    "receding",
    "side",
    "fringe",
    "bob",
    "long",
    "curly",
    "afro",
    "tied",
    "scarf",
)
_MEN = (0.13, 0.2, 0.25, 0.14, 0.12, 0.03, 0.01, 0.03, 0.05, 0.03, 0.01, 0.0)
_WOMEN = (0.01, 0.02, 0.06, 0.0, 0.07, 0.14, 0.18, 0.24, 0.1, 0.04, 0.1, 0.04)
_TONES = (
    (248, 220, 202),
    (238, 200, 174),
    (226, 182, 150),
    (208, 160, 126),
    (184, 134, 100),
    (150, 104, 76),
    (116, 78, 58),
    (84, 56, 44),
)
_HAIRS = (
    (24, 20, 19),
    (40, 30, 25),
    (66, 46, 34),
    (100, 72, 48),
    (150, 116, 78),
    (190, 160, 118),
    (118, 62, 38),
)
_IRISES = ((58, 36, 24), (84, 56, 36), (96, 84, 52), (92, 112, 96), (92, 116, 138), (120, 134, 142))
Rng = np.random.Generator


def sample_identity(rng: Rng) -> Identity:
    """A random person; equal generators give equal people."""
    female = bool(rng.random() < 0.5)
    tone = float(rng.beta(1.1, 1.5))
    age = float(rng.beta(1.2, 1.5))
    fat = float(np.clip(rng.normal(0.1 * age, 0.5), -1, 1.2))
    hair = _hair_colour(rng, tone, age)
    style = str(rng.choice(STYLES, p=np.array(_WOMEN if female else _MEN) / sum(_WOMEN if female else _MEN)))
    return Identity(
        seed=int(rng.integers(2**31)),
        female=female,
        skull=_skull(rng, female, fat),
        eyes=_eyes(rng, female, tone, age),
        brows=_brows(rng, female, hair),
        nose=_nose(rng, tone, age),
        mouth=_mouth(rng, female, tone, age),
        skin=_skin(rng, tone, age, female),
        hair=_hair(rng, style, hair, tone),
        beard=_beard(rng, female, hair),
        glasses=_glasses(rng, age),
        clothes=_linear(rng.uniform(15, 240, 3)),
        asymmetry=tuple(rng.normal(0, 1, 8).clip(-2, 2).tolist()),
        gains=tuple(rng.uniform(0.75, 1.3, len(UNITS)).tolist()),
        folds=tuple((rng.uniform(0.4, 1.25, len(UNITS)) * (0.5 + 0.8 * age)).tolist()),
    )


def _linear(rgb: object) -> Colour:
    r, g, b = ((np.asarray(rgb, np.float64) / 255) ** 2).tolist()
    return r, g, b


def _ramp(table: tuple[tuple[int, ...], ...], at: float) -> np.ndarray:
    positions = np.linspace(0, 1, len(table))
    return np.array([np.interp(at, positions, channel) for channel in np.array(table).T])


def _normal(rng: Rng, mean: float, spread: float, limit: float = 2.2) -> float:
    return float(mean + spread * np.clip(rng.normal(), -limit, limit))


def _skull(rng: Rng, female: bool, fat: float) -> Skull:
    return Skull(
        cheek=_normal(rng, 1.08, 0.045) + 0.05 * fat,
        jaw=_normal(rng, 0.95 if female else 1.02, 0.07) + 0.06 * fat,
        chin_width=_normal(rng, 0.9 if female else 1.05, 0.15),
        chin=_normal(rng, 1.78 if female else 1.86, 0.08),
        brow_ridge=_normal(rng, 0.6 if female else 1.15, 0.3),
        cheekbone=_normal(rng, 1.0, 0.3) - 0.25 * fat,
        fat=fat,
        ear=_normal(rng, 1.0, 0.15),
    )


def _eyes(rng: Rng, female: bool, tone: float, age: float) -> Eyes:
    folded = tone < 0.62 and rng.random() < 0.3
    light = np.clip(1.3 - 2.2 * tone, 0, 1)
    iris = _linear(
        np.array(_IRISES[int(rng.integers(6)) if rng.random() < light else int(rng.integers(2))])
        * rng.uniform(0.75, 1.2)
    )
    return Eyes(
        half=_normal(rng, 0.238, 0.014),
        upper=_normal(rng, 0.076 if folded else 0.086, 0.013) - 0.01 * age,
        lower=_normal(rng, 0.077, 0.01),
        tilt=_normal(rng, 0.05 if folded else 0.018, 0.02),
        crease=_normal(rng, 0.035 if folded else 0.085, 0.025 if not folded else 0.012, 1.4),
        crease_depth=float(rng.uniform(0.15, 0.6) if folded else rng.uniform(0.5, 1.1)),
        epicanthus=float(rng.uniform(0.5, 1.0)) if folded else 0.0,
        hood=float(np.clip(rng.normal(0.15 + 0.5 * age, 0.3), 0, 1)),
        depth=_normal(rng, 0.55 if folded else 1.0, 0.3),
        bags=float(np.clip(rng.normal(0.2 + 0.6 * age, 0.3), 0, 1.3)),
        lash=float(rng.uniform(0.6, 1.1) if female else rng.uniform(0.25, 0.75)),
        liner=float(rng.uniform(0.4, 1)) if female and rng.random() < 0.45 else 0.0,
        iris=iris,
        iris_radius=_normal(rng, 0.093, 0.005),
        white=float(rng.uniform(0.3, 0.52)),
    )


def _brows(rng: Rng, female: bool, hair: np.ndarray) -> Brows:
    return Brows(
        y=_normal(rng, -0.30 if female else -0.255, 0.04),
        thick=_normal(rng, 0.075 if female else 0.1, 0.022, 1.8),
        arch=_normal(rng, 0.06 if female else 0.035, 0.025),
        slant=_normal(rng, 0.0, 0.025),
        inner=_normal(rng, 0.2, 0.04),
        outer=_normal(rng, 0.83, 0.05),
        density=float(rng.uniform(0.45, 1.0)),
        colour=_linear(np.clip(hair * rng.uniform(0.55, 1.0), 14, 150)),
    )


def _nose(rng: Rng, tone: float, age: float) -> Nose:
    return Nose(
        base=_normal(rng, 0.79 + 0.03 * age, 0.05),
        half=_normal(rng, 0.255 + 0.06 * tone, 0.03),
        bridge=_normal(rng, 1.05 - 0.35 * tone, 0.25),
        bridge_width=_normal(rng, 0.95 + 0.25 * tone, 0.15),
        tip=_normal(rng, 0.95 + 0.2 * tone, 0.2),
        height=_normal(rng, 1.0 - 0.1 * tone, 0.14),
        hump=float(np.clip(rng.normal(0, 0.5), -0.6, 1.2)),
        upturn=_normal(rng, 0.0, 0.03),
        nostril=float(rng.uniform(0.6, 1.25)),
    )


def _mouth(rng: Rng, female: bool, tone: float, age: float) -> Mouth:
    full = _normal(rng, 1.05 + 0.3 * tone - 0.25 * age + 0.08 * female, 0.2)
    strength = float(rng.uniform(0.1, 1.0))
    tint = 1 - strength * np.array([0.12, 0.42, 0.36]) * (1 - 0.35 * tone) - 0.12 * tone
    edge = float(rng.uniform(0.3, 1.0))
    if female and rng.random() < 0.35:
        tint, edge = np.array([rng.uniform(0.5, 1.05), rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.6)]), 1.2
    painted = edge > 1
    yellow = rng.uniform(0.6, 1.0)
    r, g, b = tint.tolist()
    return Mouth(
        y=_normal(rng, 1.15, 0.035),
        half=_normal(rng, 0.41, 0.032),
        upper=max(0.035, 0.098 * full),
        lower=max(0.055, 0.138 * full * _normal(rng, 1, 0.1)),
        bow=float(rng.uniform(0.2, 1.0)),
        droop=_normal(rng, 0.014 * age - 0.01, 0.013),
        tint=(r, g, b),
        edge=edge,
        gloss=float(rng.uniform(0.3, 1.2) if painted else rng.uniform(0.0, 0.6)),
        seam=float(rng.uniform(0.75, 1.15)),
        teeth=_normal(rng, 0.035 - 0.04 * age + 0.012 * female, 0.022),
        tooth_colour=(0.76, 0.7 * (0.9 + 0.1 * yellow), 0.6 * (0.65 + 0.35 * yellow)),
    )


def _skin(rng: Rng, tone: float, age: float, female: bool) -> Skin:
    base = _ramp(_TONES, tone) * rng.uniform(0.96, 1.04) * rng.uniform(0.97, 1.03, 3)
    return Skin(
        colour=_linear(base.clip(20, 252)),
        tone=tone,
        redness=float(rng.uniform(0.1, 1.0)),
        texture=float(rng.uniform(0.3, 1.0) * (0.6 if female else 1.0)),
        freckles=float(rng.uniform(0.3, 1)) if tone < 0.4 and rng.random() < 0.2 else 0.0,
        gloss=float(rng.uniform(0.25, 1.2)),
        age=age,
        creases=float(np.clip(age + rng.normal(0, 0.15), 0, 1)),
    )


def _hair_colour(rng: Rng, tone: float, age: float) -> np.ndarray:
    dark = int(rng.integers(2)) if tone > 0.45 else int(rng.integers(len(_HAIRS)))
    colour = np.array(_HAIRS[dark], np.float64) * rng.uniform(0.8, 1.2)
    grey = np.clip((age - 0.5) * 3 + rng.normal(0, 0.35), 0, 1) if age > 0.45 else 0.0
    return colour * (1 - grey) + np.array([176.0, 174, 172]) * rng.uniform(0.55, 0.95) * grey


def _hair(rng: Rng, style: str, colour: np.ndarray, tone: float) -> Hair:
    curly = style in ("curly", "afro")
    return Hair(
        style=style,
        colour=_linear(colour.clip(12, 225) if style != "scarf" else rng.uniform(15, 235, 3)),
        volume=float(rng.uniform(0.7, 1.4)),
        line=_normal(rng, -1.0, 0.08),
        part=float(rng.uniform(-0.6, 0.6)),
        length=float(rng.uniform(0, 1)),
        curl=float(rng.uniform(0.6, 1.0) if curly else rng.uniform(0, 0.35) + 0.2 * tone),
        shine=float(rng.uniform(0.2, 1.0)),
        temples=float(rng.uniform(0, 1)),
    )


def _beard(rng: Rng, female: bool, colour: np.ndarray) -> Beard:
    kind = (
        "none"
        if female
        else str(
            rng.choice(["none", "stubble", "full", "goatee", "moustache"], p=[0.48, 0.22, 0.15, 0.08, 0.07])
        )
    )
    chin = {
        "none": 0.0,
        "stubble": rng.uniform(0.2, 0.55),
        "full": rng.uniform(0.7, 1),
        "goatee": rng.uniform(0.5, 0.9),
        "moustache": 0.05,
    }[kind]
    lip = {
        "none": 0.0,
        "stubble": chin,
        "full": rng.uniform(0.5, 1),
        "goatee": rng.uniform(0, 0.9),
        "moustache": rng.uniform(0.6, 1),
    }[kind]
    length = {"full": rng.uniform(0.3, 1), "goatee": rng.uniform(0.2, 0.6)}.get(kind, 0.0)
    return Beard(
        float(chin), float(lip), float(length), _linear((colour * rng.uniform(0.75, 1.05)).clip(14, 200))
    )


def _glasses(rng: Rng, age: float) -> Glasses | None:
    if rng.random() > 0.16 + 0.1 * age:
        return None
    dark = rng.random() < 0.7
    return Glasses(
        half=float(rng.uniform(0.34, 0.42)),
        height=float(rng.uniform(0.2, 0.33)),
        square=float(rng.uniform(2, 5)),
        rim=float(rng.choice([0.018, 0.03, 0.05])),
        colour=_linear(
            rng.uniform(8, 60) * rng.uniform(0.7, 1.0, 3)
            if dark
            else np.array([150, 125, 95]) * rng.uniform(0.5, 1.2)
        ),
        tint=float(rng.uniform(0, 0.08)),
        glare=float(rng.uniform(0, 0.35)),
    )
