"""The engine that changes files at random: it does what it says, and it can be repeated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from support.mutations.mutants import FILE, LINE, mutants

PIPELINE = {
    "name": "pl-daily",
    "description": "prose",
    "activities": [
        {
            "name": "act-one",
            "retry": 2,
            "at": "@day('utc')",
            "in": "a/b c/d",
            "of": "e-mail: all",
            "args": ["run", "--date", "@date", "--env", "synapse"],
        },
        {"name": "act-two", "dependsOn": [{"activity": "act-one", "dependencyConditions": ["Succeeded"]}]},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "platform"
    made.mkdir()
    (made / "pl-daily.json").write_text(json.dumps(PIPELINE), encoding="utf-8")
    (made / "job.yml").write_text(yaml.safe_dump({"job": {"name": "daily", "tags": ["a"]}}), encoding="utf-8")
    (made / "model.tmdl").write_text("table Activity\n  /// prose\n  column company_id\n", encoding="utf-8")
    (made / "README.md").write_text("prose", encoding="utf-8")
    return made


def as_text(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def test_each_mutant_differs_in_one_file_and_never_in_prose(folder: Path) -> None:
    before = as_text(folder)
    for mutant in mutants(folder, 60, seed=1):
        after = as_text(mutant.folder)
        other = {name for name in before | after if before.get(name) != after.get(name)}
        assert len(other) == (2 if mutant.kind == FILE else 1), mutant
        assert "README.md" not in other
        assert json.dumps("prose") in json.dumps(after), mutant
    assert as_text(folder) == before


def test_the_kinds_take_turns(folder: Path) -> None:
    kinds = [mutant.kind for mutant in mutants(folder, 18, seed=1)]
    assert kinds[:9] == kinds[9:18]
    assert set(kinds) == {"name", "text", "argument", "reference", "dependency", "type", "key", FILE, LINE}


def test_a_seed_gives_the_same_changes_and_another_seed_others(folder: Path) -> None:
    first, again, other = ([str(mutant) for mutant in mutants(folder, 30, seed)] for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) == 30


def test_a_folder_that_has_no_more_places_says_so(folder: Path) -> None:
    with pytest.raises(ValueError, match="no more places"):
        list(mutants(folder, 10_000, seed=1))
