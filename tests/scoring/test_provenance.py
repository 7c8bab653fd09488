from __future__ import annotations

import json
from pathlib import Path

import pytest

from stages.core.epochs import checkpoint_name
from stages.core.errors import UserError
from stages.scoring.candidates import Candidate
from stages.scoring.provenance import provenance, read_provenance


def of(step: str, epoch: int) -> Candidate:
    return Candidate("toy", step, checkpoint_name(epoch))


SOURCES = [of("audio", 2), of("visual", 100), of("visual", 11), of("visual", 9), of("visual", 10)]


def test_sources_are_listed_by_network_and_epoch() -> None:
    behind = provenance([of("visual", 9), of("audio", 2)], SOURCES)
    listed = "visual epoch_09, epoch_10, epoch_11, epoch_100; audio epoch_02"
    assert behind.listed() == listed and behind.networks == [of("visual", 9), of("audio", 2)]


def test_it_survives_its_file(tmp_path: Path) -> None:
    behind = provenance([of("visual", 9), of("audio", 2)], SOURCES)
    (tmp_path / "provenance.json").write_text(json.dumps(behind.as_json()))
    assert read_provenance(tmp_path / "provenance.json") == behind
    with pytest.raises(UserError, match=r"absent\.json: missing; run dvc repro"):
        read_provenance(tmp_path / "absent.json")
