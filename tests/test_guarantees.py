"""Every guarantee of docs/guarantees.md is backed by a target or a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def rows(text: str) -> list[tuple[str, list[str]]]:
    """Guarantees, and what backs each."""
    found = re.findall(r"^\| (?!guarantee|---)(.+?) \| (.+) \|$", text, re.MULTILINE)
    return [(guarantee, re.findall(r"`([^`]+)`", backed)) for guarantee, backed in found]


def exists(backing: str) -> bool:
    """Whether there is such a target of the Makefile, or such a test."""
    if backing.startswith("make "):
        return re.search(rf"^{backing[5:]}:", (ROOT / "Makefile").read_text(), re.MULTILINE) is not None
    file, _, name = backing.partition("::")
    return (ROOT / file).is_file() and f"\ndef {name}(" in (ROOT / file).read_text()


def test_all_that_is_guaranteed_is_backed() -> None:
    told = rows((ROOT / "docs/guarantees.md").read_text())
    assert len(told) > 20
    assert [guarantee for guarantee, backed in told if not backed] == []
    assert [one for _, backed in told for one in backed if not exists(one)] == []


@pytest.mark.parametrize(
    "backing", ["make check-moon", "tests/test_words.py::test_nothing", "tests/none.py::test_x"]
)
def test_what_is_not_there_is_noticed(backing: str) -> None:
    assert [exists(one) for _, backed in rows(f"| so | `{backing}` |\n") for one in backed] == [False]
