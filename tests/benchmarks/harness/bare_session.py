"""The least that a run of Spark and Delta costs: a session as ours, one row written, and read again."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from company_activity.runtime.session import spark_session
from company_activity.settings.loading import load_settings


def main() -> int:
    with TemporaryDirectory() as folder:
        table = f"file:{Path(folder, 'table')}"
        spark = spark_session(load_settings().spark)
        spark.range(1).write.format("delta").save(table)
        rows = spark.read.format("delta").load(table).collect()
    return 0 if len(rows) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
