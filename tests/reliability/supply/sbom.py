"""The bill of materials of wheel and jars, in CycloneDX's JSON: `make sbom` writes it into `dist`.

Packages and hashes are those of the lock that a laptop runs with (`run`), jars those of `conf/spark/jars.sha256`. A pool brings its own packages
and jars; its image, not ours, answers for those. The same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import company_activity
from company_activity.runtime.jar_digests import known_digests

from reliability.harness.kept import ROOT
from reliability.supply.locks import Locked, locked

DIST = ROOT / "dist"
JAR = re.compile(r"(?P<group>[\w.-]+?)_(?P<name>[\w.-]+)-(?P<version>\d[\w.+-]*)\.jar$")
Component = dict[str, Any]


def main() -> int:
    """Write it beside the wheel."""
    wheel = DIST / f"company_activity-{company_activity.__version__}-py3-none-any.whl"
    target = DIST / f"company-activity-{company_activity.__version__}.cdx.json"
    target.write_text(sbom(wheel), encoding="utf-8")
    print(target)
    return 0


def sbom(wheel: Path) -> str:
    """The bill of a wheel."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    packages = {(one.name, one.version): package(one) for one in locked("run")}
    jars = [jar(name, sha256) for name, sha256 in known_digests().items()]
    components = sorted([*packages.values(), *jars], key=lambda one: str(one["bom-ref"]))
    ours = component("company-activity", company_activity.__version__, "pypi", [digest])
    content = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {"component": {**ours, "type": "application", "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": components,
        "dependencies": [{"ref": ours["bom-ref"], "dependsOn": [one["bom-ref"] for one in components]}],
    }
    return json.dumps(content, indent=1) + "\n"


def package(one: Locked) -> Component:
    """A Python package; it is one of several files, so their hashes are references, not its own."""
    made = component(one.name, one.version, "pypi", [])
    hashes = [{"alg": "SHA-256", "content": content} for content in one.hashes]
    made["externalReferences"] = [
        {"type": "distribution", "url": f"https://pypi.org/project/{one.name}/{one.version}/", "hashes": hashes}
    ]
    return made


def jar(file: str, sha256: str) -> Component:
    """A jar, by the name that the resolver gives its file: `group_artifact-version.jar`."""
    found = JAR.match(file)
    if found is None:
        raise ValueError(f"no jar of a resolver: {file}")
    return component(found["name"], found["version"], "maven", [sha256], found["group"])


def component(name: str, version: str, kind: str, hashes: list[str], group: str = "") -> Component:
    """What every component says of itself."""
    purl = f"pkg:{kind}/{group}{'/' if group else ''}{name}@{version}"
    named = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if group:
        named["group"] = group
    if hashes:
        return {**named, "hashes": [{"alg": "SHA-256", "content": content} for content in hashes]}
    return named


if __name__ == "__main__":
    sys.exit(main())
