from __future__ import annotations

from typing import Any

from rich.console import Console

from stages.compare import comparison


def step(
    name: str, au: float, change: float | None = None, error: float = 0.0, of: str = "best", **expr: float
) -> dict[str, Any]:
    """A step's scores; `expr`: its EXPR score, where it has one."""
    changes = {} if change is None else {"change": {"AU": change}, "error": {"AU": error}}
    scores = {"AU": au, **expr}
    return {
        "step": name,
        "checkpoint": of,
        "scoring": scores,
        **changes,
        "all": {**scores, "AU": au + 0.05},
    }


SCORES = {
    "toy": {
        "steps": [
            step("majority", 0.3, of=""),
            step("visual", 0.5, 0.2, of="epoch_04", EXPR=0.4),
            step("audio", 0.47, -0.03),
        ],
        "published": {"AU": 0.712, "EXPR": 0.477, "VA": None, "source": "Jin et al. 2021, Tables 1 and 2"},
    },
    "combined": {
        "steps": [step("single", 0.5), step("smooth", 0.56, 0.06, EXPR=0.5)],
        "margin": {"change": {"AU": 0.06, "EXPR": 0.1}, "error": {"AU": 0.04, "EXPR": 0.02}},
    },
}


def test_rows_are_the_steps_and_what_stands_beside_them() -> None:
    rows = comparison.rows(SCORES)
    assert [row.step for row in rows[:4]] == ["majority", "visual", "audio", "published"]
    assert [row.step for row in rows[4:]] == ["single", "smooth", "margin"]
    assert comparison.cells(rows[1]) == [
        "visual",
        "0.500",
        "+0.200",
        "0.550",
        "0.400",
        "",
        "0.400",
        "",
        "",
        "",
    ]
    assert comparison.cells(rows[2]) == ["+ audio", "0.470", "-0.030", "0.520", *[""] * 6]
    assert comparison.cells(rows[3]) == ["published", "", "", "0.712", "", "", "0.477", "", "", ""]
    assert comparison.cells(rows[6]) == ["margin", "", "≈+0.060", "", "", "+0.100", "", "", "", ""]


def test_a_change_within_two_standard_errors_is_marked() -> None:
    steps = [step("audio", 0.53, 0.03, error=0.016), step("sequence", 0.56, 0.03, error=0.014)]
    unsure, sure = comparison.rows({"toy": {"steps": steps}})
    assert comparison.cells(unsure)[2] == "≈+0.030" and comparison.cells(sure)[2] == "+0.030"


def test_terminal_table_fits_80_columns_and_shows_a_loss_in_red() -> None:
    console = Console(width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    with console.capture() as shown:
        console.print(comparison.table(comparison.rows(SCORES)))
    assert "…" not in shown.get()
    assert "\x1b[31m-0.030" in shown.get() and "\x1b[31m+0.200" not in shown.get()


def test_bars_hold_every_step_but_not_what_stands_beside_them() -> None:
    bars = comparison.plotted(comparison.rows(SCORES))
    names = ["toy majority", "toy visual", "toy + audio", "combined best single", "combined + smoothing"]
    assert bars["name"].tolist() == names
    assert bars["AU"].tolist() == [0.3, 0.5, 0.47, 0.5, 0.56] and bars["VA"].isna().all()


def test_nested_figures_for_metrics() -> None:
    nested = comparison.nested(comparison.rows(SCORES))
    assert nested["toy"]["visual"]["change"] == {"AU": 0.2}
    assert (
        nested["toy"]["visual"]["checkpoint"] == "epoch_04" and "checkpoint" not in nested["toy"]["majority"]
    )
    assert "change" not in nested["toy"]["majority"]
    assert nested["toy"]["published"] == {"all": {"AU": 0.712, "EXPR": 0.477}}
    assert nested["combined"]["margin"] == {"AU": 0.06, "EXPR": 0.1}
    assert nested["combined"]["spread"] == {"AU": 0.04, "EXPR": 0.02}
