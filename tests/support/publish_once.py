"""A publish in a process of its own, whose Spark tries a task again: URL and folder are its arguments.

Prints whether staging held copies of rows.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from company_activity.io.sql import replace
from company_activity.io.sql.by_date import publish_dates
from company_activity.io.sql.served import ACTIVITY
from company_activity.java import use_java
from company_activity.local import resolved_jars

from support.warehouses import DAY, activity, pinned, prepared, publisher_of, settings_for


def main(url: str, folder: Path) -> None:
    use_java()
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2,4]")  # a task may fail three times; local mode's default is none
        .config("spark.jars", ",".join(map(str, resolved_jars())))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "OFF")
        .getOrCreate()
    )
    check, copies = replace.check_stage, []

    def noting(*given: object) -> bool:
        copies.append(check(*given))  # type: ignore[arg-type]
        return copies[-1]

    replace.check_stage = noting
    warehouse = prepared(spark, settings_for(folder, url, "postgres"))
    lake = pinned(spark, ACTIVITY, activity(spark, {DAY: {f"c{n}": n for n in range(20)}}), 1)
    report = publish_dates(publisher_of(warehouse, folder), lake, {DAY: "h"}, None)
    print(f"copies {copies} published {report.published}")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
