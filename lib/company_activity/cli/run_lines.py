"""A run record as lines for people: when, how it ended, what it did, with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from company_activity.dates import spans_text

Record = Mapping[str, Any]
HEADING = f"{'started (UTC)':16}  {'run':23}  {'ended':9}  {'seconds':>7}  command"


def columns_of(record: Record) -> tuple[str, str, str, str]:
    """When a run began, its id, how it ended with its exit code, and its seconds with the command."""
    started = record["started_at"][:16].replace("T", " ")
    ended = f"{outcome_of(record)} {record['exit_code']}"
    rest = f"{record['seconds']:7,.0f}  {record['command']}"
    return f"{started:16}", f"{record['run_id']:23}", f"{ended:9}", rest


def outcome_of(record: Record) -> str:
    """How a recorded run ended: failed, done, or nothing to do."""
    if record["exit_code"]:
        return "failed"
    return "done" if record["has_changed_something"] else "nothing"


def errors_of(record: Record) -> list[tuple[str, Record]]:
    """Each step that failed in a recorded run, and its error; older records name the first alone."""
    if "errors" in record:
        return [(error["step"], error) for error in record["errors"]]
    return [(record["failed_step"], record["error"])] if record.get("error") else []


def error_text(step: str, error: Record) -> str:
    """A failure in one line.

    >>> error_text("publish", {"exit_code": 5, "what": "no answer", "remedy": "run again"})
    'publish (exit code 5): no answer — run again'
    """
    code = f" (exit code {error['exit_code']})" if "exit_code" in error else ""
    remedy = f" — {error['remedy']}" if error.get("remedy") else ""
    return f"{step}{code}: {error['what']}{remedy}"


def details_of(record: Record) -> Iterator[str]:
    """What a run did, a line for each kind of thing that there is to say."""
    for step in record["steps"]:
        if counts := counted(step.get("counts", {})):
            yield f"{step['name']}: {counts}"
    if record["dates"]:
        yield f"dates: {spans_text(date.fromisoformat(one['date']) for one in record['dates'])}"
    if record["tables"]:
        yield f"tables: {', '.join(map(moved_text, record['tables']))}"
    if versions := versions_of(record):
        yield f"with: {', '.join(versions)}"
    if told := record.get("status_line"):
        yield f"lists: {told}"
    if record.get("report"):
        yield f"report: {record['report']}"


def counted(counts: Mapping[str, int]) -> str:
    """Counts that are not 0, as a text.

    >>> counted({"landed": 3356, "dates_built": 1, "quarantined": 0})
    '3,356 landed, 1 dates built'
    """
    return ", ".join(count_text(name, count) for name, count in counts.items() if count)


def count_text(name: str, count: int) -> str:
    """A count with its name."""
    return f"{count:,} {name.replace('_', ' ')}"


def moved_text(table: Record) -> str:
    """A table's versions before and after a run.

    >>> moved_text({"table": "dim.companies", "version_before": 3, "version_after": 4})
    'dim.companies 3 → 4'
    """
    before = table["version_before"]
    first = "new" if before < 0 else before
    return f"{table['table']} {first} → {table['version_after']}"


def versions_of(record: Record) -> list[str]:
    """The versions that a run worked with: of this library, and of the JDBC driver that answered."""
    library = [f"company-activity {record['version']}"] if "version" in record else []
    drivers = [step["driver"] for step in record["steps"] if step.get("driver")]
    return [*library, *dict.fromkeys(drivers)]
