"""The entry: every command, exit codes, and how an error is printed."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click

from company_activity import __version__
from company_activity.cli import cycle, operate
from company_activity.errors import CompanyActivityError
from company_activity.pipeline import unexpected

EXIT_CODES = """
Exit codes: 0 done (also: nothing to do), 1 unexpected, 2 usage or settings, 3 source (API, CRM file),
4 gate refused, 5 publish, 6 done but a notification is undelivered; if several steps fail,
it is the first one's code; output, message, report and run record name all of them.
"""
COMMANDS = (
    cycle.run_command,
    cycle.ingest_command,
    cycle.publish_command,
    cycle.validate_command,
    cycle.report_command,
    cycle.notify_command,
    operate.plan_command,
    operate.migrate_command,
    operate.runs_command,
)


@click.group(epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="company-activity")
def cli() -> None:
    """One trustworthy row per company per day, from CRM files and product usage."""


for command in COMMANDS:
    cli.add_command(command)


def run_step(step: Callable[..., Any]) -> None:
    """What a job in `jobs/` calls: the options of `run`, for one step alone."""
    sys.exit(main(["run", "--steps", step.__name__, *sys.argv[1:]]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. An error is one line on standard error, with its remedy."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A company's name may have letters that the output's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return int(cli.main(given, standalone_mode=False) or 0)
    except click.ClickException as wrong:
        wrong.show()
        return 2
    except click.exceptions.Abort:
        return 130
    except CompanyActivityError as error:
        return print_error(error, given)
    except Exception as error:
        return print_error(unexpected(error), given)


def print_error(error: CompanyActivityError, arguments: Sequence[str]) -> int:
    """Print the error in one line, under `--debug` below its traceback; its exit code."""
    if "--debug" in arguments:
        traceback.print_exception(error)
    print(error, file=sys.stderr)
    return error.exit_code
