from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from stages.core.labels import AU_NAMES, EXPRESSIONS, TASKS
from stages.synthesize.acting.labels import occurrence
from stages.synthesize.acting.performance import perform
from stages.synthesize.acting.repertoire import NEUTRAL
from stages.synthesize.acting.speech import Speaker
from stages.synthesize.filming.cast import Count, Part, Video, cast
from stages.synthesize.filming.casting import TRAIN_SHARES, allot, deal
from stages.synthesize.seeds import rng_of

DEMO = Count(60, 48, 4.0, 2.4)
SMALLEST = replace(DEMO, videos=10, further=0)


def videos(seed: int = 1, count: Count = SMALLEST) -> list[Video]:
    return cast(rng_of(seed, "cast"), count)


def parts(split: str, task: str, of: list[Video]) -> list[Part]:
    return [part for video in of for part in video.parts if part.splits.get(task) == split]


def test_the_smallest_corpus_has_every_special_case() -> None:
    corpus = videos()
    assert len(corpus) == 10
    assert {v.sound for v in corpus} == {"mono", "stereo", "none"}
    assert {v.suffix for v in corpus} == {".mp4", ".avi"}
    assert {v.folder for v in corpus} == {"batch1", "batch2"}
    assert {v.fps for v in corpus} == {25, 30}
    assert any(v.variable_rate for v in corpus)
    assert any(v.name.endswith(f"-{v.fps}-{v.size[0]}x{v.size[1]}") for v in corpus)
    assert any({p.trial for p in v.parts} == {f"{v.name}_left", f"{v.name}_right"} for v in corpus)
    solo = [v.parts[0] for v in corpus]
    assert any(p.absence for p in solo)
    assert any(p.gap for p in solo)
    assert any(len(set(p.extra.values()) | {0}) == 3 for p in solo)
    crossed = {(p.splits["AU"], p.splits["EXPR"]) for p in solo}
    assert {("validation", "train"), ("train", "validation")} <= crossed


def test_names_and_people_are_unique() -> None:
    corpus = videos(count=DEMO)
    assert max(Counter(v.name for v in corpus).values()) == 1
    assert max(Counter(p.person for v in corpus for p in v.parts).values()) == 1


@pytest.mark.parametrize("task", TASKS)
def test_demo_has_enough_videos_of_each_task_which_overlap_only_partly(task: str) -> None:
    corpus = videos(count=DEMO)
    assert len(parts("validation", task, corpus)) >= 60
    assert len(parts("train", task, corpus)) >= 15
    others = [t for t in TASKS if t != task]
    assert any(task not in p.splits and others[0] in p.splits for v in corpus for p in v.parts)


def test_a_deck_holds_the_shares_and_spreads_them() -> None:
    deck = deal(np.random.default_rng(0), TRAIN_SHARES, 200)
    counts = Counter(act.kind for act in deck)
    assert counts == Counter(allot(TRAIN_SHARES, 200))
    assert counts[NEUTRAL] == max(counts.values())
    halves = Counter(act.kind for act in deck[:100])
    assert all(abs(halves[kind] - count / 2) <= 1 for kind, count in counts.items())


@pytest.mark.parametrize("total", [1, 7, 50, 99])
def test_allotted_numbers_sum_up(total: int) -> None:
    assert sum(allot(TRAIN_SHARES, total).values()) == total


@pytest.mark.parametrize("seed", [1, 2])
def test_every_class_is_played_in_several_validation_videos(seed: int) -> None:
    seen: Counter[str] = Counter()
    for video in videos(seed, DEMO):
        times = np.arange(0, video.seconds, 1 / video.fps)
        for part in video.parts:
            show = perform(rng_of(seed, video.name), part.acts, [], times, Speaker(120.0, 1.0))
            if part.splits.get("AU") == "validation":
                seen.update(np.array(AU_NAMES)[occurrence(show.units).any(axis=0)].tolist())
            if part.splits.get("EXPR") == "validation":
                seen.update({EXPRESSIONS[label] for label in show.expression if label >= 0})
    assert {name: seen[name] for name in (*AU_NAMES, *EXPRESSIONS) if seen[name] < 3} == {}
