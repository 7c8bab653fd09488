from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from stages.core.card import kind_of, read_card, save_card, save_model
from stages.core.errors import UserError
from tests.cards import card


def test_equal_models_are_equal_bytes(tmp_path: Path) -> None:
    tensors = {"b": torch.arange(6.0).reshape(2, 3).T, "a": torch.ones(2)}
    for name in ("one", "two"):
        save_model(tmp_path / name, tensors, card("finetune"))
    for file in ("model.safetensors", "card.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert torch.equal(load_file(tmp_path / "one" / "model.safetensors")["b"], tensors["b"])


@pytest.mark.parametrize("kind", ["finetune", "audio", "sequence"])
def test_a_card_comes_back_as_its_kinds_own(tmp_path: Path, kind: str) -> None:
    told = card(kind, chosen="epoch_03")
    save_card(tmp_path, told)
    assert read_card(tmp_path) == told and kind_of(told).Card is type(told)


FOREIGN = ["{}", "[]", "{", '{"kind": "nothing"}', '{"kind": "core"}', '{"kind": "audio", "system": "x"}']


@pytest.mark.parametrize("text", FOREIGN)
def test_a_card_of_something_else_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(UserError, match=r"card\.json: is no card of the model that belongs there; run"):
        read_card(tmp_path)
    with pytest.raises(UserError, match=r"none/card\.json: missing; run the stage"):
        read_card(tmp_path / "none")


def test_a_kind_that_does_not_import_is_no_fault_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_card(tmp_path, card("audio"))
    monkeypatch.setitem(sys.modules, "stages.audio.model", None)
    with pytest.raises(ImportError, match=r"stages\.audio\.model"):
        read_card(tmp_path)
