"""Landed usage → `stg.product_usage` and `quarantine.records`: each record kept once, or aside with its reasons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.checks import split_by_reasons
from company_activity.errors import ImbalanceError
from company_activity.fields import RULES_VERSION
from company_activity.io.lake.delta import dates_predicate, replace_where
from company_activity.io.landing.usage_frame import read_landed_lines
from company_activity.planner import dates_to_stage, mark
from company_activity.report import StepReport
from company_activity.schemas import PRODUCT_USAGE, QUARANTINE
from company_activity.transforms.usage import keep_latest_record, parse_usage, usage_quarantine

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.io.landing.manifest import Manifest
    from company_activity.run import Run


def stage_usage(run: Run) -> StepReport:
    """Stage the newest generation of every date that is not staged yet; a date that became missing is emptied."""
    state = run.state_of(PRODUCT_USAGE)
    dates = dates_to_stage(run.landing.generations(), state)
    if not dates:
        return StepReport("stage_usage", "nothing", notes=["every landed date is staged"])
    newest = [manifest for day in dates if (manifest := run.landing.newest(day))]
    complete = [manifest for manifest in newest if manifest.state == "complete"]
    parsed = read_landed_lines(run.spark, run.landing, complete).transform(parse_usage).cache()
    good, broken = split_by_reasons(parsed)
    records = good.transform(keep_latest_record).cache()
    counts = reconcile(complete, parsed, records)
    lake = run.settings.lake.root
    quarantined = broken.transform(usage_quarantine, RULES_VERSION, run.run_id)
    of_usage = f"feed = 'usage' AND {dates_predicate('date', dates)}"
    replace_where(quarantined, lake, QUARANTINE, of_usage, None)
    marks = {str(m.date): mark(m.generation, m.content_digest if m in complete else None) for m in newest}
    staged = {"dates": {**state.get("dates", {}), **marks}, "rules_version": RULES_VERSION}
    replace_where(records, lake, PRODUCT_USAGE, dates_predicate("date", dates), staged)
    report = StepReport("stage_usage", counts={"dates": len(dates), **counts}, warnings=drift(parsed))
    parsed.unpersist()
    records.unpersist()
    return report


def reconcile(manifests: Iterable[Manifest], parsed: DataFrame, records: DataFrame) -> dict[str, int]:
    """Landed = accepted + duplicates + quarantined, by date; and each part holds the lines its manifest counts.

    Raises:
        ImbalanceError: naming the part or the date, with both figures.
    """
    is_broken = F.when(F.size("reasons") > 0, 1)
    lines = parsed.groupBy("src_file_name").agg(F.count("*").alias("lines"), F.count(is_broken).alias("quarantined"))
    by_part = {row["src_file_name"]: row for row in lines.collect()}
    kept = records.groupBy("date").agg(F.count("*").alias("accepted"), F.sum("copies").alias("copies"))
    by_date = {row["date"]: row for row in kept.collect()}
    total = {"landed": 0, "accepted": 0, "duplicates": 0, "quarantined": 0}
    for manifest in manifests:
        found = [by_part[part.path] for part in manifest.parts if part.path in by_part]
        quarantined = sum(row["quarantined"] for row in found)
        accepted, copies = by_date[manifest.date][1:] if manifest.date in by_date else (0, 0)
        for part in manifest.parts:
            _must_equal(f"lines of {part.path}", by_part[part.path]["lines"] if part.path in by_part else 0, part.rows)
        _must_equal(f"records of {manifest.date}", copies + quarantined, manifest.rows)
        counted = (manifest.rows, accepted, copies - accepted, quarantined)
        total = {name: total[name] + more for name, more in zip(total, counted, strict=True)}
    return total


def _must_equal(what: str, found: int, landed: int) -> None:
    if found != landed:
        raise ImbalanceError(
            f"{what}: staging found {found}, the manifest counts {landed}",
            remedy="if the landing was touched, restore it or ingest the date again; else report it",
        )


def drift(parsed: DataFrame) -> list[str]:
    """A warning that names the fields beyond the contract, where there are any."""
    names = sorted(row["name"] for row in parsed.select(F.explode("extras").alias("name")).distinct().collect())
    return [f"usage items carry fields beyond the contract, kept in raw_json: {', '.join(names)}"] if names else []
