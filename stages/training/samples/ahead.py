"""Batches prepared ahead: threads read the next ones while the network works on this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stages.core.runtime import readers

Plan = TypeVar("Plan")
Made = TypeVar("Made")


def ahead(make: Callable[[Plan], Made], plans: Iterable[Plan], threads: int | None = None) -> Iterator[Made]:
    """`make` of each plan, in their order; `threads` (None: as the machine has them) keep one each in hand.

    Plans are drawn one after another where batches are used, and `make` is to depend on its plan alone: batches
    are the same for any number of threads. What `make` raises is raised here in its turn. No thread outlives the
    iterator: close it where it is left early.
    """
    threads = readers() if threads is None else threads
    if threads < 1:
        yield from map(make, plans)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads, "ahead") as pool:
        try:
            for plan in plans:
                waiting.append(pool.submit(make, plan))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def staged(array: NDArray[np.generic], device: torch.device) -> Tensor:
    """An array as a tensor that a copy to `device` need not wait for: in pinned memory for a GPU."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory() if device.type == "cuda" else tensor
