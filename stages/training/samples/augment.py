"""Random changes of face crops, batched on tensors; the same bytes for the same generator.

Jin et al. 2021, 4.2: horizontal flip, small random crop, small changes to hue, saturation and lightness. The
other changes are this project's: they carry a network that was trained on drawn faces over to real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from stages.training.samples.jpeg import jpeg_like

Range = tuple[float, float]
DRAWS = 24  # random numbers of an image; some are left over where colours always change


@dataclass(frozen=True)
class Augment:
    """Strengths; the default of each changes nothing. Probabilities are per image, ranges uniform."""

    flip: float = 0.0  # probability of a mirror image
    crop: float = 1.0  # smallest side of the crop, as a share of the image
    rotate: float = 0.0  # largest turn in degrees, either way
    hue: float = 0.0  # largest turn of the colour circle in degrees, either way
    saturation: float = 0.0  # chroma times 1 ± this
    lightness: float = 0.0  # lightness plus ± this share of the full range
    contrast: float = 0.0  # deviation from mid grey times 1 ± this
    jitter: float = 1.0  # probability of each of these four
    gamma: float = 0.0  # exponent 2^±this
    shade: float = 0.0  # largest difference of light across the face, as a share
    grey: float = 0.0  # probability of losing all colour
    blur: float = 0.0  # probability of a Gaussian blur
    blur_sigma: Range = (0.3, 1.2)  # pixels of the network's input
    shrink: float = 0.0  # probability of a detour through a lower resolution
    shrink_to: Range = (0.4, 0.9)  # that resolution, as a share of the network's input
    jpeg: float = 0.0  # probability of compression
    jpeg_quality: Range = (20.0, 80.0)
    noise: float = 0.0  # largest standard deviation of sensor noise, as a share of the full range

    def __call__(self, images: Tensor, size: int, generator: Generator) -> Tensor:
        """uint8 [N, H, W, 3] to float [N, size, size, 3] in 0 … 255, on the generator's device."""
        x = images.to(generator.device, non_blocking=True).permute(0, 3, 1, 2).contiguous().float()
        draw = _Draw(len(x), generator)
        x = self._geometry(x, size, draw)
        x = self._colour(x, draw)
        x = self._quality(x, draw, generator)
        return x.mul_(255).permute(0, 2, 3, 1)

    def _geometry(self, x: Tensor, size: int, draw: _Draw) -> Tensor:
        """Mirror, turn and crop in one resampling."""
        scale = draw.between(self.crop, 1)
        angle = draw.either(self.rotate * pi / 180)
        mirror = torch.where(draw.coin(self.flip), -1.0, 1.0)
        shift_x, shift_y = draw.either(1) * (1 - scale), draw.either(1) * (1 - scale)
        if self.crop == 1 and not self.rotate:  # no resampling: mirrored images stay as they are
            x = torch.where(mirror[:, None, None, None] < 0, x.flip(3), x)
            return x if x.shape[-1] == size else _resize(x, size)
        cos, sin = angle.cos() * scale, angle.sin() * scale
        across = torch.stack([cos * mirror, sin * mirror], dim=1)
        down, shift = torch.stack([-sin, cos], dim=1), torch.stack([shift_x, shift_y], dim=1)
        grid = _grid(across, down, shift, size)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _colour(self, x: Tensor, draw: _Draw) -> Tensor:
        """0 … 255 to [0, 1]: hue, saturation, contrast and lightness are one affine map of an image's channels."""
        chroma = 1 + self._jitter(draw, self.saturation)
        chroma = torch.where(draw.coin(self.grey), 0.0, chroma)
        mix = _colour_matrix(self._jitter(draw, self.hue * pi / 180), chroma)
        contrast, lightness = 1 + self._jitter(draw, self.contrast), self._jitter(draw, self.lightness)
        offset = (0.5 * (1 - contrast) + lightness)[:, None, None]
        mixed = torch.baddbmm(offset, mix * contrast[:, None, None] / 255, x.flatten(2)).view_as(x)
        shade, angle, gamma = draw.either(self.shade), draw.either(pi), draw.either(self.gamma)
        if self.shade:
            mixed *= 1 + _slope(x.shape[-1], shade, angle)
        mixed = mixed.clamp_(0, 1)
        return mixed.pow_(_per_image(2**gamma)) if self.gamma else mixed

    def _jitter(self, draw: _Draw, limit: float) -> Tensor:
        """A change of colour between ± `limit`, none for images that the dice leave alone."""
        change = draw.either(limit)
        return change if self.jitter == 1 else change * draw.coin(self.jitter)

    def _quality(self, x: Tensor, draw: _Draw, generator: Generator) -> Tensor:
        """Blur, resolution, noise and compression, as from lens to file; one strength a batch."""
        size = x.shape[-1]
        sigma = draw.one(self.blur_sigma)
        x = _on(draw.coin(self.blur), x, lambda some: _blurred(some, sigma))
        small = max(8, round(size * draw.one(self.shrink_to)))
        x = _on(draw.coin(self.shrink), x, lambda some: _resize(_resize(some, small), size))
        strength, quality = draw.between(0, self.noise), draw.one(self.jpeg_quality)
        if self.noise:
            noise = torch.randn(x.shape, generator=generator, device=x.device)
            x = noise.mul_(_per_image(strength)).add_(x).clamp_(0, 1)
        return _on(draw.coin(self.jpeg), x, lambda some: jpeg_like(some, quality))


class _Draw:
    """Random numbers [N] for a batch, all drawn at once, even if unused: one strength does not change another's."""

    def __init__(self, count: int, generator: Generator) -> None:
        self.rows = iter(torch.rand(DRAWS, count, generator=generator, device=generator.device))

    def unit(self) -> Tensor:
        return next(self.rows)

    def between(self, low: float, high: float) -> Tensor:
        return low + (high - low) * self.unit()

    def either(self, limit: float) -> Tensor:
        return self.between(-limit, limit)

    def coin(self, probability: float) -> Tensor:
        return self.unit() < probability

    def one(self, limits: Range) -> float:
        """One number for the whole batch."""
        return float(limits[0] + (limits[1] - limits[0]) * self.unit()[0])


def _on(chosen: Tensor, x: Tensor, change) -> Tensor:  # type: ignore[no-untyped-def]
    """`change` applied to the chosen images of a batch."""
    rows = chosen.nonzero().squeeze(1)
    return x.index_copy(0, rows, change(x[rows])) if len(rows) else x


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of 5x5 pixels, as torchvision's `gaussian_blur`, whose import takes longer than an epoch here."""
    grid = torch.linspace(-2, 2, 5, device=x.device, dtype=x.dtype)
    falloff = torch.exp(-0.5 * (grid / sigma).square())
    line = falloff / falloff.sum()
    kernel = torch.mm(line[:, None], line[None, :]).expand(x.shape[1], 1, 5, 5)
    return F.conv2d(F.pad(x, [2, 2, 2, 2], mode="reflect"), kernel, groups=x.shape[1])


def _grid(across: Tensor, down: Tensor, shift: Tensor, size: int) -> Tensor:
    """Sampling grid [N, size, size, 2]: `shift`, and a step [N, 2] for the way across and for the way down."""
    axis = (torch.arange(size, device=across.device) * 2 + 1) / size - 1
    columns, rows = across[..., None] * axis, down[..., None] * axis + shift[..., None]
    return (rows[..., None] + columns[:, :, None]).permute(0, 2, 3, 1)


def _resize(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, (size, size), mode="bilinear", antialias=size < x.shape[-1])


def _per_image(values: Tensor) -> Tensor:
    return values[:, None, None, None]


# NTSC luma and the two colour axes, in which a turn is a change of hue and a factor one of saturation.
YIQ = ((0.299, 0.587, 0.114), (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))


def _colour_matrix(hue: Tensor, chroma: Tensor) -> Tensor:
    """RGB matrices [N, 3, 3] that turn the colour circle by `hue` (radians) and scale it by `chroma`."""
    yiq = torch.tensor(YIQ, device=hue.device)
    turn = torch.zeros(len(hue), 3, 3, device=hue.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = chroma * hue.cos()
    turn[:, 1, 2], turn[:, 2, 1] = -chroma * hue.sin(), chroma * hue.sin()
    return torch.linalg.inv(yiq) @ turn @ yiq


def _slope(size: int, strength: Tensor, angle: Tensor) -> Tensor:
    """Light [N, 1, size, size] that rises by `strength` across the image in the direction `angle`."""
    axis = torch.linspace(-0.5, 0.5, size, device=strength.device)
    across, down = angle.cos()[:, None, None] * axis, angle.sin()[:, None, None] * axis[:, None]
    return (_per_image(strength) * (across + down)[:, None]).clamp(min=-0.9)
