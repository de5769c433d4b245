"""What Spark shows of a write's options: its plan, which the web page and the event log keep, holds no secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

SETTING = "spark.sql.redaction.options.regex"
SECRETS = "(?i)token|password|secret|user"


@contextmanager
def redacted_options(spark: SparkSession) -> Iterator[None]:
    """Let Spark mask the options that say how to log in, whatever the session masks besides.

    By default Spark masks tokens and passwords too, by `spark.redaction.regex`; a pool may have set another.
    """
    before = str(spark.conf.get(SETTING, "(?i)url"))
    spark.conf.set(SETTING, f"{before}|{SECRETS}")
    try:
        yield
    finally:
        spark.conf.set(SETTING, before)
