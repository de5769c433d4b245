"""The table of the rows: what is asked, how many cases passed, which failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reliability.harness.kept import Case, Kept, code_of
from reliability.harness.rows import Row

HEAD = ("row", "shows", "passed", "goal", "", "minutes", "found")


def is_met(row: Row, cases: Iterable[Case]) -> bool:
    """Whether enough cases passed, and none failed."""
    known = list(cases)
    passed = sum(not case.why for case in known)
    return row.goal <= passed == len(known)


def table(rows: Iterable[Row], kept: Kept) -> str:
    """A line a row, in columns; below it what failed, each with its reason."""
    lines: list[tuple[str, ...]] = [HEAD]
    failed = []
    for row in rows:
        cases = list(kept.cases(row, code_of(row)).values())
        lines.append(_line(row, cases))
        failed += [f"{row.name} {case.key}: {_last_line(case.why)}" for case in cases if case.why]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*text, *failed])


def _line(row: Row, cases: list[Case]) -> tuple[str, ...]:
    passed = [case for case in cases if not case.why]
    verdict = "pass" if is_met(row, cases) else "FAILED" if len(passed) < len(cases) else "open"
    minutes = sum(case.seconds for case in cases) / 60
    return (
        row.name,
        row.shows,
        f"{len(passed):,}",
        f"{row.goal:,} {row.unit}",
        verdict,
        f"{minutes:.1f}",
        _found(passed),
    )


def _found(passed: list[Case]) -> str:
    """What the cases noted, each note once, with how many noted it."""
    notes = Counter(case.note for case in passed if case.note)
    told = [note if times == 1 else f"{times} {note}" for note, times in notes.most_common()]
    return "; ".join(told)[:120]


def _last_line(why: str) -> str:
    return why.strip().splitlines()[-1]
