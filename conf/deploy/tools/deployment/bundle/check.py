"""Every fault of the bundle in `conf/deploy/databricks`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from company_activity.errors import CompanyActivityError
from company_activity.settings.loading import PREFIX, load_settings
from deployment.bundle.jobs import PLATFORM, ROOT, job_faults, setup
from deployment.bundle.models import api_faults, bundle_faults
from deployment.bundle.reading import ROOT_FILE, Bundle, read_bundle
from deployment.bundle.references import SECRET, bad_brackets, names_in, resolved, texts
from deployment.fault import Fault
from deployment.misfits import misfits
from deployment.secrets_in_files import secret_faults

SCHEMA = Path(__file__).with_name("schema.yml")
# What a variable without a default could be.
STAND_INS = {
    "account": "acmelake",
    "api_url": "https://api.example.com/usage",
    "sql_server": "acme",
    "sql_database": "activity",
    "catalog": "main",
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "client_id": "22222222-2222-2222-2222-222222222222",
    "vault_id": "/subscriptions/3/resourceGroups/acme/providers/Microsoft.KeyVault/vaults/acme",
    "vault_url": "https://acme.vault.azure.net/",
    "deployer": "deployer@example.com",
    "operators": "operators",
    "on_call": "on-call@example.com",
}
# What the command line knows of the workspace when it deploys.
WORKSPACE = {"workspace.current_user.userName": "someone@example.com"}
# How azure-identity's EnvironmentCredential finds a service principal: all three, or it finds none.
SERVICE_PRINCIPAL = {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"}
CLIENT_SECRET = "/azure-client-secret"  # noqa: S105 — where a secret lies, not what it is
# What conf/databricks.yaml leaves open, and the variable that fills it in here.
PLACEHOLDERS = {"<account>": "account", "<server>": "sql_server", "<database>": "sql_database"}
MAKE = re.compile(r"make ([\w-]+)")


def check_bundle(folder: Path) -> list[Fault]:
    """What is wrong with the bundle; nothing, if it can be deployed. What rests on a broken part is not looked at."""
    bundle = read_bundle(folder)
    found = bundle.faults + [Fault(ROOT_FILE, *fault) for fault in schema_faults(bundle.root)]
    found += secret_faults(folder)
    for kind, resources in bundle.resources.items():
        path = bundle.files[kind]
        for key, resource in resources.items():
            found += [Fault(path, f"{kind}.{key}", what) for what in bundle_faults(kind, resource)]
    if found:
        return found
    found += [Fault(ROOT_FILE, place, what) for place, what in root_faults(bundle.root)]
    found += [Fault("", "", what) for what in reference_faults(bundle)]
    for target in bundle.root["targets"]:
        found += [fault for fault in target_faults(bundle, target) if fault not in found]
    return found


def schema_faults(root: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What `databricks.yml` has that it may not have, and what it lacks."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    yield from misfits(Draft202012Validator(schema), root)


def root_faults(root: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What of `databricks.yml` does not fit the project."""
    declared = setup()
    name = declared["metadata"]["name"]
    if root["bundle"]["name"] != name:
        yield "bundle.name", f"is not {name}"
    models = re.search(r"databricks-bundles==(\S+)", declared["options.extras_require"]["deploy"])
    if models is None or root["bundle"]["databricks_cli_version"] != f">= {models[1]}":
        yield "bundle.databricks_cli_version", "is not that of the model in setup.cfg"
    if list(root["artifacts"]) != [name]:
        yield "artifacts", f"are not {name} alone"
    to_root = "/".join([".."] * 3)
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for artifact in root["artifacts"].values():
        if artifact["path"] != to_root:
            yield "artifacts", f"the checkout is {to_root}"
        made = MAKE.fullmatch(artifact["build"])
        if made is None or not re.search(rf"^{re.escape(made[1])}:", targets, re.MULTILINE):
            yield "artifacts", f"{artifact['build']} is no target of the Makefile"
    if root["sync"]["paths"] != [".", f"{to_root}/dist"]:
        yield "sync", "a library must lie in a folder that is named here"
    open_ones = {one for one, variable in root["variables"].items() if "default" not in variable}
    if open_ones != set(STAND_INS):
        yield "variables", f"without a default are {sorted(open_ones)}, and not {sorted(STAND_INS)}"


def values_of(bundle: Bundle, target: str) -> dict[str, Any]:
    """By name what each `${…}` stands for when the target is deployed."""
    values: dict[str, Any] = {
        "bundle.name": bundle.root["bundle"]["name"],
        "bundle.target": target,
        **WORKSPACE,
    }
    for name, variable in bundle.root["variables"].items():
        values[f"var.{name}"] = variable.get("default", STAND_INS.get(name))
    for kind, resources in bundle.resources.items():
        for key, resource in resources.items():
            values[f"resources.{kind}.{key}.id"] = "123"
            values[f"resources.{kind}.{key}.name"] = resolved(resource.get("name"), values)
    return values


def reference_faults(bundle: Bundle) -> Iterator[str]:
    """`${…}` that name nothing, and variables that nothing names."""
    used = names_in(bundle.root) | names_in(bundle.resources)
    known = set(values_of(bundle, "prod"))
    yield from (f"${{{name}}} is not there" for name in sorted(used - known))
    declared = {f"var.{name}" for name in bundle.root["variables"]}
    yield from (
        f"variables.{name.removeprefix('var.')}: nothing uses it"
        for name in sorted(declared - used)
    )
    for text in texts([bundle.root, bundle.resources]):
        if bad_brackets(text.value):
            yield f"the brackets of {text.value} do not match"


def target_faults(bundle: Bundle, target: str) -> Iterator[Fault]:
    """What is wrong with the jobs once the references have a target's values."""
    values = values_of(bundle, target)
    path = bundle.files.get("jobs", "")
    scopes = [
        scope["name"]
        for scope in resolved(bundle.resources.get("secret_scopes", {}), values).values()
    ]
    for key, job in resolved(bundle.resources.get("jobs", {}), values).items():
        faults = [*bundle_faults("jobs", job), *api_faults(job)]
        if not faults:
            faults = [*job_faults(key, job, path), *environment_faults(job, scopes)]
        yield from (Fault(path, f"jobs.{key}", what) for what in faults)


def environment_faults(job: dict[str, Any], scopes: list[str]) -> Iterator[str]:
    """Variables of a cluster's environment that nobody reads, and settings that do not load with them."""
    for cluster in job.get("job_clusters") or []:
        variables: Mapping[str, str] = (cluster.get("new_cluster") or {}).get(
            "spark_env_vars"
        ) or {}
        others = {name for name in variables if not name.startswith(PREFIX)}
        if others != SERVICE_PRINCIPAL:
            yield f"spark_env_vars: {sorted(others)} are not {sorted(SERVICE_PRINCIPAL)}"
        secret = SECRET.fullmatch(variables.get("AZURE_CLIENT_SECRET", "").strip("{}"))
        if secret is None or secret[1] not in scopes or not secret[0].endswith(CLIENT_SECRET):
            yield "spark_env_vars: AZURE_CLIENT_SECRET is no secret of a scope that is deployed"
        yield from settings_faults(tuple(sorted(variables.items())), tuple(scopes))


@cache
def settings_faults(variables: tuple[tuple[str, str], ...], scopes: tuple[str, ...]) -> list[str]:
    """What the settings have against an environment; asked once for the clusters that share one."""
    try:
        settings = load_settings(PLATFORM, environ=dict(variables))
    except CompanyActivityError as refused:
        return [f"spark_env_vars: {refused}"]
    found = []
    if settings.secrets.databricks_scope not in scopes:
        found.append(f"spark_env_vars: no scope {settings.secrets.databricks_scope} is deployed")
    usual = load_settings(PLATFORM, environ={})
    for name, one, other in (
        ("landing.root", settings.landing.root, usual.landing.root),
        ("lake.root", settings.lake.root, usual.lake.root),
        ("report.dir", settings.report.dir, usual.report.dir),
        ("sql.url", settings.sql.url, usual.sql.url),
    ):
        for placeholder, variable in PLACEHOLDERS.items():
            other = other.replace(placeholder, STAND_INS[variable])
        if one != other:
            found.append(f"spark_env_vars: {name} is {one}, in conf/{PLATFORM}.yaml {other}")
    filled_in = vars(settings.api) | vars(settings.lake) | vars(settings.sql)
    left = [text for text in texts(filled_in) if "<" in text.value]
    return found + [f"spark_env_vars: {text.place} is still {text.value}" for text in left]
