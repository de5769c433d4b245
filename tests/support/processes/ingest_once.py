"""One ingest as a process of its own, to be killed: URL, landing root, run id."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

from company_activity.io.landing.fetch_dates import fetch_dates

from support.landing.ingest import settings_for

if __name__ == "__main__":
    url, root, run_id = sys.argv[1:]
    settings = settings_for(url, root, landing={"part_bytes": 100_000})
    report = fetch_dates(settings, [date(2025, 3, 31)], clock=lambda: datetime.now(UTC), run_id=run_id)
    sys.exit(3 if report.error else 0)
