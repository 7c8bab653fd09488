from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from stages.compare import comparison
from stages.compare.lines import lines, table


def step(
    name: str, au: float, change: float | None = None, error: float = 0.0, of: str = "best", **others: float
) -> dict[str, Any]:
    """A step's scores; `others`: those of the other tasks that it predicts."""
    changes = {} if change is None else {"change": {"AU": change}, "error": {"AU": error}}
    scores = {"AU": au, **others}
    return {
        "step": name,
        "checkpoint": of,
        "score": scores,
        "low": {task: score - 0.05 for task, score in scores.items()},
        "high": {task: score + 0.07 for task, score in scores.items()},
        **changes,
    }


def told(note: str = "", **figures: float) -> dict[str, Any]:
    """What a paper has of a step."""
    return {"AU": None, "EXPR": None, "VA": None, **figures, "note": note}


PUBLISHED = {
    "tasks": ["AU", "EXPR"],
    "measure": "ABAW2",
    "steps": {
        "visual": told(),
        "audio": told("of one network", AU=0.7, EXPR=0.4821),
        "sequence": told(AU=0.712),
    },
    "source": "a paper, Table 1",
    "note": "",
}
SCORES = {
    "toy": {
        "steps": [
            step("majority", 0.3, of=""),
            step("visual", 0.5, 0.2, of="epoch_04", EXPR=0.4, VA=0.1),
            step("averaged", 0.51, 0.01),
            step("audio", 0.47, -0.04),
            step("sequence", 0.48, 0.01),
            step("smooth", 0.49, 0.01, EXPR=0.41, VA=0.2),
        ],
        "published": PUBLISHED,
    },
    "combined": {
        "steps": [step("single", 0.5), step("smooth", 0.56, 0.06, EXPR=0.5)],
        "margin": {"change": {"AU": 0.06, "EXPR": 0.1}, "error": {"AU": 0.04, "EXPR": 0.02}},
    },
}


def by_step(system: str = "toy") -> dict[str, comparison.Row]:
    return {row.step: row for row in comparison.rows(SCORES) if row.system == system}


def cells(name: str, au: str = "", expr: str = "", va: str = "") -> list[str]:
    """A line, from three figures a task."""
    return [name, *(text.strip() for part in (au, expr, va) for text in (part or ",,").split(","))]


def test_rows_are_the_steps_in_order_and_the_margin() -> None:
    assert list(by_step()) == ["majority", "visual", "averaged", "audio", "sequence", "smooth"]
    assert list(by_step("combined")) == ["single", "smooth", "margin"]
    assert lines(by_step("combined")["margin"]) == [cells("margin", ",,≈+0.060", ",,+0.100")]


def test_a_step_is_the_papers_only_where_the_paper_has_it() -> None:
    whose = {step: row.by for step, row in by_step().items()}
    papers = dict.fromkeys(("visual", "audio", "sequence"), "paper")
    assert whose == {"majority": "", **papers, "averaged": "ours", "smooth": "ours"}
    assert {row.by for row in by_step("combined").values()} == {"", "ours"}
    assert [by_step()[name].name for name in ("audio", "averaged", "smooth")] == [
        "+ audio",
        "averaged (ours)",
        "smoothing (ours)",
    ]


def test_a_systems_row_is_its_papers_last_step() -> None:
    row = comparison.headline(list(by_step().values()))
    assert row is not None and row.step == "sequence"
    assert comparison.headline(list(by_step("combined").values())) is None


def test_each_figure_of_a_paper_stands_below_its_step_as_printed() -> None:
    assert lines(by_step()["audio"]) == [
        cells("+ audio", "0.470,0.060,-0.040"),
        cells("published", "0.7,,", "0.4821,,"),
    ]
    assert lines(by_step()["sequence"])[1:] == [cells("published", "0.712,,")]
    assert lines(by_step()["averaged"]) == [cells("averaged (ours)", "0.510,0.060,+0.010")]


def test_a_task_that_the_paper_has_not_has_a_line_of_its_own() -> None:
    assert lines(by_step()["visual"]) == [
        cells("visual", "0.500,0.060,+0.200", "0.400,0.060,"),
        cells("with VA (ours)", va="0.100,0.060,"),
    ]


def test_a_step_of_a_task_that_the_paper_has_not_has_one_line() -> None:
    row = by_step()["audio"]._replace(tasks=["VA"], published={})
    assert lines(row) == [cells("+ audio AU (ours)", "0.470,0.060,-0.040")]


def test_a_paper_with_another_measure_has_ours_by_that_beside_it() -> None:
    papers = {"AU": 0.61}
    steps = [{**step(name, 0.5), "papers": papers} for name in ("units", "smooth", "other")]
    published = {**PUBLISHED, "measure": "macro F1", "steps": {"units": told(), "smooth": told(AU=0.731)}}
    units, smooth, other = comparison.rows({"toy": {"steps": steps, "published": published}})
    assert lines(smooth)[1:] == [cells("by macro F1", "0.610,,"), cells("published", "0.731,,")]
    assert len(lines(units)) == len(lines(other)) == 1, "nothing to compare with"
    found = comparison.nested([units, smooth])["toy"]
    assert found["smooth"]["macro_f1"] == papers and "macro_f1" not in found["units"]


def test_the_papers_figure_of_a_task_is_that_of_its_last_step() -> None:
    assert comparison.papers_figures(list(by_step().values())) == {"AU": 0.712, "EXPR": 0.4821}


def test_a_change_within_two_standard_errors_is_marked() -> None:
    steps = [step("audio", 0.53, 0.03, error=0.016), step("sequence", 0.56, 0.03, error=0.014)]
    unsure, sure = comparison.rows({"toy": {"steps": steps}})
    assert lines(unsure)[0][3] == "≈+0.030" and lines(sure)[0][3] == "+0.030"


@pytest.mark.parametrize("widest", [0.5, -0.5])
def test_terminal_table_fits_80_columns_and_shows_a_loss_in_red(widest: float) -> None:
    figures = {"AU": 0.5, "EXPR": 0.5, "VA": widest}
    errors = dict.fromkeys(figures, 9.0)
    wide = {
        "step": "smooth",
        "checkpoint": "",
        "score": figures,
        "low": dict.fromkeys(figures, -1.0),
        "high": dict.fromkeys(figures, 1.0),
        "change": figures,
        "error": errors,
    }
    steps = [*SCORES["toy"]["steps"], wide]
    console = Console(width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    with console.capture() as shown:
        console.print(table(comparison.rows({"toy": {"steps": steps, "published": PUBLISHED}})))
    assert "…" not in shown.get()
    assert "\x1b[31m-0.040" in shown.get() and "\x1b[31m+0.200" not in shown.get()


def test_bars_hold_every_step_but_not_what_stands_beside_them() -> None:
    bars = comparison.plotted(comparison.rows(SCORES))
    toy = ["majority", "visual", "averaged (ours)", "+ audio", "+ sequence", "smoothing (ours)"]
    combined = ["combined best single", "combined smoothing (ours)"]
    assert bars["name"].tolist() == [*(f"toy {name}" for name in toy), *combined]
    assert bars["by"].tolist() == ["", "paper", "ours", "paper", "paper", "ours", "", "ours"]
    assert bars["AU"].tolist() == [0.3, 0.5, 0.51, 0.47, 0.48, 0.49, 0.5, 0.56]
    assert bars["VA"].dropna().tolist() == [0.1, 0.2]


def test_nested_figures_for_metrics() -> None:
    nested = comparison.nested(comparison.rows(SCORES))
    toy = nested["toy"]
    assert toy["visual"]["change"] == {"AU": 0.2}
    assert toy["visual"]["checkpoint"] == "epoch_04" and toy["visual"]["by"] == "paper"
    assert toy["visual"]["score"] == {"AU": 0.5, "EXPR": 0.4, "VA": 0.1}
    assert not {"change", "checkpoint", "by", "published"} & set(toy["majority"])
    assert toy["audio"]["published"] == {"AU": 0.7, "EXPR": 0.4821} and "published" not in toy["visual"]
    assert toy["smooth"]["by"] == "ours"
    assert nested["combined"]["margin"] == {"AU": 0.06, "EXPR": 0.1}
    assert nested["combined"]["spread"] == {"AU": 0.04, "EXPR": 0.02}
