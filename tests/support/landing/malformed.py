"""Malformed usage items of many kinds, seeded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random

Maker = Callable[[Random], str]

GOOD = {"company_id": "c", "active_users": 1, "events": 2, "ts": "2025-01-01T00:00:00Z"}
NO_COUNTS = [
    '"12"',
    "12.5",
    "1e3",
    "1E400",
    "true",
    "null",
    "NaN",
    "-Infinity",
    "[]",
    "{}",
    "-1",
    "1000000001",
    "9" * 400,
]
NO_TIMES = [
    '""',
    '"yesterday"',
    '"2025-02-30"',
    '"2025-01-01T25:00"',
    '"2025-01-02"',
    '"0000-01-01"',
    "1",
    "null",
    '"2025-01-01T00:00:00+15:00"',
]
NO_IDS = ['""', '"   "', '"\\u0000"', '"\\ud800"', '"a\\tb"', "7", "null", "[1]", f'"{"x" * 65}"', f'"{"é" * 70}"']
NO_OBJECTS = ["[]", '""', "null", "1", "true", "NaN", "[[[]]]", '"{\\"company_id\\":1}"']


def with_field(name: str, texts: list[str]) -> Maker:
    def make(rng: Random) -> str:
        fields = {key: json.dumps(value) for key, value in GOOD.items()} | {name: rng.choice(texts)}
        keys = list(fields)
        rng.shuffle(keys)
        return "{" + ",".join(f'"{key}":{fields[key]}' for key in keys) + "}"

    return make


def without_fields(rng: Random) -> str:
    kept = rng.sample(sorted(GOOD), rng.randrange(4))
    return json.dumps({key: GOOD[key] for key in kept})


def named_twice(rng: Random) -> str:
    name = rng.choice(sorted(GOOD))
    return f"{json.dumps(GOOD)[:-1]}, {json.dumps(name)}: {json.dumps(GOOD[name])}}}"


def nested(rng: Random) -> str:
    depth = rng.randrange(1, 60)
    return json.dumps({**GOOD, "events": json.loads("[" * depth + "]" * depth)})


KINDS: list[Maker] = [
    with_field("active_users", NO_COUNTS),
    with_field("events", NO_COUNTS),
    with_field("ts", NO_TIMES),
    with_field("company_id", NO_IDS),
    without_fields,
    nested,
    named_twice,
    lambda rng: rng.choice(NO_OBJECTS),
]


def malformed_items(count: int, seed: int) -> Iterator[str]:
    """`count` JSON texts, none of which is a usage record."""
    rng = Random(seed)
    for number in range(count):
        yield KINDS[number % len(KINDS)](rng)
