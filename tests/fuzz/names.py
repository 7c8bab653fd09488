"""Names of files, and what index, frames and prediction make of them."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import strategies as st

from stages.frames.__main__ import build_frames
from stages.frames.search import Params as SearchParams
from stages.index.__main__ import Params, build_index
from stages.index.check import print_check
from stages.media.extract import Search
from stages.predict.__main__ import Predictor, check_names, predict_all
from tests.fuzz.annotations import MTL
from tests.fuzz.media import film
from tests.index.trees import HEADERS, Tree, au

ODD = (
    "a", " ", "a b", "a\nb", "a\tb", "\x1b[31m", "[bold]", "[/x]", ":smile:", "%03d", "*", "?",
    "a;b", "$(touch ran)", "`touch ran`", "-out", "--out",
    "index", "INDEX", "keys", "é", "e\u0301", "\u202egpj", "\ud800", "\udcff", "日本" * 30, "x" * 250,
    "x" * 215, "x" * 216, "😀" * 50, "😀" * 62,
    "~", "http:", "concat:a", "a|b", "CON", "video_left", "_left", "a.b.c", "...", "'", '"', "\\",
    "a\\..\\b", "{run}", "\u2028",
)  # fmt: skip
TRIALS = ("..", ".", "/", "/etc/passwd", "../../x", "a/b", "a\0b", "", "x" * 300)
TASKS = {"AU": au(1), "EXPR": "3", "VA": "0.1,0.2"}


def use_name(folder: Path, way: str, name: str) -> None:
    """A video of that name predicted,
    or a corpus with it indexed and its faces looked for. Errors: as theirs."""
    os.chdir(folder)
    if way == "predict":
        _predict(folder, name)
    else:
        _index(folder, name, way)
    found = {path for path in folder.rglob("*") if path.is_file()}
    kept = [folder / place for place in ("in", "out", "corpus", "index.json", "frames.json", ".state")]
    assert not [path for path in found if not any(path.is_relative_to(place) for place in kept)], found


def _predict(folder: Path, name: str) -> None:
    (folder / "in").mkdir()
    video = folder / "in" / f"{name}.mp4"
    video.write_bytes(film())
    check_names([video])
    predict_all([video], folder / "out", Predictor(_never, None), Search(detect_every=1), overlay=True)  # type: ignore[arg-type]


def _never(recording: object) -> None:
    raise AssertionError("nobody is in the film")


def _index(folder: Path, name: str, way: str) -> None:
    tree = Tree(folder / "corpus")
    trials = {"train": name, "validation": "other"}
    for split, trial in trials.items():
        if way == "MTL":
            rows = f"{MTL}\n{trial}/00001.jpg,0.1,0.2,3,{au(1)}\n"
            tree.file(Path("MTL_Challenge", f"{split}_set.txt"), rows.encode("utf-8", "surrogatepass"))
        else:
            for task, row in TASKS.items():
                tree.labels(task, split, trial, [row] * 2, HEADERS[task])
        if way != "MTL" or _can_be(trial):
            tree.file(Path("batch1", f"{trial}.mp4"), film())
    print_check(folder / "corpus")
    shared = {"corpus": folder / "corpus", "on_error": "skip"}
    index = Params(**shared, edition="auto", source="auto", cross_task="keep", partial_au="drop")
    build_index(index, folder / "out" / "index", folder / "index.json")
    search = {
        "detector": "mtcnn",
        "detector_pack": None,
        "detect_every": 10,
        "detect_height": 48,
        "smooth": 0.0,
    }
    build_frames(
        SearchParams(**shared, **search, max_frames=None),  # type: ignore[arg-type]
        folder / "out" / "index", folder / "out" / "frames", folder / "frames.json",
    )  # fmt: skip


def cases(folder: Path) -> st.SearchStrategy[tuple[str, str]]:
    """Which way, and the name."""
    texts = st.one_of(
        st.sampled_from(ODD), st.text(min_size=1, max_size=12), st.text("ab./[]\n", min_size=1, max_size=8)
    )
    ways = st.tuples(st.sampled_from(["predict", "files"]), texts.filter(_can_be))
    return st.one_of(
        ways, ways, st.tuples(st.just("MTL"), st.one_of(st.sampled_from(TRIALS), texts)).filter(_can_be_row)
    )


def file_of(case: tuple[str, str]) -> str:
    """What a sentence has to name."""
    return ""


def _can_be(name: str) -> bool:
    """Whether a file system takes it."""
    try:
        return (
            len(os.fsencode(f"{name}.mp4")) <= 255
            and not set(name) & {"/", "\0"}
            and not name.startswith(".")
        )
    except UnicodeEncodeError:
        return False


def _can_be_row(case: tuple[str, str]) -> bool:
    name = case[1]
    return _can_be(name) or name in TRIALS
