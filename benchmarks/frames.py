"""Reading faces at random, and cutting them out of a 720p H.264 file, beside PIL, OpenCV, bare decoding."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from benchmarks.measure import Row, seconds
from stages.media.align import SIZE, TEMPLATE, similarity
from stages.media.decode import read_frames
from stages.media.detect import detect_faces, mtcnn
from stages.media.extract import Search, cut, locate
from stages.media.trajectory import Trajectory

FACES, JPEGS, READS = 8000, 500, 20000
FRAMES, LOOKS, WIDTH, HEIGHT = 240, 30, 1280, 720
THREADS = 0  # of the decoder, for all ways alike: as many as there are cores


def rows() -> list[Row]:
    """Faces read a second, and frames extracted a second."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        return [_random_reads(Path(folder)), *_extraction(Path(folder))]


def _random_reads(folder: Path) -> Row:
    rng = np.random.default_rng(0)
    picture = cv2.resize(_portrait(), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    array = np.lib.format.open_memmap(folder / "faces.npy", "w+", np.uint8, (FACES, SIZE, SIZE, 3))
    array[:] = picture
    for index in range(JPEGS):
        Image.fromarray(picture).save(folder / f"{index:05d}.jpg", quality=95)
    faces = np.load(folder / "faces.npy", mmap_mode="r")
    wanted, files = rng.integers(0, FACES, READS), rng.integers(0, JPEGS, JPEGS)
    face = np.empty((SIZE, SIZE, 3), np.uint8)

    def from_array() -> None:
        for index in wanted:
            np.copyto(face, faces[index])

    def from_files() -> None:
        for index in files:
            np.asarray(Image.open(folder / f"{index:05d}.jpg"))

    ours, theirs = seconds(from_array, from_files, clock=time.process_time)
    return Row(
        "random 112×112 faces",
        "faces/s a core",
        READS / ours,
        "JPEG files by PIL",
        JPEGS / theirs,
        "≥ 100,000",
    )


def _extraction(folder: Path) -> list[Row]:
    path = film(folder / "video.mp4")
    track = locate(path, Search(), threads=1)
    faces = np.empty((len(track), SIZE, SIZE, 3), np.uint8)
    bare, given, by_hand = seconds(
        lambda: decode(path), lambda: cut(path, track, faces, THREADS), lambda: _opencv(path, track, faces)
    )
    searched, every = seconds(lambda: locate(path, Search(), count=LOOKS), lambda: _detect(path), repeat=3)
    name = f"faces out of {HEIGHT}p H.264"
    return [
        Row(
            f"{name}, places given",
            "frames/s",
            FRAMES / given,
            "bare PyAV decoding",
            FRAMES / bare,
            "≥ 0.8 ×",
        ),
        Row("the same", "frames/s", FRAMES / given, "OpenCV, whole frames to RGB", FRAMES / by_hand),
        Row("finding the face", "frames/s", LOOKS / searched, "MTCNN on every frame", LOOKS / every),
    ]


def decode(path: Path) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "AUTO", THREADS
        for _ in container.decode(stream):
            pass


def _detect(path: Path) -> None:
    detector = mtcnn()
    for frame in read_frames(path, LOOKS):
        detect_faces(frame, detector, Search.detect_height)


def _opencv(path: Path, track: Trajectory, faces: np.ndarray) -> None:
    capture = cv2.VideoCapture(str(path))
    for row, points in enumerate(track.points):
        rgb = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
        faces[row] = cv2.warpAffine(rgb, similarity(points, TEMPLATE), (SIZE, SIZE))


def _portrait() -> np.ndarray:
    import skimage.data

    return skimage.data.astronaut()


def film(path: Path) -> Path:
    """A head that sways before noise of the camera, at x264's default quality."""
    rng = np.random.default_rng(0)
    picture = cv2.resize(_portrait()[:288], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 4, (8, HEIGHT, WIDTH, 3)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(FRAMES):
            sway = np.array([[1, 0, 60 * np.sin(index / 20)], [0, 1, 10 * np.sin(index / 13)]])
            moved = cv2.warpAffine(picture, sway, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            noisy = np.clip(moved + grain[index % 8], 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="rgb24")))
        container.mux(stream.encode())
    return path
