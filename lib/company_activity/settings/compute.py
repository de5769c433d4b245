"""What the machine that we run on mounts, and which of the services it belongs to."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FUSE = Path("/dbfs")
# What a Synapse or Fabric Spark session, and a Fabric notebook without Spark, have in their environment.
SYNAPSE = ("AZURE_SERVICE", "Microsoft.ProjectArcadia")
FABRIC = "MSNOTEBOOKUTILS_SPARK_TRIDENT_PBIHOST"


@dataclass(frozen=True)
class Compute:
    """Where we run.

    `pool` names the service whose Spark resolves a bare path elsewhere than Python does; empty on
    a machine of one's own. `has_dbfs`: Databricks' file system is mounted for Python. `lakehouse`
    is the OneLake address of the session's default lakehouse, empty where it has none.
    """

    pool: str = ""
    has_dbfs: bool = False
    lakehouse: str = ""

    @classmethod
    def here(cls, environ: Mapping[str, str]) -> Compute:
        """The compute that this process runs on."""
        if "DATABRICKS_RUNTIME_VERSION" in environ:
            return cls("Databricks", has_dbfs=FUSE.is_dir())
        name, value = SYNAPSE
        if environ.get(name) != value and FABRIC not in environ:
            return cls()
        lakehouse = lakehouse_of(_context())
        return cls("Fabric" if lakehouse or FABRIC in environ else "Synapse", lakehouse=lakehouse)


def lakehouse_of(context: Mapping[str, Any]) -> str:
    """The address of the default lakehouse that a Fabric session's context names.

    >>> lakehouse_of({"defaultLakehouseWorkspaceId": "w-1", "defaultLakehouseId": "l-2"})
    'abfss://w-1@onelake.dfs.fabric.microsoft.com/l-2'
    """
    workspace = context.get("defaultLakehouseWorkspaceId") or context.get("currentWorkspaceId")
    lakehouse = context.get("defaultLakehouseId")
    if not workspace or not lakehouse:
        return ""
    return f"abfss://{workspace}@onelake.dfs.fabric.microsoft.com/{lakehouse}"


def _context() -> Mapping[str, Any]:
    """What `notebookutils` says of the session; nothing where it cannot be asked."""
    try:
        context = importlib.import_module("notebookutils").runtime.context
        return {key: context[key] for key in context}
    except Exception:  # whatever the pool's bridge raises: a Synapse pool has no such context
        return {}
