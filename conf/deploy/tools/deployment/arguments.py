"""Arguments of a deployed job, judged by the command line's own parser; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO

import click

from company_activity.cli.cycle import check_gates, named_steps
from company_activity.cli.main import cli
from company_activity.errors import CompanyActivityError

ANY_DATE = "2025-01-31"  # stands for an expression of the platform that gives a date
PLATFORMS = ("synapse", "fabric", "databricks")


def argument_faults(
    arguments: Sequence[str], expressions: Mapping[str, str] | None = None
) -> list[str]:
    """What the command line would refuse; empty if it would run.

    `expressions` maps each expression of the platform to a text that could stand for it, so that
    `@formatDateTime(…)` is judged as the date that it becomes.

    >>> argument_faults(["run", "--date", "2025-01-31", "--env", "synapse"])
    []
    >>> argument_faults(["run", "--day", "2025-01-31"])
    ["run: No such option '--day'. Did you mean '--date'?"]
    """
    known = expressions or {}
    given = [known.get(argument, argument) for argument in arguments]
    if not given:
        return ["no command"]
    name, *rest = given
    command = cli.get_command(click.Context(cli), name)
    if command is None:
        return [f"no command {name}"]
    try:
        with redirect_stdout(StringIO()):
            context = command.make_context(name, rest)
        return [f"{name}: {what}" for what in value_faults(context.params)]
    except click.exceptions.Exit:
        return [f"{name}: prints help or a version, and does nothing"]
    except click.ClickException as refused:
        return [f"{name}: {one_line(refused.format_message())}"]
    except CompanyActivityError as refused:
        return [f"{name}: {refused}"]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().removesuffix(".")


def value_faults(values: Mapping[str, object]) -> list[str]:
    """What a command checks of its options once it runs: dates, steps, gates, the environment's name."""
    found = []
    if "steps" in values:
        try:
            named_steps(str(values["steps"]))
            accepted = values.get("accept_gate")
            check_gates(accepted if isinstance(accepted, tuple) else ())
        except CompanyActivityError as refused:
            found.append(str(refused))
    on, eve, first, last = (values.get(name) for name in ("on", "eve", "first", "last"))
    if {"on", "first", "last"} <= values.keys():
        is_one = bool(on) is not bool(eve) and not (first or last)
        is_range = bool(first) and bool(last) and not (on or eve)
        if not (is_one or is_range):
            found.append("needs --date, or --from and --to")
    if values.get("dry_run"):
        found.append("--dry-run does nothing")
    if "env" in values and values["env"] not in PLATFORMS:
        found.append(f"--env is {values['env']}, not one of {', '.join(PLATFORMS)}")
    return found
