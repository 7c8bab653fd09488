from __future__ import annotations

import pytest
import torch
from torchvision.transforms.functional import gaussian_blur

from stages.training.samples.augment import Augment


@pytest.mark.parametrize("sigma", [0.3, 1.2])
def test_a_blur_is_torchvisions(sigma: float) -> None:
    images = torch.randint(
        0, 256, (3, 24, 24, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    )
    changed = Augment(blur=1.0, blur_sigma=(sigma, sigma))(images, 24, torch.Generator().manual_seed(0))
    x = images.permute(0, 3, 1, 2).float() / 255
    expected = gaussian_blur(x, [5, 5], [sigma, sigma]).permute(0, 2, 3, 1) * 255
    torch.testing.assert_close(changed, expected, rtol=0, atol=1e-4)
