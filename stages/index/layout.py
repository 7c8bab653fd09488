"""Where things are in a folder of Aff-Wild2: releases by their folder names, videos, official crops."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stages.core.errors import UserError
from stages.media.names import check_readable, is_left_behind, is_video

SETS = {"au_set": "AU", "expr_set": "EXPR", "va_set": "VA"}  # ABAW1 (2020), ABAW2 (2021)
CHALLENGES = {  # ABAW3 (2022) and later
    "au_detection_challenge": "AU",
    "expr_classification_challenge": "EXPR",
    "expr_recognition_challenge": "EXPR",  # ABAW5 and later
    "va_estimation_challenge": "VA",
}
MTL = "mtl_challenge"
SPLIT_FOLDERS = {"training_set": "train", "train_set": "train", "validation_set": "validation"}
MTL_FILES = {  # as ABAW3 has them, and as ABAW4 of July 2022
    f"{split}{ending}": part for split, part in SPLIT_FOLDERS.items() for ending in ("", "_annotations")
}
EDITIONS = ("ABAW1", "ABAW2", "ABAW3", "ABAW5", "MTL")
ANNOTATIONS = ".txt"
DEPTH = 3  # folders below the root that are searched


@dataclass(frozen=True)
class AnnotationFile:
    """One text file: a trial's labels for a task, or a split of the MTL challenge (task "MTL")."""

    task: str
    split: str
    path: Path

    @property
    def trial(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class Layout:
    """What a corpus folder holds; videos and crops by name, each with all places it was found in."""

    root: Path
    releases: dict[str, tuple[AnnotationFile, ...]]
    videos: dict[str, list[Path]]
    crops: dict[str, list[Path]]
    strangers: list[Path]  # files among the annotations that are none


def video_of(trial: str) -> str:
    """The video behind a trial: only `_left` and `_right` are suffixes, `video10_1` is a whole name."""
    return trial.removesuffix("_left") if trial.endswith("_left") else trial.removesuffix("_right")


def side_of(trial: str) -> str:
    """Which of two people a trial labels: "left", "right" or ""."""
    return trial[len(video_of(trial)) + 1 :]


def survey(root: Path) -> Layout:
    """Find the releases, videos and crops below `root`, without opening any file.

    Errors: UserError for a missing root, or for two folders of the same release, task and split.
    """
    if not root.is_dir():
        raise UserError(f"{root}: there is no such folder; set `corpus` to a folder in Aff-Wild2's layout")
    folders, videos, crops = [], defaultdict(list), defaultdict(list)
    for folder in _walk(root, DEPTH):
        name = _key(folder)
        if name in SETS or name in CHALLENGES or name == MTL:
            folders.append(folder)
        elif _holds_crops(folder):
            for crop in _subfolders(folder):
                if not _holds_crops(crop):
                    crops[crop.name].append(crop)
        else:
            for path in _files(folder):
                if is_video(path):
                    videos[path.stem].append(path)
    releases, strangers = _releases(folders)
    return Layout(root, releases, dict(videos), dict(crops), strangers)


def choose_release(layout: Layout, edition: str = "auto") -> str:
    """The release to read: the named one, or with `auto` the only one there (MTL only where it is alone).

    Errors: UserError where it is absent, or where `auto` has several to choose from.
    """
    there = [name for name in EDITIONS if name in layout.releases]
    if not there:
        raise UserError(f"{layout.root}: holds no annotations; expected e.g. annotations/AU_Set/Train_Set")
    if edition != "auto":
        if edition not in there:
            raise UserError(f"{layout.root}: holds no {edition} annotations, only {', '.join(there)}")
        return edition
    single = [name for name in there if name != "MTL"] or there
    if len(single) > 1:
        raise UserError(f"{layout.root}: holds {' and '.join(single)}; set index.edition to one of them")
    return single[0]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    """Folders to look into, in order of name; annotation and crop folders are not descended into."""
    yield folder
    name = _key(folder)
    if depth and name not in SETS and name not in CHALLENGES and name != MTL:
        for child in _subfolders(folder):
            if not _holds_crops(folder) or _holds_crops(child):
                yield from _walk(child, depth - 1)


def _holds_crops(folder: Path) -> bool:
    return folder.name.lower().startswith("cropped")


def _subfolders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(folder / entry.name for entry in entries if _visible(entry) and entry.is_dir())


def _files(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(folder / entry.name for entry in entries if _visible(entry) and entry.is_file())


def _visible(entry: os.DirEntry[str]) -> bool:
    check_readable(Path(entry.path))
    return not is_left_behind(entry.name)


def _releases(folders: list[Path]) -> tuple[dict[str, tuple[AnnotationFile, ...]], list[Path]]:
    releases: dict[str, list[AnnotationFile]] = defaultdict(list)
    strangers: list[Path] = []
    taken: dict[tuple[str, str, str], Path] = {}
    for edition, task, split, place in _places(folders):
        other = taken.setdefault((edition, task, split), place)
        if other != place:
            raise UserError(f"{place} and {other} both hold {task} {split} annotations; remove one of them")
        paths = [place] if place.is_file() else _files(place)
        releases[edition] += [AnnotationFile(task, split, path) for path in paths if _is_text(path)]
        strangers += [path for path in paths if not _is_text(path)]
    return {name: tuple(files) for name, files in releases.items() if files}, strangers


def _is_text(path: Path) -> bool:
    return path.suffix.lower() == ANNOTATIONS


def _places(folders: list[Path]) -> Iterator[tuple[str, str, str, Path]]:
    """Edition, task, split and folder (MTL: file) of all annotations."""
    for folder in folders:
        if _key(folder) == MTL:
            for path in _files(folder):
                if _is_text(path) and _key(path.with_suffix("")) in MTL_FILES:
                    yield "MTL", "MTL", MTL_FILES[_key(path.with_suffix(""))], path
            continue
        for child in _subfolders(folder):
            if _key(child) in SPLIT_FOLDERS:
                yield _edition(folder), _task(folder), SPLIT_FOLDERS[_key(child)], child


def _task(folder: Path) -> str:
    return (SETS | CHALLENGES)[_key(folder)]


def _edition(folder: Path) -> str:
    """ABAW1 says Training_Set; ABAW5 names its EXPR folder otherwise than ABAW3, beside the other two."""
    if _key(folder) in SETS:
        return "ABAW1" if "training_set" in _names(folder) else "ABAW2"
    return "ABAW5" if "expr_recognition_challenge" in _names(folder.parent) else "ABAW3"


def _names(folder: Path) -> set[str]:
    return {_key(path) for path in _subfolders(folder)}


def _key(path: Path) -> str:
    """A folder's or file's name as it is told apart: some unpack "AU Detection Challenge" or "au_set"."""
    return path.name.strip().lower().replace(" ", "_").replace("-", "_")
