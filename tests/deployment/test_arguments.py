"""Arguments of deployed jobs are judged by the command line's own parser."""

from __future__ import annotations

import pytest

from deployment.arguments import argument_faults


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--date", "@date", "--env", "synapse"],
        ["run", "--from", "@date", "--to", "@date", "--env", "fabric", "--steps", "publish,validate"],
        ["run", "--day-before", "@date", "--env", "databricks"],
        ["doctor", "--env", "databricks"],
    ],
)
def test_what_would_run_has_no_fault(arguments: list[str]) -> None:
    assert argument_faults(arguments, {"@date": "2025-01-31"}) == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "no command"),
        (["rum"], "no command rum"),
        (["run", "--env", "synapse"], "needs --date"),
        (["run", "--date", "@day", "--env", "synapse"], "is not a date"),
        (["run", "--date", "@date", "--to", "@date", "--env", "synapse"], "needs --date"),
        (["run", "--date", "@date", "--day-before", "@date", "--env", "synapse"], "needs --date"),
        (["run", "--date", "@date", "--env", "synaps"], "--env is synaps"),
        (["run", "--date", "@date"], "--env is None"),
        (["run", "--date", "@date", "--env", "synapse", "--steps", "publsh"], "no step publsh"),
        (["run", "--date", "@date", "--env", "synapse", "--accept-gate", "size"], "no gate size"),
        (["run", "--date", "@date", "--env", "synapse", "now"], "unexpected extra argument"),
        (["run", "--date", "@date", "--env"], "requires an argument"),
        (["run", "--help"], "does nothing"),
    ],
)
def test_what_would_not_run_is_a_fault(arguments: list[str], why: str) -> None:
    assert why in " ".join(argument_faults(arguments, {"@date": "2025-01-31"}))
