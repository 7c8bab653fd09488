"""One still: a face before a background, through a camera, aligned to the five-point template."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.media.align import SIZE, TEMPLATE, similarity, transform
from stages.synthesize.acting.performance import limited
from stages.synthesize.face import Face, FaceState, Light, sample_light
from stages.synthesize.scenes.backgrounds import Image, background
from stages.synthesize.scenes.camera import Camera, sample_camera, shoot
from stages.synthesize.scenes.occluders import lay, sample_occluder

Array = NDArray[np.float32]

# Eye centres, nose tip and mouth corners among the 106 points (JD order).
FIVE = (74, 83, 54, 84, 90)
MEDIAN_ERROR = 0.06  # of the five points, interocular distances (MTCNN's on drawn faces, shift removed)
_RAYLEIGH = 1.1774  # median length of a two-dimensional normal vector of unit deviation
IOD = (28.0, 62.0)  # pixels between the eyes in the photograph, from, to; a crop has 35
FIELD = 4.4  # width and height of a photograph in interocular distances
YAW, PITCH, ROLL = (13.0, 26.0), (6.0, 15.0), (7.0, 20.0)  # degrees: deviation, limit


@dataclass(frozen=True)
class Still:
    """A crop uint8 [112, 112, 3], its 106 points float32 [106, 2] in the crop's pixels."""

    image: Image
    points: Array


def photograph(
    rng: np.random.Generator,
    face: Face,
    units: Array,
    light: Light | None = None,
    camera: Camera | None = None,
) -> Still:
    """Photograph a face that does `units` (float32 [2, units]) in a random pose, place and light."""
    iod = float(np.exp(rng.uniform(*np.log(IOD))))
    side = round(FIELD * iod)
    centre = (side * (0.5 + rng.normal(0, 0.02)), side * (0.44 + rng.normal(0, 0.02)))
    drawn = face.draw(background(rng, side, side), posed(rng, units), light or sample_light(rng), centre, iod)
    image = drawn.image
    if rng.random() < 0.07:
        image = _half_hidden(rng, image, centre, iod)
    image = shoot(rng, camera or sample_camera(rng), image)
    matrix = similarity(detected(rng, drawn.points[list(FIVE)]), TEMPLATE)
    crop = cv2.warpAffine(image, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    return Still(np.asarray(crop, np.uint8), transform(matrix, drawn.points).astype(np.float32))


def posed(rng: np.random.Generator, units: Array) -> FaceState:
    """A head turned at random, mostly little; the gaze mostly at the camera."""
    yaw, pitch, roll = (
        float(limited(rng.normal(0, deviation, 1), limit)[0]) for deviation, limit in (YAW, PITCH, ROLL)
    )
    away = 0.3 if rng.random() < 0.4 else 0.08
    gaze = np.clip(rng.normal(0, away, 2), -0.8, 0.8)
    return FaceState(units, yaw, pitch, roll, float(gaze[0]), float(gaze[1]))


def detected(rng: np.random.Generator, points: Array) -> NDArray[np.float64]:
    """Five points [5, 2] as a detector finds them: off by `MEDIAN_ERROR` of the eyes' distance (median)."""
    iod = float(np.linalg.norm(points[1] - points[0]))
    return points + rng.normal(0, MEDIAN_ERROR / _RAYLEIGH * iod, points.shape)


def _half_hidden(rng: np.random.Generator, image: Image, centre: tuple[float, float], iod: float) -> Image:
    """Something before the edge of the face: it may hide a cheek, the chin or a brow, rarely the mouth."""
    angle = rng.uniform(0, 2 * np.pi)
    at = (centre[0] + 1.15 * iod * np.cos(angle), centre[1] + (0.6 + 1.35 * np.sin(angle)) * iod)
    return lay(image, sample_occluder(rng), at, iod, rng.uniform(-90, 90), rng.uniform(0.4, 0.7))
