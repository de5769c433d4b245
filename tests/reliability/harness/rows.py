"""The rows of the table that `make reliability` prints: what each shows, and how many cases it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A line of the table.

    `goal` cases of it have to pass, each named by a key of its own. `selects` is what pytest runs for them, below `tests`.
    """

    name: str
    shows: str
    goal: int
    unit: str
    selects: tuple[str, ...]


ROWS = (
    Row("K2", "SIGKILL at a random moment of the ingest", 300, "kills", ("reliability/ingest/test_ingest_kill.py",)),
    Row("P1", "PostgreSQL cut off anywhere in a publish", 200, "cuts", ("reliability/publish/test_publish_cuts.py",)),
    Row(
        "P2", "a publish beside its readers, and beside another of the same dates", 3, "tests", ("reliability/publish",)
    ),
    Row("O1", "input that arrives in another order", 10, "tests", ("reliability/order",)),
    Row(
        "H1",
        "no hostile text is active in what is written",
        200,
        "texts",
        ("reliability/hostile/test_texts.py", "reliability/hostile/texts.py"),
    ),
    Row(
        "H2",
        "a bomb is refused within 64 MB",
        28,
        "bombs",
        ("reliability/hostile/test_bombs.py", "reliability/hostile/bombs.py"),
    ),
    Row("H3", "no path leads out of the folders", 85, "paths", ("reliability/hostile/test_traversal.py",)),
    Row("C1", "no secret anywhere but where it belongs", 30, "canaries", ("reliability/secrets",)),
    Row("G1", "a crash between two commits", 7, "crashes", ("reliability/gates/test_crash_between_commits.py",)),
    Row("B1", "malformed input by the thousand", 1, "tests", ("transforms/test_malformed_usage.py",)),
    Row(
        "B2", "the fast path of lines beside the parser, a million of them", 1, "tests", ("records/test_plain_line.py",)
    ),
)

# Tests that take their count from the environment, and are short without it.
COUNTS = {
    "ORDERS": "100",
    "CRASHES": "7",
    "PUBLISHES": "100",
    "DOUBLE_PUBLISHES": "200",
    "MALFORMED": "200000",
    "FUZZ_LINES": "1000000",
}


def rows_named(names: str) -> list[Row]:
    """The rows of a comma-separated list; all of them where it is empty.

    >>> [row.name for row in rows_named("k2")]
    ['K2']

    Raises:
        ValueError: if one is no row.
    """
    wanted = {name.strip().upper() for name in names.split(",") if name.strip()}
    unknown = wanted - {row.name for row in ROWS}
    if unknown:
        raise ValueError(f"no row {', '.join(sorted(unknown))}; rows are {', '.join(row.name for row in ROWS)}")
    return [row for row in ROWS if not wanted or row.name in wanted]
