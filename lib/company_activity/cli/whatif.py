"""The command `whatif`: how the list of a date would change under other constants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from company_activity.cli.explain import printable
from company_activity.cli.options import DateType, settings_options
from company_activity.operations.constants import changes, other_constants
from company_activity.operations.whatif import Standing, WhatIf, whatif
from company_activity.settings.loading import load_settings

EXAMPLES = """
\b
Examples:
  cp conf/metrics.yaml strict.yaml      … change churn.declining_percent in it to 40
  company-activity whatif --date 2025-11-23 --metrics strict.yaml
                        who would enter the list, leave it, stay: rank, missing user-days and reasons before → after

\b
A file may hold only what differs:
  churn: {declining_percent: 40}

\b
Next: company-activity backtest churned.csv --metrics strict.yaml tells whether that list is the better one. To
adopt it, change conf/metrics.yaml, give it a new metric_version, and look at company-activity plan.
"""
NONE = "–"


@click.command("whatif", epilog=EXAMPLES)
@click.option("--date", "day", type=DateType(), required=True, help="The date, YYYY-MM-DD.")
@click.option(
    "--metrics",
    "other",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="A metrics file with other constants; what it does not name stays as it is.",
)
@settings_options
def whatif_command(day: date, other: Path, env: str | None, file: Path | None) -> int:
    """How the list of companies at risk would change under other constants.

    The lines stand in the list's order under those: most missing user-days first. It writes nothing.
    """
    settings = load_settings(env, file=file)
    (constants,) = other_constants(settings.metrics, [other])
    found = whatif(settings, day, constants)
    differing = ", ".join(changes(settings.metrics, constants.metrics))
    click.echo(f"{day} under {printable(constants.name)} ({differing}):")
    for line in lines_of(found):
        click.echo(line)
    return 0


def lines_of(found: WhatIf) -> Iterator[str]:
    """The sums, then a line for each company of either list."""
    entering, leaving, staying = map(found.count, ("enters", "leaves", "stays"))
    before, after = leaving + staying, entering + staying
    yield f"{before:,} at risk → {after:,}: {entering:,} would enter, {leaving:,} leave, {staying:,} stay"
    yield f"contact due: {found.due_before:,} → {found.due_after:,}"
    if not found.changes:
        return
    yield ""
    rows = [("", "rank", "missing user-days", "reasons", "company")]
    for change in found.changes:
        sides = change.before, change.after
        rows.append(
            (
                change.kind,
                arrow(*(NONE if side.place is None else f"{side.place:,}" for side in sides)),
                arrow(*(NONE if side.missing is None else f"{side.missing:,}" for side in sides)),
                arrow(*map(reasons_text, sides)),
                f"{printable(change.company_id)} {printable(change.name)}",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()


def arrow(before: str, after: str) -> str:
    """
    >>> arrow("3", "4"), arrow("3", "3")
    ('3 → 4', '3')
    """
    return before if before == after else f"{before} → {after}"


def reasons_text(side: Standing) -> str:
    """The reasons, alphabetical."""
    return ", ".join(side.reasons) or NONE
