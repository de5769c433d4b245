"""Other constants than those in force: read as strictly, told by what differs, refused where nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest

from company_activity.errors import SettingsError, UsageError
from company_activity.operations.constants import changes, other_constants
from company_activity.settings.model import ChurnSettings, MetricSettings

STANDING = MetricSettings(churn=ChurnSettings(weeks=5))


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_what_a_file_does_not_name_is_as_in_force(tmp_path: Path) -> None:
    (other,) = other_constants(STANDING, [written(tmp_path / "strict.yaml", "churn: {declining_percent: 40}")])
    assert other.name == "strict.yaml"
    assert other.metrics.churn == ChurnSettings(weeks=5, declining_percent=40)
    assert changes(STANDING, other.metrics) == ["churn.declining_percent 50 → 40"]


def test_files_of_one_name_keep_their_paths(tmp_path: Path) -> None:
    texts = {tmp_path / "a" / "m.yaml": "churn: {weeks: 4}", tmp_path / "b" / "m.yaml": "churn: {weeks: 6}"}
    files = [written(file, text) for file, text in texts.items()]
    assert [one.name for one in other_constants(STANDING, files)] == list(map(str, files))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("churn: {weekz: 4}", "unknown setting metrics.churn.weekz in {file} — known here: weeks, "),
        ("churn: {weeks: 70}", "setting metrics.churn.weeks in {file}: 70 does not fit — wanted: maximum 7"),
        ("churn: {weeks: many}", "setting metrics.churn.weeks in {file}: 'many' does not fit"),
        ("churn: [", "{file} is not YAML"),
        ("- churn", "{file} holds no mapping"),
        ("sql: {url: here}", "unknown setting metrics.sql in {file}"),
    ],
)
def test_a_wrong_constant_is_named_with_its_file_and_its_remedy(text: str, said: str, tmp_path: Path) -> None:
    file = written(tmp_path / "other.yaml", text)
    with pytest.raises(SettingsError) as refused:
        other_constants(STANDING, [file])
    assert said.format(file=file) in str(refused.value)


@pytest.mark.parametrize("text", ["", "metric_version: '9'", "churn: {weeks: 5}"])
def test_the_constants_in_force_change_nothing(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds the constants in force: nothing changes — change one"):
        other_constants(STANDING, [written(tmp_path / "same.yaml", text)])


def test_a_file_that_is_not_there_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no metrics file .*nowhere.yaml — copy conf/metrics.yaml"):
        other_constants(STANDING, [tmp_path / "nowhere.yaml"])
