"""Random changes of clips, one draw for all frames of a clip, as in TSAV's released code.

The light in which a teacher sees a clip is that of Wang & Wang 2021, 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stages.training.samples.faces import Pixels

HUES = 180  # steps of the colour circle in OpenCV's 8-bit HSV; saturation and value have 256


class Changes(NamedTuple):
    """Of B clips: `shifts` [B, 3] of hue, saturation and value, `mirrored` [B], `light` [B] that a teacher sees."""

    shifts: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    light: NDArray[np.float32]


@dataclass(frozen=True)
class ClipAugment:
    """Strengths; the default of each changes nothing. Hue has steps of 2°, the others are 8-bit levels."""

    flip: float = 0.0  # probability of a mirror image
    hue: int = 0  # largest turn of the colour circle, either way
    saturation: int = 0  # largest change, either way
    value: int = 0
    brightness: float = 0.0  # of what the teacher sees: colours times 1 ± this

    def draw(self, count: int, random: np.random.Generator) -> Changes:
        """Changes of `count` clips."""
        limits = np.array([self.hue, self.saturation, self.value])
        shifts = random.integers(-limits, limits + 1, (count, 3))
        mirrored = random.random(count) < self.flip
        light = 1 + random.uniform(-self.brightness, self.brightness, count).astype(np.float32)
        return Changes(shifts, mirrored, light)


def change(clips: Pixels, changes: Changes) -> None:
    """Change clips uint8 [B, T, S, S, 4] in place; masks are mirrored with their frames, absent frames stay black."""
    for clip, shift, mirrored in zip(clips, changes.shifts, changes.mirrored, strict=True):
        if mirrored:
            whole = clip.view(np.uint32)  # four bytes a pixel at once
            whole[:] = whole[:, :, ::-1]
        if shift.any():  # the way to HSV and back is not exact in 8 bits
            shift_colours(clip, *shift)


def brighten(clips: Tensor, light: Tensor) -> Tensor:
    """Clips [B, T, S, S, 4] in another light [B], float in 0 … 255; masks as they are."""
    colours = (clips[..., :3] * light[:, None, None, None, None]).clamp(0, 255)
    return torch.cat([colours, clips[..., 3:].to(colours)], dim=-1)


def shift_colours(clip: Pixels, hue: int, saturation: int, value: int) -> None:
    """Turn the hue and shift saturation and value of a clip uint8 [T, S, S, 4] in place, in 8-bit HSV.

    Masks and black frames stay as they are.
    """
    absent = ~clip.view(np.uint32).any(axis=(1, 2, 3))
    tall = clip.reshape(-1, clip.shape[2], 4)
    levels = np.arange(256)
    table = np.stack([(levels + hue) % HUES, levels + saturation, levels + value], axis=-1).clip(0, 255)
    shifted = cv2.LUT(cv2.cvtColor(tall, cv2.COLOR_RGB2HSV), table.astype(np.uint8)[None])
    cv2.mixChannels([cv2.cvtColor(shifted, cv2.COLOR_HSV2RGB)], [tall], [0, 0, 1, 1, 2, 2])
    clip[absent] = 0
