from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from stages.core.errors import UserError
from stages.networks.tsav import TSAV, TSAV_UNITS, UNITS, load_tsav, start_from_tsav

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def tensors() -> State:
    """Tensors of the published names and shapes."""
    torch.manual_seed(0)
    return TSAV(TSAV_UNITS).state_dict()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_published_file_is_served_as_it_is(tmp_path: Path, tensors: State, zipped: bool) -> None:
    path = tmp_path / "TSAV_Sub4_544k.pth.tar"
    content = {"epoch": 3, "state_dict": OrderedDict(tensors)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    model, report = load_tsav(path)
    assert report.counts() == {"matched": 344, "missing": 0, "unexpected": 0}
    assert not model.training
    reference = TSAV(TSAV_UNITS)
    reference.load_state_dict(tensors)
    clips, mel = torch.randn(1, 4, 8, 32, 32), torch.randn(1, 1, 64, 33)
    with torch.no_grad():
        outputs, expected = model(clips, mel), reference.eval()(clips, mel)
    torch.testing.assert_close(outputs["EXPR"], expected["EXPR"])
    shared = [unit for unit in TSAV_UNITS if unit in UNITS]
    found = outputs["AU"][:, [UNITS.index(unit) for unit in shared]]
    torch.testing.assert_close(found, expected["AU"][:, [TSAV_UNITS.index(unit) for unit in shared]])


def test_a_start_takes_over_all_but_the_rows_of_other_units(tmp_path: Path, tensors: State) -> None:
    torch.save({"state_dict": tensors}, tmp_path / "tsav.pth")
    model = TSAV()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    report = start_from_tsav(model, tmp_path / "tsav.pth")
    after = model.state_dict()
    assert len(report.matched) == 344
    assert all(torch.equal(after[name], tensors[name]) for name in tensors if not name.startswith("fc."))
    for name in ("fc.1.weight", "fc.1.bias"):
        assert torch.equal(after[name][:9], tensors[name][:9])
        for place, unit in enumerate(UNITS, start=9):
            # AU1 is the tenth published output, AU25 the seventeenth.
            source = {1: 9, 2: 10, 4: 11, 6: 12, 12: 13, 15: 14, 25: 16}.get(unit)
            row = before[name][place] if source is None else tensors[name][source]
            assert torch.equal(after[name][place], row), unit


def as_start(path: Path) -> None:
    start_from_tsav(TSAV(), path)


@pytest.mark.parametrize("load", [load_tsav, as_start])
def test_a_partial_or_foreign_file_is_refused(tmp_path: Path, tensors: State, load: Any) -> None:
    partial = {name: tensor for name, tensor in tensors.items() if not name.startswith("audio_model.")}
    torch.save({"state_dict": partial}, tmp_path / "partial.pth")
    with pytest.raises(UserError, match=r"partial\.pth: does not fit .* 100 missing \(audio_model"):
        load(tmp_path / "partial.pth")
    wider = {**tensors, "fc.1.weight": torch.zeros(22, 1024), "fc.1.bias": torch.zeros(22)}
    torch.save({"state_dict": wider}, tmp_path / "wider.pth")
    with pytest.raises(UserError, match=r"fc\.1\.weight is 22×1024 in the file and 17×1024"):
        load(tmp_path / "wider.pth")
