"""A look over a corpus before hours are spent: what is there, what is missing, what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stages.core.errors import UserError
from stages.core.labels import SPLITS, TASKS
from stages.index.layout import AnnotationFile, Layout, choose_release, survey, video_of
from stages.index.lengths import source_lengths, task_lengths
from stages.index.release import file_faults, read_release
from stages.index.sources import find_sources
from stages.index.splits import check_splits, cross_task_leaks

FAULTS_OF_A_FILE = 5  # printed; the rest is counted
NOTES_OF_A_KIND = 10
COLUMNS = ("release", "task", "split", "trials", "videos", "crops", "rows", "annotated")  # trials with …


@dataclass
class Report:
    """`problems` stop the stage index; `notes` are good to know. `rows` are the table (see COLUMNS)."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, lines: Iterable[str]) -> None:
        """Add the first notes of a kind, and how many more there are."""
        self.notes += _clipped(list(lines), NOTES_OF_A_KIND, "notes like these")


def print_check(root: Path) -> bool:
    """Print the report on a folder to stdout; True if the stage index can use it."""
    report = check_corpus(root)
    console = Console(highlight=False, soft_wrap=True)
    table = Table(title=escape(str(root)))
    for place, name in enumerate(COLUMNS):
        table.add_column(name, no_wrap=True, justify="left" if place < 3 else "right")
    for row in report.rows:
        table.add_row(*row)
    console.print(table)
    for title, lines in (("Problems", report.problems), ("Good to know", report.notes)):
        if lines:
            console.print(f"[bold]{title}[/bold]")
            console.print("\n".join(f"  - {escape(line)}" for line in lines))
    console.print("Usable." if not report.problems else f"Not usable: {len(report.problems)} problems.")
    return not report.problems


def check_corpus(root: Path) -> Report:
    """Everything that the stage index would stumble over, and more, at once. Errors: a missing root."""
    report = Report()
    layout = survey(root)
    try:
        choose_release(layout)
    except UserError as error:
        (report.notes if layout.releases else report.problems).append(str(error))
    for edition, files in layout.releases.items():
        _release(report, layout, edition, files)
    return report


def _release(report: Report, layout: Layout, edition: str, files: tuple[AnnotationFile, ...]) -> None:
    faulty: list[AnnotationFile] = []
    tracks = read_release(files, report=lambda file, _: faulty.append(file)).tracks
    for file in faulty:
        report.problems += _clipped(file_faults(file), FAULTS_OF_A_FILE, f"faults in {file.path}")
    sources, missing = find_sources(layout, tracks["trial"])
    report.rows += _table(layout, edition, tracks)
    report.problems += [*check_splits(tracks), *_empty(tracks, files), *missing]
    measured = list(source_lengths(layout, tracks, sources))
    report.problems += [text for useless, text in measured if useless]
    report.note(text for useless, text in measured if not useless)
    report.note(task_lengths(tracks))
    report.note(_surplus(layout, tracks))
    report.note(_peculiarities(tracks, files))
    report.note(f"{path}: is no annotation file, ignored" for path in layout.strangers)


def _table(layout: Layout, edition: str, tracks: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    for task, split in product(TASKS, SPLITS):
        own = tracks[(tracks["task"] == task) & (tracks["split"] == split)]
        video, crops = own["video"].isin(list(layout.videos)), own["trial"].isin(list(layout.crops))
        counts = (len(own), video.sum(), crops.sum(), own["rows"].sum(), own["labelled"].sum())
        yield (edition, task, split, *(str(int(number)) for number in counts))


def _empty(tracks: pd.DataFrame, files: tuple[AnnotationFile, ...]) -> Iterator[str]:
    """Splits without a label; a task without any file is none of the problems."""
    with_files = TASKS if any(file.task == "MTL" for file in files) else {file.task for file in files}
    frames = tracks.groupby(["task", "split"])["labelled"].sum()
    for task, split in product(TASKS, SPLITS):
        if task in with_files and not frames.get((task, split), 0):
            yield f"the {split} split of {task} has no labelled frame; add annotation files"


def _surplus(layout: Layout, tracks: pd.DataFrame) -> Iterator[str]:
    annotated = set(tracks["video"])
    for name in sorted(set(layout.videos) - annotated):
        yield f"{layout.videos[name][0]}: is not annotated"
    for name in sorted(set(layout.crops) - set(tracks["trial"])):
        if video_of(name) not in annotated:
            yield f"{layout.crops[name][0]}: is not annotated"


def _peculiarities(tracks: pd.DataFrame, files: tuple[AnnotationFile, ...]) -> Iterator[str]:
    """What the reader will do about this release, in numbers."""
    if not any(file.task == "MTL" for file in files):
        for task in sorted(set(TASKS) - {file.task for file in files}):
            yield f"{task}: no annotations at all"
    leaks = tracks[cross_task_leaks(tracks, "train")]
    for task, rows in leaks.groupby("task"):
        yield (
            f"{task}: {rows['video'].nunique()} training videos ({rows['labelled'].sum()} frames) are in the"
            " validation split of another task; index.cross_task says what is done about them"
        )
    for task, rows in tracks.groupby("task"):
        shared = rows.groupby("video")["split"].nunique()
        for video in shared[shared > 1].index:
            yield f"{task}: the two people of {video} are in different splits"
    if other := tracks["other"].sum():
        yield f"EXPR: {other} rows of class Other are read as not annotated"
    if partial := tracks["partial"].sum():
        yield f"AU: {partial} rows are annotated in part; index.partial_au says what is done about them"


def _clipped(lines: list[str], limit: int, what: str) -> list[str]:
    more = len(lines) - limit
    return [*lines[:limit], f"and {more} more {what}"] if more > 0 else lines
