"""The activity table against the plain-Python oracle, on random histories that share one calendar."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.checks import split_by_reasons
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, CRM_COMPANIES
from company_activity.settings import MetricSettings
from company_activity.transforms.activity import ActivityInputs, build_activity
from company_activity.transforms.calendar import CALENDAR, calendar_rows
from company_activity.transforms.companies import build_companies
from company_activity.transforms.history import build_history
from company_activity.transforms.usage import keep_latest_record, parse_usage

from oracle.cases import History, merge, random_worlds
from oracle.world import World, build, newest_generations
from support.compare import differences
from support.frames import dictionaries, frame, usage_lines

COLUMNS = [c for c in COMPANY_ACTIVITY_DAILY.column_names if c not in COMPANY_ACTIVITY_DAILY.unhashed]


def activity_of(spark: SparkSession, history: History, world: World, *, by_slices: bool) -> DataFrame:
    """Run the real transforms: usage from its landed lines on, CRM from the oracle's staged rows on."""
    landed, _ = history
    newest = {day.date: day for day in newest_generations(landed) if day.items is not None}
    parsed = usage_lines(spark, newest.values()).transform(parse_usage).cache()
    accepted, refused = split_by_reasons(parsed)
    usage = accepted.transform(keep_latest_record).cache()
    snapshots = frame(spark, CRM_COMPANIES, world.staged_crm)
    inputs = ActivityInputs(
        calendar=spark.createDataFrame(calendar_rows(newest, newest), CALENDAR),
        companies=build_companies(snapshots, usage),
        history=build_history(snapshots),
        usage=usage,
        quarantined=refused.where("company_id IS NOT NULL").select("date", "company_id"),
    )
    return build_activity(inputs, MetricSettings(), by_slices=by_slices)


@pytest.mark.parametrize("seed", range(3))
def test_staged_records_and_quarantine_are_as_the_oracle_says(spark: SparkSession, seed: int) -> None:
    landed, snapshots = merge(random_worlds(100 + seed, 20))
    world = build(landed, snapshots)
    newest = [day for day in newest_generations(landed) if day.items is not None]
    parsed = usage_lines(spark, newest).repartition(7).transform(parse_usage).cache()
    good, broken = split_by_reasons(parsed)
    key = ("date", "page", "item")
    columns = ["company_id", "active_users", "events", "ts", "generation", "raw_json"]
    expected = {tuple(row[name] for name in key): row for row in world.staged_usage}
    found = {tuple(row[name] for name in key): row for row in dictionaries(good.transform(keep_latest_record))}
    assert found.keys() == expected.keys()
    assert not [told for at in expected if (told := differences(expected[at], found[at], columns))]
    refused = sorted(
        (r["date"], r["page"], r["item"], r["reasons"], r["raw"]) for r in world.quarantine if r["source"] == "usage"
    )
    assert sorted((r.date, r.page, r.item, r.reasons, r.raw) for r in broken.collect()) == refused


@pytest.mark.parametrize("by_slices", [True, False], ids=["slices", "windows"])
@pytest.mark.parametrize("seed", range(3))
def test_every_column_is_as_the_oracle_says(spark: SparkSession, seed: int, by_slices: bool) -> None:
    history = merge(random_worlds(seed, 20))
    world = build(*history)
    expected = {(r["company_id"], r["activity_date"]): r for r in world.activity}
    table = activity_of(spark, history, world, by_slices=by_slices)
    found = {(r["company_id"], r["activity_date"]): r for r in dictionaries(table)}
    assert found.keys() == expected.keys()
    wrong = {key: told for key in expected if (told := differences(expected[key], found[key], COLUMNS))}
    assert not wrong, list(wrong.items())[:5]
