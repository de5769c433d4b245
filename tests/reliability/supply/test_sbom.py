"""The bill of materials is valid CycloneDX, and names each package and each jar with its sha256."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from company_activity.runtime.jar_digests import known_digests

from reliability.supply.locks import locked
from reliability.supply.sbom import sbom

pytestmark = pytest.mark.row("D1")
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> str:
    wheel = tmp_path_factory.mktemp("dist") / "ours.whl"
    wheel.write_bytes(b"a wheel")
    return sbom(wheel)


def components(bill: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bill)["components"]
    return found


def test_it_is_valid(bill: str) -> None:
    assert VALIDATOR.validate_str(bill) is None
    spoiled = bill.replace('"alg": "SHA-256"', '"alg": "SHA-257"', 1)
    assert VALIDATOR.validate_str(spoiled) is not None


def test_it_names_each_locked_package_with_the_hashes_of_its_files(bill: str) -> None:
    packages = [one for one in components(bill) if one["purl"].startswith("pkg:pypi/")]
    named = {
        (one["name"], one["version"]): {each["content"] for each in one["externalReferences"][0]["hashes"]}
        for one in packages
    }
    assert named == {(one.name, one.version): set(one.hashes) for one in locked("run")}
    assert ("pyspark", "3.5.5") in named


def test_it_names_each_jar_with_its_sha256(bill: str) -> None:
    jars = [one for one in components(bill) if one["purl"].startswith("pkg:maven/")]
    named = {f"{one['group']}_{one['name']}-{one['version']}.jar": one["hashes"][0]["content"] for one in jars}
    assert named == known_digests()
    assert "pkg:maven/io.delta/delta-spark_2.12@3.2.1" in [one["purl"] for one in jars]


def test_it_is_of_this_wheel_and_the_same_inputs_give_the_same_bytes(bill: str, tmp_path: Path) -> None:
    same, other = tmp_path / "same.whl", tmp_path / "other.whl"
    same.write_bytes(b"a wheel")
    other.write_bytes(b"another wheel")
    assert sbom(same) == bill
    assert json.loads(sbom(other))["serialNumber"] != json.loads(bill)["serialNumber"]
