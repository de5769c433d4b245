"""What of a rewriting is an upgrade's, and what is not."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from company_activity.planner import MOVED, Dirty
from company_activity.state import BuiltDate
from company_activity.steps.build_activity import Build

DAY = date(2025, 1, 1)


@pytest.mark.parametrize(
    ("reasons", "is_upgraded"),
    [
        ({"formula version 2"}, True),
        ({"formula version 2", MOVED}, True),  # newer rules let a company's rows in, and the first run was killed
        ({"rules version 2", "usage of 2024-12-31"}, True),
        ({MOVED}, False),
        ({"usage of 2024-12-31"}, False),
    ],
)
def test_what_an_upgrade_rewrites_is_its_own_though_something_moved_as_well(
    reasons: set[str], is_upgraded: bool
) -> None:
    run = cast(Any, SimpleNamespace(dates=()))
    build = Build(run, {"dates": {}}, {DAY: BuiltDate("9:x", "")}, {}, Dirty({DAY: reasons}), {DAY}, {DAY: 9})
    found = build.rewriting([DAY])
    assert (found.upgraded, found.rewritten) == (([DAY], []) if is_upgraded else ([], [DAY]))
