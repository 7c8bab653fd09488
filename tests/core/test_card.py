from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from stages.core.card import read_card, save_model


def test_equal_models_are_equal_bytes(tmp_path: Path) -> None:
    tensors = {"b": torch.arange(6.0).reshape(2, 3).T, "a": torch.ones(2)}
    for name in ("one", "two"):
        save_model(tmp_path / name, tensors, {"stage": "finetune", "system": "x"})
    for file in ("model.safetensors", "card.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert torch.equal(load_file(tmp_path / "one" / "model.safetensors")["b"], tensors["b"])
    assert read_card(tmp_path / "one")["stage"] == "finetune"
