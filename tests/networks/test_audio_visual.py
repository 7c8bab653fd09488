from __future__ import annotations

import numpy as np
import pytest
import torch

from stages.networks.audio_visual import TDNN, AudioVisualModel, resample
from stages.networks.common.heads import Heads


@pytest.mark.parametrize(("length", "steps"), [(200, 100), (100, 30), (30, 100), (7, 7)])
def test_resampling_is_linear_in_time(length: int, steps: int) -> None:
    x = np.random.default_rng(0).normal(size=length)
    centres = (np.arange(steps) + 0.5) * length / steps - 0.5
    expected = np.interp(centres, np.arange(length), x)
    found = resample(torch.from_numpy(x)[None, :, None], steps)
    np.testing.assert_allclose(found[0, :, 0], expected, atol=1e-12)


def test_audio_reaches_the_frames_at_its_own_time() -> None:
    torch.manual_seed(0)
    model = AudioVisualModel(TDNN(features=32), Heads(64, ("AU", "EXPR"))).eval()
    silent, spoken = torch.zeros(1, 200, 64), torch.zeros(1, 200, 64)
    spoken[:, 150:] = 3.0
    change = (model.embed(spoken, 30) - model.embed(silent, 30)).abs().sum(-1)[0]
    assert change[:15].max() < 1e-5 and change[25:].min() > 1e-2


def test_every_frame_gets_an_output_from_both_streams() -> None:
    model = AudioVisualModel(TDNN(), Heads(1024, ("AU", "EXPR"))).eval()
    visual, mel = torch.randn(2, 30, 512), torch.randn(2, 201, 64)
    outputs = model(visual, mel)
    assert outputs["AU"].shape == (2, 30, 12) and outputs["EXPR"].shape == (2, 30, 7)
    both = torch.cat([visual, model.embed(mel, 30)], dim=-1)
    torch.testing.assert_close(outputs["AU"], model.heads(both)["AU"])
