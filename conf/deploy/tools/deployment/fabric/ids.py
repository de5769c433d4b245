"""The Fabric items: their names and fixed ids, and what stands for the workspace until they are deployed."""

from __future__ import annotations

import json

# A folder of conf/deploy/fabric → its logical id. An id never changes: by it a deployment finds the item again.
ITEMS = {
    "company_activity.Lakehouse": "6a1f6f0e-3c1d-4a53-9d0b-2f4c8a7b1e01",
    "company-activity.Environment": "6a1f6f0e-3c1d-4a53-9d0b-2f4c8a7b1e02",
    "company-activity-daily.SparkJobDefinition": "6a1f6f0e-3c1d-4a53-9d0b-2f4c8a7b1e03",
    "company-activity.SemanticModel": "6a1f6f0e-3c1d-4a53-9d0b-2f4c8a7b1e04",
    "pl-company-activity-daily.DataPipeline": "6a1f6f0e-3c1d-4a53-9d0b-2f4c8a7b1e05",
}
LAKEHOUSE = ITEMS["company_activity.Lakehouse"]
THIS_WORKSPACE = "00000000-0000-0000-0000-000000000000"
ONELAKE = f"https://onelake.dfs.fabric.microsoft.com/{THIS_WORKSPACE}/{LAKEHOUSE}"

PLATFORM_SCHEMA = "https://developer.microsoft.com/json-schemas/fabric/gitIntegration/platformProperties/2.0.0/schema.json"


def platform_file(item: str) -> str:
    """The `.platform` file of an item: what it is, and its logical id."""
    name, _, kind = item.rpartition(".")
    content = {
        "$schema": PLATFORM_SCHEMA,
        "metadata": {"type": kind, "displayName": name},
        "config": {"version": "2.0", "logicalId": ITEMS[item]},
    }
    return json.dumps(content, indent=2) + "\n"
