from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stages.audio.model import audio_model
from stages.core.card import save_card, save_weights
from stages.core.errors import UserError
from stages.networks.transformer import GRU, Transformer
from stages.sequence.model import fuse, read_streams, sequence_model
from stages.training.samples.windows import Cut, cut_windows
from stages.training.segments import Material, segments
from tests.training.samples.test_windows import make_track

JIN: dict[str, Any] = {  # Jin et al. 2021, 4.2, and their code
    "visual": 512, "audio": 512, "tasks": ("AU", "EXPR"),
    "network": {"kind": "transformer", "project": None, "layers": 1, "positions": "none",
                "attention_heads": 8, "feed_forward": 2048, "features": 512},
}  # fmt: skip
FAN: dict[str, Any] = {  # Fan et al. 2021, 2.2 and 2.3, and their code
    "visual": 2048, "audio": 0, "tasks": ("EXPR",),
    "network": {"project": 768, "layers": 2, "positions": "sinusoidal", "attention_heads": 12,
                "feed_forward": 3072, "hidden": 384, "bidirectional": True, "features": None},
}  # fmt: skip


def fan(kind: str, **shape: Any) -> dict[str, Any]:
    return {**FAN, "network": {**FAN["network"], "kind": kind, **shape}}


def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def test_published_sizes_of_jin2021() -> None:
    found = shapes(sequence_model(JIN))
    assert found["encoder.layers.layers.0.self_attn.in_proj_weight"] == (3 * 1024, 1024)
    assert found["encoder.layers.layers.0.linear1.weight"] == (2048, 1024)
    assert found["linear.weight"] == (512, 1024) and found["heads.tasks.AU.weight"] == (12, 512)
    assert not any(name.startswith(("project", "encoder.layers.layers.1")) for name in found)


def test_published_sizes_of_fan2021() -> None:
    gru, transformer = (sequence_model(fan(kind)) for kind in ("gru", "transformer"))
    assert isinstance(gru.encoder, GRU) and isinstance(transformer.encoder, Transformer)
    found = shapes(gru)
    assert found["project.weight"] == (768, 2048) and found["heads.tasks.EXPR.weight"] == (7, 768)
    assert found["encoder.layers.weight_hh_l1_reverse"] == (3 * 384, 384)
    assert "encoder.layers.weight_hh_l2" not in found
    assert transformer.encoder.positions and len(transformer.encoder.layers.layers) == 2
    assert transformer.encoder.layers.layers[0].self_attn.num_heads == 12


def test_heads_that_cannot_share_the_features_are_named() -> None:
    with pytest.raises(UserError, match=r"attention_heads .* 5 heads cannot share 768 features"):
        sequence_model(fan("transformer", attention_heads=5))


def test_a_visual_model_gives_its_embeddings_and_no_sound(tmp_path: Path) -> None:
    save_card(tmp_path / "fan/visual", {"stage": "finetune"})
    audio, card, system = read_streams(tmp_path / "fan/visual")
    assert audio is None and card["stage"] == "finetune" and system == "fan"


def test_an_audio_model_gives_the_embeddings_that_it_reads_too(tmp_path: Path) -> None:
    card: dict[str, Any] = {"stage": "audio", "reads": "models/jin/visual", "chosen": "epoch_01"}
    card |= {"visual": 4, "features": 8, "steps": 20, "tasks": ("AU",)}
    save_card(tmp_path / "jin/audio", card)
    save_weights(tmp_path / "jin/audio/epoch_01.safetensors", audio_model(card).state_dict())
    audio, _, system = read_streams(tmp_path / "jin/audio")
    assert audio is not None and system == "jin"
    assert not any(tensor.requires_grad for tensor in audio.parameters())


def test_a_model_without_embeddings_is_named(tmp_path: Path) -> None:
    save_card(tmp_path / "fan/units", {"stage": "finetune"})
    with pytest.raises(UserError, match=r"fan/units has no embeddings.*fan/visual"):
        read_streams(tmp_path / "fan/units")


def test_sound_of_windows_is_computed_once(tmp_path: Path) -> None:
    windows = cut_windows([make_track("a", list(range(1, 61)))], Cut(30, 10))
    audio = audio_model({"visual": 4, "features": 8, "steps": 20, "tasks": ("AU",)}).eval()
    first = heard(fuse(windows, audio, tmp_path / "heard.npy", torch.device("cpu")))
    with torch.no_grad():
        mel = torch.from_numpy(windows.mel(np.array([1, 3]), 20))
        expected = audio.embed(mel, 30)
        for parameter in audio.parameters():
            parameter.zero_()  # not run again: the second time comes from the file
    again = heard(fuse(windows, audio, tmp_path / "heard.npy", torch.device("cpu")))
    torch.testing.assert_close(first, expected, rtol=1e-2, atol=1e-2)
    assert torch.equal(again, first)


def test_a_model_that_hears_nothing_gets_no_channels(tmp_path: Path) -> None:
    windows = cut_windows([make_track("a", list(range(1, 61)))], Cut(30, 10))
    assert heard(fuse(windows, None, tmp_path / "x.npy", torch.device("cpu"))).shape == (2, 30, 0)


def heard(material: Material) -> torch.Tensor:
    return segments(material, np.array([1, 3]), torch.device("cpu")).sound
