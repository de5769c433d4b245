"""Write twice with a token over JDBC in a session that masks no option and keeps an event log: by `write_stage`, and plainly.

python write_with_token.py FOLDER      the log is in FOLDER/events; prints our token, the other, and our logins
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from pyspark.sql import SparkSession

from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.entra import EntraTokens
from company_activity.io.warehouse.jdbc import SqlError
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.stage import write_stage
from company_activity.io.warehouse.target import Target
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.runtime.java import use_java
from company_activity.runtime.local import resolved_jars
from company_activity.settings.model import PublishSettings, SqlSettings

from support.azure.notebooks import Issuer
from support.warehouse.tables import DAY, activity
from support.warehouse.tds import tds_server

NOT_OURS = "a-token-that-nobody-masks"


def session(folder: Path) -> SparkSession:
    """A session as a careless pool has it."""
    use_java()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    (folder / "events").mkdir()
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.jars", ",".join(map(str, resolved_jars())))
    builder = builder.config("spark.eventLog.enabled", "true").config("spark.eventLog.dir", f"file:{folder}/events")
    builder = builder.config("spark.redaction.regex", "nothing").config("spark.sql.shuffle.partitions", "2")
    return builder.config("spark.log.level", "ERROR").getOrCreate()


def main(folder: Path) -> None:
    spark = session(folder)
    issuer = Issuer(time.time)
    with tds_server(folder, ACTIVITY.column_names, lambda token: True) as server:
        dialect = DIALECTS["azuresql"]
        assert dialect.entra is not None
        tokens = EntraTokens(dialect.entra, issuer.credential())
        target = Target(dialect.name, server.url, is_local=True, tokens=tokens)
        warehouse = Warehouse(spark, target, dialect, PublishSettings(), SqlSettings(server.url))
        rows = activity(spark, {DAY: {"a": 1, "b": 2}})
        with suppress(SqlError):
            write_stage(warehouse, rows, ACTIVITY, "etl.stage_1")
        logins = [login for login in server.logins if login.token in issuer.issued]
        plain = {"url": server.url, "driver": dialect.driver, "dbtable": "etl.stage_2", "accessToken": NOT_OURS}
        with suppress(Exception):  # the server stores nothing
            rows.select("company_id").write.format("jdbc").mode("append").options(**plain).save()
    spark.stop()
    print(issuer.issued[0], NOT_OURS, len(logins))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
