"""What cameras and codecs do to an image, varied far beyond any one camera: faces must be read from all."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.synthesize.scenes.backgrounds import Float, Image


@dataclass(frozen=True)
class Camera:
    """One camera: tone curves (uint8 [256, 1, 3]), optics, sensor noise, compression."""

    curves: Image
    grey: bool
    vignette: float
    shrink: float  # factor of the resolution, 1 = none lost
    blur: float  # Gaussian sigma, pixels
    motion: float  # length of the motion blur, pixels
    motion_angle: float
    noise: float  # deviation, grey levels
    quality: int  # JPEG quality, 0 = none


def sample_camera(
    rng: np.random.Generator, strength: float = 1.0, grey: float = 0.15, compress: bool = True
) -> Camera:
    """Draw a camera; `strength` 0..1 scales how bad it may be, `grey` is the share of grey-scale ones.

    Lost resolution, blur and motion blur exclude each other: together they leave nothing to tell an AU by.
    """
    often = lambda share: rng.random() < share * strength  # noqa: E731 - reads as the table of shares below
    soft = rng.choice(["", "shrink", "blur", "motion"], p=[0.58, 0.20, 0.17, 0.05]) if often(1.0) else ""
    return Camera(
        curves=tone_curves(rng, strength),
        grey=bool(rng.random() < grey),
        vignette=rng.uniform(0.1, 0.5) if often(0.3) else 0.0,
        shrink=rng.uniform(0.45, 0.85) if soft == "shrink" else 1.0,
        blur=rng.uniform(0.4, 1.2) if soft == "blur" else 0.0,
        motion=rng.uniform(2, 4.5) if soft == "motion" else 0.0,
        motion_angle=rng.uniform(0, 180),
        noise=min(float(rng.gamma(1.5, 2.4)), 14.0) if often(0.6) else 0.0,
        quality=int(rng.integers(30, 92)) if compress and often(0.6) else 0,
    )


def tone_curves(rng: np.random.Generator, strength: float) -> Image:
    """Exposure, gamma, contrast, black level and white balance as one table, uint8 [256, 1, 3]."""
    level = np.linspace(0, 1, 256)[:, None]
    gamma = 2 ** rng.normal(0, 0.25 * strength)
    contrast, exposure = 1 + rng.normal(0, 0.12 * strength), 2 ** rng.normal(0, 0.18 * strength)
    balance = 1 + rng.normal(0, 0.05 * strength, 3)
    black = rng.uniform(0, 0.10) * strength * (rng.random() < 0.25)
    value = (level**gamma * exposure * balance - 0.5) * contrast + 0.5
    return np.clip((black + (1 - black) * value) * 255, 0, 255).astype(np.uint8)[:, None]


def shoot(rng: np.random.Generator, camera: Camera, image: Image) -> Image:
    """The image as this camera delivers it, uint8 [H, W, 3]; `rng` draws the noise."""
    image = _optics(camera, image)
    image = cv2.LUT(image, camera.curves)
    if camera.grey:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if camera.noise:
        image = add_noise(rng, image, camera.noise, camera.grey)
    return jpeg(image, camera.quality) if camera.quality else image


def _optics(camera: Camera, image: Image) -> Image:
    height, width = image.shape[:2]
    if camera.shrink < 1:
        small = (max(8, round(width * camera.shrink)), max(8, round(height * camera.shrink)))
        image = cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height))
    if camera.blur:
        image = cv2.GaussianBlur(image, (0, 0), camera.blur)
    if camera.motion:
        image = cv2.filter2D(image, -1, motion_kernel(camera.motion, camera.motion_angle))
    if camera.vignette:
        image = (image * vignette(height, width, camera.vignette)).astype(np.uint8)
    return image


def motion_kernel(length: float, angle: float) -> Float:
    """A line of `length` pixels at `angle` degrees, float32 [k, k], sum 1."""
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = 1
    turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), angle, 1)
    line = np.asarray(cv2.warpAffine(kernel, turn, (size, size)))
    return line / line.sum()


def vignette(height: int, width: int, strength: float) -> Float:
    """Fall-off towards the corners, float32 [H, W, 1]."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.asarray(1 - strength * np.clip((x * x + y * y) / 2, 0, 1), np.float32)[..., None]


def add_noise(rng: np.random.Generator, image: Image, deviation: float, grey: bool) -> Image:
    """Sensor noise, stronger in the dark; the same in all channels of a grey camera."""
    channels = 1 if grey else 3
    noise = rng.standard_normal((*image.shape[:2], channels), dtype=np.float32) * np.float32(deviation)
    noise = noise * (1.3 - image[..., :1].astype(np.float32) / 400)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def jpeg(image: Image, quality: int) -> Image:
    """The image after JPEG compression."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
