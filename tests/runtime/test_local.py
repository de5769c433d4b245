"""The jars' cache: one folder per set of pins, whole or not there, also where two checkouts are set up at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from company_activity.errors import RuntimeMissing
from company_activity.runtime import local


def fetch(coordinates: list[str], folder: Path) -> None:
    """What the resolver leaves: a jar for each coordinate."""
    (folder / "jars").mkdir(parents=True)
    for number, _ in enumerate(coordinates):
        (folder / "jars" / f"{number}.jar").touch()


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(local, "_resolve", fetch)
    monkeypatch.setattr(local, "check_jars", lambda jars, known: None)
    return tmp_path / "company-activity" / "jars"


def test_a_second_call_fetches_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = local.resolved_jars()
    monkeypatch.setattr(local, "_resolve", None)
    assert local.resolved_jars() == first
    assert len(first) == len(local.pins())


def test_the_second_of_two_set_ups_keeps_what_the_first_fetched(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(coordinates: list[str], folder: Path) -> None:
        fetch(coordinates, folder)
        with monkeypatch.context() as other:
            other.setattr(local, "_resolve", fetch)
            other.setattr(os, "getpid", lambda: 1)  # the other set-up's process
            local.resolved_jars()[0].write_text("the first's", encoding="utf-8")

    monkeypatch.setattr(local, "_resolve", overtaken)
    assert local.resolved_jars()[0].read_text("utf-8") == "the first's"
    assert len(list(cache.iterdir())) == 1


def test_what_was_left_unfinished_gives_way(cache: Path) -> None:
    folder = local.resolved_jars()[0].parents[1]
    (folder / "complete").unlink()
    (folder / "jars" / "half.jar").touch()
    assert "half.jar" not in [jar.name for jar in local.resolved_jars()]


def test_a_spark_without_pins_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "spark_line", lambda: "4.9")
    with pytest.raises(RuntimeMissing, match=r"no jars are pinned for 4\.9 .*jars\.yaml"):
        local.pins()
