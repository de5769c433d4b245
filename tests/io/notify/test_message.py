"""What a message says, and that it always fits."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from company_activity.errors import GateRefused
from company_activity.gates.verdict import Verdict
from company_activity.io.notify.message import Message, fitting
from company_activity.io.notify.teams import body_of
from company_activity.report.risks import Status

from support.report.reports import DAY, failed, succeeded


def test_a_run_that_went_well_tells_its_counts_and_who_is_at_risk() -> None:
    told = Message.of_record(succeeded(page="/reports/r.html").as_json(), "local")
    assert told.headline == "company-activity (local) succeeded: 2025-11-23"
    news = "1 entered and 1 recovered since the report of 2025-11-19"
    assert dict(told.facts)["Companies at risk"] == f"8 on 2025-11-23; {news}"
    assert (told.counts["publish"], told.gates, told.gates_passed) == ({"rows_sent": 40}, (), 1)
    assert (told.failed_step, told.error, told.report) == ("", "", "/reports/r.html")


def test_how_far_to_trust_the_lists_comes_before_who_is_at_risk() -> None:
    status = Status(DAY, (DAY - timedelta(days=2),), 40, 40, DAY)
    told = Message.of_record(succeeded(status=status).as_json(), "local")
    names = [name for name, _ in told.facts]
    assert names.index("Status") < names.index("Companies at risk")
    assert dict(told.facts)["Status"] == status.line
    assert "2025-11-21 of its week is missing" in body_of(told).decode()


def test_a_record_of_an_older_version_tells_no_status() -> None:
    record = succeeded().as_json()
    del record["status_line"], record["risk_news"]
    told = Message.of_record(record, "local")
    assert (told.status_line, dict(told.facts)["Companies at risk"]) == ("", "8 on 2025-11-23")


def test_a_run_that_failed_tells_the_step_the_gate_and_the_remedy() -> None:
    verdict = Verdict("volume", str(DAY), False, "812", "at least 1,640")
    report = failed(GateRefused(f"gate {verdict}", remedy="fetch it again"), verdict)
    told = Message.of_record(report.as_json(), "synapse")
    assert told.headline == "company-activity (synapse) failed at stage usage: 2025-11-23"
    assert told.error == "GateRefused: gate volume on 2025-11-23: found 812, wanted at least 1,640"
    assert (told.remedy, told.exit_code) == ("fetch it again", 4)
    assert told.gates == ("volume on 2025-11-23 refused: found 812, wanted at least 1,640",)


def test_no_company_stands_in_it() -> None:
    text = json.dumps(Message.of_record(succeeded().as_json(), "local").as_json())
    assert "Sudden Stop" not in text
    assert "c_126" not in text


def test_it_survives_the_outbox(message: Message) -> None:
    assert Message.from_json(json.loads(json.dumps(message.as_json()))) == message


def test_one_of_a_later_version_can_be_read(message: Message) -> None:
    assert Message.from_json(message.as_json() | {"a_later_field": 1}) == message


def test_a_short_one_is_sent_whole(message: Message) -> None:
    assert fitting(message, body_of, 28_000) == body_of(message)


@pytest.mark.parametrize("text", ["x", "😀", "\x00", '"', "\\", "é"])
def test_whatever_stands_in_it_it_fits(message: Message, text: str) -> None:
    counts = {f"step_{n}": {f"{text * 200}_{m}": 10**18 for m in range(40)} for n in range(40)}
    long = {"error": text * 10**5, "remedy": text * 10**5, "command": text * 10**5, "report": text * 10**5}
    many = {"warnings": (text * 10**4,) * 100, "gates": (text * 10**4,) * 100, "counts": counts}
    assert len(fitting(Message(**{**message.as_json(), **long, **many}), body_of, 28_000)) < 28_000
