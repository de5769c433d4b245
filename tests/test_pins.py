"""The packages of the pools (conf/deploy/pins) against what the wheel requires; `make parity` installs them."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
POOLS = {"synapse": "local", "fabric": "spark4"}  # and the extra that installs the same Spark here
Release = list[int]


def setup_cfg(section: str, key: str) -> str:
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", "utf-8")
    return declared[section][key]


def pins_of(pool: str) -> dict[str, str]:
    text = (ROOT / "conf" / "deploy" / "pins" / f"{pool}.txt").read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))


def numbers(release: str) -> Release:
    return [int(number) for number in re.findall(r"\d+", release)]


@pytest.mark.parametrize("pool", POOLS)
def test_each_package_that_the_wheel_requires_is_in_the_pool_and_new_enough(pool: str) -> None:
    pins = pins_of(pool)
    required = [line.split(">=") for line in setup_cfg("options", "install_requires").split()]
    assert len(required) >= 12
    behind = [name for name, oldest in required if numbers(pins.get(name.lower(), "0")) < numbers(oldest)]
    assert behind == []


@pytest.mark.parametrize(("pool", "extra"), POOLS.items())
def test_the_spark_of_a_pool_is_the_one_that_the_tests_run_on(pool: str, extra: str) -> None:
    assert f"pyspark=={pins_of(pool)['pyspark']}" in setup_cfg("options.extras_require", extra).split()


def test_every_other_line_is_a_comment_so_that_no_version_is_left_to_pip() -> None:
    for pool in POOLS:
        lines = (ROOT / "conf" / "deploy" / "pins" / f"{pool}.txt").read_text("utf-8").splitlines()
        assert [line for line in lines if line and "==" not in line and not line.startswith("#")] == []
