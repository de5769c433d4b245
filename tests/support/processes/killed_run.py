"""A run in a process group of its own that kills itself, JVM and all, right after its n-th Delta commit.

Lake, n and the command's arguments are its arguments.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrameWriter, SparkSession

from company_activity.cli.main import main

from support.lake.content import versions


def commits(lake: str) -> int:
    return sum(versions(lake).values())


def killing(write: Callable[..., Any], lake: str, last: int) -> Callable[..., Any]:
    """`write`, and after it an end to the process group if the lake has its `last` commit."""

    def written(*given: Any, **named: Any) -> Any:
        done = write(*given, **named)
        if commits(lake) >= last:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        return done

    return written


if __name__ == "__main__":
    lake, number, arguments = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    last = commits(lake) + number
    DataFrameWriter.save = killing(DataFrameWriter.save, lake, last)  # type: ignore[method-assign]
    SparkSession.sql = killing(SparkSession.sql, lake, last)  # type: ignore[method-assign]
    sys.exit(main(arguments))
