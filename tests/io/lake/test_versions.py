"""A version that is gone, told from one that cannot be read: real tables, really broken."""

from __future__ import annotations

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from company_activity.io.lake.versions import is_version_gone

from support.spark.delta_table import delta_table, emptied_into_a_folder, log_entry


def forget(folder, file):
    """As the log's cleaning does: the entries before the version that is kept as a checkpoint."""
    log_entry(folder, 0).unlink()


def vacuum(folder, file):
    file.unlink()


def truncate(folder, file):
    file.write_bytes(file.read_bytes()[:100])


def scribble(folder, file):
    log_entry(folder, 0).write_text("{")


def lose_the_log(folder, file):
    for entry in (folder / "_delta_log").iterdir():
        entry.unlink()
    (folder / "_delta_log").rmdir()


@pytest.fixture
def failure_of(spark, tmp_path):
    """What reading version 0 of a table of two versions fails with, after something happened to it."""

    def failure_of(happening):
        folder = tmp_path / happening.__name__
        (file, _) = delta_table(folder, [spark.range(3), spark.range(4)])
        if happening is forget:
            spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, str(folder)).checkpoint()
        happening(folder, file)
        spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        with pytest.raises((PySparkException, Py4JJavaError)) as raised:
            spark.read.format("delta").option("versionAsOf", 0).load(str(folder)).collect()
        return raised.value

    return failure_of


@pytest.mark.parametrize("happening", [forget, vacuum])
def test_a_version_without_its_log_or_its_file_is_gone(failure_of, happening):
    assert is_version_gone(failure_of(happening))


def test_a_failure_is_asked_also_behind_one_of_ours(failure_of):
    with pytest.raises(LookupError) as ours:
        raise LookupError("companies as of version 0") from failure_of(vacuum)
    assert is_version_gone(ours.value)


def unreadable(folder, file):
    emptied_into_a_folder(file)


@pytest.mark.parametrize("happening", [truncate, unreadable, scribble, lose_the_log])
def test_what_is_broken_or_refused_is_not_gone(failure_of, happening):
    assert not is_version_gone(failure_of(happening))


def test_what_the_jvm_never_threw_is_not_gone():
    assert not is_version_gone(ValueError("the path does not exist"))
