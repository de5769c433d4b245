"""Pytest's side of the rows: a mark names a test's row, the fixture `cases` hands it its cases.

A marked test without that fixture is one case, named by its id.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from functools import cache

import pytest

from reliability.harness.cases import Cases
from reliability.harness.kept import Kept, code_of
from reliability.harness.rows import ROWS, Row, rows_named

UNTIL = "RELIABILITY_UNTIL"  # seconds since 1970; what makes it the long form
TESTS = "tests/"


def until() -> float | None:
    """When this invocation of the long form ends; None in the short form."""
    said = os.environ.get(UNTIL)
    return float(said) if said else None


@cache
def known_code(row: Row) -> str:
    """The row's code, read once a process."""
    return code_of(row)


def cases_of(item: pytest.Item) -> Cases | None:
    """The cases of the row that the test is marked with."""
    marker = item.get_closest_marker("row")
    if marker is None:
        return None
    [row] = rows_named(marker.args[0])
    ends = until()
    return Cases(row, Kept(), known_code(row) if ends is not None else "", ends)


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Cases:
    """The cases of this test's row."""
    found = cases_of(request.node)
    assert found is not None, f"{request.node.nodeid} has no mark of its row: {[row.name for row in ROWS]}"
    return found


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what has passed, and what the time no longer allows."""
    found = cases_of(item)
    if found is None or not found.is_long:
        return
    if found.is_over():
        pytest.skip("the time is over: the next `make reliability` goes on here")
    if key_of(item) in found.passed():
        pytest.skip("passed before, with the same code")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how a test ended that is one case."""
    report = yield
    found = cases_of(item)
    if found is None or report.skipped or "cases" in getattr(item, "fixturenames", ()):
        return report
    if report.when == "call" or report.failed:
        found.add(key_of(item), report.duration, why=report.longreprtext[-500:] if report.failed else "")
    return report


def key_of(item: pytest.Item) -> str:
    """The test's id below `tests`."""
    return item.nodeid.removeprefix(TESTS)
