"""The parameters of a notebook: its own values, or those of the Databricks job that runs it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

from company_activity.errors import UsageError


def chosen(**defaults: Any) -> tuple[Any, ...]:
    """The value of each parameter, in the order given.

    Synapse, Fabric and papermill put a cell with their values below the cell tagged `parameters`:
    there the notebook's variables hold them already. A Databricks job hands them over as widgets
    of the same names, which win; their text is read as the type of the notebook's own value.

    >>> chosen(environment="local", days=14)
    ('local', 14)

    Raises:
        UsageError: if a widget for a number holds something else.
    """
    widgets = _widgets(os.environ)
    return tuple(
        _as_the_type_of(default, name, widgets[name]) if name in widgets else default
        for name, default in defaults.items()
    )


def _widgets(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The widgets of a Databricks notebook, by name; none elsewhere."""
    if "DATABRICKS_RUNTIME_VERSION" not in environ:
        return {}
    dbutils = importlib.import_module("databricks.sdk.runtime").dbutils
    return dict(dbutils.widgets.getAll())


def _as_the_type_of(default: Any, name: str, text: str) -> Any:
    if not isinstance(default, int):
        return text
    try:
        return int(text)
    except ValueError:
        raise UsageError(
            f"the parameter {name} is {text!r}, which is no number",
            remedy=f"give a whole number, such as {default}",
        ) from None
