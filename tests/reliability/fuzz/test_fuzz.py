"""Bytes of any kind end in rows, in settings or in a refusal that says a remedy, and two ways of reading agree."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import yaml

from company_activity.records import fields, item_form, plain_line
from company_activity.settings import loading

from reliability.fuzz.chance import inputs, seeds_of
from reliability.fuzz.folder import Folder
from reliability.fuzz.targets import TARGETS
from reliability.harness.cases import Cases
from reliability.harness.kept import ROOT

COUNTS = {"csv": 60, "lines": 160, "pages": 200, "settings": 40}  # of seeds, and of changed ones, in `make test`
MINUTES = 10
FEWEST = 1000  # executions, or the machine was too busy to say anything
FUZZER = ROOT / ".venv-fuzz" / "bin" / "python"


def failures(name: str, count: int) -> list[Exception]:
    """How the check fails on some seeds and on as many changed ones."""
    target = TARGETS[name]
    found = []
    for data in [*seeds_of(target, count), *inputs(target, count, Random(name))]:
        try:
            target.check(data)
        except Exception as failure:
            found.append(failure)
    return found


@pytest.mark.fault
@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_chance_find_nothing(name: str) -> None:
    assert failures(name, COUNTS[name]) == []


def long_texts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fields, "MAX_TEXT", 10**9)


def counts_of_any_size(patch: pytest.MonkeyPatch) -> None:
    pattern = plain_line.VALUES["events"].replace(plain_line.COUNT, "[0-9]+")
    patch.setitem(plain_line.VALUES, "events", pattern)
    plain_line.pattern.cache_clear()


def texts_with_escapes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(item_form, "VALUE", f'"[^"]*"|{item_form.VALUE}')
    item_form._form.cache_clear()


def yaml_as_it_is(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(loading, "_plain_yaml", yaml.safe_load)


PLANTED = {
    "csv": long_texts,
    "lines": counts_of_any_size,
    "pages": texts_with_escapes,
    "settings": yaml_as_it_is,
}


@pytest.mark.fault
@pytest.mark.parametrize("name", TARGETS)
def test_a_planted_fault_is_found(name: str) -> None:
    plant: Callable[[pytest.MonkeyPatch], None] = PLANTED[name]
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        found = failures(name, COUNTS[name])
    plain_line.pattern.cache_clear()
    item_form._form.cache_clear()
    assert found != []


def test_a_failure_is_noted_once_for_each_place(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "fuzz")
    folder.begin([b"seed"], [b"w\0rd"])
    for data in (b"\xff", b"\xfe"):
        try:
            data.decode()
        except UnicodeDecodeError as failure:
            folder.note(data, failure)
    (folder.found / "timeout-1").write_bytes(b"slow")
    first, libfuzzers = folder.findings()
    assert Path(first.file).read_bytes() == b"\xff"
    assert first.place.startswith("UnicodeDecodeError at test_fuzz.py:")
    assert libfuzzers.error == "timeout"
    assert folder.words.read_text() == '"\\x77\\x00\\x72\\x64"\n'
    folder.begin([], [])
    assert folder.findings() == []


@pytest.mark.long
@pytest.mark.full
@pytest.mark.row("F1")
def test_coverage_finds_nothing(cases: Cases) -> None:
    if not FUZZER.is_file():
        pytest.skip("no .venv-fuzz: `make fuzz MINUTES=0.1` makes it")
    for name in cases.left(TARGETS, short=0):
        with cases.one(name) as notes:
            command = [str(FUZZER), "-m", "reliability.fuzz", "--target", name, "--minutes", str(MINUTES)]
            ran = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            *_, sentence = ran.stdout.splitlines()
            executed = re.match(r"([\d,]+) executions in (\d+\.\d) minutes", sentence)
            assert executed is not None
            assert int(executed[1].replace(",", "")) >= FEWEST
            assert float(executed[2]) >= MINUTES
            notes.append(f"{name}: {sentence}")


def environment() -> dict[str, str]:
    """Nothing of the caller's but its path, and the tests' own modules."""
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'samples'}", "HOME": str(Path.home())}
