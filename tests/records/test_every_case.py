"""Every case of the oracle's record tests, and of ours, is read by the columns as the parser reads it.

The cases are those that pytest collects from these files. Each is run once, and what it hands to a reader is noted.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from company_activity.records.item import Item
from company_activity.records.landed_line import landed_line, place_of

from oracle.model import LandedDate
from support.landing.both_ways import disagreements, judged, plain_count

TESTS = Path(__file__).resolve().parents[1]
ORACLE = "oracle/test_records.py"
OURS = ("records/test_fields.py", "records/test_landed_line.py", "transforms/test_usage.py")
DAY = date(2024, 1, 1)  # of most of the oracle's cases


class Case(NamedTuple):
    """A test with its parameters, and the landed lines of what it hands to a reader."""

    name: str
    lines: list[str]


def lines_of(landed: Iterable[LandedDate]) -> list[str]:
    """The items of landed dates as lines; what is no JSON is landed as it is."""
    items = [(one.date, item) for one in landed for item in one.items or ()]
    return [landed_line(Item(item.text, item.text), place_of(day, item.page), item.item) for day, item in items]


def line_of_time(ts: str) -> str:
    text = json.dumps({"company_id": "a", "active_users": 1, "events": 2, "ts": ts}, ensure_ascii=False)
    return landed_line(Item(text, text), place_of(DAY, page=1), number=1)


# What a test hands to a function of this name, as landed lines.
NOTED: Mapping[str, Callable[..., list[str]]] = {
    "read_date": lambda landed: lines_of([landed]),
    "build": lambda landed, _: lines_of(landed),
    "parse_timestamp": lambda ts: [line_of_time(ts)],
    "parse_line": lambda line: [line],
    "landed_line": lambda *given, **named: [landed_line(*given, **named)],
}


def noting(real: Callable[..., Any], lines_in: Callable[..., list[str]], noted: list[str]) -> Callable[..., Any]:
    def note(*given: Any, **named: Any) -> Any:
        noted.extend(lines_in(*given, **named))
        return real(*given, **named)

    return note


def cases_of(session: pytest.Session, path: str) -> Iterator[Case]:
    """Each case that pytest collects from a file and that asks for no fixture."""
    for test in pytest.Module.from_parent(session, path=TESTS / path).collect():
        assert isinstance(test, pytest.Function), test
        parameters = test.callspec.params if hasattr(test, "callspec") else {}
        if inspect.signature(test.obj).parameters.keys() == parameters.keys():
            yield Case(test.name, lines_handed_on(inspect.getmodule(test.obj), test.obj, parameters))


def lines_handed_on(module: ModuleType | None, test: Callable[..., None], parameters: Mapping[str, Any]) -> list[str]:
    """The lines of what a test hands to readers when it runs."""
    noted: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name, lines_in in NOTED.items():
            if hasattr(module, name):
                patch.setattr(module, name, noting(getattr(module, name), lines_in, noted))
        test(**parameters)
    return noted


def test_every_case_is_read_alike_alone_and_among_the_others(request: pytest.FixtureRequest) -> None:
    of_the_oracle = list(cases_of(request.session, ORACLE))
    assert len(of_the_oracle) == len(list(pytest.Module.from_parent(request.session, path=TESTS / ORACLE).collect()))
    assert [case.name for case in of_the_oracle if not case.lines] == []

    ours = [case for path in OURS for case in cases_of(request.session, path)]
    lines = [line for case in (*of_the_oracle, *ours) for line in case.lines]
    assert [line for line in lines if disagreements(judged([line]))] == []
    assert disagreements(judged(lines)) == []

    for cases in (of_the_oracle, ours):
        of_cases = [line for case in cases for line in case.lines]
        plain = sum(plain_count([line]) for line in of_cases)
        print(f"{len(cases)} cases, {len(of_cases)} lines: {plain} plain; 0 differ")
        assert 0 < plain < len(of_cases)  # both ways were tried
