"""Options that several commands share, and the clock that they are checked against."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from company_activity.dates import DateRange, check_is_over, parse_date
from company_activity.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

DEBUG = "company_activity.debug"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
ENV_HELP = "Which conf/<env>.yaml to read; default: the name of --settings FILE, else local."


def utc_now() -> datetime:
    """The one clock of the command line. Call it as `options.utc_now`: tests replace it here."""
    return datetime.now(UTC)


def wait(seconds: float) -> None:
    """The pause between two attempts. Call it as `options.wait`: tests replace it here."""
    time.sleep(seconds)


class DateType(click.ParamType):  # type: ignore[type-arg]
    """A day as YYYY-MM-DD that is over, in UTC; `days_before` the one that is given."""

    name = "date"

    def __init__(self, days_before: int = 0) -> None:
        self.days_before = timedelta(days=days_before)

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> date:
        """The date.

        Raises:
            UsageError: if the text is no date, or the date is not over.
        """
        given = value if isinstance(value, date) else parse_date(str(value))
        day = given - self.days_before
        check_is_over(day, utc_now())
        return day


def file_name(text: str) -> str:
    """A name of a file: letters, digits, and `.`, `_`, `-` within.

    Raises:
        UsageError: if the text is none; an empty one names no file, and passes.
    """
    if text and not FILE_NAME.fullmatch(text):
        raise UsageError(
            f"{text!r} is no name of a file",
            remedy="use letters, digits, and . _ - within",
        )
    return text


def settings_options(command: Command) -> Command:
    """`--env`, `--settings` and `--debug`, shared by every command."""
    command = click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_keep_debug,
        help="Show a traceback on failure.",
    )(command)
    command = click.option(
        "--settings",
        "file",
        type=click.Path(path_type=Path),
        help="Settings file in place of conf/<env>.yaml.",
    )(command)
    return click.option(
        "--env",
        default=os.environ.get("COMPANY_ACTIVITY_ENV"),
        help=ENV_HELP,
    )(command)


def _keep_debug(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    context.meta[DEBUG] = is_asked


def date_options(command: Command) -> Command:
    """`--date`, `--day-before`, or `--from` and `--to`; the command gets `dates`."""

    @wraps(command)
    def with_dates(
        on: date | None, eve: date | None, first: date | None, last: date | None, **options: Any
    ) -> Any:
        return command(dates=dates_asked_for(on, first, last, eve), **options)

    eve_text = "The date before this one, for a schedule that knows its own day alone."
    for option, name, kind, text in (
        ("--to", "last", DateType(), "Last date of a range."),
        ("--from", "first", DateType(), "First date of a range."),
        ("--day-before", "eve", DateType(days_before=1), eve_text),
        ("--date", "on", DateType(), "One date, YYYY-MM-DD."),
    ):
        with_dates = click.option(option, name, type=kind, help=text)(with_dates)
    return with_dates  # type: ignore[return-value]


def dates_asked_for(
    on: date | None, first: date | None, last: date | None, eve: date | None = None
) -> DateRange:
    """The dates that the options name; `eve` is the date of `--day-before`.

    >>> print(dates_asked_for(None, date(2025, 1, 1), date(2025, 1, 3)))
    2025-01-01 to 2025-01-03

    Raises:
        UsageError: if they name none, or more than one date or one range.
    """
    if on and eve:
        raise UsageError("two dates are given", remedy="give --date D or --day-before D")
    on = on or eve
    if on and not (first or last):
        return DateRange(on, on)
    if first and last and not on:
        return DateRange(first, last)
    raise UsageError("no date is given", remedy="give --date D, or --from A and --to B")
