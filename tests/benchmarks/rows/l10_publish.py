"""L10: publishing to PostgreSQL, against Spark's own append in wall, and against dlt in the client's CPU."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from benchmarks.harness.cost import Cost
from benchmarks.harness.errors import NotHere, OtherAnswer
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.pairs import Pairs, cpu, wall
from benchmarks.harness.peers import ours, theirs
from support.warehouse.postgres import Cluster, installed, running

INPUTS: Inputs = {"full": {"rows": 1_000_000, "pairs": 3}, "small": {"rows": 20_000, "pairs": 2}}
# The table of one side is vacuumed when it has been filled, in the time of the other.
OPTIONS = ("-c", "autovacuum=off")
COMPARED = (
    "company_id, activity_date::date, events, active_users, churn_reasons, engagement_score::numeric(20, 6),"
    " is_churn_risk, company_name"
)


def measure(bench: Bench) -> list[Figure]:
    """Publish and append in turns in one warm session, then dlt with the same rows."""
    programs = installed()
    if programs is None:
        raise NotHere("no PostgreSQL; run: apt-get install postgresql")
    rows = bench.inputs["rows"]
    with TemporaryDirectory(dir=bench.folder) as name, running(programs, OPTIONS) as cluster:
        folder = Path(name)
        url = cluster.new_database()
        arguments = (url, str(rows), str(bench.inputs["pairs"]), folder, str(cluster.programs), str(cluster.port))
        told = ours("publish_ours", *arguments).told
        if told["differing"]:
            raise OtherAnswer(f"{told['differing']} rows were published otherwise than Spark appends them")
        plain = url.replace("jdbc:postgresql://", "postgresql://postgres:unasked@")  # dlt insists on a password
        dlt = [load(cluster, plain, folder, turn) for turn in range(bench.inputs["pairs"])]
    appended = Pairs(costs(told["publishes"]), costs(told["appends"]))
    loaded = Pairs(costs(told["publishes"]), tuple(dlt))
    per_row = median(cost.cpu for cost in loaded.ours) / rows * 1e6
    return [
        *loaded.figures("CPU per row, ours/dlt", cpu),
        *appended.figures("wall, publish/append", wall),
        *appended.figures("CPU, publish/append", cpu),
        Figure("CPU per row", per_row, "µs"),
    ]


def costs(told: list[dict[str, Any]]) -> tuple[Cost, ...]:
    """What a program measured, turn by turn."""
    return tuple(Cost(one["cpu"], one["wall"], 0, "") for one in told)


def load(cluster: Cluster, url: str, folder: Path, turn: int) -> Cost:
    """dlt's load of the same Parquet, from when it is imported.

    Raises:
        OtherAnswer: if what it loads is not what we serve.
    """
    database = url.rpartition("/")[2]
    cluster.sql("DROP SCHEMA IF EXISTS by_dlt CASCADE", database)
    own = folder / f"dlt-{turn}"
    own.mkdir()
    cost = theirs("load_dlt", url, folder / "rows.parquet", own).cost
    sides = [f"SELECT {COMPARED} FROM {table}" for table in (COMPANY_ACTIVITY_DAILY.name, "by_dlt.activity")]
    counted = [cluster.sql(f"SELECT count(*) FROM ({side}) AS one", database) for side in sides]
    differing = cluster.sql(f"SELECT count(*) FROM ({' EXCEPT ALL '.join(sides)}) AS missing", database)
    if counted[0] != counted[1] or differing != "0":
        raise OtherAnswer(f"dlt loads {counted[1]} rows, we serve {counted[0]}; {differing} of them differ")
    return cost


ROW = Row("L10", "a million rows to PostgreSQL", INPUTS, {"full": 4, "small": 2}, measure)
