"""CPU seconds per million usage records staged, ours beside DuckDB's for the same parse, checks and Parquet write.

    python tests/benchmarks/bench_staging.py [--records 1000000]

DuckDB reads the landed lines, applies the same rules as SQL over its JSON functions, keeps the later of each
(company_id, ts), and writes one Parquet file per date. Ours does that, and names every broken rule of a record.
Each runs in a process of its own; what is counted is the CPU time of that process's whole tree.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.processes.cpu import cpu_seconds

DAY = date(2025, 1, 1)

DUCKDB = """
COPY (
  WITH lines AS (SELECT column0 AS line FROM read_csv('{source}', columns={{'column0': 'VARCHAR'}}, delim='\\x01',
                   quote='', escape='', header=false, auto_detect=false, max_line_size=1000000)),
  typed AS (SELECT json_extract(line, '$.company_id') AS id, json_extract(line, '$.active_users') AS users,
                   json_extract(line, '$.events') AS events, json_extract_string(line, '$.ts') AS ts,
                   CAST(json_extract(line, '$._page') AS BIGINT) AS page, CAST(json_extract(line, '$._item') AS BIGINT) AS item
            FROM lines),
  good AS (SELECT trim(CAST(id ->> '$' AS VARCHAR), ' ') AS company_id, CAST(users AS BIGINT) AS active_users,
                  CAST(events AS BIGINT) AS events, try_cast(ts AS TIMESTAMPTZ) AS ts, page, item
           FROM typed
           WHERE json_type(id) = 'VARCHAR' AND json_type(users) = 'UBIGINT' AND json_type(events) = 'UBIGINT'
             AND CAST(users AS BIGINT) <= 1000000000 AND CAST(events AS BIGINT) <= 1000000000
             AND regexp_full_match(ts, '\\d{{4}}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{{1,9}})?)?(Z|[+-]\\d\\d:\\d\\d)?)?')
             AND length(trim(CAST(id ->> '$' AS VARCHAR), ' ')) BETWEEN 1 AND 64)
  SELECT company_id, ts, arg_max(active_users, (page, item)) AS active_users, arg_max(events, (page, item)) AS events
  FROM good WHERE CAST(ts AS DATE) = DATE '{day}' GROUP BY company_id, ts
) TO '{target}' (FORMAT parquet)
"""


def write_lines(path: Path, records: int) -> None:
    """Landed lines of one date: 3 % repeats, 1 % broken."""
    rng = Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(records):
            company = f"c_{rng.randrange(records * 97 // 100):07d}"
            users = '"many"' if rng.random() < 0.01 else str(rng.randrange(200))
            place = f'"_date":"{DAY}","_page":{number // 1000 + 1},"_item":{number % 1000 + 1}'
            ts = f"{DAY}T{rng.randrange(24):02d}:00:00Z"
            file.write(
                f'{{"company_id":"{company}","active_users":{users},"events":{rng.randrange(5000)},"ts":"{ts}",{place}}}\n'
            )


def ours(source: Path, target: Path) -> int:
    """Stage the lines with the product's own transforms, into Parquet."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    from company_activity.gates.reasons import split_by_reasons
    from company_activity.runtime.java import use_java
    from company_activity.transforms.usage import keep_latest_record, parse_usage

    use_java()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    began = cpu_seconds()
    lines = spark.read.option("lineSep", "\n").text(str(source)).select(
        "value", F.lit(DAY).alias("date"), F.lit(1).cast("bigint").alias("generation"), F.lit("part").alias("src_file_name"),
        F.lit(datetime(2025, 1, 2, tzinfo=UTC)).alias("src_ingested_at"),
    )  # fmt: skip
    good, _ = split_by_reasons(lines.transform(parse_usage))
    good.transform(keep_latest_record).write.parquet(str(target))
    print(json.dumps({"cpu": cpu_seconds() - began, "rows": spark.read.parquet(str(target)).count()}))
    return 0


def theirs(source: Path, target: Path) -> int:
    """The same with DuckDB."""
    import duckdb

    began = cpu_seconds()
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(DUCKDB.format(source=source, target=target, day=DAY))
    (rows,) = connection.execute(f"SELECT count(*) FROM '{target}'").fetchone() or (0,)
    print(json.dumps({"cpu": cpu_seconds() - began, "rows": rows}))
    return 0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--only", choices=("ours", "theirs"))
    options.add_argument("--source", type=Path)
    options.add_argument("--target", type=Path)
    given = options.parse_args()
    if given.only:
        return {"ours": ours, "theirs": theirs}[given.only](given.source, given.target)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "lines.ndjson")
        write_lines(source, given.records)
        found = {}
        for who in ("ours", "theirs"):
            command = [
                sys.executable,
                __file__,
                "--only",
                who,
                "--source",
                str(source),
                "--target",
                f"{folder}/{who}.parquet",
            ]
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found[who] = json.loads(told.splitlines()[-1])
    per_million = {who: one["cpu"] * 1_000_000 / given.records for who, one in found.items()}
    print(f"{given.records:,} records; rows kept: ours {found['ours']['rows']:,}, DuckDB {found['theirs']['rows']:,}")
    print(f"CPU seconds per million records: ours {per_million['ours']:.1f}, DuckDB {per_million['theirs']:.1f}, "
          f"ratio {per_million['ours'] / per_million['theirs']:.1f}")  # fmt: skip
    return 0 if found["ours"]["rows"] == found["theirs"]["rows"] else 1


if __name__ == "__main__":
    sys.exit(main())
