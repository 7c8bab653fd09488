from __future__ import annotations

import pytest

from stages.core.epochs import checkpoint_name, epoch_of
from stages.core.errors import UserError


@pytest.mark.parametrize("epoch", [1, 9, 10, 99, 100, 101, 1000])
def test_a_name_tells_its_epoch(epoch: int) -> None:
    assert epoch_of(checkpoint_name(epoch)) == epoch


def test_names_stay_what_they_were() -> None:
    assert [checkpoint_name(epoch) for epoch in (1, 10, 100)] == ["epoch_01", "epoch_10", "epoch_100"]


@pytest.mark.parametrize("name", ["best", "epoch_", "epoch_1a", "epoch_-1", "xepoch_01"])
def test_other_names_are_an_error(name: str) -> None:
    with pytest.raises(UserError, match=f"{name}: is no name of a checkpoint"):
        epoch_of(name)
