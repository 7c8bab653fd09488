"""Prediction of a long film, of a picture of 20 megapixels and of a folder of pictures: memory, and whether it grows.

Ten minutes of 1080p film and 1,000 pictures; `LARGE=12 python -m benchmarks large` takes two hours of film and 12,000
pictures. It predicts by what `python -m stages.predict` finds: the pipeline's models, or those of models/ready.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np

from benchmarks.measure import Row
from stages.core.errors import UserError

LARGE = float(os.environ.get("LARGE", "1"))
SECONDS, PICTURES = round(600 * LARGE), max(4, round(1000 * LARGE))
DRAWN, RATE, WIDTH, HEIGHT, SOUND = 10, 25, 1920, 1080, 44_100  # seconds, frames a second, pixels, Hz
LAST = 0.03  # seconds at the end of a turn whose packets would reach into the next one
MEGAPIXELS = (5472, 3648)
FACES = "from pathlib import Path; import sys; from stages.media.extract import Search, cut, locate; "
FACES += "import numpy as np; path, out = map(Path, sys.argv[1:]); track = locate(path, Search()); "
FACES += "cut(path, track, np.lib.format.open_memmap(out, 'w+', np.uint8, (len(track), 112, 112, 3)))"


class Use(NamedTuple):
    """What a process needed: MiB of its own (not of files that are mapped), seconds, and when results came."""

    memory: float
    seconds: float
    results: list[float]

    def rates(self) -> tuple[float, float]:
        """Results a second in the first and in the last third."""
        third = len(self.results) // 3
        first, last = self.results[: third + 1], self.results[-third - 1 :]
        return third / (first[-1] - first[0]), third / (last[-1] - last[0])


def rows() -> list[Row]:
    """Memory beside that of half the length, the time a frame, and the rate over a folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_film(folder), _picture(folder), *_folder(folder)]


def _film(folder: Path) -> list[Row]:
    drawn = draw(folder / "drawn.mp4")
    whole, half = (
        loop(drawn, folder / f"{count}.mp4", count) for count in (SECONDS // DRAWN, SECONDS // DRAWN // 2)
    )
    long, short = (predict([film], folder / "out") for film in (whole, half))
    faces = used([sys.executable, "-c", FACES, str(whole), str(folder / "faces.npy")])
    what, peer = f"{SECONDS:,} s of 1080p", "half as long"
    rates = [seconds * RATE / use.seconds for seconds, use in ((SECONDS, long), (SECONDS // 2, short))]
    return [
        Row(f"{what}, predict: memory", "MiB", long.memory, peer, short.memory, "≤ 2048"),
        Row(f"{what}, predict: rate", "frames/s", rates[0], peer, rates[1], "≥ 0.8 ×"),
        Row(f"{what}, a worker of frames: memory", "MiB", faces.memory, "predict", long.memory, "≤ 1024"),
    ]


def _picture(folder: Path) -> Row:
    small, large = folder / "small.jpg", folder / "large.jpg"
    cv2.imwrite(str(small), _portrait(640, 480))
    cv2.imwrite(str(large), _portrait(*MEGAPIXELS))
    less, more = (predict([path], folder / "out").memory for path in (small, large))
    return Row("a picture of 20 megapixels: memory", "MiB", more, "0.3 megapixels", less, "≤ 2048")


def _folder(folder: Path) -> list[Row]:
    picture = cv2.imencode(".jpg", _portrait(640, 480))[1].tobytes()
    paths = [folder / "pictures" / f"{number:05d}.jpg" for number in range(PICTURES)]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(picture)
    all_, few = predict(paths, folder / "all"), predict(paths[: PICTURES // 4], folder / "few")
    first, last = all_.rates()
    what = f"{PICTURES:,} pictures"
    return [
        Row(f"{what}: memory", "MiB", all_.memory, "a quarter of them", few.memory, "≤ 1.2 ×"),
        Row(f"{what}: rate of the last third", "pictures/s", last, "first third", first, "≥ 0.8 ×"),
    ]


def predict(paths: Sequence[Path], out: Path) -> Use:
    """What `python -m stages.predict` needs for files."""
    command = [sys.executable, "-m", "stages.predict", *map(str, paths), "--out", str(out)]
    return used(command, out)


def used(command: list[str], out: Path | None = None) -> Use:
    """Run a command and look at it a few times a second. Errors: UserError where it fails."""
    start, peak, results = time.perf_counter(), 0.0, []
    with tempfile.TemporaryFile() as told, subprocess.Popen(command, stderr=told) as process:
        while process.poll() is None:
            peak = max(peak, _own(process.pid))
            done = len(list(out.glob("*.csv"))) if out and out.exists() else 0
            results += [time.perf_counter()] * (done - len(results))
            time.sleep(0.2)
        told.seek(0)
        if process.returncode:
            raise UserError(f"{' '.join(command[:4])}: {told.read().decode().strip()[-300:]}")
    return Use(peak, time.perf_counter() - start, results)


def _own(pid: int) -> float:
    """MiB that a process holds, without pages of files, which the system takes back when it needs them."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def draw(path: Path) -> Path:
    """A head that sways, and a hum."""
    picture = cv2.cvtColor(_portrait(WIDTH, HEIGHT), cv2.COLOR_BGR2RGB)
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        ear: Any = file.add_stream("aac", rate=SOUND)
        for index in range(DRAWN * RATE):
            sway = np.array([[1, 0, 60 * np.sin(index / 20)], [0, 1, 10 * np.sin(index / 13)]])
            moved = cv2.warpAffine(picture, sway, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
        wave = (3000 * np.sin(np.arange(DRAWN * SOUND) / 20)).astype(np.int16)
        hum = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        hum.sample_rate = SOUND
        file.mux(ear.encode(hum))
        for each in (stream, ear):
            file.mux(each.encode(None))
    return path


def loop(source: Path, path: Path, count: int) -> Path:
    """The same packets again and again, later each time."""
    with av.open(str(path), "w") as file, av.open(str(source)) as first:
        streams: list[Any] = [file.add_stream_from_template(stream) for stream in first.streams]
        for turn in range(count):
            with av.open(str(source)) as again:
                for packet in again.demux():
                    if packet.dts is None or not 0 <= packet.dts * packet.time_base < DRAWN - LAST:
                        continue
                    later = round(turn * DRAWN / packet.time_base)
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    packet.stream = streams[packet.stream.index]
                    file.mux(packet)
    return path


def _portrait(width: int, height: int) -> np.ndarray:
    """BGR [height, width, 3], the head in the middle."""
    import skimage.data

    face = skimage.data.astronaut()[:300, 80:480]
    return cv2.cvtColor(cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
