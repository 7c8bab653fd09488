from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from stages.core.errors import UserError
from stages.training.samples.ahead import ahead


def slow_square(number: int) -> int:
    """Later ones are done sooner."""
    time.sleep(0.002 * (5 - number % 5))
    return number * number


def alive() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]


@pytest.mark.parametrize("threads", [0, 1, 3, 20])
def test_order_and_values_are_those_of_the_plans(threads: int) -> None:
    assert list(ahead(slow_square, range(10), threads)) == [number * number for number in range(10)]
    assert not alive()


@pytest.mark.parametrize("threads", [1, 3])
def test_the_next_ones_are_made_before_they_are_asked_for(threads: int) -> None:
    begun = [threading.Event() for _ in range(5)]

    def make(number: int) -> int:
        begun[number].set()
        return number

    made = ahead(make, range(5), threads)
    assert next(made) == 0
    assert all(event.wait(5) for event in begun[: threads + 1])
    assert not begun[-1].is_set()
    made.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_an_error_is_raised_in_its_turn_and_leaves_no_thread(threads: int) -> None:
    def make(number: int) -> int:
        if number == 3:
            raise UserError("faces/a.npy: missing")
        return number

    seen = []
    with pytest.raises(UserError, match=r"faces/a\.npy"):
        for value in ahead(make, range(8), threads):
            seen.append(value)
    assert seen == [0, 1, 2] and not alive()


@pytest.mark.parametrize("threads", [1, 3])
def test_one_that_is_left_early_leaves_no_thread(threads: int) -> None:
    def outer() -> Iterator[int]:
        yield from (value + 1 for value in ahead(slow_square, range(100), threads))

    made = outer()
    assert next(made) == 1 and alive()
    made.close()  # type: ignore[attr-defined]
    assert not alive()


def test_plans_are_drawn_no_further_than_they_are_used() -> None:
    drawn: list[int] = []

    def plans() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    made = ahead(slow_square, plans(), 2)
    next(made)
    made.close()  # type: ignore[attr-defined]
    assert len(drawn) <= 4
