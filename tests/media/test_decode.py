"""Frames as the decoder leaves them: colours, times, rotation, and files that are not what they should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from stages.core.errors import UserError
from stages.media.decode import frame_times, read_frames
from tests.media.videos import astronaut, moving, set_display_matrix, write_video

# The three planes of pure red, by standard and range (ITU-R BT.601 and BT.709, 8 bits; JFIF).
RED = [
    (81, 90, 240, {"colorspace": 6, "color_range": 1}),
    (63, 102, 240, {"colorspace": 1, "color_range": 1}),
    (76, 85, 255, {"colorspace": 6, "color_range": 2}),
    (81, 90, 240, {}),
]


def flat(y: int, u: int, v: int, width: int = 64, height: int = 48) -> np.ndarray:
    chroma = [np.full((height // 4, width), value, np.uint8) for value in (u, v)]
    return np.concatenate([np.full((height, width), y, np.uint8), *chroma])


@pytest.mark.parametrize(("y", "u", "v", "tags"), RED)
def test_red_is_red(tmp_path: Path, y: int, u: int, v: int, tags: dict[str, int]) -> None:
    path = write_video(tmp_path / "red.mp4", [flat(y, u, v)], tags=tags, lossless=True)
    pixel = next(read_frames(path)).rgb()[20, 30]
    assert np.abs(pixel.astype(int) - [255, 0, 0]).max() <= 2


def test_untagged_high_definition_is_bt709(tmp_path: Path) -> None:
    path = write_video(tmp_path / "hd.mp4", [flat(63, 102, 240, 1280, 720)], lossless=True)
    assert np.abs(next(read_frames(path)).rgb()[300, 300].astype(int) - [255, 0, 0]).max() <= 2


@pytest.mark.parametrize("suffix", ["mp4", "avi", "mpg"])
def test_rgb_is_the_decoders(tmp_path: Path, suffix: str) -> None:
    """Against FFmpeg's own conversion; it interpolates chroma in another way, hence the mean."""
    codec = {"mp4": "libx264", "avi": "mpeg4", "mpg": "mpeg1video"}[suffix]
    path = write_video(tmp_path / f"a.{suffix}", moving(astronaut(), 5), codec=codec)
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    found = [frame.rgb() for frame in read_frames(path)]
    assert len(found) == len(expected) == 5
    assert np.abs(np.array(found).astype(int) - expected).mean() < 2


def test_variable_frame_rate_and_a_late_start(tmp_path: Path) -> None:
    times = [0.5, 0.54, 0.6, 0.61, 0.9, 1.4]
    path = write_video(tmp_path / "vfr.mkv", moving(astronaut(), 6), times=times)
    expected = np.array(times) - 0.5
    assert np.allclose([frame.time for frame in read_frames(path)], expected, atol=2e-3)
    assert np.allclose(frame_times(path), expected, atol=2e-3)


FRESH = """
import sys
from pathlib import Path
from stages.frames.crops import list_crops
from stages.media.decode import frame_times
for _ in range(20):
    print(*frame_times(Path(sys.argv[1])), *list_crops(Path(sys.argv[2]), 9, Path(sys.argv[1])).times)
"""


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi", "a.ts"])
def test_times_of_a_fresh_process_are_seconds(tmp_path: Path, name: str) -> None:
    """PyAV forgets a stream's clock once its container is closed, in some processes and not in others."""
    video = write_video(
        tmp_path / name, moving(astronaut(), 9), codec="mpeg4" if name == "a.avi" else "libx264"
    )
    crops = tmp_path / "a"
    crops.mkdir()
    for number in (1, 2, 9):
        cv2.imwrite(str(crops / f"{number:05d}.jpg"), astronaut(112, 112))
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(video), str(crops)], capture_output=True, text=True, check=True
    )
    found = np.array([line.split() for line in done.stdout.splitlines()], float)
    expected = np.concatenate([np.arange(9), [0, 1, 8]]) / 25
    assert found.shape == (20, 12)
    np.testing.assert_allclose(found, np.tile(expected, (20, 1)), atol=2e-3)


def test_frames_without_time_stamps_follow_at_the_average_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "raw.h264", moving(astronaut(), 4), rate=50)
    with av.open(str(path)) as container:
        assert {frame.time for frame in container.decode(video=0)} == {None}
        rate = float(container.streams.video[0].average_rate or 0)
    assert np.allclose([frame.time for frame in read_frames(path)], np.arange(4) / rate)


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [((0, 1, -1, 0), (0, -1)), ((-1, 0, 0, -1), (-1, -1)), ((0, -1, 1, 0), (-1, 0))],
    ids=["clockwise", "half turn", "counter-clockwise"],
)
def test_rotation_of_phones(
    tmp_path: Path, matrix: tuple[int, int, int, int], corner: tuple[int, int]
) -> None:
    """A white top left corner goes where the track header's matrix (ISO 14496-12, 8.3.2) turns it."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:16, :16] = 255
    path = set_display_matrix(write_video(tmp_path / "phone.mp4", [image]), matrix)
    found = next(read_frames(path)).rgb()
    assert found.shape[:2] == ((64, 48) if matrix[0] == 0 else (48, 64))
    bright = {(y, x) for y in (0, -1) for x in (0, -1) if found[y, x].mean() > 200}
    assert bright == {corner}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "grey.png", "grey.jpg"])
def test_an_image_is_a_video_of_one_frame(tmp_path: Path, name: str) -> None:
    image = astronaut(161, 121)  # odd sides
    if "grey" in name:
        image = np.repeat(image.mean(2, keepdims=True), 3, 2).astype(np.uint8)
        cv2.imwrite(str(tmp_path / name), image[:, :, 0])
    else:
        cv2.imwrite(str(tmp_path / name), image[:, :, ::-1])
    (frame,) = read_frames(tmp_path / name)
    assert frame.time == 0 and frame.size == (161, 121)
    assert np.abs(frame.rgb().astype(int) - image).mean() < (1 if "png" in name else 4)


def test_ten_bits(tmp_path: Path) -> None:
    image = astronaut()
    path = write_video(tmp_path / "ten.mp4", [image], pix_fmt="yuv420p10le")
    assert np.abs(next(read_frames(path)).rgb().astype(int) - image).mean() < 4


def test_rgb_at_another_size(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [astronaut()])
    frame = next(read_frames(path))
    small = frame.rgb((160, 120))
    assert small.shape == (120, 160, 3)
    expected = cv2.resize(frame.rgb(), (160, 120), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - expected).mean() < 1.5


def test_count_limits_what_is_read(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving(astronaut(), 20))
    assert len(list(read_frames(path, 7))) == 7
    assert len(list(read_frames(path, 21))) == 20  # labels are often a frame longer


def noise(count: int) -> list[np.ndarray]:
    """Frames that do not compress, so that a cut file ends within them."""
    return list(np.random.default_rng(0).integers(0, 255, (count, 64, 64, 3), np.uint8))


def truncated(tmp_path: Path, share: float, count: int = 40) -> Path:
    path = write_video(tmp_path / "cut.mp4", noise(count), container={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    return path


def test_truncated_video(tmp_path: Path) -> None:
    path = truncated(tmp_path, 0.7)
    with pytest.raises(UserError, match=r"cut\.mp4: cannot be decoded after frame \d+"):
        list(read_frames(path, 40))
    with pytest.raises(UserError, match=r"cut\.mp4"):
        list(read_frames(path))
    assert len(list(read_frames(path, 10))) == 10  # what the labels need is there


def test_damage_does_not_block_decoder_threads(tmp_path: Path) -> None:
    """Errors logged by decoder threads must not want Python's lock while the decoder is being freed."""
    path = truncated(tmp_path, 0.7)
    code = (
        "import sys, pathlib\n"
        "from stages.core.errors import UserError\n"
        "from stages.media.decode import read_frames\n"
        "for _ in range(30):\n"
        "    try: list(read_frames(pathlib.Path(sys.argv[1]), threads=4))\n"
        "    except UserError: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", ["stages.media.decode", "stages.predict.films"])
def test_the_log_is_off_whatever_else_is_imported(module: str) -> None:
    code = f"import {module}, av; assert av.logging.get_level() is None"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_lost_tail_within_tolerance(tmp_path: Path) -> None:
    path = truncated(tmp_path, 0.99, 200)
    assert 190 <= len(list(read_frames(path, 200))) < 200


def test_video_that_ends_early_without_an_error(tmp_path: Path) -> None:
    path = write_video(tmp_path / "short.mp4", moving(astronaut(), 10))
    with pytest.raises(UserError, match=r"short\.mp4: ends after 10 of 40 frames"):
        list(read_frames(path, 40))


@pytest.mark.parametrize("content", [b"", b"valence,arousal\n0.1,0.2\n" * 50])
def test_files_that_are_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "labels.mp4"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"labels\.mp4: cannot be opened as a video"):
        next(read_frames(path))
    with pytest.raises(UserError, match=r"none\.mp4: cannot be opened as a video \(No such file"):
        next(read_frames(tmp_path / "none.mp4"))


def test_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format="s16", layout="mono")
        frame.sample_rate = 16000
        file.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(UserError, match=r"sound\.wav: holds no video"):
        next(read_frames(path))


def test_planes_are_views_that_outlive_the_decoder(tmp_path: Path) -> None:
    """Kept frames stay what they were while others are decoded, and cost no copy."""
    path = write_video(tmp_path / "a.mp4", moving(astronaut(), 12))
    kept, before = [], []
    for frame in read_frames(path):
        kept.append(frame)
        before.append(frame.planes[0].copy())
    assert all(not frame.planes[0].flags.owndata for frame in kept)
    assert all((frame.planes[0] == copy).all() for frame, copy in zip(kept, before, strict=True))
