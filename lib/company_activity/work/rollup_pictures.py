"""What the page draws of the roll-ups: one query, and never more rows than a page can show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.report.model import Retention, SegmentDay
from company_activity.schemas import RETENTION_MONTHLY, SEGMENT_ACTIVITY_DAILY
from company_activity.transforms.rollup_pictures import cohorts_of_months, segments_by_date

if TYPE_CHECKING:
    from company_activity.run import Run

DAYS = 90
MOST_SEGMENTS = 6  # by name; the others together are one more picture
MOST_MONTHS = 12  # of cohorts, and of months


@dataclass(frozen=True)
class RollupPictures:
    """What the roll-ups have to draw: segments by date, cohorts by month, each in order; none where there are none."""

    segments: tuple[SegmentDay, ...] = ()
    retention: tuple[Retention, ...] = ()


def rollup_pictures(run: Run, day: date) -> RollupPictures:
    """The last 90 dates up to `day` by segment, and the last 12 complete months before it by cohort.

    Named are the segments with the most companies on the newest of these dates, at most 6: so there are at most 90 × 7
    and 12 × 13 / 2 rows. One Spark action; none where no roll-up is made. A roll-up that is older than the activity
    table (`run.lake.moved_since_rollups`) is drawn as it is: whoever shows it says so.
    """
    lake = run.lake
    if not lake.exists(SEGMENT_ACTIVITY_DAILY):
        return RollupPictures()
    since = day - timedelta(days=DAYS - 1)
    is_shown = F.col("activity_date").between(F.lit(since), F.lit(day))
    by_date = segments_by_date(lake.read(SEGMENT_ACTIVITY_DAILY).where(is_shown), MOST_SEGMENTS)
    by_month = cohorts_of_months(lake.read(RETENTION_MONTHLY), day, MOST_MONTHS)
    segments = []
    retention = []
    for row in by_date.unionByName(by_month, allowMissingColumns=True).collect():
        if row["cohort_month"] is None:
            segments.append(
                SegmentDay(
                    row["activity_date"],
                    row["segment"],
                    row["companies"],
                    row["active_companies"],
                    row["user_days"],
                    row["at_risk"],
                    is_rest=row["is_rest"],
                )
            )
        else:
            retention.append(
                Retention(
                    row["cohort_month"],
                    row["activity_month"],
                    row["companies"],
                    row["active_companies"],
                )
            )
    return RollupPictures(
        tuple(sorted(segments, key=lambda one: (one.day, one.is_rest, one.segment or ""))),
        tuple(sorted(retention, key=lambda one: (one.cohort_month, one.month))),
    )
