from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stages.synthesize.scenes.backgrounds import background
from stages.synthesize.scenes.camera import Camera, motion_kernel, sample_camera, shoot

PLAIN = Camera(
    curves=np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2), grey=False, vignette=0.0,
    shrink=1.0, blur=0.0, motion=0.0, motion_angle=0.0, noise=0.0, quality=0,
)  # fmt: skip
SCENE = background(np.random.default_rng(2), 120, 160)


def test_a_plain_camera_changes_nothing() -> None:
    np.testing.assert_array_equal(shoot(np.random.default_rng(0), PLAIN, SCENE), SCENE)


@pytest.mark.parametrize(
    "fault", [{"grey": True}, {"vignette": 0.4}, {"shrink": 0.5}, {"blur": 1.0}, {"motion": 4.0},
              {"noise": 5.0}, {"quality": 40}],
)  # fmt: skip
def test_each_fault_changes_the_picture_but_not_its_form(fault: dict[str, float]) -> None:
    shot = shoot(np.random.default_rng(0), replace(PLAIN, **fault), SCENE)
    assert shot.shape == SCENE.shape
    assert shot.dtype == np.uint8
    change = np.abs(shot.astype(int) - SCENE).mean()
    assert 0.1 < change < 60


def test_a_grey_camera_has_no_colour_even_in_its_noise() -> None:
    shot = shoot(np.random.default_rng(0), replace(PLAIN, grey=True, noise=8.0), SCENE)
    assert (shot[..., 0] == shot[..., 1]).all()
    assert (shot[..., 1] == shot[..., 2]).all()


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0])
def test_motion_blur_keeps_the_brightness(angle: float) -> None:
    assert motion_kernel(5.0, angle).sum() == pytest.approx(1.0, abs=1e-5)


def test_losses_of_sharpness_exclude_each_other() -> None:
    cameras = [sample_camera(np.random.default_rng(seed)) for seed in range(300)]
    soft = [(c.shrink < 1) + (c.blur > 0) + (c.motion > 0) for c in cameras]
    assert max(soft) == 1
    assert 0.3 < np.mean(soft) < 0.6
    assert 0.08 < np.mean([c.grey for c in cameras]) < 0.25


def test_backgrounds_differ() -> None:
    means = [background(np.random.default_rng(seed), 60, 80).mean(axis=(0, 1)) for seed in range(40)]
    assert np.std(means, axis=0).min() > 25
