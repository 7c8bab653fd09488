from __future__ import annotations

import numpy as np
import pytest

from stages.landmarks.batches import FAULTS, Geometry, landmark_batches, mirror, vary
from stages.landmarks.landmarker import input_matrix, to_heatmap
from stages.landmarks.schemes import JD106


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


def test_points_follow_rotation_scale_and_shift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.landmarks.batches.FAULTS", ())
    image, points = spots()
    rng = np.random.default_rng(1)
    moved = []
    for _ in range(20):
        varied, found = vary(image, points, 280, Geometry(), rng)
        left, chin = (found[[66, 16]] + 0.5) * 4 - 0.5
        seen = [centre(varied[..., channel]) for channel in range(2)]
        assert min(np.abs(left - each).max() for each in seen) < 1.0
        np.testing.assert_allclose(chin, centre(varied[..., 2]), atol=1.0)
        moved.append(chin)
    assert np.ptp(moved, axis=0).min() > 20


def test_faults_change_the_picture_and_not_the_points() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    rng = np.random.default_rng(2)
    for fault, share in FAULTS:
        spoilt = fault(image, rng)
        assert spoilt.shape == image.shape and spoilt.dtype == np.uint8, fault
        assert (spoilt != image).any() and 0 < share < 1, fault


def test_an_epoch_is_a_pure_function_of_its_seed() -> None:
    image, points = spots()
    images, all_points = np.stack([image] * 7), np.stack([points] * 7)
    rows = np.arange(1, 7)

    def epoch(number: int) -> list[np.ndarray]:
        batches = landmark_batches(images, all_points, rows, 64, 2, Geometry(), (1, number))
        return [part.numpy() for batch in batches for part in batch]

    first, again, other = epoch(1), epoch(1), epoch(2)
    assert len(first) == 6 and first[0].shape == (2, 3, 64, 64) and first[1].shape == (2, 106, 2)
    for left, right in zip(first, again, strict=True):
        np.testing.assert_array_equal(left, right)
    assert any((left != right).any() for left, right in zip(first, other, strict=True))


@pytest.mark.parametrize(("rows", "batch", "sizes"), [(5, 2, [2, 2]), (3, 8, [3]), (4, 4, [4])])
def test_only_an_only_batch_may_be_smaller(rows: int, batch: int, sizes: list[int]) -> None:
    image, points = spots()
    images, all_points = np.stack([image] * rows), np.stack([points] * rows)
    batches = landmark_batches(images, all_points, np.arange(rows), 64, batch, Geometry(), (1, 1))
    assert [len(inputs) for inputs, _ in batches] == sizes


def test_without_variation_a_crop_is_what_prediction_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.landmarks.batches.FAULTS", ())
    image, points = spots()
    still = Geometry(rotation=0, scaling=0, shift=0)
    found = [vary(image, points, 64, still, np.random.default_rng(seed))[1] for seed in range(8)]
    expected = to_heatmap(points, input_matrix(64))
    assert any(np.allclose(each, expected, atol=1e-4) for each in found)
