"""Writing real video files: H.264 and AAC in MP4, or MPEG-4 and PCM in AVI, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

TICK = Fraction(1, 90_000)  # s; fine enough for every frame rate and for a variable one
SILENCE = np.zeros((1, 0), np.float32)
CHUNK = 1024  # samples of a frame of sound


@dataclass
class Writer:
    """An open file; frames and sound are written side by side so that players need not seek."""

    container: OutputContainer
    video: VideoStream
    audio: AudioStream | None
    sound: NDArray[np.float32]  # [channels, samples]
    rate: int
    written: int = 0

    def write(self, image: NDArray[np.uint8], time: float) -> None:
        """Append one frame, uint8 [H, W, 3] RGB, shown at `time` s, and the sound up to it."""
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.time_base = self.video.codec_context.time_base
        frame.pts = round(time / float(frame.time_base))
        self.container.mux(self.video.encode(frame))
        self.write_sound(round(time * self.rate))

    def write_sound(self, until: int) -> None:
        """Append whole chunks of sound up to sample `until`."""
        while self.audio is not None and self.written < min(until, self.sound.shape[1]):
            chunk = np.ascontiguousarray(self.sound[:, self.written : self.written + CHUNK])
            frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout=self.audio.layout.name)
            frame.sample_rate, frame.pts, frame.time_base = self.rate, self.written, Fraction(1, self.rate)
            self.container.mux(self.audio.encode(frame))
            self.written += chunk.shape[1]

    def close(self) -> None:
        """Write what the encoders hold back."""
        self.write_sound(self.sound.shape[1])
        self.container.mux(self.video.encode(None))
        if self.audio is not None:
            self.container.mux(self.audio.encode(None))


@contextmanager
def open_writer(
    path: Path,
    size: tuple[int, int],
    fps: int,
    sound: NDArray[np.float32] | None,
    rate: int,
    quality: int,
    variable_rate: bool = False,
) -> Iterator[Writer]:
    """Open `path` (.mp4 or .avi); `sound` is float32 [channels, samples] or None, `quality` x264's CRF.

    One thread and x264's cpu-independent code, since either may change the bytes.
    """
    container = av.open(str(path), "w", options={"fflags": "+bitexact"})
    with container:
        avi = path.suffix == ".avi"
        video = container.add_stream("mpeg4" if avi else "libx264", rate=fps)
        _settle(video, size, fps, quality, variable_rate, avi)
        audio = None
        if sound is not None:
            layout = "mono" if len(sound) == 1 else "stereo"
            codec = "libmp3lame" if avi else "aac"
            audio = cast(AudioStream, container.add_stream(codec, rate=rate, layout=layout))
        writer = Writer(container, video, audio, SILENCE if sound is None else sound, rate)
        yield writer
        writer.close()


def _settle(
    video: VideoStream, size: tuple[int, int], fps: int, quality: int, variable_rate: bool, avi: bool
) -> None:
    video.width, video.height = size
    video.pix_fmt = "yuv420p"
    context = video.codec_context
    context.thread_count = 1
    context.time_base = TICK if variable_rate else Fraction(1, fps)
    if avi:
        context.options = {"qscale": "4", "threads": "1"}
        context.bit_rate = 800_000
    else:
        context.options = {"preset": "veryfast", "crf": str(quality), "threads": "1",
                           "x264-params": "cpu-independent=1"}  # fmt: skip
