"""The lists of survivors: each names a function that exists, and has a reason of words."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from reliability.mutants.parts import PARTS, Part
from reliability.mutants.survivors import allowed


def found(name: str) -> Any:
    """The function of that name, a module's or a class's."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            place: Any = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for inner in parts[end:]:
            place = place.__dict__.get(inner)
            if place is None:
                return None
        return place
    return None


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_listed_survivor_is_of_a_function_that_exists_and_has_a_reason(part: Part) -> None:
    listed = allowed(part)
    functions = {function for function, _ in listed.survivors} | set(listed.elsewhere)
    reasons = [*listed.survivors.values(), *listed.elsewhere.values()]
    assert sorted(function for function in functions if found(function) is None) == []
    assert [reason for reason in reasons if len(reason.split()) < 4] == []
