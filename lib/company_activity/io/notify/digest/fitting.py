"""How much of a digest fits."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence


def most_that_fits(most: int, fits: Callable[[int], bool]) -> int:
    """The greatest number up to `most` that fits; 0 is taken to.

    >>> most_that_fits(2000, lambda number: number * 7 <= 100), most_that_fits(9, lambda _: True)
    (14, 9)
    """
    return bisect.bisect_left(range(1, most + 1), True, key=lambda number: not fits(number))


def packed(sizes: Sequence[int], room: int) -> Iterator[slice]:
    """Neighbours packed together, as many as there is room for; one that is too large stands alone.

    >>> [(page.start, page.stop) for page in packed([4, 4, 4, 9, 1], 8)]
    [(0, 2), (2, 3), (3, 4), (4, 5)]
    >>> list(packed([], 8))
    []
    """
    first = 0
    used = 0
    for index, size in enumerate(sizes):
        if index > first and used + size > room:
            yield slice(first, index)
            first = index
            used = 0
        used += size
    if sizes:
        yield slice(first, len(sizes))
