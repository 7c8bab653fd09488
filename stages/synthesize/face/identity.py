"""What makes one person's face differ from another's: plain numbers, sampled in `people.py`.

Lengths are interocular distances. Colours are linear RGB in 0..1. Ratios are 1 for the average face.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Skull:
    """Outline and bones: half width at the cheekbones, width ratios of jaw and chin, height of the chin."""

    cheek: float
    jaw: float
    chin_width: float
    chin: float
    brow_ridge: float
    cheekbone: float
    fat: float
    ear: float


@dataclass(frozen=True)
class Eyes:
    """Lid opening (half width, rise, drop), outer corner's rise, fold of the upper lid, and the iris."""

    half: float
    upper: float
    lower: float
    tilt: float
    crease: float
    crease_depth: float
    epicanthus: float
    hood: float
    depth: float
    bags: float
    lash: float
    liner: float
    iris: Colour
    iris_radius: float
    white: float


@dataclass(frozen=True)
class Brows:
    """Height of the lower edge (negative is up), thickness, arch, ends, and how dense the hair is."""

    y: float
    thick: float
    arch: float
    slant: float
    inner: float
    outer: float
    density: float
    colour: Colour


@dataclass(frozen=True)
class Nose:
    """Length (height of the base), half width at the wings, bridge, tip, hump and upturn."""

    base: float
    half: float
    bridge: float
    bridge_width: float
    tip: float
    height: float
    hump: float
    upturn: float
    nostril: float


@dataclass(frozen=True)
class Mouth:
    """Height of the line between the lips, half width, lip heights, bow, and how lips differ from skin."""

    y: float
    half: float
    upper: float
    lower: float
    bow: float
    droop: float
    tint: Colour
    edge: float
    gloss: float
    seam: float
    teeth: float
    tooth_colour: Colour


@dataclass(frozen=True)
class Skin:
    """Colour and surface; `age` and `creases` are 0..1 and set how deep folds and wrinkles are."""

    colour: Colour
    tone: float
    redness: float
    texture: float
    freckles: float
    gloss: float
    age: float
    creases: float


@dataclass(frozen=True)
class Hair:
    """`style` is one of `people.STYLES`; `line` is the hairline's height, `part` the parting's side."""

    style: str
    colour: Colour
    volume: float
    line: float
    part: float
    length: float
    curl: float
    shine: float
    temples: float


@dataclass(frozen=True)
class Beard:
    """Densities 0..1 of cheek and chin hair and of the moustache; `length` 0 is stubble."""

    chin: float
    moustache: float
    length: float
    colour: Colour


@dataclass(frozen=True)
class Glasses:
    """Frame: half width and height of a lens, roundness of its outline (2 ellipse, larger is squarer)."""

    half: float
    height: float
    square: float
    rim: float
    colour: Colour
    tint: float
    glare: float


@dataclass(frozen=True)
class Identity:
    """One person; `gains` and `folds` say, in the order of `names.UNITS`, how far units move and fold."""

    seed: int
    female: bool
    skull: Skull
    eyes: Eyes
    brows: Brows
    nose: Nose
    mouth: Mouth
    skin: Skin
    hair: Hair
    beard: Beard
    glasses: Glasses | None
    clothes: Colour
    asymmetry: tuple[float, ...]
    gains: tuple[float, ...]
    folds: tuple[float, ...]
