"""Faces drawn by code: people, what their faces do, the light on them, and the 106 points."""

from stages.synthesize.face.face import Drawn, Face
from stages.synthesize.face.identity import Identity
from stages.synthesize.face.light import Light, sample_light
from stages.synthesize.face.movement import PARTED, aperture, lips_apart
from stages.synthesize.face.names import UNITS, FaceState, state
from stages.synthesize.face.people import sample_identity

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
