"""Faces drawn by code: people, what their faces do, the light on them, and the 106 points."""

from stages.corpora.drawn.face.face import Drawn, Face
from stages.corpora.drawn.face.identity import Identity
from stages.corpora.drawn.face.light import Light, sample_light
from stages.corpora.drawn.face.movement import PARTED, aperture, lips_apart
from stages.corpora.drawn.face.names import UNITS, FaceState, state
from stages.corpora.drawn.face.people import sample_identity

__all__ = [
    "PARTED",
    "UNITS",
    "Drawn",
    "Face",
    "FaceState",
    "Identity",
    "Light",
    "aperture",
    "lips_apart",
    "sample_identity",
    "sample_light",
    "state",
]
