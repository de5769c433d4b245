"""A path out of the folders in a date, a name, a setting, a link or an answer: refused in a sentence, and nothing outside is touched.

Beside the place lies a folder with a secret. After each attempt it is as it was, nothing new lies beside the place, and
nobody was told the secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest

from company_activity.errors import LandingCorrupt
from company_activity.io.landing.manifest import Manifest, Part, read_manifest

from reliability.harness.cases import Cases
from support.api.usage_api import page, serving
from support.cycle.place import Place

pytestmark = pytest.mark.fault

DAY = "2025-11-22"
NOW = datetime(2025, 11, 24, tzinfo=UTC)
SECRET = "s3cret-that-lies-outside"
OUTSIDE = "../outside"
NOWHERE = "http://127.0.0.1:9/usage"


@dataclass(frozen=True)
class Attempt:
    """A command and what the environment says besides; `plants` puts something hostile into the place first."""

    arguments: tuple[str, ...] = ("plan", "--date", DAY)
    environ: Mapping[str, str] = field(default_factory=dict)
    plants: Callable[[Path], object] = lambda place: None
    codes: tuple[int, ...] = (2, 3)


def command(*arguments: str, codes: tuple[int, ...] = (2, 3)) -> Attempt:
    return Attempt(arguments, codes=codes)


def setting(name: str, value: str, *arguments: str) -> Attempt:
    """A command that reads landing and lake, with one setting."""
    return Attempt(arguments or ("plan", "--date", DAY), {f"COMPANY_ACTIVITY__{name}": value})


def planted(path: str, *arguments: str, link: str = "") -> Attempt:
    """A link in the landing that leads to the secret."""

    def plant(place: Path) -> None:
        target = place / "landing" / path
        target.parent.mkdir(parents=True)
        target.symlink_to(link or place.parent / "outside" / "crm_2025-11-22.csv")

    return Attempt(arguments or ("run", "--date", DAY, "--steps", "admit_crm"), plants=plant)


DATES = (
    "2025-01-01/../../x",
    "../outside",
    "/etc/passwd",
    "2025-01-01%2f..",
    "..\\outside",
    "2025-01-01\0",
    "２０２５-01-01",
)
NAMES = ("../../outside/new", "/outside", "..", "%2e%2e/x", "a\\..\\b", "a\0b", ".hidden", "a/b")
ATTEMPTS: dict[str, Attempt] = {
    **{f"run --date {text!r}": command("run", "--date", text) for text in DATES},
    **{f"ingest --start {text!r}": command("ingest", "--start", text, "--end", DAY) for text in DATES[:3]},
    **{f"rollback --date {text!r}": command("rollback", "--date", text) for text in DATES[:2]},
    **{f"explain c1 {text!r}": command("explain", "c1", text) for text in DATES[:2]},
    **{f"export --since {text!r}": command("export", "--since", text) for text in DATES[:4]},
    **{f"--outcome {text!r}": command("run", "--date", DAY, "--outcome", text) for text in NAMES},
    **{f"--env {text!r}": command("plan", "--date", DAY, "--env", text) for text in ("../../outside/evil", "/etc/passwd", "..", "a\0b")},
    **{
        f"--accept-crm {text!r}": command("run", "--date", DAY, "--accept-crm", text)
        for text in ("../../etc/passwd", "/etc/passwd", f"{OUTSIDE}/crm_2025-11-22.csv", "%2e%2e/x.csv", "\0")
    },
    "--accept-gate": command("run", "--date", DAY, "--accept-gate", "../../outside/volume"),
    "--steps": command("run", "--date", DAY, "--steps", "../stage_crm"),
    "export --table": command("export", "--since", "0", "--table", "../../outside"),
    "explain a company with slashes": command("explain", "../../outside/crm_2025-11-22.csv", DAY, "events"),
    "--metrics": command("whatif", "--date", DAY, "--metrics", "../no/such"),
    "usage_container ..": setting("LANDING__USAGE_CONTAINER", OUTSIDE),
    "usage_container /": setting("LANDING__USAGE_CONTAINER", "/outside"),
    "usage_container NUL": setting("LANDING__USAGE_CONTAINER", "a\\..\\b/../.."),
    "usage_container, a run": setting("LANDING__USAGE_CONTAINER", OUTSIDE, "ingest", "--start", DAY, "--end", DAY),
    "crm_path ..": setting("LANDING__CRM_PATH", f"{OUTSIDE}/"),
    "crm_path within": setting("LANDING__CRM_PATH", f"raw/../../{OUTSIDE}/"),
    "crm_path /": setting("LANDING__CRM_PATH", "/etc/"),
    "crm_path, a run": setting("LANDING__CRM_PATH", f"{OUTSIDE}/", "run", "--date", DAY, "--steps", "admit_crm"),
    "lake.root in an account": setting("LAKE__ROOT", "abfss://lake@acme.dfs.core.windows.net/a/../../b"),
    "landing.root in an account": setting("LANDING__ROOT", "abfss://raw@acme.dfs.core.windows.net/../b"),
    "report.dir in an account": setting("REPORT__DIR", "wasbs://r@acme.blob.core.windows.net/./x"),
    "lake.root file:..": setting("LAKE__ROOT", "file:../outside"),
    "lake.root of Windows": setting("LAKE__ROOT", "C:\\..\\outside"),
    "lake.catalog": setting("LAKE__CATALOG", "../outside"),
    "a link to a CRM file": planted("raw/crm/crm_2025-11-22.csv"),
    "a link to a CRM file, planned": planted("raw/crm/crm_2025-11-22.csv", "plan", "--date", DAY),
    "a link to /etc/passwd": planted("raw/crm/passwd_2025-11-22.csv", link="/etc/passwd"),
    "a link of another root": planted("raw/crm/x_2025-11-22.csv", link="../../../../outside/crm_2025-11-22.csv"),
    "a link to a manifest": planted(f"product-api-raw/date={DAY}/gen=000001/manifest.json", "plan", "--date", DAY),
    "a link to snoozed.csv": planted("raw/crm/snoozed.csv", "run", "--date", DAY, "--steps", "admit_crm,write_report"),
}  # fmt: skip
PARTS = ("../../../outside/crm_2025-11-22.csv", "/etc/passwd", "..\\..\\outside\\x", "a/./b", "a\0b", "..")
NEXT_PAGES = (
    "file:///etc/passwd", "//evil.example/usage?page=2", "http://evil.example/?page=2", "https://127.0.0.1/?page=2",
    "\\\\evil.example\\x?y", "/\\evil.example/?x", "http:///etc/passwd?x", "http://127.0.0.1:1/%2e%2e/?x", "ftp://x/?y",
    "http://user@127.0.0.1:9/?x", "/usage?x=\0", "http://[::1]/?x",
)  # fmt: skip


def laid_out(folder: Path) -> Place:
    """A place, and beside it a folder with the secret."""
    outside = folder / "outside"
    outside.mkdir(parents=True)
    (outside / "crm_2025-11-22.csv").write_text(f"{SECRET},name\n{SECRET},x\n", encoding="utf-8")
    (outside / "evil.yaml").write_text(f"api: {{{SECRET}: x}}\n", encoding="utf-8")
    (folder / "place").mkdir()
    return Place(folder / "place", NOWHERE)


def beside(folder: Path) -> dict[str, str]:
    """Every file that does not lie in the place, with its content."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_relative_to(folder / "place"))
    return {str(file): file.read_text(encoding="utf-8") for file in files}


def told(place: Place, capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, and every file that the place now has, but for what leads outside."""
    printed = capsys.readouterr()
    files = [file for file in place.folder.rglob("*") if file.is_file() and not file.is_symlink()]
    return printed.out + printed.err + "".join(file.read_text("utf-8", "replace") for file in files)


@pytest.mark.row("H3")
def test_no_path_leads_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cases: Cases
) -> None:
    monkeypatch.setattr("company_activity.run.spark_session", refuse_spark)
    for name in cases.left(ATTEMPTS, short=16):
        with cases.one(name), TemporaryDirectory(dir=tmp_path) as folder:
            attempt(Path(folder), ATTEMPTS[name], capsys)


def refuse_spark(*_: object) -> None:
    raise AssertionError("Spark was started")


def attempt(folder: Path, hostile: Attempt, capsys: pytest.CaptureFixture[str]) -> None:
    place = laid_out(folder)
    hostile.plants(place.folder)
    before = beside(folder)
    environ = {"COMPANY_ACTIVITY__API__MAX_ATTEMPTS": "1", **hostile.environ}
    code = run(place, hostile.arguments, environ)
    text = told(place, capsys)
    assert (code in hostile.codes, "Traceback" in text) == (True, False), (code, text[-1000:])
    assert beside(folder) == before
    assert SECRET not in text
    assert "root:x:0" not in text


def run(place: Place, arguments: tuple[str, ...], environ: Mapping[str, str]) -> int:
    """The command's exit code. No environment holds a NUL: what has one is given as an argument alone."""
    return place.run(*arguments, **environ)


@pytest.mark.row("H3")
def test_no_next_page_leads_to_another_server(tmp_path: Path, capsys: pytest.CaptureFixture[str], cases: Cases) -> None:
    for target in cases.left(NEXT_PAGES, short=2):
        with cases.one(f"next page {target!r}"), TemporaryDirectory(dir=tmp_path) as folder:
            with serving(lambda asked, to=target: page([{"company_id": "c1"}], to)) as api:  # type: ignore[misc]
                place = Place(Path(folder), api.url)
                code = place.run("ingest", "--start", DAY, "--end", DAY, API_KEY=SECRET)
            text = told(place, capsys)
            assert (code, len(api.asked)) == (3, 1), text[-1000:]
            assert SECRET not in text
            assert not list(Path(folder).rglob("manifest.json"))


@pytest.mark.row("H3")
def test_no_part_of_a_manifest_lies_elsewhere(cases: Cases) -> None:
    whole = Manifest(date.fromisoformat(DAY), 1, "complete", (Part("a", SECRET, 1, 1),), 1, 1, SECRET, "x", NOW, "r")
    assert read_manifest(whole.to_json().encode(), "m").parts == whole.parts
    for path in cases.left(PARTS, short=len(PARTS)):
        with cases.one(f"a part {path!r}"):
            hostile = replace(whole, parts=(replace(whole.parts[0], path=path),))
            with pytest.raises(LandingCorrupt, match="is no manifest"):
                read_manifest(hostile.to_json().encode(), "m")


@pytest.mark.row("H3")
def test_a_company_s_slashes_are_data(tmp_path: Path, capsys: pytest.CaptureFixture[str], cases: Cases) -> None:
    ids = ["../../outside/x", "/etc/passwd", "%2e%2e%2fx", "..\\x", "a/../b", "....//x", "C:\\x"]
    for company in cases.left(ids, short=2):
        with cases.one(f"a company {company!r}"), TemporaryDirectory(dir=tmp_path) as folder:
            laid_out(Path(folder))
            item = {"company_id": company, "active_users": 1, "events": 1, "ts": f"{DAY}T00:00:00Z"}
            before = beside(Path(folder))
            with serving(lambda asked, one=item: page([one])) as api:  # type: ignore[misc]
                place = Place(Path(folder, "place"), api.url)
                assert place.run("ingest", "--start", DAY, "--end", DAY, API_KEY="k") == 0
            [part] = place.folder.rglob("*.ndjson")
            assert json.loads(part.read_text())["company_id"] == company
            assert place.run("explain", company, DAY, "events") in (0, 2, 3)
            assert quote(company, safe="") not in "".join(map(str, Path(folder).rglob("*")))
            assert beside(Path(folder)) == before
            told(place, capsys)


def test_a_reader_that_followed_a_link_would_be_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = laid_out(tmp_path)
    (place.folder / "copied.csv").write_bytes((tmp_path / "outside/crm_2025-11-22.csv").read_bytes())
    assert SECRET in told(place, capsys)
