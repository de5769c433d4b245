"""Small changes of the code are noticed by its tests; those that are not are listed, each with its reason."""

from __future__ import annotations

import pytest

from reliability.harness.cases import Cases
from reliability.mutants.judging import judged
from reliability.mutants.parts import PARTS, Part

GOAL = 85.0


@pytest.mark.long
@pytest.mark.full
@pytest.mark.row("M1")
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_small_change_is_noticed(part: Part, cases: Cases) -> None:
    pytest.importorskip("mutmut", reason="mutmut is missing: make dev")
    for key in cases.left([part.name], short=1):
        with cases.one(key) as notes:
            result = judged(part)
            assert result.found.score >= GOAL, result.note
            assert not result.unlisted, f"{len(result.unlisted)} survivors have no reason: {list(result.unlisted)[:3]}"
            assert not result.unreached, f"no plain test runs {result.unreached[:3]}"
            notes.append(f"{key} {result.note}")
