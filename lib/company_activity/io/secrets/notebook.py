"""The notebook utilities of a Synapse or Fabric runtime: who gives tokens and secrets there.

What each calls things is in Microsoft's pages "Secure credentials with linked services using the mssparkutils"
(Synapse) and "NotebookUtils credentials utilities for Fabric" and "NotebookUtils runtime context for Fabric".
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

FABRIC = "Fabric"  # `productType` of the runtime's context there
FABRIC_FOLDER = "/trident_env/"  # the environment that Fabric's Python runs in


@dataclass(frozen=True)
class Notebook:
    """`credentials` of the utilities, and which of the two products they belong to."""

    credentials: Any
    is_fabric: bool


def notebook() -> Notebook | None:
    """The utilities of the runtime that we are in; None where there are none.

    `notebookutils` is the name of today, `mssparkutils` within it the one of older Synapse pools.
    """
    for name in ("notebookutils", "notebookutils.mssparkutils"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        credentials = getattr(module, "credentials", None)
        if credentials is not None:
            return Notebook(credentials, _is_fabric(module))
    return None


def _is_fabric(module: ModuleType) -> bool:
    """By the runtime's context; by the environment's folder where a job has no context."""
    try:
        product = module.runtime.context["productType"]
    except Exception:  # whatever the pool's bridge raises: a Synapse pool may have no such context
        product = None
    if product:
        return bool(product == FABRIC)
    return FABRIC_FOLDER in (getattr(module, "__file__", None) or "")
