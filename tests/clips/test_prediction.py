from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from stages.clips.cutting import Clips, cut_clips
from stages.clips.prediction import predict_clips, strided
from stages.networks.tsav import MEAN, STD
from tests.clips.test_cutting import SMALL, make_footage


class Reader(nn.Module):
    """Tells the frame's number that a clip ends with, and the sound's middle row."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(()))
        self.runs = 0

    def forward(self, clips: Tensor, mel: Tensor) -> dict[str, Tensor]:
        self.runs += len(clips)
        number = (clips[:, 0, -1, 0, 0] * STD[0] + MEAN[0]) * 255
        unknown = torch.full_like(number, torch.nan)
        return {"VA": torch.stack([number, mel[:, 0, 0, 5]], 1), "AU": unknown[:, None].expand(-1, 12)}


def some_clips() -> Clips:
    """Two trials, the first with a gap."""
    present = [number for number in range(1, 41) if number not in (20, 21)]
    return cut_clips([make_footage(present, present, "a"), make_footage([3, 4], [3, 4], "b")], SMALL)


@pytest.mark.parametrize("batch", [7, 64])
def test_every_frame_gets_its_own_output(batch: int) -> None:
    clips = some_clips()
    found = predict_clips(Reader(), clips, batch=batch)
    assert found["VA"][:, 0].round(3).tolist() == clips.keys()["frame"].tolist()
    assert found["VA"][:, 1].tolist() == pytest.approx((clips.keys()["frame"] * 2 / 100).tolist())


def test_frames_between_are_linear_in_time_within_their_trial() -> None:
    clips, reader = some_clips(), Reader()
    found = predict_clips(reader, clips, stride=6)
    assert reader.runs == 8 + 2  # 1, 7, 13, 19, 27, 33, 39 and the last, 40; then 3 and 4
    np.testing.assert_allclose(found["VA"][:, 0], clips.keys()["frame"], atol=1e-3)
    assert np.isnan(found["AU"]).all()


def test_strides_start_anew_in_each_trial() -> None:
    of = np.array([0] * 5 + [1] * 4 + [2])
    assert strided(of, 3).tolist() == [0, 3, 4, 5, 8, 9]
    assert strided(of, 1).tolist() == list(range(10))
