"""What is generated into conf/deploy/fabric: from the schemas, the settings of Spark, and the Synapse pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from company_activity.runtime.required import REQUIRED
from deployment.dbt.sources import READ
from deployment.fabric.ids import ITEMS, LAKEHOUSE, THIS_WORKSPACE, platform_file
from deployment.fabric.pipeline_of import PIPELINE, ROOT, pipeline_content
from deployment.semantic.model import semantic_model_files

CHECKOUT = Path(__file__).resolve().parents[5]
MAIN = CHECKOUT / "jobs" / "run_daily.py"
PROPERTIES = CHECKOUT / "conf" / "spark" / "synapse.conf"
ENVIRONMENT = "company-activity.Environment"
JOB = "company-activity-daily.SparkJobDefinition"

# Runtime 2.0 is Spark 4.1. A starter pool's nodes are of medium size: 8 cores, 56 GB.
COMPUTE = {
    "enable_native_execution_engine": False,
    "driver_cores": 8,
    "driver_memory": "56g",
    "executor_cores": 8,
    "executor_memory": "56g",
    "dynamic_executor_allocation": {"enabled": True, "min_executors": 1, "max_executors": 2},
}
RUNTIME = 2.0
# Fabric sets these itself: Delta's extension and catalog, and options of Java that ours would replace.
ITS_OWN = (
    "spark.sql.extensions",
    "spark.sql.catalog.spark_catalog",
    "spark.driver.extraJavaOptions",
)


def fabric_files() -> dict[str, str]:
    """The generated files: path within conf/deploy/fabric → text."""
    return {
        **{f"{item}/.platform": platform_file(item) for item in ITEMS},
        "company_activity.Lakehouse/shortcuts.metadata.json": shortcuts(),
        f"{ENVIRONMENT}/Setting/Sparkcompute.yml": spark_compute(),
        f"{JOB}/Main/{MAIN.name}": MAIN.read_text(encoding="utf-8"),
        f"{PIPELINE}/pipeline-content.json": pipeline_content(),
        **semantic_model_files(),
    }


def spark_compute() -> str:
    """The environment's compute and its properties of Spark."""
    settings = COMPUTE | {"spark_conf": spark_properties(), "runtime_version": RUNTIME}
    return str(yaml.safe_dump(settings, sort_keys=False))


def spark_properties() -> dict[str, str]:
    """The properties of a pool, and those that results depend on."""
    pool = dict(
        line.split(maxsplit=1)
        for line in PROPERTIES.read_text(encoding="utf-8").splitlines()
        if line.startswith("spark.")
    )
    return {name: value for name, value in (pool | REQUIRED).items() if name not in ITS_OWN}


def shortcuts() -> str:
    """A shortcut in Tables for each table, which lies in Files: by it SQL, Power BI and dbt find the table."""
    made = []
    for table in READ:
        schema, name = table.name.split(".")
        target = {
            "path": f"Files/{ROOT}/lake/{table.path}",
            "itemId": LAKEHOUSE,
            "workspaceId": THIS_WORKSPACE,
        }
        made.append(
            {
                "name": name,
                "path": f"/Tables/{schema}",
                "target": {"type": "OneLake", "oneLake": target},
            }
        )
    return json.dumps(made, indent=2) + "\n"
