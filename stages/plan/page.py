"""The plan as tables that a terminal and a page show alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stages.core.labels import SPLITS, TASKS
from stages.plan.counts import Counts
from stages.plan.steps import Step

GB, MB = 1e9, 1e6
COLUMNS = (
    "stage",
    "weights, M",
    "samples an epoch",
    "epochs",
    "batch",
    "MB a sample",
    "GB a step",
    "at once",
)
HOURS = ("hours",)


def page(
    counts: Counts, room: float, steps: Sequence[Step], disk: dict[str, float], links: bool
) -> Iterator[str]:
    """Lines: what there is to learn from, what each training takes, what lies on disk."""
    yield f"{counts.told}: {counts.videos:,} videos, {counts.frames:,} frames"
    yield ""
    yield from table(["task", "split", "trials", "frames"], [*_tasks(counts)])
    yield ""
    yield f"Steps on a device of {_figure(room / GB)} GB, computed in float32 (PRECISION=bf16-mixed keeps less)"
    yield ""
    known = any(step.hours is not None for step in steps)
    yield from table([*COLUMNS, *HOURS[:known]], [_step(step)[: len(COLUMNS) + known] for step in steps])
    yield ""
    yield from table(["artifact", "GB"], [[path, _figure(size / GB)] for path, size in disk.items()])
    total = sum(disk.values()) / GB
    again = (
        "links to them" if links else f"copies them where the file system cannot clone: {_figure(total)} more"
    )
    yield ""
    yield f"{_figure(total)} GB in all; DVC's cache {again}"


def _tasks(counts: Counts) -> Iterator[list[str]]:
    for task in TASKS:
        for split in SPLITS:
            count = counts.of[task, split]
            yield [task, split, f"{count.trials:,}", f"{count.frames:,}"]


def _step(step: Step) -> list[str]:
    seen = "unknown" if step.outline.seen is None else f"{step.outline.seen:,} {step.outline.unit}"
    return [
        step.stage,
        f"{step.memory.parameters / 1e6:.1f}",
        seen,
        f"{step.outline.recipe.epochs}",
        f"{step.outline.recipe.batch}",
        f"{step.memory.activations / MB:.1f}",
        _figure(step.whole / GB),
        "all" if step.fitting >= step.share else f"{step.fitting}",
        "" if step.hours is None else _figure(step.hours),
    ]


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table in Markdown, its columns in line; numbers stand to the right."""
    widths = [max(len(row[place]) for row in (names, *rows)) for place in range(len(names))]
    left = [all(not row[place][:1].isdigit() for row in rows) for place in range(len(names))]
    yield _line(names, widths, left)
    yield "|".join(
        [
            "",
            *(f"{'-' * (width + 1)}{'-' if own else ':'}" for width, own in zip(widths, left, strict=True)),
            "",
        ]
    )
    yield from (_line(row, widths, left) for row in rows)


def _line(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    parts = [
        cell.ljust(width) if own else cell.rjust(width)
        for cell, width, own in zip(cells, widths, left, strict=True)
    ]
    return f"| {' | '.join(parts)} |"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"
