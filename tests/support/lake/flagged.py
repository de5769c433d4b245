"""Rows of the activity table as far as an episode is made of them, and the stretches at risk that they hold."""

from __future__ import annotations

from datetime import date
from random import Random

from pyspark.sql import DataFrame, SparkSession

from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from oracle.model import Row

FIRST = date(2025, 1, 1)
REASONS = ("DECLINING", "SILENT", "UNUSUAL_SILENCE")
READ = (
    "company_id",
    "activity_date",
    "is_churn_risk",
    "churn_reasons",
    "missing_user_days_7d",
    "days_since_last_active",
    "owner",
)
Table_ = dict[date, list[Row]]  # the rows of each date


def rows_on(day: date, rng: Random, companies: int) -> list[Row]:
    """A date's rows: whether a company is at risk changes seldom, so that stretches are long and end."""
    return [row_of(f"c{number}", day, rng) for number in range(companies)]


def row_of(company: str, day: date, rng: Random) -> Row:
    week = (day - FIRST).days // rng.choice((5, 9, 30))
    mood = Random(f"{company} {week}").random()
    is_risk = rng.choices((True, False, None), (3, 1, 1) if mood < 0.4 else (1, 14, 2))[0]
    silent = rng.choice((None, 0, 5, 27, 28, 40))
    return {
        "company_id": company,
        "activity_date": day,
        "is_churn_risk": is_risk,
        "churn_reasons": sorted(rng.sample(REASONS, rng.randint(1, 3))) if is_risk else [],
        "missing_user_days_7d": rng.choice((None, rng.randrange(99))),
        "days_since_last_active": silent,
        "owner": rng.choice(("Ana", "Bo", None)),
    }


def activity_frame(spark: SparkSession, table: Table_) -> DataFrame:
    rows = [tuple(row[name] for name in READ) for of_date in table.values() for row in of_date]
    columns = ", ".join(f"{name} {COMPANY_ACTIVITY_DAILY.column(name).type}" for name in READ)
    return spark.createDataFrame(rows, columns)


def hashes(table: Table_) -> dict[date, str]:
    return {day: str(hash(str(rows))) for day, rows in table.items()}
