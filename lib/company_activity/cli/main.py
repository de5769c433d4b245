"""The entry: every command, exit codes, and how an error is printed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, cast

import click

from company_activity import __version__
from company_activity.errors import CompanyActivityError

EXIT_CODES = """
Exit codes: 0 done (also: nothing to do), 1 unexpected, 2 usage or settings, 3 source (API, CRM file),
4 gate refused, 5 publish, 6 done but a notification is undelivered; if several steps fail,
it is the first one's code; output, message, report and run record name all of them.
"""
# Each command's module under `cli`, and the line that `--help` shows of it: the first sentence of its own help.
COMMANDS = {
    "backtest": (
        "backtest",
        "How well the list of companies at risk foretold your own churned customers.",
    ),
    "doctor": (
        "doctor",
        "Look at what a run needs here, from Python to the warehouse; each ✗ has its remedy.",
    ),
    "erase": (
        "erase",
        "Erase a company from landing, tables, warehouse, pages and messages.",
    ),
    "explain": (
        "explain",
        "Why a cell holds what it holds: its formula, its window day by day, and where each record landed.",
    ),
    "export": (
        "export",
        "Changed rows of the served tables as CSV, NDJSON or Parquet, for a CRM, Gainsight, Vitally or a script.",
    ),
    "ingest": ("cycle", "API to landing only."),
    "maintain": (
        "maintain",
        "Remove what nothing needs any more: old generations, table files, run records, reports, messages.",
    ),
    "migrate": (
        "migrate",
        "Apply the DDL that the warehouse lacks, and compare its tables with ours.",
    ),
    "notify": (
        "cycle",
        "Send undelivered messages, and that of the newest run of these dates if none was sent.",
    ),
    "plan": ("plan", "What a run would do and why."),
    "publish": ("cycle", "Bring the warehouse to the lake's state, and check what it serves."),
    "replay-quarantine": (
        "replay",
        "Judge quarantined usage again by today's rules; rebuild and publish what reads it.",
    ),
    "report": (
        "cycle",
        "Write the report of the lake as it stands, up to the last of these dates.",
    ),
    "rollback": (
        "rollback",
        "Set a date back to what landed before, or to missing; rebuild and publish what reads it.",
    ),
    "run": ("cycle", "The daily cycle for one date or a range, in one pass."),
    "runs": ("runs", "The last runs, newest first: when, what, how each ended."),
    "validate": ("cycle", "Compare what is served with the lake."),
    "whatif": (
        "whatif",
        "How the list of companies at risk would change under other constants.",
    ),
}


class Commands(click.Group):
    """Commands whose modules are imported when they are asked for: Spark's alone takes longer than all of `--help`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        found = import_module(f"company_activity.cli.{module}")
        return cast(click.Command, getattr(found, f"{cmd_name.replace('-', '_')}_command"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


# The names alone: click lists them, and suggests one for a name that there is not.
@click.group(cls=Commands, commands=[click.Command(name) for name in COMMANDS], epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="company-activity")
def cli() -> None:
    """One trustworthy row per company per day, from CRM files and product usage."""


class RunFailed(Exception):
    """Raised on Databricks by a command whose exit code is not 0: nothing else makes its task a failed one."""


def run_step(step: Callable[..., Any]) -> None:
    """What a job in `jobs/` calls: the options of `run`, for one step alone."""
    run_job(["run", "--steps", step.__name__])


def run_job(command: Sequence[str]) -> None:
    """Run a command with the process's arguments, and end the process with its exit code.

    On Databricks a good run just returns: its tasks take any `SystemExit` for a failure, that of 0 too.
    """
    code = main([*command, *sys.argv[1:]])
    if not is_on_databricks():
        sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. An error is one line on standard error, with its remedy.

    Raises:
        RunFailed: on Databricks, where the exit code is not 0: a wheel task ignores what its entry point returns.
    """
    code = exit_code_of(arguments)
    if code and is_on_databricks():
        raise RunFailed(f"exit code {code}, the lines above say why.{EXIT_CODES}")
    return code


def is_on_databricks() -> bool:
    """Whether this process runs on a Databricks cluster, or on serverless compute."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def exit_code_of(arguments: Sequence[str] | None) -> int:
    """Run a command (by default the process's arguments); its exit code."""
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
        from company_activity.pipeline import unexpected

        return print_error(unexpected(error), given)


def print_error(error: CompanyActivityError, arguments: Sequence[str]) -> int:
    """Print the error in one line, under `--debug` below its traceback; its exit code."""
    from company_activity.cli.visible import print_traceback, visible

    if "--debug" in arguments:
        print_traceback(error)
    print(visible(str(error)), file=sys.stderr)
    return error.exit_code
