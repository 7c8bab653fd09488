from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from stages.core.labels import AU_NAMES
from stages.synthesize.__main__ import Params, video_jobs
from stages.synthesize.stills.sets import KINDS, Size, prepare, sit
from stages.synthesize.summary import label_counts


def rows(corpus: Path, task: str, trial: str) -> list[str]:
    [path] = (corpus / "synthetic" / "annotations" / f"{task}_Set").glob(f"*/{trial}.txt")
    return path.read_text().splitlines()[1:]


def frames(corpus: Path, video: str) -> int:
    [path] = (corpus / "synthetic").glob(f"batch*/{video}.*")
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def test_labels_have_one_row_a_frame_but_where_they_shall_not(drawn_corpus: Path) -> None:
    assert len(rows(drawn_corpus, "AU", "video2")) == frames(drawn_corpus, "video2")
    assert len(rows(drawn_corpus, "AU", "video10_1_left")) == frames(drawn_corpus, "video10_1")
    assert len(rows(drawn_corpus, "AU", "video7")) == frames(drawn_corpus, "video7") + 1
    assert len(rows(drawn_corpus, "EXPR", "video7")) == frames(drawn_corpus, "video7") - 1


def test_a_gap_is_unannotated_in_all_tasks(drawn_corpus: Path) -> None:
    unknown = {"AU": ",".join(["-1"] * 12), "EXPR": "-1", "VA": "-5,-5"}
    for task, row in unknown.items():
        assert 0 < rows(drawn_corpus, task, "video8").count(row) < frames(drawn_corpus, "video8")


def test_truth_agrees_with_labels(drawn_corpus: Path) -> None:
    truth = pd.read_parquet(drawn_corpus / "truth" / "video2.parquet")
    labels = np.array([row.split(",") for row in rows(drawn_corpus, "AU", "video2")], int)
    named = [name for name in AU_NAMES if name not in ("AU24", "AU25")]  # these follow the lips
    strong, weak = truth[named].to_numpy() > 0.3, truth[named].to_numpy() < 0.15
    coded = labels[:, [AU_NAMES.index(name) for name in named]]
    assert coded[strong].all()
    assert not coded[weak].any()
    assert truth["points"].map(len).eq(212).all()


def test_the_person_on_the_left_is_left(drawn_corpus: Path) -> None:
    truth = pd.read_parquet(drawn_corpus / "truth" / "video10_1.parquet")
    middle = ((truth["x0"] + truth["x1"]) / 2).groupby(truth["trial"]).mean()
    assert middle["video10_1_left"] < 200 < 280 < middle["video10_1_right"]


def test_a_stretch_without_a_face(drawn_corpus: Path) -> None:
    truth = pd.read_parquet(drawn_corpus / "truth" / "6-30-640x360.parquet")
    hidden = ~truth["visible"]
    assert 3 <= hidden.sum() < len(truth) / 2
    assert (truth.loc[hidden, "x1"].max() > 640) or (truth.loc[hidden, "x0"].min() < 0)


@pytest.mark.parametrize("name", ["video2", "video8", "video3"])
def test_a_video_is_the_same_whatever_was_drawn_before(
    drawn_corpus: Path, drawn_params: Params, tmp_path: Path, name: str
) -> None:
    jobs = video_jobs(drawn_params, tmp_path / "synthetic", tmp_path / "truth")
    next(job for job in jobs if job.args[1].name == name)()
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) >= 4
    for path in made:
        assert path.read_bytes() == (drawn_corpus / path.relative_to(tmp_path)).read_bytes()


def test_stills_are_the_same_whoever_sat_before(
    drawn_corpus: Path, drawn_params: Params, tmp_path: Path
) -> None:
    sizes = {"identities": Size(5, 2), "affect": Size(5, 2), "landmarks": Size(5, 1)}
    prepare(tmp_path, sizes)
    sit(drawn_params.seed, tmp_path, sizes, [3])
    for kind in KINDS:
        own = slice(3 * sizes[kind.name].stills, 4 * sizes[kind.name].stills)
        mine = np.load(tmp_path / kind.name / "images.npy")[own]
        theirs = np.load(drawn_corpus / "stills" / kind.name / "images.npy")[own]
        np.testing.assert_array_equal(mine, theirs)
        assert mine.std() > 10


def test_still_sets_are_complete_and_their_people_apart(drawn_corpus: Path) -> None:
    for kind in KINDS:
        folder = drawn_corpus / "stills" / kind.name
        labels = pd.read_parquet(folder / "labels.parquet")
        assert len(np.load(folder / "images.npy", mmap_mode="r")) == len(labels)
        assert labels.groupby("identity")["split"].nunique().eq(1).all()
        assert set(labels["split"]) == {"train", "validation"}
    points = np.load(drawn_corpus / "stills" / "landmarks" / "points.npy")
    assert points.shape == (5, 106, 2)
    assert 20 < points[:, 54].mean() < 90


def test_affect_labels_have_their_types(drawn_corpus: Path) -> None:
    labels = pd.read_parquet(drawn_corpus / "stills" / "affect" / "labels.parquet")
    assert (labels[[*AU_NAMES, "expression"]].dtypes == "int8").all()
    assert labels[list(AU_NAMES)].isin([0, 1]).all(axis=None)


def test_the_summary_counts_labels(drawn_corpus: Path) -> None:
    counts = label_counts(drawn_corpus / "synthetic", drawn_corpus / "stills" / "affect")
    assert counts.loc["AU rows", "stills train"] == 8
    known = [row for row in rows(drawn_corpus, "EXPR", "video2") if row != "-1"]
    assert counts.loc["EXPR rows", "videos validation"] > len(known)
    assert counts.loc["Neutral"].sum() > 0


def test_files_are_only_where_the_release_has_them(drawn_corpus: Path) -> None:
    tops = {path.name for path in (drawn_corpus / "synthetic").iterdir()}
    assert tops == {"batch1", "batch2", "annotations"}
    assert not list(drawn_corpus.rglob(".*"))
