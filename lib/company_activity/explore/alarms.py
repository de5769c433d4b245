"""A true alarm, a false one and a miss among known churns: three companies, each chosen by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.explore.reader import as_pandas
from company_activity.records.churned import read_churned
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

if TYPE_CHECKING:
    from company_activity.dates import DateRange
    from company_activity.explore.reader import Reader

BEFORE_DAYS = 14  # a flag so long before the last active day is about the churn
AFTER_DAYS = 30


@dataclass(frozen=True)
class Alarm:
    """A company, what it is an example of, and why.

    `last_active` is its last day of use before the churn; None where it did not churn.
    """

    kind: str
    company_id: str
    why: str
    last_active: date | None = None


def churned_companies(file: str) -> dict[str, date]:
    """When each company of a CSV (`company_id, churned_on`) churned; none where there is no such file.

    Raises:
        UsageError: if a line of it is not as it should be, as `backtest` says it.
    """
    if not Path(file).is_file():
        return {}
    return dict(read_churned(Path(file)).dates)


def alarms_on(reader: Reader, dates: DateRange, churned: Mapping[str, date]) -> list[Alarm]:
    """The examples among these dates; none of a kind that there is not, and none at all without known churns.

    A churn counts whose last active day has 60 days before it in the table, and of whose 14 days before it and 30
    after it all are among the dates.
    """
    if not churned:
        return []
    rows = reader.rows(COMPANY_ACTIVITY_DAILY, dates)
    risky = as_pandas(rows.where("is_churn_risk").select("company_id", "activity_date"))
    last_of_row = F.date_sub("activity_date", F.col("days_since_last_active").cast("int"))
    of_churned = rows.where(F.col("company_id").isin(list(churned)))
    active = as_pandas(of_churned.select("company_id", "activity_date", last_of_row.alias("last")))
    is_by_churn = active["activity_date"] <= active["company_id"].map(churned)
    last_active = active[is_by_churn].dropna().groupby("company_id")["last"].max()
    first = min(reader.lake.activity.dates) + timedelta(days=HORIZON_DAYS - 1)
    begin = max(first, dates.first + timedelta(days=BEFORE_DAYS))
    end = dates.last - timedelta(days=AFTER_DAYS)
    is_known = last_active.map(lambda day: begin <= day <= end).astype(bool)
    return list(chosen_of(risky, last_active[is_known], set(churned)))


def chosen_of(risky: pd.DataFrame, last_active: pd.Series, churned: set[str]) -> Iterator[Alarm]:
    """The three, from the days at risk and the last active day of each churned company.

    The true alarm came first of all before the last active day; the false one lasted longest, of a company that did
    not churn; the miss was not at risk by the last active day, and not for the longest time after it. The smaller id
    decides where several are alike.

    >>> days = [("a", 3), ("b", 9), ("c", 2), ("c", 3), ("d", 4)]
    >>> risky = pd.DataFrame([(one, date(2025, 3, n)) for one, n in days], columns=["company_id", "activity_date"])
    >>> last_active = pd.Series({"a": date(2025, 3, 5), "b": date(2025, 3, 6)})
    >>> for alarm in chosen_of(risky, last_active, {"a", "b"}):
    ...     print(alarm.kind, alarm.company_id, "-", alarm.why)
    true alarm a - at risk 2 days before its last active day, 5 Mar
    false alarm c - at risk on 2 days, did not churn
    miss b - at risk only 3 days after its last active day, 6 Mar
    """
    flags = first_flags(risky, last_active)
    by_first = sorted((flag, company_id) for company_id, flag in flags.items())
    if by_first and by_first[0][0] <= 0:
        flag, company_id = by_first[0]
        day = last_active[company_id]
        yield Alarm("true alarm", company_id, f"at risk {-flag} days before {_of(day)}", day)
    calm = risky[~risky["company_id"].isin(churned)]
    lengths = sorted((-count, one) for one, count in calm["company_id"].value_counts().items())
    if lengths:
        count, company_id = lengths[0]
        yield Alarm("false alarm", company_id, f"at risk on {-count} days, did not churn")
    late = sorted((-flag, one) for flag, one in by_first if flag > 0)
    if late:
        flag, company_id = late[0]
        day = last_active[company_id]
        never = -flag > AFTER_DAYS
        found = "never at risk around" if never else f"at risk only {-flag} days after"
        yield Alarm("miss", company_id, f"{found} {_of(day)}", day)


def _of(day: date) -> str:
    return f"its last active day, {day.day} {day:%b}"


def first_flags(risky: pd.DataFrame, last_active: pd.Series) -> dict[str, int]:
    """How many days after its last active day each churned company was first at risk, from 14 days before it on.

    31 where it was not within 30 days after it.
    """
    found = dict.fromkeys(last_active.index, AFTER_DAYS + 1)
    near = risky[risky["company_id"].isin(last_active.index)]
    for company_id, day in near.itertuples(index=False):
        days = (day - last_active[company_id]).days
        if days >= -BEFORE_DAYS:
            found[company_id] = min(found[company_id], days)
    return found


def alarm_table(alarms: list[Alarm]) -> pd.DataFrame:
    """The examples as a table; empty where there are none."""
    rows = [(alarm.kind, alarm.company_id, alarm.why) for alarm in alarms]
    return pd.DataFrame(rows, columns=["example of", "company_id", "why"])
