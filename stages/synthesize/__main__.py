"""Stage `synthesize`: draw the embedded corpus: videos with annotations, their truth, three still sets.

What nothing reads at the values in force is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

from stages.core.executor import results, shown
from stages.core.files import read_json
from stages.core.params import Strict, load
from stages.core.paths import DRAWN
from stages.core.runtime import atomic_dir, log, main, workers
from stages.core.stand_ins import CORPUS, SETS, STILLS, VIDEOS, leave_undrawn

OUT = Path("data")
ALL = (VIDEOS, *SETS)
SITTINGS = 20  # people of one job


class Params(Strict):
    """Parameters of the stage; see params.yaml for units and sources."""

    seed: int
    videos: int
    further_validation: int
    seconds: float
    validation_seconds: float
    identity_people: int
    identity_stills: int
    affect_people: int
    affect_stills: int
    landmark_people: int
    landmark_stills: int


def synthesize(params: Params, out: Path, wanted: Collection[str] = ALL) -> None:
    """Write `out`/synthetic, `out`/truth and `out`/stills; the same bytes for any number of workers.

    `wanted`: "videos" and names of still sets; in the folders of the others a note says that they are not drawn.
    """
    with (
        atomic_dir(out / CORPUS.name) as corpus,
        atomic_dir(out / "truth") as truth,
        atomic_dir(out / STILLS.name) as stills,
    ):
        sets = [name for name in SETS if name in wanted]
        videos = [*video_jobs(params, corpus, truth)] if VIDEOS in wanted else []
        side_by_side([*videos, *(still_jobs(params, stills, sets) if sets else ())], out)
        report(corpus if videos else None, stills / "affect" if "affect" in sets else None)
        undrawn = [] if videos else [corpus, truth]
        for folder in [*undrawn, *(stills / name for name in SETS if name not in sets)]:
            leave_undrawn(folder)


def video_jobs(params: Params, corpus: Path, truth: Path) -> Iterator[Callable[[], None]]:
    """One job a video, the long ones first."""
    from stages.synthesize.filming.cast import Count, cast
    from stages.synthesize.filming.film import film
    from stages.synthesize.seeds import rng_of

    lengths = params.seconds, params.validation_seconds
    videos = cast(rng_of(params.seed, "cast"), Count(params.videos, params.further_validation, *lengths))
    for video in sorted(videos, key=lambda video: -len(video.parts) * video.size[0] * video.seconds):
        yield partial(film, params.seed, video, corpus, truth)


def still_jobs(params: Params, root: Path, wanted: Collection[str]) -> Iterator[Callable[[], None]]:
    """Lay out the arrays of the sets, write the labels, and give one job a group of sitters."""
    from stages.synthesize.stills.sets import Size, prepare, sit, write_labels

    sizes = {
        "identities": Size(params.identity_people, params.identity_stills),
        "affect": Size(params.affect_people, params.affect_stills),
        "landmarks": Size(params.landmark_people, params.landmark_stills),
    }
    sizes = {name: size for name, size in sizes.items() if name in wanted}
    prepare(root, sizes)
    yield partial(write_labels, params.seed, root, sizes)
    people = max(size.people for size in sizes.values())
    for first in range(0, people, SITTINGS):
        yield partial(sit, params.seed, root, sizes, range(first, min(first + SITTINGS, people)))


def side_by_side(jobs: list[Callable[[], None]], out: Path) -> None:
    """Run the jobs in as many processes as the machine or the cluster gives, one thread each; progress is shown."""
    calls = [partial(single_threaded, job) for job in jobs]
    for _ in shown(results(calls, out, workers()), "synthesize", len(jobs)):
        pass


def single_threaded(job: Callable[[], None]) -> None:
    """Run a job with one thread of OpenCV and BLAS: their sums depend on the number of threads."""
    import cv2
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    with threadpool_limits(1):
        job()


def report(corpus: Path | None, affect: Path | None) -> None:
    """Print the label counts of the videos and of the affect stills, of what there is."""
    from stages.synthesize.summary import as_table, label_counts

    counts = corpus or affect
    log.print(
        as_table(label_counts(corpus, affect)) if counts else "no videos and no affect stills are drawn"
    )


def run() -> None:
    """Front door."""
    synthesize(load(Params, "synthesize"), OUT, read_json(DRAWN))


if __name__ == "__main__":
    main(run)
