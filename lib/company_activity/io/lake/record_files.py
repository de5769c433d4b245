"""Run records as somebody finds them: each file, newest first, with its record or why it cannot be read as one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, cast

import jsonschema

from company_activity.errors import CompanyActivityError
from company_activity.io.lake.run_records import FOLDER, record_names
from company_activity.io.storage.folder import Folder, open_folder

TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}


def _object(optional: Mapping[str, Any] | None = None, **needed: Any) -> dict[str, Any]:
    properties = needed | dict(optional or {})
    return {"type": "object", "required": list(needed), "properties": properties}


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


# What is read of a record, whichever version wrote it.
_failure = _object({"exit_code": WHOLE, "remedy": TEXT}, what=TEXT)
SCHEMA = _object(
    {
        "failed_step": {"type": ["string", "null"]},
        "error": {"anyOf": [_failure, {"type": "null"}]},
        "errors": _list({"allOf": [_failure, _object(step=TEXT)]}),
        "outcome": TEXT,
        "report": TEXT,
        "risks_on": {"type": ["string", "null"], "format": "date"},
        "version": TEXT,
    },
    run_id=TEXT,
    command=TEXT,
    started_at=TEXT,
    exit_code=WHOLE,
    has_changed_something={"type": "boolean"},
    seconds=NUMBER,
    steps=_list(
        _object(
            {
                "counts": {"type": "object", "additionalProperties": NUMBER},
                "driver": {"type": ["string", "null"]},
            },
            name=TEXT,
        )
    ),
    dates=_list(_object(date={"type": "string", "format": "date"})),
    tables=_list(_object(table=TEXT, version_before=WHOLE, version_after=WHOLE)),
)
CHECKS = jsonschema.Draft202012Validator
VALIDATOR = CHECKS(SCHEMA, format_checker=CHECKS.FORMAT_CHECKER)


@dataclass(frozen=True)
class RecordFile:
    """A file of the run records: its record, or why it cannot be read as one."""

    uri: str
    record: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


def record_files(lake: str | Folder) -> Iterator[RecordFile]:
    """The files of all runs, newest first, each read when it is asked for. One that cannot be read says why."""
    folder = open_folder(lake, FOLDER)
    for name in record_names(folder):
        uri = folder.uri(name)
        try:
            yield RecordFile(uri, _checked(json.loads(folder.read(name))))
        except FileNotFoundError:
            yield RecordFile(uri, why="it is gone since it was listed")
        except CompanyActivityError as refused:
            yield RecordFile(uri, why=refused.what)
        except (ValueError, RecursionError) as broken:
            yield RecordFile(uri, why=f"it is no run record: {broken}")


def last_reported(lake: str | Folder, before: date, last: int = 20, most: int = 500) -> date | None:
    """The newest date before `before` that one of the last reports was about.

    They are those of runs that succeeded and wrote a page, which few do where a run is started every hour: so many
    records are read at most. None where none of them is about an earlier date.
    """
    records = (file.record for file in islice(record_files(lake), most))
    shown = (
        date.fromisoformat(record["risks_on"])
        for record in records
        if record.get("outcome") == "succeeded" and record.get("report") and record.get("risks_on")
    )
    return max((day for day in islice(shown, last) if day < before), default=None)


def _checked(record: Any) -> Mapping[str, Any]:
    """A record that has what is read of it.

    >>> _checked({"run_id": "x"})
    Traceback (most recent call last):
    ValueError: 'command' is a required property

    Raises:
        ValueError: if it has not.
    """
    first = min(VALIDATOR.iter_errors(record), key=lambda error: error.json_path, default=None)
    if first is not None:
        wanted = f"{first.json_path} is not of {first.validator} {first.validator_value}"
        raise ValueError(first.message if first.validator == "required" else wanted)
    return cast(Mapping[str, Any], record)
