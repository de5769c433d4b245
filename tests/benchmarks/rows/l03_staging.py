"""L3: staging the records of a date, against DuckDB doing the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness.cost import Cost
from benchmarks.harness.errors import OtherAnswer
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.pairs import cpu, in_turns, wall
from benchmarks.harness.peers import ours, theirs
from benchmarks.harness.places import LAST, NO_API, landing_of
from support.cycle.place import Place

INPUTS: Inputs = {
    "full": {"records": 1_000_000, "companies": 200_000, "pairs": 3},
    "small": {"records": 20_000, "companies": 2_000, "pairs": 2},
}
ANSWER = ("company_id", "ts", "active_users", "events")


def measure(bench: Bench) -> list[Figure]:
    """Each side reads the landed parts and writes Parquet; both must keep the same records."""
    feed = Feed(bench.inputs["companies"], bench.inputs["records"])
    with TemporaryDirectory(dir=bench.folder) as folder:
        place = Place(Path(folder), NO_API)
        feed.land(landing_of(place), LAST)
        source = parts_in(Path(folder, "landing"))
        targets = {"ours": Path(folder, "ours.parquet"), "theirs": Path(folder, "theirs.parquet")}

        def by_us() -> Cost:
            shutil.rmtree(targets["ours"], ignore_errors=True)
            return ours("stage_ours", source, targets["ours"], str(LAST)).cost

        def by_duckdb() -> Cost:
            return theirs("stage_duckdb", source, targets["theirs"], str(LAST)).cost

        pairs = in_turns(by_us, by_duckdb, bench.inputs["pairs"])
        rows = check_same(targets["ours"], targets["theirs"])
    kept = Figure("records kept by both", rows)
    return [*pairs.figures("CPU, ours/DuckDB", cpu), *pairs.figures("wall, ours/DuckDB", wall), kept]


def parts_in(landing: Path) -> Path:
    """A pattern of the landed parts; a million records are more than one part holds."""
    [folder] = {part.parent for part in landing.rglob("*.ndjson")}
    return folder / "*.ndjson"


def check_same(one: Path, other: Path) -> int:
    """How many records both files hold.

    Raises:
        OtherAnswer: if they do not hold the same ones.
    """
    answers = [answer(path) for path in (one, other)]
    if not answers[0].equals(answers[1]):
        raise OtherAnswer(f"ours keeps {answers[0].num_rows} records, DuckDB {answers[1].num_rows}, and not the same")
    return int(answers[0].num_rows)


def answer(path: Path) -> pa.Table:
    """The records of a file, in the order of their key."""
    types = pa.schema(
        [("company_id", pa.string()), ("ts", pa.timestamp("us")), ("active_users", pa.int64()), ("events", pa.int64())]
    )
    read = pq.read_table(path, columns=list(ANSWER)).select(list(ANSWER))
    local = read.set_column(1, "ts", read.column("ts").cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us")))
    return local.cast(types).sort_by([("company_id", "ascending"), ("ts", "ascending")])


ROW = Row("L3", "staging a million records, against DuckDB", INPUTS, {"full": 3, "small": 1}, measure)
