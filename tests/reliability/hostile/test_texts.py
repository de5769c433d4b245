"""Two hundred hostile texts through every sink that needs no Spark, each read back by a reader of its own: none is active.

A sink's form must be that of a harmless text: the same elements and attributes of a page, the same headers of a mail,
the same types of a card, the same lines of a console.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterator
from email import message_from_bytes, policy
from functools import cache
from html.parser import HTMLParser
from io import BytesIO, StringIO
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from company_activity.cli.console import Console
from company_activity.cli.main import print_error
from company_activity.errors import SourceError
from company_activity.io.lake.delta_log import encode_state
from company_activity.io.notify import teams, webhook
from company_activity.io.notify.mail import mail_of
from company_activity.io.notify.message import Message, fitting
from company_activity.operations.export.formats import ExportColumn, as_csv, as_ndjson, as_parquet
from company_activity.operations.export.guard import unguarded
from company_activity.records.fields import company_id
from company_activity.records.item import Item, canonical
from company_activity.records.landed_line import item_of, landed_line, place_of
from company_activity.records.usage import parse_line
from company_activity.report.model import Figures, RunReport, StepReport
from company_activity.report.page import render

from reliability.harness.cases import Cases
from reliability.hostile.texts import TEXTS, key_of
from support.report.reports import DAY, failed, risk, succeeded

pytestmark = pytest.mark.fault

PLAIN = "Acme"
BEGINS_A_FORMULA = set("=+-@\t\r\n")
ACTIVE = frozenset(("Cc", "Cs", "Zl", "Zp"))
TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Form(HTMLParser):
    """The elements of a page with the names of their attributes, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(name for name, _ in attrs)))
        self.links |= {(value or "").partition("#")[0] for name, value in attrs if name in ("href", "src", "action")}


def listed(text: str) -> RunReport:
    """A run that names it wherever a name can stand."""
    company = risk(text, text, country=text[:100], industry=text, owner=text, segment=text)
    step = StepReport("stage_crm", notes=[text], warnings=[text])
    return succeeded(churn_risks=[company], steps=[step], figures=Figures(()))


def broken(text: str) -> RunReport:
    """A run that failed with it."""
    return failed(SourceError(text, remedy=text), figures=Figures(()))


@cache
def page_of_plain() -> set[tuple[str, tuple[str, ...]]]:
    return (
        Form(render(listed(PLAIN))).elements | Form(render(broken(PLAIN))).elements | Form(render(listed(""))).elements
    )


def check_page(text: str) -> None:
    for page in (render(listed(text)), render(broken(text))):
        form = Form(page)
        assert form.elements <= page_of_plain()
        assert form.links <= {"", "data:,"} | {link for link in form.links if link.startswith("data:image/")}
        assert no_sign_of(page, allowed="\n\u2028\u2029")  # to a browser, these two are blanks
        assert page.count("<script>") <= 1


def message(text: str) -> Message:
    return Message.of_record(broken(text).as_json(), "local")


def check_mail(text: str) -> None:
    sent = mail_of(message(text), "etl@example.com", ("ops@example.com",)).as_bytes(policy=policy.SMTP)
    plain = mail_of(message(PLAIN), "etl@example.com", ("ops@example.com",))
    got = message_from_bytes(sent, policy=policy.default)
    assert set(got.keys()) == set(plain.keys())
    assert (got["To"], got.get_content_type(), got.is_multipart()) == ("ops@example.com", "text/plain", False)
    assert not [line for line in got.get_content().splitlines() if line.lower().startswith("bcc:")]


def types_of(value: Any) -> Iterator[tuple[str, ...]]:
    """The names of each object's members, and its type."""
    if isinstance(value, dict):
        yield (str(value.get("type")), *sorted(value))
        for inner in value.values():
            yield from types_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from types_of(inner)


def check_card(text: str) -> None:
    body = fitting(message(text), teams.body_of, teams.MOST_BYTES)
    got = json.loads(body)
    assert set(types_of(got)) <= set(types_of(json.loads(teams.body_of(message(PLAIN)))))
    assert len(body) < 28 * 1024


def check_webhook(text: str) -> None:
    body = webhook.body_of(message(text))
    got = json.loads(body)
    assert got.keys() == json.loads(webhook.body_of(message(PLAIN))).keys()
    assert b"\n" not in body


def check_record(text: str) -> None:
    report = broken(text)
    got = json.loads(json.dumps(report.as_json(), ensure_ascii=False))
    assert got["error"]["what"] in (text, report.as_json()["error"]["what"])
    assert got["exit_code"] == 3


def no_sign_of(told: str, allowed: str = "") -> bool:
    """Whether nothing in it moves a cursor, ends a line or turns what follows."""
    return not {c for c in told if c not in allowed and (unicodedata.category(c) in ACTIVE or c in TURNS)}


def check_console(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A step's line, its warning, its error, a summary, a recorded run: as many lines as with a harmless text."""
    lines = []
    for one in (PLAIN, text[:5000]):
        console = Console()
        console.step(StepReport("stage_crm", "failed", notes=[one], warnings=[one], error=SourceError(one, remedy=one)))
        console.summary(listed(one))
        console.runs([{**broken(one).as_json(), "dates": [], "tables": []}])
        console.say(one)
        assert print_error(SourceError(one, remedy=one), []) == 3
        told = capsys.readouterr()
        assert no_sign_of(told.out + told.err, allowed="\n")
        lines.append((told.out.count("\n"), told.err.count("\n")))
    assert lines[0] == lines[1]


def check_export(text: str) -> None:
    columns = [ExportColumn("a", "string"), ExportColumn("b", "string")]
    rows = pa.table([pa.array([well(text)]), pa.array(["x"])], names=["a", "b"])
    _, row = csv.reader(StringIO(as_csv(rows, columns).content.decode(), newline=""))
    assert (unguarded(row[0]), row[1]) == (well(text).replace("\0", "\ufffd"), "x")
    assert row[0][:1] not in BEGINS_A_FORMULA
    [line] = as_ndjson(rows, columns).content.decode().splitlines()
    assert json.loads(line) == {"a": well(text), "b": "x"}
    assert parquet.read_table(BytesIO(as_parquet(rows, columns).content)).to_pylist() == [{"a": well(text), "b": "x"}]


def well(text: str) -> str:
    """The text without halves of characters, which no column holds."""
    return text.encode("utf-8", "replace").decode()


def check_landing(text: str) -> None:
    """As an id, and as a field that nobody knows: one line, which says what was sent."""
    sent = json.dumps({"company_id": text, "active_users": 1, "events": 1, "ts": "2025-11-23", text[:99]: text})
    line = landed_line(Item(sent, canonical(sent)), place_of(DAY, 1), 1)
    assert len(line.splitlines()) == 1
    assert item_of(line).text == sent
    read = parse_line(line)
    expected, why = company_id(text)
    assert (read.company_id, "BAD_COMPANY_ID" in read.reasons) == (expected, why is not None)


def check_commit(text: str) -> None:
    got = json.loads(encode_state({"dates": {well(text): well(text)}}))
    assert got["company_activity"]["dates"] == {well(text): well(text)}


CHECKS = (check_page, check_mail, check_card, check_webhook, check_record, check_export, check_landing, check_commit)


@pytest.mark.row("H1")
def test_no_text_is_active_anywhere(capsys: pytest.CaptureFixture[str], cases: Cases) -> None:
    for number in cases.left(map(key_of, range(len(TEXTS))), short=2):
        with cases.one(number):
            text = TEXTS[int(number[:3])]
            for check in CHECKS:
                check(text)
            check_console(text, capsys)


def test_an_active_text_would_be_seen() -> None:
    assert ("img", ("src", "onerror")) not in page_of_plain()
    assert Form("<img src=x onerror=alert(1)>").elements - page_of_plain()
    assert not no_sign_of("a\x1b[2Jb")
    assert not no_sign_of("a\u202eb")
