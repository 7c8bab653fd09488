from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from stages.landmarks.batches import Variation, landmark_batches, mirror, occlude, vary
from stages.landmarks.landmarker import MEAN, STD, input_matrix, resize, to_heatmap
from stages.landmarks.schemes import JD106
from stages.training.samples.augment import Augment


def spots() -> tuple[np.ndarray, np.ndarray]:
    """A dark picture with a bright spot of its own colour on three points: outer eye corners and chin."""
    points = np.full((106, 2), 56.0, np.float32)
    image = np.zeros((112, 112, 3), np.uint8)
    for channel, (index, place) in enumerate(((66, (30, 45)), (79, (80, 52)), (16, (60, 95)))):
        points[index] = place
        image[place[1] - 2 : place[1] + 3, place[0] - 2 : place[0] + 3, channel] = 255
    return image, points


def centre(channel: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(channel > 127)
    return np.array([columns.mean(), rows.mean()])


def test_mirrored_points_follow_the_picture_and_change_names() -> None:
    image, points = spots()
    flipped, found = mirror(image, points)
    assert found[JD106.outer_corners[0]].tolist() == [111 - 80, 52]  # the right corner is now the left one
    np.testing.assert_allclose(centre(flipped[..., 1]), found[66])
    np.testing.assert_allclose(centre(flipped[..., 2]), found[16])
    np.testing.assert_array_equal(mirror(flipped, found)[1], points)


def varied(variation: Variation, size: int, count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """`count` draws of the picture of spots: inputs [N, S, S, 3] in 0 … 255, points [N, 106, 2]."""
    image, points = spots()
    pictures, all_points = np.stack([image] * count), np.stack([points] * count)
    generator = torch.Generator().manual_seed(seed)
    inputs, found = vary(pictures, all_points, size, variation, np.random.default_rng(seed), generator)
    return (inputs.permute(0, 2, 3, 1).numpy() * STD + MEAN) * 255, found.numpy()


def test_points_follow_rotation_scale_and_shift() -> None:
    inputs, found = varied(Variation(occlude=0), 280, 20)
    places = (found[:, [66, 16]] + 0.5) * 4 - 0.5
    for picture, (left, chin) in zip(inputs, places, strict=True):
        seen = [centre(picture[..., channel]) for channel in range(2)]
        assert min(np.abs(left - each).max() for each in seen) < 1.0
        np.testing.assert_allclose(chin, centre(picture[..., 2]), atol=1.0)
    assert np.ptp(places[:, 1], axis=0).min() > 20


STILL = Variation(rotation=0, scaling=0, shift=0, occlude=0)


def test_without_variation_a_crop_is_what_prediction_sees() -> None:
    inputs, found = varied(STILL, 64, 8)
    pictures = {image.tobytes(): points for image, points in (spots(), mirror(*spots()))}
    seen = {resize(np.frombuffer(raw, np.uint8).reshape(1, 112, 112, 3), 64).tobytes() for raw in pictures}
    assert {np.rint(each).astype(np.uint8).tobytes() for each in inputs} == seen
    expected = [to_heatmap(each, input_matrix(64)) for each in pictures.values()]
    for each in found:
        assert any(np.allclose(each, one, atol=1e-4) for one in expected)


@pytest.mark.parametrize(
    "change",
    [{"contrast": 0.4}, {"lightness": 0.2}, {"grey": 1.0}, {"blur": 1.0}, {"jpeg": 1.0}, {"noise": 0.1}],
    ids=str,
)
def test_augmentation_changes_the_picture_and_not_the_points(change: dict[str, float]) -> None:
    plain, spoilt = varied(STILL, 64, 8), varied(replace(STILL, augment=Augment(**change)), 64, 8)
    assert (np.abs(plain[0] - spoilt[0]).max(axis=(1, 2, 3)) > 2).sum() >= 3  # of eight; strengths are drawn
    np.testing.assert_array_equal(plain[1], spoilt[1])


def test_occlusion_is_a_rectangle_of_one_colour() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for seed in range(10):
        hidden = occlude(image, np.random.default_rng(seed))
        rows, columns = np.nonzero((hidden != image).any(-1))
        inside = hidden[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].reshape(-1, 3)
        assert len(np.unique(inside, axis=0)) == 1 and 36 <= len(inside) <= 25 * 25
    assert (
        (np.abs(varied(replace(STILL, occlude=1.0), 64, 8)[0] - varied(STILL, 64, 8)[0]) > 2)
        .any((1, 2, 3))
        .all()
    )


def epoch_of(rows: int, batch: int, number: int = 1, fabric: Any = None) -> list[tuple[Tensor, Tensor]]:
    """An epoch of as many pictures, their points' places telling them apart."""
    image, points = spots()
    shifted = np.stack([points + 100 * row for row in range(rows)])
    noisy = replace(STILL, augment=Augment(noise=0.1))
    batches = landmark_batches(
        np.stack([image] * rows), shifted, np.arange(rows), noisy,
        size=64, batch=batch, seed=1, fabric=fabric or Fabric(accelerator="cpu", devices=1),
    )  # fmt: skip
    return list(batches(number))


def test_an_epoch_is_a_pure_function_of_its_seed() -> None:
    first, again, other = (epoch_of(6, 2, number) for number in (1, 1, 2))
    assert len(first) == 3 and first[0][0].shape == (2, 3, 64, 64) and first[0][1].shape == (2, 106, 2)
    for left, right in zip(first, again, strict=True):
        assert torch.equal(left[0], right[0]) and torch.equal(left[1], right[1])
    assert not torch.equal(first[0][0], other[0][0])


@pytest.mark.parametrize(("rows", "batch", "sizes"), [(5, 2, [2, 2]), (3, 8, [3]), (4, 4, [4])])
def test_only_an_only_batch_may_be_smaller(rows: int, batch: int, sizes: list[int]) -> None:
    assert [len(inputs) for inputs, _ in epoch_of(rows, batch)] == sizes


def test_processes_share_an_epoch() -> None:
    ranks = [SimpleNamespace(global_rank=rank, world_size=2) for rank in range(2)]
    places = [torch.cat([found for _, found in epoch_of(8, 4, fabric=rank)])[:, 60, 1] for rank in ranks]
    assert [len(own) for own in places] == [4, 4]
    assert len({round(float(place)) for own in places for place in own}) == 8
