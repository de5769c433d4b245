"""How a run ended, in one flat file under a name that its scheduler gave: a scheduler sees no exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from company_activity.io.storage.folder import Folder, open_folder

if TYPE_CHECKING:
    from company_activity.report.model import RunReport

FOLDER = "ops/outcomes"


def fields_of(names: Iterable[str]) -> list[str]:
    """The fields of an outcome over these steps.

    >>> fields_of(["publish"])
    ['run_id', 'exit_code', 'error', 'publish_exit_code', 'publish_error']
    """
    steps = [field for name in names for field in (f"{name}_exit_code", f"{name}_error")]
    return ["run_id", "exit_code", "error", *steps]


def outcome_of(report: RunReport, names: Iterable[str]) -> dict[str, str | int]:
    """The run's exit code and first error, and the same of each step: 0 and no text where it did not fail.

    >>> from datetime import datetime
    >>> from company_activity.errors import PublishError
    >>> from company_activity.report.model import RunReport, StepReport
    >>> failed = StepReport("publish", "failed", error=PublishError("no answer"))
    >>> outcome_of(RunReport("r1", "run", datetime(2025, 1, 1), steps=[failed]), ["publish", "notify"])["error"]
    'PublishError: no answer'
    """
    errors = {step.name: step.error for step in reversed(report.failures) if step.error}
    values: list[str | int] = [report.run_id]
    for error in (report.first_failure and report.first_failure.error, *map(errors.get, names)):
        values += [error.exit_code if error else 0, str(error) if error else ""]
    return dict(zip(fields_of(names), values, strict=True))


def keep_outcome(files: Folder, name: str, outcome: dict[str, str | int]) -> str:
    """Write an outcome in place of what stands under its name; where it is."""
    folder = open_folder(files, FOLDER)
    file = f"{name}.json"
    folder.delete(file)
    folder.create(file, json.dumps(outcome, ensure_ascii=False) + "\n")
    return folder.uri(file)
