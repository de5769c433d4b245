"""A publish of the dimension in a process of its own, whose Spark tries a task again: URL and folder are its arguments.

Prints whether staging held copies of rows.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from company_activity.io.warehouse import sources
from company_activity.io.warehouse.by_key import publish_keys
from company_activity.io.warehouse.served import DIMENSION
from company_activity.runtime.java import use_java
from company_activity.runtime.local import resolved_jars

from support.warehouse.tables import companies, pinned, prepared, publisher_of, settings_for


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
    check, copies = sources.check_stage, []

    def noting(*given: object) -> bool:
        copies.append(check(*given))  # type: ignore[arg-type]
        return copies[-1]

    sources.check_stage = noting  # type: ignore[assignment]
    warehouse = prepared(spark, settings_for(folder, url, "postgres"))
    lake = pinned(spark, DIMENSION, companies(spark, {f"c{n}": f"Company {n}" for n in range(20)}), 1)
    report = publish_keys(publisher_of(warehouse, folder), lake)
    print(f"copies {copies} published {report.published}")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
