from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from stages.training.samples.jpeg import jpeg_like


def smooth(size: int = 64) -> np.ndarray:
    rows = np.random.default_rng(0).random((8, 8, 3), dtype=np.float32)
    return cv2.resize(rows, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1)


@pytest.mark.parametrize("quality", [10, 40, 80])
def test_error_is_that_of_a_real_encoder(quality: int) -> None:
    rgb = smooth()
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    _, code = cv2.imencode(".jpg", (rgb[..., ::-1] * 255).round().astype(np.uint8), options)
    real = cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1] / 255.0
    ours = jpeg_like(torch.from_numpy(rgb).permute(2, 0, 1)[None], quality)[0].permute(1, 2, 0).numpy()
    assert abs(ours - real).mean() < 0.3 * abs(real - rgb).mean() + 0.002


def test_best_quality_is_nearly_lossless() -> None:
    image = torch.from_numpy(smooth()).permute(2, 0, 1)[None]
    assert float((jpeg_like(image, 100) - image).abs().max()) < 0.02


def test_sizes_that_are_no_multiple_of_a_block() -> None:
    image = torch.full((2, 3, 21, 13), 0.5)
    assert torch.allclose(jpeg_like(image, 50), image, atol=0.03)
