"""The table that `make bench` ends with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from benchmarks.harness.figures import Figure, Goal, Verdict
from benchmarks.harness.goals import GOALS
from benchmarks.harness.results import Result

HEAD = ("row", "figure", "found", "goal", "", "beside it")


def verdicts(result: Result) -> list[tuple[Figure, Goal | None, Verdict]]:
    """Each figure of a result with its goal, if it has one, and whether it is met."""
    goals = GOALS.get(result.row, {})
    judged = []
    for figure in result.figures:
        goal = goals.get(figure.name)
        judged.append((figure, goal, goal.verdict(figure, result.size) if goal else ""))
    return judged


def is_short(result: Result) -> bool:
    """Whether a figure misses its goal."""
    return any(verdict == "short" for _, _, verdict in verdicts(result))


def table(results: Iterable[Result]) -> str:
    """A line a figure, in columns."""
    rows = [HEAD, *(line for result in results for line in _lines(result))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_json(results: Iterable[Result]) -> list[dict[str, Any]]:
    """The table as plain data, an entry a figure; a row without figures has one that says why."""
    entries: list[dict[str, Any]] = []
    for result in results:
        row = {"row": result.row, "size": result.size, "measured_at": result.key}
        if result.why:
            entries.append({**row, "is_broken": result.is_broken, "why": result.why})
        for figure, goal, verdict in verdicts(result):
            entries.append({**row, **asdict(figure), "goal": goal.most if goal else None, "verdict": verdict})
    return entries


def _lines(result: Result) -> Iterator[tuple[str, ...]]:
    name = result.row if result.size == "full" else f"{result.row} (small)"
    if result.why:
        state = "BROKEN" if result.is_broken else "NOT MEASURED"
        yield (name, state, "", "", "", result.why.strip().splitlines()[-1])
        return
    for figure, goal, verdict in verdicts(result):
        yield (name, figure.name, figure.text, f"≤ {goal.most:,g}" if goal else "none", verdict, figure.beside)
