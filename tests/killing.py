"""A training stage that is killed in the middle of an epoch and started again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from stages.core.epochs import checkpoint_name
from stages.core.files import write_parquet
from stages.training import checkpoints


def check_resumes(
    train: Callable[[], None], outs: checkpoints.Outs, die_in: int, patch: pytest.MonkeyPatch
) -> None:
    """In a copy of a folder in which `train` has run: it dies in an epoch, goes on, ends in the same bytes.

    Nothing may stand in the place of the outs, which are relative paths, before the run is whole.
    """
    paths = list(vars(outs).values())
    whole = contents(paths)
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with patch.context() as killed:
        killed.setattr(checkpoints, "write_parquet", dies_in(die_in))
        with pytest.raises(KeyboardInterrupt):
            train()
    assert whole and not contents(paths), "an out was written before the run was whole"
    train()
    assert contents(paths) == whole
    assert not list(Path(".state").iterdir())


def dies_in(epoch: int) -> Callable[[Path, pd.DataFrame], None]:
    """`write_parquet` up to the end of the process in the middle of an epoch."""

    def save(path: Path, table: pd.DataFrame) -> None:
        if path.stem == checkpoint_name(epoch):
            raise KeyboardInterrupt
        write_parquet(path, table)

    return save


def contents(paths: list[Path]) -> dict[str, bytes]:
    """Every file in folders and files, by its path."""
    files = [file for path in paths for file in [path, *sorted(path.rglob("*"))] if file.is_file()]
    return {str(file): file.read_bytes() for file in files}
