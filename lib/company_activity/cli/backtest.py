"""The command `backtest`: how well the list of companies at risk foretold churns that are known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from textwrap import fill

import click

from company_activity.cli.explain import printable
from company_activity.cli.options import DateType, settings_options
from company_activity.errors import UsageError
from company_activity.io.storage.folder import Folder, root_folder
from company_activity.operations.backtest import Backtest, backtest
from company_activity.operations.backtest.figures import DEFINITIONS, as_csv, table_lines
from company_activity.operations.backtest.page import page
from company_activity.operations.constants import other_constants
from company_activity.records.churned import read_churned
from company_activity.settings.loading import load_settings

WIDTH = 110  # characters of a definition's lines
MOST_NAMED = 5
EXAMPLES = """
\b
churned.csv:
  company_id,churned_on        churned_on: the first day on which it was no customer any more
  c_101,2025-10-14             one line a company; further columns are passed over

\b
Examples:
  company-activity backtest churned.csv
                        the constants in force; backtest.csv and backtest.html go to report.dir
  cp conf/metrics.yaml strict.yaml      … change churn.declining_percent in it to 40
  company-activity backtest churned.csv --metrics strict.yaml --to compared
                        both side by side; the lake stays as it is
  company-activity backtest churned.csv --until 2025-10-31
                        nobody has noted churns after that day: later ones would look like false alarms

\b
Next: company-activity whatif --date D --metrics strict.yaml shows whom the other constants would list.
"""


@click.command("backtest", epilog=EXAMPLES)
@click.argument("churned", type=click.Path(path_type=Path), metavar="CHURNED.csv")
@click.option(
    "--metrics",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Judge the constants of this metrics file too; may be repeated.",
)
@click.option(
    "--until", type=DateType(), help="Churns are known up to here; default: the newest date."
)
@click.option(
    "--to", type=click.Path(), metavar="DIR", help="Folder to write to; default: report.dir."
)
@settings_options
def backtest_command(
    churned: Path,
    files: tuple[Path, ...],
    until: date | None,
    to: str | None,
    env: str | None,
    file: Path | None,
) -> int:
    """How well the list of companies at risk foretold your own churned customers.

    It reads the lake, judges each date by what was known on it, and prints a column for the constants in force and
    one for each --metrics FILE. Nothing is written to the lake.
    """
    settings = load_settings(env, file=file, overrides={"report.dir": to} if to else {})
    named = read_churned(churned)
    others = other_constants(settings.metrics, files)
    folder = root_folder(settings.report.dir, settings.landing, settings.secrets)
    check_input_stays(churned, folder)
    found = backtest(settings, named, others, until, say=click.echo)
    folder.replace("backtest.csv", as_csv(found))
    folder.replace("backtest.html", page(found))
    click.echo("\n".join(lines_of(found)))
    click.echo(f"\nWritten: {folder.uri('backtest.csv')}, {folder.uri('backtest.html')}")
    return 0


def check_input_stays(churned: Path, folder: Folder) -> None:
    """Check that the figures are not written over the customers that were given.

    Raises:
        UsageError: if they would be.
    """
    if churned.resolve() == Path(folder.uri("backtest.csv")).resolve():
        raise UsageError(
            f"the figures would be written over {churned}", remedy="rename it, or give another --to"
        )


def lines_of(found: Backtest) -> Iterator[str]:
    """The figures, what each means, and what there is to say about them."""
    yield from table_lines(found)
    yield ""
    for term, meaning in DEFINITIONS.items():
        yield wrapped(term, meaning)
    remarks = list(found.remarks)
    if found.unknown:
        named = ", ".join(map(printable, found.unknown[:MOST_NAMED]))
        remarks.append(f"not in the lake: {named}{', …' if found.unknown[MOST_NAMED:] else ''}")
    for remark in remarks:
        yield ""
        yield f"note: {remark}"


def wrapped(term: str, meaning: str) -> str:
    """A definition in lines of a terminal's width."""
    return fill(f"{term:<18}{meaning}", WIDTH, subsequent_indent=" " * 18)
