"""What has landed: each date of usage and each CRM file, and what was refused of it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.sql import functions as F

from company_activity.io.landing.crm_files import listed
from company_activity.io.landing.paths import PROVISIONAL
from company_activity.schemas import CRM_COMPANIES, QUARANTINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.dates import DateRange
    from company_activity.explore.reader import Reader
    from company_activity.io.landing.manifest import Manifest

COMPLETE = "complete"
MISSING = "missing"
NOT_LANDED = "not landed"
REFUSED = ("refused", "reasons")


def landed_dates(reader: Reader, dates: DateRange) -> pd.DataFrame:
    """Each date of the range as it landed; index `date`, no date left out.

    `state` is `complete`, `missing` (set aside) or `not landed`. `records` is what its manifest
    counts; it is <NA>, never 0, where the date is not complete. `staged` is the generation that
    staging has; `refused` are the quarantined records of that one, `reasons` how often each rule
    was broken. A record that broke two rules counts in both.
    """
    files = reader.landing.files()
    staged = reader.lake.staging.marks
    refused = _refused(reader.rows(QUARANTINE, dates).where("feed = 'usage'"), "date")
    rows = []
    for day in dates:
        generations = files.get(day, {})
        newest = max(generations, default=None)
        found = _unlanded(day)
        if newest is not None:
            found = _landed(reader.landing.manifest(day, newest))
            found["provisional"] = PROVISIONAL in generations[newest]
        found["staged"] = staged[day].generation if day in staged else None
        if day in staged:
            found |= dict(zip(REFUSED, refused.get(day, (0, "")), strict=True))
        rows.append(found)
    counts = ("generation", "staged", "pages", "parts", "records", "bytes", "refused")
    order = ["state", *counts[:2], "provisional", *counts[2:], "reasons", "fetched_at"]
    table = pd.DataFrame(rows, columns=["date", *order]).set_index("date")
    return table.astype(dict.fromkeys(counts, "Int64") | {"provisional": "boolean"})


def _unlanded(day: date) -> dict[str, Any]:
    return {"date": day, "state": NOT_LANDED}


def _landed(manifest: Manifest) -> dict[str, Any]:
    found = {
        "date": manifest.date,
        "state": manifest.state,
        "generation": manifest.generation,
        "fetched_at": manifest.fetched_at,
    }
    if manifest.is_complete:
        found |= {
            "pages": manifest.pages,
            "parts": len(manifest.parts),
            "records": manifest.rows,
            "bytes": sum(part.bytes for part in manifest.parts),
        }
    return found


def crm_files(reader: Reader) -> pd.DataFrame:
    """Each CRM file of the landing, by path; index `path`.

    `companies` and `snapshot` (its date) are those of staging, <NA> where the file is not staged:
    it is new, or was refused as a whole. `refused` and `reasons` are its quarantined rows.
    """
    rows = reader.rows(CRM_COMPANIES).groupBy("src_file_name")
    counted = rows.agg(F.max("file_date"), F.count("*")).collect()
    staged = {path: (snapshot, companies) for path, snapshot, companies in counted}
    refused = _refused(reader.rows(QUARANTINE).where("feed = 'crm'"), "path")
    found = []
    for entry in listed(reader.landing.storage, reader.settings.landing.crm_path):
        of_file = refused.get(entry.path, (0 if entry.path in staged else None, ""))
        size = (entry.path, entry.size, entry.modified_at)
        found.append((*size, *staged.get(entry.path, (None, None)), *of_file))
    columns = ["path", "bytes", "written_at", "snapshot", "companies", *REFUSED]
    table = pd.DataFrame(found, columns=columns).set_index("path")
    return table.astype({"companies": "Int64", "refused": "Int64"})


def _refused(quarantined: DataFrame, by: str) -> dict[Any, tuple[int, str]]:
    """How many records were refused per date or path, and how often for each reason."""
    records: dict[Any, int] = dict(quarantined.groupBy(by).count().collect())
    reasons = quarantined.select(by, F.explode("reasons").alias("reason"))
    broken: dict[Any, list[str]] = defaultdict(list)
    for key, reason, count in reasons.groupBy(by, "reason").count().orderBy("reason").collect():
        broken[key].append(f"{reason} {count:,}")
    return {key: (count, ", ".join(broken[key])) for key, count in records.items()}
