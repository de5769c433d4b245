"""Settings: a file's text and the environment's variables in, frozen settings or a clear SettingsError out."""

from __future__ import annotations

import copy
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from company_activity.errors import SettingsError
from company_activity.settings import loading
from company_activity.settings.loading import conf_dir, load_metrics, load_settings
from company_activity.settings.model import Settings

from reliability.fuzz.told import check_told
from reliability.harness.kept import ROOT

PARTED_BY = b"\n===\n"  # between the file and the variables, each on a line of its own
NO_VARIABLES: Mapping[str, str] = {}
READ_YAML = loading._read_yaml
SHIPPED = conf_dir({})
WORDS = (
    *(
        f"{name}:".encode()
        for name in ("api", "landing", "lake", "sql", "report", "notify", "metrics", "churn", "spark")
    ),
    *(b"url: ", b"root: ", b"{}", b"[]", b"null", b".nan", b".inf", b"-.inf", b"1e400", b"0x10", b"1_000", b"12:30:45"),
    *(
        b"2025-02-30",
        b"2025-01-01 25:00:00",
        b"!!int ",
        b"!!float ",
        b"!!binary ",
        b"!!set ",
        b"!!timestamp ",
        b"&a ",
        b"*a",
    ),
    *(
        b"<<: *a",
        b"? ",
        b"1: 2",
        b"true: 1",
        b"\n===\n",
        b"COMPANY_ACTIVITY__",
        b"__",
        b"API_URL=",
        b"${home}",
        b"\xef\xbb\xbf",
    ),
    *(
        b"dbfs:/",
        b"abfss://lake@acme.dfs.core.windows.net/",
        b"file:",
        b"..",
        b"\0",
        b"\xff",
        b"'",
        b'"\\ud800"',
        b"9" * 30,
    ),
)

# What was found once: PyYAML's constructors raise errors of any kind.
FOUND = (
    b"report:\n  dir: !!int x\n",
    b"report: {dir: 2025-02-30}\n",
    b"!!timestamp ''\n",
    b"!!int ''\n",
    b"lake: " + b"[" * 600 + b"]" * 600,
    b"api: {url: http://a}\n1: 2\nx: 3\n" + PARTED_BY,
    b"lake: {root: /l}" + PARTED_BY + b"COMPANY_ACTIVITY__API=x\nCOMPANY_ACTIVITY__API__URL=y",
)


def check(data: bytes) -> None:
    """Nothing but a SettingsError with a sentence is raised; numbers that are let pass are numbers."""
    text, _, variables = data.partition(PARTED_BY)
    file = scratch() / "fuzzed.yaml"
    file.write_bytes(text)
    environ = environment(variables)
    loading._read_yaml = read_yaml
    try:
        settings = load_settings(file=file, environ=environ)
        check_settings(settings)
        metrics = load_metrics(file, shipped().metrics)
        check_numbers(asdict(metrics))
    except SettingsError as refused:
        check_told(refused)
    finally:
        loading._read_yaml = READ_YAML


def check_settings(settings: Settings) -> None:
    """They can be shown, and no number in them is none."""
    repr(settings)
    check_numbers(asdict(settings))


def check_numbers(tree: Any) -> None:
    """Infinite, or not a number, is no number of ours."""
    if isinstance(tree, dict):
        for value in tree.values():
            check_numbers(value)
    assert not isinstance(tree, float) or math.isfinite(tree), tree


def environment(data: bytes) -> dict[str, str]:
    """The variables that an operating system could hold: no NUL, no empty name."""
    lines = [line.partition(b"=") for line in data.replace(b"\0", b"").split(b"\n")]
    found = {os.fsdecode(name): os.fsdecode(value) for name, _, value in lines if name}
    for name in ("COMPANY_ACTIVITY_CONF", "COMPANY_ACTIVITY_HOME"):
        found.pop(name, None)
    return found


def read_yaml(path: Path) -> dict[str, Any]:
    """The shipped files are read once: their parser is slow."""
    return copy.deepcopy(known_yaml(path)) if path.is_relative_to(SHIPPED) else READ_YAML(path)


@cache
def known_yaml(path: Path) -> dict[str, Any]:
    return READ_YAML(path)


@cache
def shipped() -> Settings:
    return load_settings("local", environ=NO_VARIABLES)


@cache
def scratch() -> Path:
    """A folder of this process, in memory where there is one."""
    memory = Path("/dev/shm")  # noqa: S108 — the folder in it has a name of its own
    return Path(tempfile.mkdtemp(prefix="settings-", dir=memory if memory.is_dir() else None))


def seeds() -> Iterator[bytes]:
    """The shipped files, whole and a section at a time, and variables of all kinds."""
    for path in sorted((ROOT / "conf").glob("*.yaml")):
        text = path.read_bytes()
        yield text
        yield from text.split(b"\n\n")
    local = (ROOT / "conf" / "local.yaml").read_bytes()
    for variable in (b"API__PAGE_SIZE=10", b"API__URL=http://a", b"RUN__REFETCH_DAYS=x", b"SPARK__PROPERTIES={a: b}"):
        yield local + PARTED_BY + b"COMPANY_ACTIVITY__" + variable
    yield local + PARTED_BY + b"API_URL=http://a/u\nAPI_KEY=k\nBLOB_CONN_STR=c\nCRM_BLOB_PATH=x/\nKEY_VAULT_NAME=v"
    yield b"api: {url: http://a, page_size: 3}\nlake: {root: /l}\n"
    yield b"churn: {weeks: 4}\n"
    yield from FOUND
