"""A version that is gone, told from one that cannot be read: real tables, really broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from company_activity.io.lake.versions import is_version_gone
from company_activity.io.warehouse.jdbc import driver_jvm

from support.spark.delta_table import delta_table, emptied_into_a_folder, log_entry

Happening = Callable[[Path, Path], None]  # to a table's folder, and to the file of its version 0


def forget(folder: Path, file: Path) -> None:
    """As the log's cleaning does: the entries before the version that is kept as a checkpoint."""
    log_entry(folder, 0).unlink()


def vacuum(folder: Path, file: Path) -> None:
    file.unlink()


def truncate(folder: Path, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def scribble(folder: Path, file: Path) -> None:
    log_entry(folder, 0).write_text("{")


def lose_the_log(folder: Path, file: Path) -> None:
    for entry in (folder / "_delta_log").iterdir():
        entry.unlink()
    (folder / "_delta_log").rmdir()


@pytest.fixture
def failure_of(spark: SparkSession, tmp_path: Path) -> Callable[[Happening], BaseException]:
    """What reading version 0 of a table of two versions fails with, after something happened to it."""

    def failure_of(happening: Happening) -> BaseException:
        log = driver_jvm(spark).org.apache.spark.sql.delta.DeltaLog
        folder = tmp_path / happening.__name__
        (file, _) = delta_table(folder, [spark.range(3), spark.range(4)])
        if happening is forget:
            log.forTable(spark._jsparkSession, str(folder)).checkpoint()
        happening(folder, file)
        log.clearCache()
        with pytest.raises((PySparkException, Py4JJavaError)) as raised:
            spark.read.format("delta").option("versionAsOf", 0).load(str(folder)).collect()
        failure: BaseException = raised.value
        return failure

    return failure_of


@pytest.mark.parametrize("happening", [forget, vacuum])
def test_a_version_without_its_log_or_its_file_is_gone(
    failure_of: Callable[[Happening], BaseException], happening: Happening
) -> None:
    assert is_version_gone(failure_of(happening))


def test_a_failure_is_asked_also_behind_one_of_ours(failure_of: Callable[[Happening], BaseException]) -> None:
    with pytest.raises(LookupError) as ours:
        raise LookupError("companies as of version 0") from failure_of(vacuum)
    assert is_version_gone(ours.value)


def unreadable(folder: Path, file: Path) -> None:
    emptied_into_a_folder(file)


@pytest.mark.parametrize("happening", [truncate, unreadable, scribble, lose_the_log])
def test_what_is_broken_or_refused_is_not_gone(
    failure_of: Callable[[Happening], BaseException], happening: Happening
) -> None:
    assert not is_version_gone(failure_of(happening))


def test_what_the_jvm_never_threw_is_not_gone() -> None:
    assert not is_version_gone(ValueError("the path does not exist"))
