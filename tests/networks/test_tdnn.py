from __future__ import annotations

import torch
from torch.nn import functional as F

from stages.networks.audio_visual import SPLICES, TDNN, Splice


def test_a_splice_is_an_affine_map_of_the_frames_at_its_offsets() -> None:
    torch.manual_seed(0)
    layer = Splice(3, 4, (-7, 2)).eval()
    x = torch.randn(1, 3, 20)
    weight, bias = layer.affine.weight, layer.affine.bias
    padded = F.pad(x[0], (7, 2))
    for t in range(20):
        seen = weight[:, :, 0] @ padded[:, t] + weight[:, :, 1] @ padded[:, t + 9] + bias
        torch.testing.assert_close(layer(x)[0, :, t], F.relu(seen) / (1 + 1e-5) ** 0.5)


def test_layers_are_those_of_the_paper() -> None:
    assert SPLICES == ((-2, -1, 0, 1, 2), (-1, 2), (-3, 3), (-7, 2), (0,))
    assert [layer.affine.out_channels for layer in TDNN().layers] == [512] * 5


def test_a_frame_sees_13_frames_back_and_9_ahead() -> None:
    torch.manual_seed(0)
    network = TDNN(mels=4, features=64).eval()
    mel = torch.randn(1, 60, 4, requires_grad=True)
    output = network(mel)
    assert output.shape == (1, 60, 64)
    output[0, 30].sum().backward()
    assert mel.grad is not None
    seen = mel.grad[0].abs().sum(1).nonzero().squeeze(1)
    assert (int(seen.min()) - 30, int(seen.max()) - 30) == (-13, 9)
