"""The command `explain`: why a cell holds what it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

from company_activity.cli.options import DateType, settings_options
from company_activity.cli.visible import visible
from company_activity.dates import spans_text
from company_activity.operations.explain import explain
from company_activity.operations.explanation import Cell, Day, Explanation, Row, plain
from company_activity.operations.fleet_inputs import Basis
from company_activity.records.fields import trim
from company_activity.settings.loading import load_settings
from company_activity.transforms.history import ATTRIBUTES

EXAMPLES = """
\b
Examples:
  company-activity explain c_101 2025-11-23 rolling_7d_active_users
  company-activity explain c_101 2025-11-23 is_churn_risk --json
  company-activity explain c_101 2025-11-23       every metric of that row, in short
"""


@click.command("explain", epilog=EXAMPLES)
@click.argument("company")
@click.argument("day", type=DateType(), metavar="DATE")
@click.argument("metric", default="")
@click.option("--json", "as_json", is_flag=True, help="Print all inputs as JSON.")
@settings_options
def explain_command(
    company: str, day: date, metric: str, as_json: bool, env: str | None, file: Path | None
) -> int:
    """Why a cell holds what it holds: its formula, its window day by day, and where each record landed.

    COMPANY is a company's id, METRIC a column of analytics.company_activity_daily. It writes nothing.
    """
    (found,) = explain(load_settings(env, file=file), [Cell(trim(company), day, metric)])
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(map(visible, lines_of(found))))
    return 0


def lines_of(found: Explanation) -> Iterator[str]:
    """An explanation as lines: one cell with each of its records, or a row in short."""
    where = f"{found.cell.company_id} on {found.cell.day}"
    if found.cell.metric:
        yield f"{found.cell.metric} of {where}: {shown(found.row[found.cell.metric])}"
        yield from formula_lines(found)
    else:
        yield f"{where}:"
        yield from row_lines(found)
    yield ""
    yield from source_lines(found)
    if found.cell.metric and found.window:
        yield ""
        for day in found.window:
            yield from day_lines(day, found.company["first_seen_date"])


def formula_lines(found: Explanation) -> Iterator[str]:
    """The formula, when it gives NULL if it does here, and the condition of each of its words."""
    (formula,) = found.formulas.values()
    yield f"  {formula.text}"
    if found.row[found.cell.metric] is None:
        yield f"  NULL {formula.null}"
    for word, condition in formula.words.items():
        yield f"  {word}: {condition}"


def row_lines(found: Explanation) -> Iterator[str]:
    """Each column with its value, its formula and (where it is) when that gives NULL; and what the window holds."""
    widths = [max(map(len, column)) for column in zip(*_named_values(found), strict=True)]
    for (name, value), formula in zip(_named_values(found), found.formulas.values(), strict=True):
        null = f"; NULL {formula.null}" if found.row[name] is None else ""
        yield f"  {name:<{widths[0]}}  {value:<{widths[1]}}  {formula.text}{null}"
    missing = [day.day for day in found.window if not day.is_complete]
    records = sum(len(day.records) for day in found.window)
    refused = sum(len(day.refused) for day in found.window)
    left_out = f", missing {spans_text(missing)}" if missing else ""
    yield ""
    yield f"window   {len(found.window)} days, {records:,} records, {refused:,} refused{left_out}"


def _named_values(found: Explanation) -> list[tuple[str, str]]:
    return [(name, shown(found.row[name])) for name in found.formulas]


def source_lines(found: Explanation) -> Iterator[str]:
    """The company, the CRM's version, the run that wrote the row, and what has changed since."""
    company, row = found.company, found.row
    active = company["first_active_date"] or "never"
    yield f"company  first seen {company['first_seen_date']}, first active {active}"
    if found.cell.reads_crm:
        yield f"crm      {crm_text(found)}"
    for refused in found.refused_crm:
        yield f"         refused {refused['date']}: {reasons_at(refused)}"
    version = f"metric_version {row['metric_version']}"
    yield f"row      written by run {row['run_id']}, {shown(row['updated_at'])}, {version}"
    if found.basis:
        yield from basis_lines(found, found.basis)
    for reason in found.newer:
        yield f"warning  the row may have been computed from other inputs than these: {reason}"


def basis_lines(found: Explanation, basis: Basis) -> Iterator[str]:
    """The steps to a reason: the usual week, the fleet, the quiet days, the odds of the silence."""
    row = found.row
    weeks = f"{basis.whole_weeks} whole weeks with {basis.baseline_user_days:,} user-days"
    this_week = f"{row['rolling_7d_active_users']:,} this week"
    yield f"usual    {weeks}: {shown(row['usual_user_days_7d'])} a week are usual, {this_week}"
    for scope in basis.scopes:
        paced = sum(companies for _, companies in scope.paces)
        named = "all companies" if scope.scope is None else printable(scope.scope)
        active = scope.active_companies.get(found.cell.day, 0)
        yield f"fleet    {named}: {paced:,} with a usual week, {active:,} active on the date"
    yield f"         fleet_pace {shown(row['fleet_pace'])} per mille of their usual week"
    yield f"quiet    {spans_text(basis.quiet_days) or 'no day of the last 32'}"
    if basis.odds and row["days_since_last_active"]:
        silent, usual = basis.odds
        odds = f"one in {usual / silent:,.0f}"
        yield f"silence  {row['days_since_last_active']} days, expected in {odds} such spans"


def crm_text(found: Explanation) -> str:
    """The snapshot that the date takes its attributes from, how long they stood, and what they are."""
    crm = found.crm
    if crm is None:
        return "no snapshot up to 60 days after the date has the company"
    stood = f"stood until {crm['valid_to']}" if crm["valid_to"] else "still stands"
    backdated = ", backdated" if found.is_backdated else ""
    attributes = ", ".join(f"{name} {shown(crm[name])}" for name in ATTRIBUTES)
    return f"snapshot of {crm['valid_from']}, {stood}{backdated}: {attributes}; {printable(crm['file'])}"


def day_lines(day: Day, first_seen: date) -> Iterator[str]:
    """A day of the window, and its records with their places."""
    yield f"{day.day}  {day_text(day, first_seen)}"
    for record in day.records:
        conflict = (
            ", another record of this time had other numbers" if record["has_conflict"] else ""
        )
        counts = f"{record['active_users']:,} users, {record['events']:,} events"
        yield f"    {counts}: {place_of(record)}{conflict}"
    for refused in day.refused:
        yield f"    refused: {reasons_at(refused)}"


def day_text(day: Day, first_seen: date) -> str:
    """What is known of a day: its sums, zero among them, or that it is missing."""
    if day.generation is None:
        return "missing: it never landed"
    if not day.is_complete:
        return f"missing: generation {day.generation}, {runs_text(day)}"
    before = ", before the company was first seen" if day.day < first_seen else ""
    none = "" if day.records else ", no record"
    counts = f"{day.active_users:,} users, {day.events:,} events"
    return f"{counts}{none}{before}; generation {day.generation}, {runs_text(day)}"


def runs_text(day: Day) -> str:
    """By which run a day landed, was set back or set aside, as far as the landing tells."""
    landed_by, rolled_back_by = day.runs.landed_by, day.runs.rolled_back_by
    told = [f"landed by run {landed_by}"] if landed_by else []
    if rolled_back_by:
        told.append(f"set {'back' if day.is_complete else 'aside'} by run {rolled_back_by}")
    return ", ".join(told) or "of which the landing no longer tells the run"


def reasons_at(refused: Row) -> str:
    """The rules that a record broke, and where it stands."""
    return (
        f"{', '.join(refused['reasons'])}: {place_of(refused)}, staged by run {refused['run_id']}"
    )


def place_of(record: Row) -> str:
    """The landed file, with page and item of a usage record, or the line of a CRM row."""
    is_of_usage = "page" in record
    place = (
        f"page {record['page']}, item {record['item']}" if is_of_usage else f"line {record['line']}"
    )
    return f"{printable(record['file'])}, {place}"


def shown(value: Any) -> str:
    """A value as one text without odd characters.

    >>> [shown(value) for value in (None, True, 0.25, "A\\x1b", ["SILENT"], [])]
    ['NULL', 'true', '0.25', '"A\\\\u001b"', '["SILENT"]', '[]']
    """
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return printable(value)
    found = plain(value)
    return found if isinstance(found, str) else json.dumps(found)


def printable(text: str) -> str:
    """The text, quoted where it has a character that a terminal would obey.

    >>> printable("Ω & Co"), printable("two\\nlines")
    ('Ω & Co', '"two\\\\nlines"')
    """
    return text if text.isprintable() else json.dumps(text)
