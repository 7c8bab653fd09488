"""Media files opened, and which of their streams are the pictures and the sound: one rule for every reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from stages.core.errors import UserError
from stages.media.names import check_readable

# FFmpeg's log stays off: PyAV's log callback takes Python's lock, for errors at any level, and a decoder's
# thread that logs while its decoder is being freed would wait for ever.
av.logging.set_level(None)

# Video streams that are no film: covers, chapters' thumbnails, tiles and other parts of a picture.
NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.dependent
# Sound that is not the film's own: somebody tells what is seen or thinks about it.
ABOUT = (
    Disposition.comment
    | Disposition.visual_impaired
    | Disposition.descriptions
    | Disposition.karaoke
    | Disposition.non_diegetic
)
# Formats that are read. Others are lists of further files and addresses, devices, or scripts.
FILMS = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,asf_o,flv,live_flv,ogg,mxf,gif,nut,rm,wtv,dv,ivf,nsv,swf,apng"
PICTURES = "m4v,h264,hevc,vvc,av1,obu,vc1,h261,h263,dirac,mjpeg,yuv4mpegpipe,webp_pipe,jpegxl_pipe,jpegxl_anim,j2k_pipe"
SOUNDS = "wav,w64,mp3,aac,ac3,eac3,flac,aiff,au,caf,amr,ape,wv,tta"
MOST_PIXELS = 1 << 26  # of a film's picture, twice 8K: a header may tell of more than there is memory
OPTIONS = {
    "format_whitelist": f"{FILMS},{PICTURES},{SOUNDS}",
    "protocol_whitelist": "file",
    "max_pixels": str(MOST_PIXELS),
}
AnyStream = TypeVar("AnyStream", bound=Stream)


@contextmanager
def open_media(path: Path, kind: str = "a video") -> Iterator[InputContainer]:
    """Open a file. Errors: UserError for a missing file or one that FFmpeg does not know."""
    check_readable(path)
    try:  # a bare name with a colon would be a URL; tags may be in any encoding
        container = av.open(f"file:{path}", metadata_errors="replace", options=OPTIONS)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be opened as {kind} ({cause(error)}); replace it") from None
    with container:
        yield container


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and choose its pictures.

    Errors: UserError for what is no video, or one whose pictures no decoder here knows.
    """
    with open_media(path) as container:
        films = [stream for stream in container.streams.video if not stream.disposition & NO_FILM]
        if not films:
            raise UserError(f"{path}: holds no video; give a file with pictures")
        stream = pictures(container)
        if stream is None:
            raise UserError(f"{path}: no decoder for its pictures is here; convert it, for instance to H.264")
        size = stream.codec_context.width, stream.codec_context.height
        if size[0] * size[1] > MOST_PIXELS:
            raise UserError(f"{path}: its pictures are {size[0]}×{size[1]}, too large; make them smaller")
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        yield container, stream


def pictures(container: InputContainer) -> VideoStream | None:
    """The film: moving before still, the default one, the first; None where there is none to decode."""
    films = [stream for stream in container.streams.video if not stream.disposition & NO_FILM]
    return _first(films, Disposition.still_image)


def sound(container: InputContainer) -> AudioStream | None:
    """The film's own sound, the default one, the first; None where there is none to decode."""
    return _first(container.streams.audio, ABOUT)


def _first(streams: Sequence[AnyStream], last: Disposition) -> AnyStream | None:
    """A stream without a decoder has no codec context; to decode it would end the process."""
    known = [stream for stream in streams if stream.codec_context is not None]
    rank = {
        stream.index: (bool(stream.disposition & last), not stream.disposition & Disposition.default)
        for stream in known
    }
    return min(known, key=lambda stream: rank[stream.index], default=None)


def cause(error: Exception) -> str:
    """FFmpeg's reason alone, without numbers, calls and logs."""
    return str(getattr(error, "strerror", None) or error)
