from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from stages.training.samples.augment import Augment

STRONG = Augment(
    flip=0.5, crop=0.6, rotate=10, hue=20, saturation=0.3, lightness=0.2, contrast=0.3, gamma=0.5, shade=0.5,
    grey=0.5, blur=0.5, shrink=0.5, jpeg=0.5, noise=0.1,
)  # fmt: skip


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> Tensor:
    """Smooth coloured images, uint8 [6, 112, 112, 3]."""
    small = torch.rand(6, 3, 8, 8, generator=generator(9))
    large = torch.nn.functional.interpolate(small, (112, 112), mode="bicubic").clamp(0, 1)
    return (large * 255).byte().permute(0, 2, 3, 1).contiguous()


def test_nothing_asked_for_changes_nothing(images: Tensor) -> None:
    assert torch.allclose(Augment()(images, 112, generator()), images.float(), atol=1e-2)


def test_same_generator_same_bytes(images: Tensor) -> None:
    first, second, other = (STRONG(images, 64, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_shape_and_range(images: Tensor) -> None:
    out = STRONG(images, 60, generator())
    assert out.shape == (6, 60, 60, 3)
    assert float(out.min()) >= 0 and float(out.max()) <= 255 and out.isfinite().all()


@pytest.mark.parametrize("crop", [1.0, 0.999999])
def test_flip_is_a_mirror_image(images: Tensor, crop: float) -> None:
    out = Augment(flip=1.0, crop=crop)(images, 112, generator())
    assert torch.allclose(out, images.flip(2).float(), atol=0.1)


def test_about_half_are_flipped(images: Tensor) -> None:
    many = images[:1].repeat(200, 1, 1, 1)
    out = Augment(flip=0.5)(many, 112, generator())
    flipped = sum(torch.allclose(image, many[0].flip(1).float(), atol=1e-2) for image in out)
    assert 70 < flipped < 130


def test_crop_enlarges_and_stays_inside(images: Tensor) -> None:
    ramp = torch.arange(112, dtype=torch.uint8)[None, None, :, None].expand(50, 112, 112, 3).contiguous()
    out = Augment(crop=0.6)(ramp, 112, generator())
    spans = out[..., 0].amax((1, 2)) - out[..., 0].amin((1, 2))
    assert float(spans.min()) > 0.58 * 111 and float(spans.max()) < 111.5
    assert float(spans.std()) > 5


def test_grey_has_no_colour_and_keeps_its_luma(images: Tensor) -> None:
    out = Augment(grey=1.0)(images, 112, generator())
    assert float((out.amax(3) - out.amin(3)).max()) < 0.1
    luma = (images.float() * torch.tensor([0.299, 0.587, 0.114])).sum(3)
    assert torch.allclose(out[..., 0], luma, atol=0.1)


def test_hue_keeps_luma_and_a_full_turn_is_none(images: Tensor) -> None:
    muted = (images.float() * 0.3 + 90).byte()
    out = Augment(hue=40.0)(muted, 112, generator())
    weights = torch.tensor([0.299, 0.587, 0.114])
    assert torch.allclose((out * weights).sum(3), (muted.float() * weights).sum(3), atol=0.1)
    assert float((out - muted.float()).abs().mean()) > 1


@pytest.mark.parametrize("change", [{"blur": 1.0}, {"shrink": 1.0}, {"jpeg": 1.0, "jpeg_quality": (10, 15)}])
def test_lost_detail_is_lost(change: dict[str, Any]) -> None:
    """High frequencies fade, the mean stays."""
    noise = torch.randint(64, 192, (4, 112, 112, 3), generator=generator(), dtype=torch.uint8)
    out = Augment(**change)(noise, 112, generator())
    assert float(out.std()) < 0.9 * float(noise.float().std())
    assert torch.allclose(out.mean((1, 2)), noise.float().mean((1, 2)), atol=2)


def test_noise_has_at_most_the_strength_asked_for() -> None:
    flat = torch.full((40, 112, 112, 3), 128, dtype=torch.uint8)
    spread = Augment(noise=0.1)(flat, 112, generator()).flatten(1).std(1) / 255
    assert 0.08 < float(spread.max()) < 0.102 and float(spread.min()) < 0.02


def test_one_strength_does_not_change_the_draws_of_another(images: Tensor) -> None:
    plain, grey = (Augment(crop=0.7, grey=p)(images, 112, generator()) for p in (0.0, 1.0))
    weights = torch.tensor([0.299, 0.587, 0.114])
    assert torch.allclose((plain * weights).sum(3), (grey * weights).sum(3), atol=0.1)


@pytest.mark.parametrize("change", ["hue", "saturation", "lightness", "contrast"])
def test_each_change_of_colour_comes_by_chance(images: Tensor, change: str) -> None:
    many = images[:1].repeat(300, 1, 1, 1)
    strength: dict[str, Any] = {change: 90.0 if change == "hue" else 0.5}
    out = Augment(**strength, jitter=0.3)(many, 112, generator())
    touched = ((out - many[0].float()).abs().amax((1, 2, 3)) > 0.5).sum()
    assert 60 < int(touched) < 120


def test_changes_of_colour_come_apart(images: Tensor) -> None:
    many = images[:1].repeat(300, 1, 1, 1)
    out = Augment(lightness=0.2, contrast=0.5, jitter=0.5)(many, 112, generator())
    flat, mean = out.flatten(1), many[0].float().mean()
    brighter = (flat.mean(1) - mean).abs() > 2
    wider = (flat.std(1) / many[0].float().std() - 1).abs() > 0.02
    assert {(bool(b), bool(w)) for b, w in zip(brighter, wider, strict=True)} == {
        (False, False), (False, True), (True, False), (True, True),
    }  # fmt: skip
