"""Random changes of clips, one draw for all frames of a clip, as in TSAV's released code.

The light in which a teacher sees a clip is that of Wang & Wang 2021, 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stages.training.samples.faces import Pixels

HUES = 180  # steps of the colour circle in OpenCV's 8-bit HSV; saturation and value have 256


@dataclass(frozen=True)
class ClipAugment:
    """Strengths; the default of each changes nothing. Hue has steps of 2°, the others are 8-bit levels."""

    flip: float = 0.0  # probability of a mirror image
    hue: int = 0  # largest turn of the colour circle, either way
    saturation: int = 0  # largest change, either way
    value: int = 0
    brightness: float = 0.0  # of what the teacher sees: colours times 1 ± this

    def __call__(self, clips: Pixels, random: np.random.Generator) -> Pixels:
        """uint8 [B, T, S, S, 4] changed; masks are mirrored with their frames, absent frames stay black."""
        limits = np.array([self.hue, self.saturation, self.value])
        shifts = random.integers(-limits, limits + 1, (len(clips), 3))
        mirrored = random.random(len(clips)) < self.flip
        changed = np.where(mirrored[:, None, None, None, None], clips[:, :, :, ::-1], clips)
        for clip, shift in zip(changed, shifts, strict=True):
            if shift.any():  # the way to HSV and back is not exact in 8 bits
                seen = clip[..., :3].any(axis=(1, 2, 3))
                clip[seen, ..., :3] = shift_colours(clip[seen, ..., :3], *shift)
        return changed

    def light(self, count: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Factors [B] of the light in which the teacher sees each clip."""
        return 1 + random.uniform(-self.brightness, self.brightness, count).astype(np.float32)


def brighten(clips: Tensor, light: Tensor) -> Tensor:
    """Clips [B, T, S, S, 4] in another light [B], float in 0 … 255; masks as they are."""
    colours = (clips[..., :3] * light[:, None, None, None, None]).clamp(0, 255)
    return torch.cat([colours, clips[..., 3:].to(colours)], dim=-1)


def shift_colours(images: Pixels, hue: int, saturation: int, value: int) -> Pixels:
    """RGB uint8 [T, S, S, 3] with its hue turned, its saturation and value shifted, in 8-bit HSV."""
    tall = np.ascontiguousarray(images).reshape(-1, images.shape[2], 3)
    if not tall.size:
        return images
    levels = np.arange(256)
    table = np.stack([(levels + hue) % HUES, levels + saturation, levels + value], axis=-1).clip(0, 255)
    shifted = cv2.LUT(cv2.cvtColor(tall, cv2.COLOR_RGB2HSV), table.astype(np.uint8)[None])
    return np.asarray(cv2.cvtColor(shifted, cv2.COLOR_HSV2RGB), np.uint8).reshape(images.shape)
