"""What nothing reads is not drawn: a note stands in its place, and who imports weights does not read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.stand_ins import NOTE, is_drawn, is_undrawn
from stages.synthesize.__main__ import Params, synthesize


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_nothing_is_drawn_that_is_not_wanted(drawn_params: Params, tmp_path: Path) -> None:
    synthesize(drawn_params, tmp_path, [])
    folders = ("stills/affect", "stills/identities", "stills/landmarks", "synthetic", "truth")
    assert files(tmp_path) == [f"{folder}/{NOTE}" for folder in folders]
    assert all(is_undrawn(tmp_path / folder) for folder in folders)


@pytest.mark.parametrize("name", ["identities", "landmarks"])
def test_a_set_is_the_same_alone(name: str, drawn_params: Params, drawn_corpus: Path, tmp_path: Path) -> None:
    synthesize(drawn_params, tmp_path, [name])
    for file in ("images.npy", "labels.parquet"):
        alone, among_others = (root / "stills" / name / file for root in (tmp_path, drawn_corpus))
        assert alone.read_bytes() == among_others.read_bytes()
    drawn = {path.split("/")[1] for path in files(tmp_path) if not path.endswith(NOTE)}
    assert drawn == {name} and not is_undrawn(tmp_path / "stills" / name)


def test_drawn_paths_are_known_however_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        is_drawn("data/synthetic")
        and is_drawn("data/stills/affect/")
        and is_drawn(tmp_path / "data/synthetic")
    )
    assert not is_drawn("data/stills") and not is_drawn("/data/Aff-Wild2") and not is_drawn("data")
