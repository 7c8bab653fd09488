from __future__ import annotations

from pathlib import Path

import pytest

from stages.compare.__main__ import read_scores
from stages.core.errors import UserError


def test_scores_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"toy\.json: not there.*`systems`"):
        read_scores(tmp_path / "toy.json")


def test_scores_are_read(tmp_path: Path) -> None:
    (tmp_path / "toy.json").write_text('{"steps": [], "published": {"AU": 0.7}}')
    assert read_scores(tmp_path / "toy.json")["published"]["AU"] == 0.7
