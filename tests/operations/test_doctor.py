"""`doctor`: each check is a line, an ✗ has its remedy, and the first one's exit code is the command's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from company_activity.errors import RuntimeMissing
from company_activity.io.warehouse import publishing
from company_activity.operations import doctor as operation
from company_activity.run import Run
from company_activity.schemas import COMPANIES

from support.cycle.place import Place

RUN = cast(Run, None)  # what looks at no run


class NoJvm:
    """A session that only tells its version."""

    def __init__(self, version: str) -> None:
        self.version = version


def looked(place: Place, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    (place.folder / "landing").mkdir(exist_ok=True)
    code = place.run("doctor")
    return code, capsys.readouterr().out


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, "http://127.0.0.1:1")


def test_a_session_without_a_jvm_is_an_error_of_publishing(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(operation, "session_of", lambda run: NoJvm("3.5.5"))
    code, said = looked(place, capsys)
    assert (code, said.count("✗")) == (5, 1), said
    assert "✗ jvm" in said
    assert "company-activity publish --date D" in said


@pytest.mark.parametrize(
    ("spark", "delta", "what"),
    [("3.4.1", "2.4.0", "use a runtime of Spark 3.5"), ("4.1.1", "3.2.1", "needs Delta 4.x")],
)
def test_a_pair_that_was_not_built_for_each_other_is_told(
    spark: str,
    delta: str,
    what: str,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(operation, "session_of", lambda run: NoJvm(spark))
    monkeypatch.setattr(operation, "delta_version", lambda run: delta)
    code, said = looked(place, capsys)
    assert code == 2
    assert what in said


# As Fabric Runtime 1.3's image has them; of the packages that the wheel requires all others are new enough there.
FABRIC_1_3 = {"jsonschema": "4.19.2", "pandas": "2.1.4", "pyarrow": "14.0.2"}


def test_the_packages_of_fabric_1_3_are_told_by_name_and_the_runtime_to_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, version in FABRIC_1_3.items():
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    assert operation.check_packages(RUN).is_fine
    monkeypatch.syspath_prepend(tmp_path)
    found = operation.check_packages(RUN)
    assert (found.exit_code, found.what.count(";")) == (2, len(FABRIC_1_3) - 1)
    for name, version in FABRIC_1_3.items():
        assert f"{name} is {version}" in found.what
    assert "1.3 is not supported" in found.remedy


def test_a_check_that_fails_does_not_keep_the_others_from_looking(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(run: object) -> None:
        raise RuntimeMissing("pyspark is not installed", remedy="pip install 'company-activity[local]'")

    log = place.folder / "lake" / COMPANIES.path / "_delta_log"
    log.mkdir(parents=True)
    log.joinpath(f"{0:020}.json").write_text(
        '{"metaData":{"id":"t","configuration":{"delta.columnMapping.mode":"id"}}}'
    )
    monkeypatch.setattr(operation, "session_of", missing)
    code, said = looked(place, capsys)
    assert code == 1  # of the lake, which is looked at first
    assert [line[2:].split()[0] for line in said.splitlines() if line.startswith("✗")] == [
        "lake",
        "spark",
        "jvm",
        "driver",
    ], said
    assert "dim.companies has the Delta feature columnMapping" in said
    assert "pip install 'company-activity[local]'" in said


def test_a_landing_that_does_not_answer_and_a_key_that_is_nowhere_are_told_by_name(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(operation, "session_of", lambda run: NoJvm("3.5.5"))
    nowhere = {"COMPANY_ACTIVITY__LANDING__ROOT": "/dev/null", "COMPANY_ACTIVITY__API__KEY": "secret://no-such-key"}
    assert place.run("doctor", **nowhere) == 2  # of the key, which is looked for first
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("✗")]
    assert [line[2:15].strip() for line in failed] == ["api", "landing", "jvm"], failed
    assert "no secret 'no-such-key'" in failed[0]


def test_a_file_that_executors_elsewhere_cannot_open_is_told_as_publish_does(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(operation, "session_of", lambda run: NoJvm("3.5.5"))
    monkeypatch.setattr(operation, "has_jvm", lambda spark: True)
    monkeypatch.setattr(operation, "delta_version", lambda run: "3.2.1")
    monkeypatch.setattr(publishing, "has_executors_elsewhere", lambda spark: True)
    code, said = looked(place, capsys)
    assert code == 2
    assert "✗ driver" in said
    assert "can be opened by one process alone" in said


def test_an_unforeseen_error_shows_no_secret() -> None:
    def check_fails(run: object) -> operation.Finding:
        raise ValueError("https://acme.example/x?sig=s3cret is gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operation, "CHECKS", (check_fails,))
        (found,) = operation.doctor(SimpleNamespace())  # type: ignore[arg-type]
    assert "s3cret" not in found.what


def test_an_unforeseen_error_is_a_line_as_well() -> None:
    def check_fails(run: object) -> operation.Finding:
        raise ValueError("first\nsecond")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operation, "CHECKS", (check_fails,))
        (found,) = operation.doctor(SimpleNamespace())  # type: ignore[arg-type]
    assert (found.name, found.what, found.exit_code) == ("fails", "ValueError: first", 1)
