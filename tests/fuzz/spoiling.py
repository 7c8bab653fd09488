"""Bytes spoilt: flipped, cut off, taken out, doubled, and numbers that lie."""

from __future__ import annotations

from hypothesis import strategies as st

LIES = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    100_000,
    10**6,
    10**9,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**62,
    2**63,
    2**64 - 1,
)


@st.composite
def spoilt(draw: st.DrawFn, data: bytes, most: int = 6) -> bytes:
    """A file with up to `most` faults."""
    for _ in range(draw(st.integers(1, most))):
        data = _fault(draw, data)
    return data


def _fault(draw: st.DrawFn, data: bytes) -> bytes:
    if not data:
        return data
    place = draw(st.integers(0, len(data) - 1))
    kind = draw(st.sampled_from(["flip", "flip", "lie", "lie", "lie", "cut", "lack", "double", "swap"]))
    if kind == "flip":
        return data[:place] + bytes([data[place] ^ 1 << draw(st.integers(0, 7))]) + data[place + 1 :]
    if kind == "lie":
        width, order = draw(st.sampled_from([1, 2, 4, 4, 8])), draw(st.sampled_from(["big", "little"]))
        lie = draw(st.sampled_from(LIES)) % 256**width
        return data[:place] + lie.to_bytes(width, order) + data[place + width :]
    if kind == "cut":
        return data[:place]
    end = min(len(data), place + draw(st.integers(1, 64)))
    if kind == "lack":
        return data[:place] + data[end:]
    if kind == "double":
        return data[:end] + data[place:]
    other = draw(st.integers(0, len(data) - 1))
    return data[:place] + data[other : other + end - place] + data[end:]
