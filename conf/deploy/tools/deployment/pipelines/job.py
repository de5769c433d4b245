"""The Spark job: which command its file runs, and with which settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from company_activity.errors import CompanyActivityError
from company_activity.io.lake.outcomes import FOLDER
from company_activity.settings.loading import PREFIX, load_settings
from company_activity.settings.model import Secret, Settings
from deployment.fault import Fault
from deployment.pipelines.resources import Resource, Workspace

ROOT = Path(__file__).resolve().parents[5]
ENVIRONMENT = "spark.yarn.appMasterEnv."
REFERENCE = "secret://"
PLACEHOLDER = re.compile(r"<([a-z-]+)>")


def job_faults(job: Resource, known: Workspace) -> Iterator[Fault]:
    """A file that is no job of ours, properties that results do not get, settings that do not fit or do not agree."""
    inner = job.properties["jobProperties"]
    if inner["name"] != job.name:
        yield job.fault("jobProperties.name", f"is {inner['name']}, not {job.name}")
    if not command_of(inner["file"]):
        yield job.fault("jobProperties.file", "is no file of jobs/ that runs a command")
    for name, value in required_properties().items():
        if inner["conf"].get(name) != value:
            yield job.fault(
                f"jobProperties.conf.{name}", f"is not {value}, as conf/spark/synapse.conf says"
            )
    for name in inner["conf"]:
        if name not in required_properties() and not name.startswith(ENVIRONMENT + PREFIX):
            place = f"jobProperties.conf.{name}"
            yield job.fault(place, "is neither in conf/spark/synapse.conf nor a setting of ours")
    try:
        settings = settings_of(job)
    except CompanyActivityError as refused:
        yield job.fault("jobProperties.conf", str(refused))
        return
    for place, what in (
        *disagreements(settings, inner["file"], known),
        *secret_faults(settings, known),
    ):
        yield job.fault(place, what)
    if settings.run.attempts == 1:
        yield job.fault(
            "jobProperties.conf", "run.attempts is 1, and no platform tries a run again"
        )


def command_of(file: str) -> list[str]:
    """The command that a file of `jobs/` runs; empty if there is no such file.

    >>> command_of("abfss://lake@a.dfs.core.windows.net/jobs/run_daily.py")
    ['run']
    """
    path = ROOT / "jobs" / file.rpartition("/")[2]
    if not file.endswith(".py") or not path.is_file():
        return []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "run_job":
            return [str(word) for word in ast.literal_eval(node.args[0])]
    return []


def required_properties() -> dict[str, str]:
    """What `conf/spark/synapse.conf` sets."""
    lines = (ROOT / "conf/spark/synapse.conf").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    return {name: value.strip() for name, value in pairs}


def settings_of(job: Resource) -> Settings:
    """The settings with which the job starts: those of `conf/synapse.yaml`, and what its environment sets.

    Raises:
        CompanyActivityError: if a name is no setting, or a value does not fit.
    """
    environ = {
        name.removeprefix(ENVIRONMENT): PLACEHOLDER.sub(r"\1", value)
        for name, value in job.properties["jobProperties"]["conf"].items()
        if name.startswith(ENVIRONMENT)
    }
    return load_settings("synapse", environ=environ | {"COMPANY_ACTIVITY_CONF": str(ROOT / "conf")})


def disagreements(settings: Settings, file: str, known: Workspace) -> Iterator[tuple[str, str]]:
    """Where the job's settings and the workspace's resources name different places."""
    vault = known.of("linkedService").get(settings.secrets.linked_service)
    if vault is None or vault.properties.get("type") != "AzureKeyVault":
        yield (
            "jobProperties.conf",
            f"secrets.linked_service is {settings.secrets.linked_service}, which is no vault",
        )
    places = {
        "landing.root": (settings.landing.root, endpoint(known)),
        "lake.root": (settings.lake.root, lake_of(known)),
        "report.dir": (settings.report.dir, f"{settings.lake.root}/reports"),
        "landing.crm_path": (
            settings.landing.crm_path.strip("/"),
            folder_of(known, "ds_crm_files"),
        ),
        "sql.url": (settings.sql.url, sql_url(known)),
        "sql.auth": (settings.sql.auth, "entra"),
        "api.url": (settings.api.url, "https://usage-api/usage"),
        "the job's file": (
            PLACEHOLDER.sub(r"\1", file).rpartition("/")[0],
            f"{settings.lake.root}/jobs",
        ),
    }
    for name, (one, other) in places.items():
        if one != other:
            yield "jobProperties", f"{name} is {one}, and elsewhere {other}"


def secret_faults(settings: Settings, known: Workspace) -> Iterator[tuple[str, str]]:
    """Secrets that stand in the settings, and names of secrets that the vault's description has not."""
    vault = known.of("linkedService").get(settings.secrets.linked_service)
    described = str(vault.properties.get("description")) if vault else ""
    _, _, kept = described.partition(".")[0].partition(": ")
    asked = set()
    for name, value in secrets_of(settings):
        if value.startswith(REFERENCE):
            asked.add(value.removeprefix(REFERENCE))
        elif value:
            yield "jobProperties.conf", f"{name} is a secret, and stands there"
    if asked != set(kept.split(", ")):
        yield (
            "jobProperties.conf",
            f"the settings ask for the secrets {sorted(asked)}, the vault has {kept}",
        )


def secrets_of(settings: Settings) -> Iterator[tuple[str, Secret]]:
    """Each setting that is a secret, with its value or its reference."""
    for section in fields(settings):
        inner = getattr(settings, section.name)
        for one in fields(inner) if is_dataclass(inner) else ():
            value = getattr(inner, one.name)
            if isinstance(value, Secret):
                yield f"{section.name}.{one.name}", value


def filled(value: Any) -> str:
    return PLACEHOLDER.sub(r"\1", str(value))


def inner_of(known: Workspace, kind: str, name: str) -> Mapping[str, Any]:
    resource = known.of(kind).get(name)
    found = resource.properties.get("typeProperties", {}) if resource else {}
    return found if isinstance(found, dict) else {}


def endpoint(known: Workspace) -> str:
    return filled(
        inner_of(known, "linkedService", "ls_blob_storage").get("serviceEndpoint")
    ).rstrip("/")


def folder_of(known: Workspace, dataset: str) -> str:
    """Container and folder of a dataset."""
    location = inner_of(known, "dataset", dataset).get("location", {})
    return f"{location.get('container')}/{location.get('folderPath')}"


def lake_of(known: Workspace) -> str:
    """The lake in which `ds_outcome` looks for outcomes; that it is in none if it looks elsewhere."""
    folder = folder_of(known, "ds_outcome")
    container, _, path = folder.removesuffix(f"/{FOLDER}").partition("/")
    if not folder.endswith(f"/{FOLDER}"):
        return f"{folder}, which is no {FOLDER}"
    host = endpoint(known).removeprefix("https://").replace(".blob.", ".dfs.")
    return f"abfss://{container}@{host}/{path}"


def sql_url(known: Workspace) -> str:
    sql = inner_of(known, "linkedService", "ls_azure_sql")
    server, database = filled(sql.get("server")), filled(sql.get("database"))
    return f"jdbc:sqlserver://{server}:1433;database={database};encrypt=true;trustServerCertificate=false"
