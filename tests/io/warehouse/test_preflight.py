"""A warehouse that cannot take our rows as they are is refused, by name, before anything is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import PublishError
from company_activity.io.warehouse.preflight import prepare
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, SERVED_TABLES
from company_activity.io.warehouse.warehouse import Warehouse, open_warehouse
from company_activity.settings.model import Settings

from support.warehouse.tables import NOW, execute

TEXT = {"h2": "VARCHAR(2048)", "postgres": 'VARCHAR(1024) COLLATE "C"', "azuresql": "NVARCHAR(2048)"}
ALTER_TYPE = {"h2": "SET DATA TYPE", "postgres": "TYPE", "azuresql": ""}


# T-SQL has other words for the same changes.
same_words = pytest.mark.parametrize("settings", ["h2", "postgres"], indirect=True)


def retyped(engine: str, column: str, type_: str) -> str:
    return f"ALTER TABLE dim.companies ALTER COLUMN {column} {ALTER_TYPE[engine]} {type_}"


def dropped(column: str) -> Callable[[str], list[str]]:
    return lambda engine: [f"ALTER TABLE dim.companies DROP COLUMN {column}"]


def narrowed(column: str, type_: str) -> Callable[[str], list[str]]:
    return lambda engine: [retyped(engine, column, type_)]


@same_words
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (dropped("industry_tag"), "dim.companies.industry_tag is missing"),
        (narrowed("name", "VARCHAR(100)"), r"dim.companies.name is .*\(100\), narrower than"),
        (narrowed("first_seen_date", "VARCHAR(10)"), "dim.companies.first_seen_date is .*, narrower than DATE"),
        (narrowed("updated_at", "TIMESTAMP(3)"), r"dim.companies.updated_at is TIMESTAMP.*\(3\), narrower"),
        (
            lambda engine: ["ALTER TABLE dim.companies ALTER COLUMN country SET NOT NULL"],
            "dim.companies.country is NOT NULL, but the lake has NULLs in it",
        ),
        (
            lambda engine: ["ALTER TABLE dim.companies ADD COLUMN rating VARCHAR(9) DEFAULT 'x' NOT NULL",
                            "ALTER TABLE dim.companies ALTER COLUMN rating DROP DEFAULT"],
            "dim.companies.rating is not ours, NOT NULL and without a default",
        ),
    ],
)  # fmt: skip
def test_a_difference_is_named(warehouse: Warehouse, change: Callable[[str], list[str]], problem: str) -> None:
    execute(warehouse, change(warehouse.dialect.name))
    with pytest.raises(PublishError, match=problem):
        prepare(warehouse, SERVED_TABLES, NOW, may_migrate=True)


def test_a_key_that_folds_case_is_refused(warehouse: Warehouse) -> None:
    folding = {
        "h2": "VARCHAR_IGNORECASE(128)",
        "postgres": 'VARCHAR(64) COLLATE "en-x-icu"',
        "azuresql": "NVARCHAR(128) COLLATE Latin1_General_CI_AS NOT NULL",
    }[warehouse.dialect.name]
    drop = "ALTER TABLE dim.companies DROP CONSTRAINT pk_companies"
    execute(warehouse, [drop, retyped(warehouse.dialect.name, "company_id", folding)])
    with pytest.raises(PublishError, match="dim.companies.company_id is a key without a binary collation"):
        prepare(warehouse, [DIMENSION], NOW, may_migrate=True)


def test_columns_of_others_do_not_matter(warehouse: Warehouse) -> None:
    execute(warehouse, ["ALTER TABLE dim.companies ADD region VARCHAR(9) NULL"])
    prepare(warehouse, SERVED_TABLES, NOW, may_migrate=False)


@same_words
def test_every_difference_is_named_at_once(warehouse: Warehouse) -> None:
    execute(warehouse, [*dropped("country")(""), "ALTER TABLE analytics.company_activity_daily DROP COLUMN events"])
    with pytest.raises(PublishError, match=r"dim.companies.country is missing; analytics.*events is missing"):
        prepare(warehouse, SERVED_TABLES, NOW, may_migrate=False)


def test_an_empty_database_is_refused_where_it_may_not_be_made_unasked(spark: SparkSession, settings: Settings) -> None:
    warehouse = open_warehouse(spark, settings)
    with pytest.raises(PublishError, match=r"lacks 001_schemas.sql, .*004_company_activity_daily.sql") as refused:
        prepare(warehouse, SERVED_TABLES, NOW, may_migrate=False)
    assert refused.value.remedy == "company-activity migrate"
    assert refused.value.exit_code == 5


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_a_database_that_cannot_be_reached_is_exit_5(spark: SparkSession, settings: Settings) -> None:
    nowhere = replace(settings, sql=replace(settings.sql, url="jdbc:postgresql://127.0.0.1:1/x"))
    slept: list[float] = []
    with pytest.raises(PublishError, match="preparing the warehouse at jdbc:postgresql://127.0.0.1:1/x: Connection"):
        prepare(replace(open_warehouse(spark, nowhere), sleep=slept.append), [ACTIVITY], NOW, may_migrate=True)
    assert sum(slept) == pytest.approx(120)  # a server that starts refuses connections too


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"user": "nobody"}, 'role "nobody" does not exist'),
        ({"url": "jdbc:postgresql://no-such-host.invalid/x"}, "The connection attempt failed"),
        ({"url": "jdbc:sqlserver://no-such-host.invalid"}, "no-such-host.invalid"),
    ],
)
def test_what_will_not_pass_is_not_waited_for(
    spark: SparkSession, settings: Settings, given: dict[str, Any], said: str
) -> None:
    slept: list[float] = []
    refused = replace(settings, sql=replace(settings.sql, **given))
    with pytest.raises(PublishError, match=said):
        prepare(replace(open_warehouse(spark, refused), sleep=slept.append), [ACTIVITY], NOW, may_migrate=True)
    assert slept == []
