"""Landed usage lines → typed records, each kept once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.records.usage import UsageRecord, parse_line

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

PARSED = (
    "date date, generation bigint, src_file_name string, src_ingested_at timestamp, page bigint, item bigint, "
    "raw string, company_id string, active_users bigint, events bigint, ts_micros bigint, "
    "extras array<string>, reasons array<string>"
)
VALUES = ("active_users", "events")


def parse_usage(lines: DataFrame) -> DataFrame:
    """Read each landed line strictly.

    Shape: `value, date, generation, src_file_name, src_ingested_at` in; those but `value`, and the record's
    fields, `extras` and `reasons` (empty where the record is good) out. One row a line.
    """
    carried = ["date", "generation", "src_file_name", "src_ingested_at"]
    parsed = lines.select("value", *carried).mapInArrow(_parse_batches, PARSED)
    return parsed.withColumn("ts", F.timestamp_micros("ts_micros")).drop("ts_micros")


def _parse_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in batches:
        records = [parse_line(line) for line in batch.column("value").to_pylist()]
        carried = [batch.column(name) for name in ("date", "generation", "src_file_name", "src_ingested_at")]
        yield pa.RecordBatch.from_arrays([*carried, *_columns(records)], names=_names())


def _names() -> list[str]:
    return [declared.split()[0] for declared in PARSED.split(", ")]


def _columns(records: list[UsageRecord]) -> list[pa.Array]:
    import pyarrow as pa

    return [
        pa.array([r.page for r in records], pa.int64()),
        pa.array([r.item for r in records], pa.int64()),
        pa.array([r.raw for r in records], pa.string()),
        pa.array([r.company_id for r in records], pa.string()),
        pa.array([r.active_users for r in records], pa.int64()),
        pa.array([r.events for r in records], pa.int64()),
        pa.array([r.ts for r in records], pa.int64()),
        pa.array([r.extras for r in records], pa.list_(pa.string())),
        pa.array([r.reasons for r in records], pa.list_(pa.string())),
    ]


def keep_latest_record(accepted: DataFrame) -> DataFrame:
    """One record per date, company and ts: the later by page and item.

    `has_conflict` where the counts of its copies differ; `copies` is how many there were, itself included. The
    instant is the identity, not its notation: `…T02:00+02:00` and `…T00:00Z` are one.
    """
    carried = ["page", "item", *VALUES, "src_ingested_at", "src_file_name", "generation", "raw_json"]
    with_extras = F.when(F.size("extras") > 0, F.col("raw"))
    differs = F.lit(False)
    for name in VALUES:
        differs = differs | (F.min(name) != F.max(name))
    latest = F.max(F.struct(*carried)).alias("latest")
    return (
        accepted.withColumn("raw_json", with_extras)
        .groupBy("date", "company_id", "ts")
        .agg(latest, differs.alias("has_conflict"), F.count("*").alias("copies"))
        .select("company_id", "date", "ts", "latest.*", "has_conflict", "copies")
    )


def usage_quarantine(broken: DataFrame, rules_version: str, run_id: str) -> DataFrame:
    """`quarantine.records` rows of parsed usage that broke a rule."""
    return broken.select(
        F.lit("usage").alias("feed"),
        "date",
        F.col("src_file_name").alias("path"),
        "generation",
        "page",
        "item",
        F.lit(None).cast("bigint").alias("line"),
        "company_id",
        "reasons",
        "raw",
        F.lit(rules_version).alias("rules_version"),
        F.lit(run_id).alias("run_id"),
    )
