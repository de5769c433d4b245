"""What is checked, and what is generated: one line for each platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from deployment import adf, synapse
from deployment.bundle.check import check_bundle
from deployment.dbt.check import dbt_faults
from deployment.dbt.sources import dbt_files
from deployment.fabric.check import fabric_faults
from deployment.fabric.files import fabric_files
from deployment.fault import Fault

Check = Callable[[Path], list[Fault]]
Files = Callable[[], Mapping[str, str]]

DEPLOY = Path(__file__).resolve().parents[2]

# Folder under conf/deploy → its check: every fault of that folder, none if it can be deployed.
CHECKS: dict[str, Check] = {
    "synapse": synapse.check,
    "adf": adf.check,
    "fabric": fabric_faults,
    "dbt": dbt_faults,
    "databricks": check_bundle,
}

# Folder under conf/deploy → the files that are generated into it: path within the folder → text.
GENERATED: dict[str, Files] = {
    "adf": adf.generated,
    "fabric": fabric_files,
    "dbt": dbt_files,
}
