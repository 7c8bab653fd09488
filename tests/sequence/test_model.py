from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages.audio.model import build as build_audio
from stages.audio.model import hear
from stages.core.card import save_card
from stages.core.errors import UserError
from stages.networks.gru import GRU
from stages.networks.transformer import Transformer
from stages.sequence.model import Params, build, describe
from stages.training.samples.windows import Cut, cut_windows
from tests.cards import card
from tests.training.samples.test_windows import make_track

JIN = card(  # Jin et al. 2021, 4.2, and their code
    "sequence", audio=512, tasks=("AU", "EXPR"), encoder="transformer",
    shape={"project": None, "layers": 1, "positions": "none", "attention_heads": 8, "feed_forward": 2048,
           "pre_norm": False, "features": 512, "features_norm": True, "relu": False},
)  # fmt: skip
FAN: dict[str, Any] = {  # Fan et al. 2021, 2.2 and 2.3, and their code
    "project": 768, "layers": 2, "positions": "sinusoidal", "attention_heads": 12, "feed_forward": 3072,
    "pre_norm": True, "hidden": 384, "bidirectional": True, "features": None, "relu": False,
}  # fmt: skip
COMMON: dict[str, Any] = {
    "seed": 1, "threads": 1, "system": "x", "step": "y", "tasks": ("AU",), "batch": 8, "epochs": 1, "lr": 0.1,
    "embeddings": Path("data/embeddings/x/visual"), "network": "gru", "layers": 1, "encoder_dropout": 0.0,
    "window": 9, "stride": 4, "predict_stride": None,
}  # fmt: skip


def fan(encoder: str, **shape: Any) -> Any:
    return card("sequence", visual=2048, tasks=("EXPR",), encoder=encoder, shape={**FAN, **shape})


def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def test_published_sizes_of_jin2021() -> None:
    found = shapes(build(JIN))
    assert found["encoder.layers.layers.0.self_attn.in_proj_weight"] == (3 * 1024, 1024)
    assert found["encoder.layers.layers.0.linear1.weight"] == (2048, 1024)
    assert found["linear.0.weight"] == (512, 1024) and found["linear.1.running_var"] == (512,)
    assert found["heads.tasks.AU.weight"] == (12, 512)
    assert not any(name.startswith(("project", "encoder.layers.layers.1")) for name in found)


def test_published_sizes_of_fan2021() -> None:
    gru, transformer = build(fan("gru", relu=True)), build(fan("transformer"))
    assert isinstance(gru.encoder, GRU) and isinstance(transformer.encoder, Transformer)
    found = shapes(gru)
    assert found["project.weight"] == (768, 2048) and found["heads.tasks.EXPR.weight"] == (7, 768)
    assert found["encoder.layers.weight_hh_l1_reverse"] == (3 * 384, 384)
    assert "encoder.layers.weight_hh_l2" not in found
    assert transformer.encoder.positions and len(transformer.encoder.layers.layers) == 2
    assert transformer.encoder.layers.layers[0].self_attn.num_heads == 12
    assert transformer.encoder.layers.layers[0].norm_first
    assert isinstance(gru.act, torch.nn.ReLU) and not isinstance(transformer.act, torch.nn.ReLU)


def test_heads_that_cannot_share_the_features_are_named() -> None:
    with pytest.raises(UserError, match=r"attention_heads .* 5 heads cannot share 768 features"):
        build(fan("transformer", attention_heads=5))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a sequence model's card is written from: a visual model, an audio model beside it, embeddings."""
    monkeypatch.chdir(tmp_path)
    for folder in ("data/index", "data/frames", "data/mel/jin2021", "data/embeddings/x/visual"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "keys.json").write_text(
            '{"t": {"key": "k", "note": {"checkpoint": "epoch_03"}}}'
        )
    pd.DataFrame().to_parquet("data/index/frames.parquet")
    np.save("data/embeddings/x/visual/t.npy", np.zeros((3, 24), np.float16))
    save_card(Path("models/x/visual"), card("finetune", step="visual"))
    save_card(Path("models/x/audio"), card("audio", step="audio", reads="models/x/visual"))
    return tmp_path


def test_on_a_visual_model_it_sees_and_hears_nothing(project: Path) -> None:
    found = describe(Params(**COMMON, reads=Path("models/x/visual")))
    assert (found.sees, found.hears, found.audio, found.visual) == ("models/x/visual", None, 0, 24)
    assert found.embedded == "epoch_03"


def test_on_an_audio_model_it_sees_what_that_sees(project: Path) -> None:
    found = describe(Params(**{**COMMON, "window": None}, reads=Path("models/x/audio")))
    assert (found.sees, found.hears, found.audio) == ("models/x/visual", "models/x/audio", 8)
    assert (found.window, found.front_end) == (30, "jin2021")


def test_sound_of_windows_is_computed_once(tmp_path: Path) -> None:
    windows = cut_windows([make_track("a", list(range(1, 61)))], Cut(30, 10))
    audio = build_audio(card("audio", visual=4)).eval()
    chosen = np.array([1, 3])
    first = torch.from_numpy(hear(audio, windows, tmp_path / "heard.npy")[chosen]).float()
    with torch.no_grad():
        expected = audio.embed(torch.from_numpy(windows.mel(chosen, 20)), 30)
        for parameter in audio.parameters():
            parameter.zero_()  # not run again: the second time comes from the file
    again = torch.from_numpy(hear(audio, windows, tmp_path / "heard.npy")[chosen]).float()
    torch.testing.assert_close(first, expected, rtol=1e-2, atol=1e-2)
    assert torch.equal(again, first)
