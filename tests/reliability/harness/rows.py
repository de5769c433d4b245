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


# What the rows of storage faults are told with: their outcomes hang on it too.
TOLD = ("reliability/storage/stories", "reliability/storage/judging.py")

ROWS = (
    Row("K1", "SIGKILL before and after each commit point", 254, "kills", ("reliability/kills/points",)),
    Row("K2", "SIGKILL at a random moment of the ingest", 300, "kills", ("reliability/ingest/test_ingest_kill.py",)),
    Row(
        "N1",
        "the connection to the usage API fails, also under TLS",
        568,
        "faults",
        ("reliability/network/test_api.py",),
    ),
    Row("N2", "the connection to PostgreSQL fails", 128, "faults", ("reliability/network/test_postgres.py",)),
    Row("N3", "the connection to the mail server fails", 351, "faults", ("reliability/network/test_mail.py",)),
    Row(
        "N4", "the connection to a webhook or to Teams fails", 247, "faults", ("reliability/network/test_webhooks.py",)
    ),
    Row("N5", "a name does not resolve, for a while or for good", 10, "names", ("reliability/network/test_names.py",)),
    Row(
        "S1",
        "EIO and ENOSPC at every call that writes to the landing, records, messages and notes",
        1500,
        "failed calls",
        (*TOLD, "reliability/storage/test_failing_calls.py", "reliability/storage/injection.py"),
    ),
    Row(
        "S2",
        "a full disk: each story with so many pages or files left, and a whole run with Spark",
        230,
        "full disks",
        (
            *TOLD,
            *(
                f"reliability/storage/{name}.py"
                for name in ("test_full_disk", "test_cycle_on_a_full_disk", "small_disk")
            ),
        ),
    ),
    Row(
        "S3",
        "a blob store that refuses, dawdles, breaks off or forgets to answer",
        1900,
        "faulty requests",
        (*TOLD, "reliability/storage/test_faulty_store.py", "reliability/storage/faulty_store.py"),
    ),
    Row("A1", "random actions, judged by a model", 16, "sequences", ("reliability/actions",)),
    Row("K3", "SIGKILL at a random moment of a whole run", 50, "kills", ("reliability/kills/moments",)),
    Row("P1", "PostgreSQL cut off anywhere in a publish", 200, "cuts", ("reliability/publish/test_publish_cuts.py",)),
    Row(
        "P2", "a publish beside its readers, and beside another of the same dates", 3, "tests", ("reliability/publish",)
    ),
    Row("R1", "commands at once on a lake on a disk", 22, "races", ("reliability/races/test_races_on_a_disk.py",)),
    Row("R2", "commands at once on a lake in blob storage", 8, "races", ("reliability/races/test_races_in_blobs.py",)),
    Row(
        "R3",
        "a run that stood still is fenced; without lock, check or fence it does harm",
        8,
        "races",
        ("reliability/races/test_fences.py", "reliability/races/test_stopped_holder.py"),
    ),
    Row("F1", "hostile input by coverage, ten minutes a target", 4, "targets", ("reliability/fuzz",)),
    Row("D1", "packages and jars are what was locked", 36, "checks", ("reliability/supply",)),
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
    Row(
        "M1",
        "small changes of the code are noticed by its tests",
        4,
        "rooms",
        (
            "reliability/mutants",
            "io",
            "operations",
            "planning",
            "settings",
            "steps",
            "test_errors.py",
            "test_state_size.py",
        ),
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
