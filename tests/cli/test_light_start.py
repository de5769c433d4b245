"""What looks only is quick: `--help`, `plan` and a run without news import nothing of Spark, Arrow or Azure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from company_activity.cli.main import COMMANDS, cli
from company_activity.io.storage.folder import lake_folder
from company_activity.io.warehouse.ledger import Ledger
from company_activity.io.warehouse.mirror import mirror, mirror_files

from support.cycle.place import LAST, Place

HTTP = {"requests", "urllib3"}  # a run asks the API whether there is news
HEAVY = ("pyspark", "py4j", "numpy", "pandas", "pyarrow", "matplotlib", "jinja2", "azure", "requests", "urllib3")
LOOK = """
import sys
from company_activity.cli.main import main
code = main(sys.argv[1:])
print(code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported(folder: Path, *command: str, **settings: str) -> set[str]:
    """The packages that a process has imported after a command, in a folder that holds nothing else."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COMPANY_ACTIVITY")}
    environ |= {"COMPANY_ACTIVITY_HOME": str(folder), **settings}
    done = subprocess.run([sys.executable, "-c", LOOK, *command], env=environ, capture_output=True, text=True)
    code, *names = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    return set(names)


@pytest.mark.integration
@pytest.mark.parametrize(
    "command", [("--help",), ("plan", "--date", "2025-11-23"), ("runs",)], ids=lambda command: command[0]
)
def test_nothing_heavy_is_imported_for(command: tuple[str, ...], tmp_path: Path) -> None:
    assert imported(tmp_path, *command) & set(HEAVY) == set()


@pytest.mark.integration
def test_nothing_heavy_is_imported_for_a_run_without_news(sample_place: Place) -> None:
    found = imported(sample_place.folder, "run", "--date", LAST, **sample_place.environ)
    assert found & set(HEAVY) == HTTP


@pytest.mark.integration
def test_nothing_heavy_is_imported_for_the_dates_of_a_replay(tmp_path: Path) -> None:
    assert imported(tmp_path, "replay-quarantine", "--dry-run") & set(HEAVY) == HTTP


@pytest.mark.integration
def test_nothing_heavy_is_imported_for_an_export_without_news(tmp_path: Path) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    mirror(mirror_files(lake_folder(place.settings)), place.settings.sql.url, Ledger("db", {}), "run-1")
    assert imported(tmp_path, "export", "--since", "0", **place.environ) & set(HEAVY) == set()


@pytest.mark.integration
def test_help_does_not_even_print_with_rich_or_read_settings(tmp_path: Path) -> None:
    assert imported(tmp_path, "--help") & {"rich", "yaml", "jsonschema"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_that_help_shows_is_the_first_sentence_of_the_command_s_own(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    first, _, _ = " ".join((command.help or "").split()).removesuffix(".").partition(". ")
    assert f"{first}." == COMMANDS[name][1]


@pytest.mark.parametrize("mistyped", ["rnu", "plans", "doctro", "frobnicate"])
def test_a_mistyped_command_is_answered_as_if_all_were_imported(mistyped: str) -> None:
    """click itself suggests the name that was meant, from its release 8.2 on."""
    context = click.Context(cli, info_name="company-activity")
    commands = {name: command for name in COMMANDS if (command := cli.get_command(context, name))}
    eager = click.Group("company-activity", commands=commands)
    assert refusal(cli, mistyped) == refusal(eager, mistyped)


def refusal(group: click.Group, name: str) -> str:
    """What is said of a command that there is not."""
    with pytest.raises(click.UsageError) as refused:
        group.main([name], standalone_mode=False)
    return refused.value.format_message()
