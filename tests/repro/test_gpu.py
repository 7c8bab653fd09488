"""What check-gpu calls off, and how it shows what it found; needs no GPU."""

from __future__ import annotations

from typing import Any

import pytest

from repro.gpu.agreement import EXACT
from repro.gpu.page import off, page
from stages.core.card import kind_named
from stages.core.params import read_params
from stages.params.places import in_force, stages

SYSTEMS = ("finetune", "clips", "audio", "sequence")


def found(**changes: Any) -> dict[str, Any]:
    """An agreement without fault, of one stage, with changes."""
    agreement = {
        "predictions": {"x/visual": 0.0001},
        "own": {"finetune@x": (0.0, 0.0001)},
        "fp32": {"finetune@x": (0.001, 0.02)},
        "bf16": {"finetune@x": (0.002, 0.06)},
        "processes": {"on": "cpu", "apart": 0.0002},
    }
    return {"machine": {"GPU": "1 × some card"}, "agreement": agreement | changes}


def test_what_agrees_is_not_off() -> None:
    assert off(found()) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"fp32": {"finetune@x": (0.001, 0.36)}},
            "finetune@x in fp32: loss differs by 0.1%, gradient by 36.0%",
        ),
        (
            {"bf16": {"finetune@x": (0.2, 0.06)}},
            "finetune@x in bf16: loss differs by 20.0%, gradient by 6.0%",
        ),
        ({"predictions": {"x/visual": float("nan")}}, "x/visual: predictions differ by nan% of their range"),
        (
            {"processes": {"on": "cpu", "apart": 0.05}},
            "two processes: predictions differ by 5.0% of their range",
        ),
    ],
)
def test_what_does_not_agree_is_a_line(changes: dict[str, Any], told: str) -> None:
    assert off(found(**changes)) == [told]


def test_a_gradient_that_rounding_decides_is_shown_and_not_judged() -> None:
    loose = {"own": {"finetune@x": (0.0, 0.09)}, "fp32": {"finetune@x": (0.001, 0.36)}}
    assert off(found(**loose)) == []
    assert "| finetune@x | 9.00% | 0.10% | 36.00% | 0.20% | 6.00% |" in page(found(**loose))
    wrong_loss = loose | {"fp32": {"finetune@x": (0.5, 0.36)}}
    assert len(off(found(**wrong_loss))) == 1


@pytest.mark.parametrize("kind", SYSTEMS)
def test_what_is_switched_off_for_the_comparison_is_switched_off_in_the_stage(kind: str) -> None:
    values = read_params()
    model = kind_named(kind).Params
    for stage in stages(values):
        if stage.startswith(f"{kind}@"):
            own = in_force(values, stage)
            changed = model(**own | {key: value for key, value in EXACT.items() if key in model.model_fields})
            assert {getattr(changed, key, value) for key, value in EXACT.items()} == {*EXACT.values()}
