"""What a run prints: whole in a pipe or a file, whatever its length; on a terminal in as many lines as it takes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from company_activity.cli.console import Console
from company_activity.errors import CrmFileRefused, Undelivered
from company_activity.report.model import StepReport
from company_activity.report.risks import Status

from support.cycle.place import Place
from support.report.reports import DAY, failed, risk, succeeded

LONG = "A name " + "of many words " * 30 + "x" * 300
COMPANIES = [risk(f"c_{n:03}_{'y' * 60}", LONG) for n in range(15)]


class Terminal(io.StringIO):
    """Somebody looks."""

    def isatty(self) -> bool:
        return True


def test_in_a_pipe_every_company_at_risk_has_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Console().summary(succeeded(churn_risks=COMPANIES))
    told = capsys.readouterr().out
    assert "…" not in told
    for company in COMPANIES:
        [line] = [line for line in told.splitlines() if company.company_id in line]
        assert " ".join(LONG.split()) in line
        assert "54  " in line
        assert "DECLINING, UNUSUAL_SILENCE" in line


def test_how_far_to_trust_the_list_is_said_before_it_names_anybody(capsys: pytest.CaptureFixture[str]) -> None:
    Console().summary(succeeded(status=Status(DAY, (), 40, 10, DAY)))
    told = capsys.readouterr().out
    assert told.index("The lists cannot be trusted today. Newest complete date 2025-11-23;") < told.index("Sudden Stop")
    assert "At risk: 1 entered and 1 recovered since the report of 2025-11-19." in told


def test_user_days_that_are_not_known_are_not_shown_as_none_missing(capsys: pytest.CaptureFixture[str]) -> None:
    Console().summary(succeeded(churn_risks=[risk(missing_user_days_7d=None)]))
    [line] = [line for line in capsys.readouterr().out.splitlines() if "c_126" in line]
    assert "not known" in line


def test_those_that_are_not_listed_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Console().summary(succeeded())  # one is listed, and 8 are at risk
    assert "and 7 more at risk: see the report" in capsys.readouterr().out


def test_in_a_pipe_a_plan_has_a_line_for_each_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    names = [f"crm_{n}_{'z' * 150}_2025-11-22.csv" for n in range(2)]
    folder = tmp_path / "landing" / "raw" / "crm"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(f"company_id,name,country,industry_tag\n{'c' * 200},x,,\n", encoding="utf-8")
    assert place.run("plan", "--date", str(DAY)) == 0
    told = capsys.readouterr().out
    assert "…" not in told
    for name in names:
        [line] = [line for line in told.splitlines() if line.lstrip().startswith("crm") and f"raw/crm/{name}  " in line]
        assert "last_contact_at" in line  # the column that is not there


def test_in_a_pipe_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    error = CrmFileRefused(f"raw/crm/{LONG}.csv: [no] header :warning:", remedy=LONG)
    Console().step(StepReport("admit_crm", "failed", warnings=[LONG], error=error))
    told = capsys.readouterr()
    assert told.err == f"{error}\n"
    assert f"warning: {LONG}\n" in told.out


@pytest.mark.parametrize("columns", ["40", "80"])
def test_on_a_terminal_nothing_is_lost_either(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", columns)
    Console().summary(succeeded(churn_risks=COMPANIES))
    told = terminal.getvalue()
    assert "…" not in told
    assert told.count("x") >= 300 * 10
    assert "and 5 more at risk: see the report" in spaced(told)


def spaced(text: str) -> str:
    return " ".join(text.split())


def test_the_summary_names_each_step_that_failed_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    report = failed(CrmFileRefused("x"), step="stage_crm")
    report.steps.append(StepReport("notify", "failed", error=Undelivered("y")))
    Console().summary(report)
    assert "failed in 2 s: stage_crm (exit code 3), notify (exit code 6)." in capsys.readouterr().out
