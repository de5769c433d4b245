"""The command `export`: what has changed of the served tables, as files for other tools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from company_activity.cli.options import settings_options
from company_activity.cli.visible import visible
from company_activity.operations.export import Asked, Exported, export
from company_activity.operations.export.manifest import TableFiles
from company_activity.settings.loading import load_settings

EXAMPLES = """
\b
Examples:
  company-activity export --since 0 --out /mnt/gainsight/first
                        all that is served; the last line is, say, "next: --since 143"
  company-activity export --since 143 --out /mnt/gainsight/2025-11-24
                        what was published, corrected or deleted since
  company-activity export --since 2025-11-01 --table analytics.company_activity_daily --format ndjson
                        the dates from then on, whatever was exported before

\b
How to load it (manifest.json, written last, names every file with rows and sha256; without it nothing counts):
  replaces "table"      put the rows of part-… in the place of all that you have of the table
  replaces "dates"      delete the dates in delete-… (or all from "from" on), then insert the rows of part-…
  replaces "keys"       delete the keys in delete-…, then insert or update the rows of part-… by "key"
Load every export in its order, with the same --table; the same one twice does no harm.

\b
CSV is RFC 4180 in UTF-8, with a header and no byte order mark. Texts stand in quotes: "" is an empty one, nothing
at all is NULL. A text that a spreadsheet would take for a formula (= + - @ tab, full-width forms) has a ' before it;
numbers never have. To get it back, take that ' off. Where ids may begin so, NDJSON or Parquet fit better: they hold
texts as they are.

The files hold personal data (names of companies and owners; the manifest marks these columns). `erase` and `maintain`
look after exports below the lake; what lies under --out is yours to delete.
"""
PERSONAL = "These files hold personal data: keep them where only those may read them who may read the tables."


@click.command("export", epilog=EXAMPLES)
@click.option(
    "--since",
    required=True,
    metavar="SEQ|DATE",
    help="The number that the last export ended with; a date; or 0 for all.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "ndjson", "parquet"]),
    default="csv",
    show_default=True,
    help="The form of the files.",
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    metavar="NAME",
    help="Only this served table; may be repeated.",
)
@click.option(
    "--out",
    default="",
    metavar="DIR",
    help="An empty folder to write to, or one whose export was killed; default: below the lake, in ops/exports.",
)
@click.option(
    "--rows-per-file",
    type=click.IntRange(1, 1_000_000),
    default=100_000,
    show_default=True,
    help="The most rows of a file.",
)
@settings_options
def export_command(
    since: str,
    format_: str,
    tables: tuple[str, ...],
    out: str,
    rows_per_file: int,
    env: str | None,
    file: Path | None,
) -> int:
    """Changed rows of the served tables as CSV, NDJSON or Parquet, for a CRM, Gainsight, Vitally or a script.

    What is exported is what was published, read from the lake at the versions that the ledger names. A number counts
    the rows of the ledger: since it, every date that was published or deleted, and every company or episode that
    changed or left. Since a date: the dates from then on, and the tables without dates as a whole. Nothing changed:
    nothing is written. A killed export, started again, goes on where it was; where it cannot, it begins anew.
    """
    settings = load_settings(env, file=file)
    asked = Asked(since, format_, tables, out, rows_per_file)
    found = export(settings, asked, say=click.echo)
    for line in lines_of(found, since):
        click.echo(visible(line))
    return 0


def lines_of(found: Exported, since: str) -> Iterator[str]:
    """What was exported, where it lies, and how to go on."""
    yield from (f"warning: {warning}" for warning in found.warnings)
    if not found.place:
        yield f"Nothing has changed since {since}."
    elif not found.is_new:
        yield f"Nothing to do, it was exported before: {found.place}"
    else:
        for table in found.tables:
            yield from table_lines(table)
        yield PERSONAL
        yield f"Written: {found.place}"
    yield f"next: --since {found.next}"


def table_lines(table: TableFiles) -> Iterator[str]:
    """A table in figures, and a warning where texts were marked."""
    deletes = f", {table.deletes:,} {_deleted(table)} to delete first" if table.deletes else ""
    whole = "; the whole table" if table.change.replaces == "table" else ""
    yield f"{table.name}: {table.rows:,} rows in {len(table.files)} files{deletes}{whole}"
    if table.guarded:
        yield f"warning: {table.guarded:,} of its texts begin like formulas, and have a ' before them"


def _deleted(table: TableFiles) -> str:
    return "dates" if table.change.replaces == "dates" else "keys"
