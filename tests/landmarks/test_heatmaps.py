from __future__ import annotations

import math

import pytest
import torch

from stages.landmarks.heatmaps import decode_heatmaps, gaussian_heatmaps


def test_targets_are_gaussians_around_the_point() -> None:
    heatmaps = gaussian_heatmaps(torch.tensor([[[5.0, 3.0], [4.5, 9.0]]]), size=16, sigma=1.5)
    assert heatmaps.shape == (1, 2, 16, 16)
    assert heatmaps[0, 0, 3, 5] == 1  # row y, column x
    assert heatmaps[0, 0, 3, 7].item() == pytest.approx(math.exp(-4 / (2 * 2.25)))
    assert heatmaps[0, 0, 5, 6].item() == pytest.approx(math.exp(-5 / (2 * 2.25)))
    assert heatmaps[0, 1, 9, 4] == heatmaps[0, 1, 9, 5]  # half-way between two pixels


def test_points_far_outside_leave_an_empty_map() -> None:
    assert gaussian_heatmaps(torch.tensor([[[40.0, -30.0]]]), size=16).max() < 1e-6


def test_the_published_decoding_moves_a_quarter_towards_the_higher_neighbour() -> None:
    heatmap = torch.zeros(1, 3, 8, 8)
    heatmap[0, :, 4, 3] = 1.0
    heatmap[0, 0, 4, 4] = 0.5
    heatmap[0, 1, 3, 3] = 0.5
    found = decode_heatmaps(heatmap, "quarter")
    assert found.tolist() == [[[3.25, 4.0], [3.0, 3.75], [3.0, 4.0]]]


def test_parabolas_return_gaussians_to_their_centres() -> None:
    points = torch.rand(4, 20, 2, generator=torch.Generator().manual_seed(0)) * 12 + 2
    found = decode_heatmaps(gaussian_heatmaps(points, size=16), "parabola")
    torch.testing.assert_close(found, points, atol=1e-3, rtol=0)
    coarse = decode_heatmaps(gaussian_heatmaps(points, size=16), "quarter")
    assert (coarse - points).abs().max() <= 0.25 + 1e-3


@pytest.mark.parametrize("refinement", ["quarter", "parabola"])
def test_a_maximum_on_the_border_stays_there(refinement: str) -> None:
    heatmap = torch.zeros(1, 1, 8, 8)
    heatmap[0, 0, 0, 7] = 1.0
    heatmap[0, 0, 1, 6] = 0.5
    assert decode_heatmaps(heatmap, refinement).tolist() == [[[7.0, 0.0]]]


@pytest.mark.parametrize("refinement", ["quarter", "parabola"])
def test_any_heatmap_gives_finite_points_within_half_a_pixel(refinement: str) -> None:
    heatmaps = torch.randn(2, 50, 8, 8, generator=torch.Generator().manual_seed(1))
    found = decode_heatmaps(heatmaps, refinement)
    best = heatmaps.flatten(2).argmax(2)
    assert (found - torch.stack([best % 8, best // 8], -1)).abs().max() <= 0.5
