"""The command `rollback`: a date set back, and everything behind it rebuilt and published."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import click

from company_activity.cli.console import Console
from company_activity.cli.cycle import invoke
from company_activity.cli.options import DateType, settings_options
from company_activity.cli.unrecorded import unrecorded_run
from company_activity.dates import DateRange
from company_activity.errors import UsageError
from company_activity.gates.arrived import REWRITE
from company_activity.operations.rollback import (
    generation_chosen,
    generations_of,
    release_of,
    rollback_to,
)
from company_activity.planning.state import MISSING
from company_activity.run import Options
from company_activity.settings.loading import load_settings
from company_activity.settings.model import Settings

# What brings the tables and the warehouse to what has landed; no source is asked.
REBUILD = (
    "stage_usage",
    "build_companies",
    "build_activity",
    "build_episodes",
    "build_rollups",
    "register_tables",
    "publish",
    "validate",
)


class GenerationType(click.ParamType):  # type: ignore[type-arg]
    """The number of a generation, or `missing`."""

    name = "generation"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """The number, or the word.

        Raises:
            UsageError: if the text is neither.
        """
        text = str(value)
        if text == MISSING:
            return text
        if re.fullmatch(r"0*[1-9][0-9]{0,17}", text):
            return int(text)
        raise UsageError(f"{text!r} is no generation", remedy=f"give 1, 2, … or {MISSING}")


@click.command("rollback")
@click.option("--date", "day", type=DateType(), metavar="D", help="The date to set back.")
@click.option(
    "--to-generation",
    "to",
    type=GenerationType(),
    metavar=f"G|{MISSING}",
    help="What it is set back to. Without it: the list, and exit code 2.",
)
@click.option(
    "--release",
    "released",
    type=DateType(),
    metavar="D",
    help="Let fetches land again what rollbacks of this date hold.",
)
@click.option(
    "--accept-gate",
    multiple=True,
    type=click.Choice([REWRITE]),
    help="Accept what this gate refuses.",
)
@settings_options
def rollback_command(
    day: date | None,
    to: int | str | None,
    released: date | None,
    accept_gate: tuple[str, ...],
    env: str | None,
    file: Path | None,
) -> int:
    """Set a date back to what landed before, or to missing; rebuild and publish what reads it.

    What it sets aside is held: a fetch that brings it again lands nothing, and warns, until it is released. A fetch
    that brings anything else lands. A rollback to what is held ends that hold.

    \b
    rollback --date 2025-11-20                          which generations there are
    rollback --date 2025-11-20 --to-generation 1        back to the first
    rollback --date 2025-11-20 --to-generation missing  as if it had never been fetched
    rollback --date 2025-11-20 --to-generation 2        forward again
    rollback --release 2025-11-20                       the next fetch may land what was held
    """
    settings = load_settings(env, file=file)
    if released:
        if day or to or accept_gate:
            raise UsageError("--release goes alone", remedy=f"give rollback --release {released}")
        dates = DateRange(released, released)
        command = f"rollback --release {released}"
        return invoke(settings, dates, (), command, first=release_of(released))
    if day is None:
        raise UsageError("no date is given", remedy="give --date D, or --release D")
    generation = chosen(settings, day, to)
    command = f"rollback --date {day} --to-generation {to}"
    given = Options(accept_gates=accept_gate)
    first = rollback_to(day, generation)
    return invoke(settings, DateRange(day, day), REBUILD, command, given, first)


def chosen(settings: Settings, day: date, to: int | str | None) -> int | None:
    """The generation that is asked for, None for missing; before a refusal the list is printed.

    Raises:
        UsageError: if there is none to choose, none is chosen, or the landing does not hold it.
    """
    run = unrecorded_run(settings, f"rollback {day}", [day])
    found = generations_of(run, day)
    try:
        return generation_chosen(day, to, found)
    except UsageError:
        if found:
            Console().generations(found)
        raise
