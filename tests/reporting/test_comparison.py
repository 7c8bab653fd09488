from __future__ import annotations

from typing import Any

from rich.console import Console

from stages.reporting import comparison


def step(name: str, au: float, expr: float | None, error: float | None = None) -> dict[str, Any]:
    scores, errors = {"AU": au, "EXPR": expr, "VA": None}, {"AU": error, "EXPR": None, "VA": None}
    every = {**scores, "AU": au + 0.05}
    return {"step": name, "checkpoint": "best", "scoring": scores, "error": errors, "all": every}


SCORES = {
    "toy": {
        "steps": [step("majority", 0.3, 0.1), step("visual", 0.5, 0.4), step("audio", 0.47, None)],
        "published": {"AU": 0.712, "EXPR": 0.477, "VA": None, "source": "Jin et al. 2021, Tables 1 and 2"},
    }
}


def test_change_is_from_the_row_above_on_the_scoring_half() -> None:
    rows = comparison.rows(SCORES)
    assert [row.step for row in rows] == ["majority", "visual", "audio", "published"]
    figures = ["0.500", "+0.200", "0.550", "0.400", "+0.300", "0.400", "", "", ""]
    assert comparison.cells(rows[1]) == ["visual", *figures]
    assert comparison.cells(rows[2]) == ["+ audio", "0.470", "-0.030", "0.520", *[""] * 6]


def test_a_change_within_two_standard_errors_is_marked() -> None:
    audio, sequence = step("audio", 0.53, 0.4, error=0.016), step("sequence", 0.56, 0.4, error=0.014)
    steps = [step("visual", 0.5, 0.4), audio, sequence]
    _, unsure, sure, _ = comparison.rows({"toy": {**SCORES["toy"], "steps": steps}})
    assert comparison.cells(unsure)[2] == "≈+0.030" and comparison.cells(sure)[2] == "+0.030"


def test_published_figures_stand_with_a_warning_and_a_source() -> None:
    page = comparison.markdown(comparison.rows(SCORES))
    assert "| published |  |  | 0.712 |  |  | 0.477 |  |  |  |" in page
    assert "not comparable on the drawn corpus" in page and "Tables 1 and 2" in page


def test_terminal_table_fits_80_columns_and_shows_a_loss_in_red() -> None:
    console = Console(width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    with console.capture() as shown:
        console.print(comparison.table(comparison.rows(SCORES)))
    assert "…" not in shown.get()
    assert "\x1b[31m-0.030" in shown.get() and "\x1b[31m+0.200" not in shown.get()


def test_bars_hold_every_step_but_not_the_published_figures() -> None:
    bars = comparison.plotted(comparison.rows(SCORES))
    assert bars["name"].tolist() == ["toy majority", "toy visual", "toy + audio"]
    assert bars["AU"].tolist() == [0.3, 0.5, 0.47]


def test_nested_figures_for_metrics() -> None:
    nested = comparison.nested(comparison.rows(SCORES))
    assert nested["toy"]["visual"]["change"]["AU"] == 0.5 - 0.3
    assert "change" not in nested["toy"]["majority"]
    assert nested["toy"]["published"] == {"all": {"AU": 0.712, "EXPR": 0.477}}
