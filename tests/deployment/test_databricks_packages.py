"""The runtime of the bundle's clusters brings all that the wheel requires: nothing is installed there."""

from __future__ import annotations

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deployment.bundle import check
from deployment.bundle.jobs import setup


def test_the_runtime_has_each_package_that_the_wheel_requires() -> None:
    text = check.SCHEMA.with_name("packages.yml").read_text(encoding="utf-8")
    versions: dict[str, str] = yaml.safe_load(text)
    lines = setup()["options"]["install_requires"].split("\n")
    required = [Requirement(line) for line in lines if line]
    assert {canonicalize_name(one.name) for one in required} == versions.keys()
    lacking = [str(one) for one in required if versions[canonicalize_name(one.name)] not in one.specifier]
    assert lacking == []
