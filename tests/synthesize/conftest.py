from __future__ import annotations

from pathlib import Path

import pytest

from stages.synthesize.__main__ import Params, synthesize

TINY = Params(
    seed=3, videos=10, further_validation=0, seconds=0.8, validation_seconds=1.0, identity_people=5, identity_stills=2,
    affect_people=5, affect_stills=2, landmark_people=5, landmark_stills=1,
)  # fmt: skip


@pytest.fixture(scope="session")
def drawn_params() -> Params:
    """The parameters of `drawn_corpus`."""
    return TINY


@pytest.fixture(scope="session")
def drawn_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with synthetic/, truth/ and stills/, as small as it may be."""
    out = tmp_path_factory.mktemp("drawn")
    synthesize(TINY, out)
    return out
