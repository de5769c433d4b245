"""Random changes of seeds, where no coverage leads: what `make test` runs."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from reliability.fuzz.targets import Target
from reliability.harness.cases import spread

MOST_BYTES = 4096


def seeds_of(target: Target, count: int) -> list[bytes]:
    """Seeds, evenly spread, the last among them: there stands what was found once."""
    return spread(list(target.seeds())[::-1], count)[::-1]


def inputs(target: Target, count: int, rng: Random) -> Iterator[bytes]:
    """Random seeds, each changed in a few places."""
    seeds = list(target.seeds())
    for _ in range(count):
        yield changed(rng.choice(seeds), target.words, rng)[:MOST_BYTES]


def changed(data: bytes, words: tuple[bytes, ...], rng: Random) -> bytes:
    """A byte or a piece put in, taken out, doubled or replaced, one to four times."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        past = min(len(data), at + rng.choice((0, 0, 1, 1, 2, 8, 40)))
        new = rng.choice((b"", rng.randbytes(1), rng.choice(words), rng.choice(words), data[at:past] * 2))
        data = data[:at] + new + data[past:]
    return data
