"""The mail of a digest, as a real mail server gets it over TLS, read by the standard library."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
import trustme

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.digest.digest import KINDS, Digest
from company_activity.io.notify.digest.mail import MOST_BYTES, DigestMail
from company_activity.settings.model import NotifySettings, RecipientSettings, Secret, SecretSettings

from support.report.digests import REPORT, digest, digest_of, hostile_digest, item, printed, sent_by, shown_part
from support.report.hostile_names import NAMES
from support.report.receivers import mail_receiver

TAGS = {"html", "head", "meta", "title", "body", "h1", "h2", "p", "ul", "li", "strong", "br", "a"}
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip
MORE = re.compile(r"and (?P<count>[\d,]+) more\b")


@dataclass
class Page(HTMLParser):
    """What a reader of HTML finds in it."""

    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    text: str = ""
    within: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        self.links.update(value for name, value in attributes if name == "href")
        if tag not in ("br", "meta"):
            self.within.append(tag)
        if tag == "strong":
            self.names.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.within.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.within and self.within[-1] == "strong":
            self.names[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")


def page_of(mail: EmailMessage) -> Page:
    page = Page()
    page.feed(content_of(mail, "html"))
    page.close()
    assert page.within == []
    return page


def content_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def items_of(mail: EmailMessage) -> list[str]:
    """The lines of the text that name a company."""
    return [line for line in content_of(mail, "plain").split("\n") if line.startswith("  - ")]


Mailed = Callable[..., EmailMessage]


@pytest.fixture
def mailed(settings: Callable[..., NotifySettings], trusted: trustme.CA) -> Mailed:
    """Sends a digest to a mail server, with TLS and a login; the mail that it got."""

    def mailed(told: Digest) -> EmailMessage:
        with mail_receiver(tls=trusted, password="hunter2") as server:
            known = settings(smtp_host="127.0.0.1", smtp_port=server.port, mail_from="etl@example.com",
                             smtp_user="etl", smtp_password=Secret("hunter2"))  # fmt: skip
            to = RecipientSettings(mail_to=("ana@example.com", "bo@example.com"))
            channel = DigestMail(to, known, SecretSettings())
            assert [where for _, where in sent_by(channel, told)] == ["ana@example.com", "bo@example.com"]
        assert server.was_tls == [True, True]
        first, second = server.mails
        assert first.as_bytes() == second.as_bytes()
        return first

    return mailed


def test_it_says_what_is_new_as_text_and_as_html(mailed: Mailed) -> None:
    told = digest(entered=[item()], recovered=[item(127, "Came Back", reasons=(), missing_user_days_7d=None)])
    mail = mailed(told)
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Subject"] == "company-activity (synapse): 1 entered and 1 recovered, 2025-11-23"
    assert (mail["From"], mail["To"]) == ("etl@example.com", "ana@example.com, bo@example.com")
    assert mail["Message-ID"] == f"<{told.key}@company-activity>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (
        content_of(mail, "plain")
        == f"""\
company-activity (synapse): 1 entered and 1 recovered, 2025-11-23

Companies of Ana Ruiz
Newest complete date 2025-11-23; no date of its week is missing; every company is judged.

Entered risk (1):
  - Sudden Stop (c_126, ES): 31 user-days this week; 80 are usual; no active user for 7 days; 54 user-days missing; \
at risk since 2025-11-20; renews on 2025-12-31, in 38 days

Recovered (1):
  - Came Back (c_127, ES): was at risk from 2025-11-20; renews on 2025-12-31, in 38 days

Report: {REPORT}
"""
    )
    page = page_of(mail)
    assert page.names == ["Sudden Stop", "Came Back"]
    assert page.links == {REPORT}
    assert f'<a href="{REPORT.replace("&", "&amp;")}">' in content_of(mail, "html")
    facts = ("54 user-days missing", "at risk since 2025-11-20", "renews on 2025-12-31, in 38 days")
    assert f"<br>{'<br>'.join(facts)}</li>" in content_of(mail, "html")


def test_a_hundred_hostile_names_arrive_as_text_and_as_nothing_else(mailed: Mailed) -> None:
    mail = mailed(hostile_digest())
    assert [name for name, _ in mail.items() if not name.startswith("X-")] == HEADERS
    assert mail["Subject"].startswith("company-activity (")
    assert mail["Subject"].endswith(", 2025-11-23")
    assert "20 entered, 20 worsened, 20 recovered, 20 left and 20 withdrawn" in mail["Subject"]
    items = items_of(mail)
    page = page_of(mail)
    assert page.tags <= TAGS
    assert page.attributes <= {"lang", "charset", "style", "href"}
    assert page.links == set()
    assert [printed(name) for name in page.names] == [shown_part(name) for name in NAMES]
    for number, (line, name) in enumerate(zip(items, NAMES, strict=True)):
        assert printed(line).startswith((f"-{shown_part(name)}(c_{number},", f"-{shown_part(name)}(c_{number})"))


def test_no_name_hides_or_turns_what_stands_around_it(mailed: Mailed) -> None:
    mail = mailed(hostile_digest())
    for text in (content_of(mail, "plain"), page_of(mail).text):
        kept = {character for character in text if not character.isprintable()} - {"\n"}
        assert {*"\u2068\u2069"} <= kept <= {*"\u200c\u200d\u2068\u2069\xa0\u3000"}
        for line in text.split("\n"):
            assert depths(line)[-1] == 0
            assert min(depths(line)) == 0


def depths(line: str) -> list[int]:
    """How many isolates are open behind each character: what is set apart is ended before its line is."""
    depth = [0]
    for character in line:
        depth.append(depth[-1] + {"\u2068": 1, "\u2069": -1}.get(character, 0))
    return depth


def test_every_line_of_the_text_is_one_of_ours(mailed: Mailed) -> None:
    headings = tuple(f"{name} (20):" for name in KINDS.values())
    ours = ("company-activity (", "Companies of ", "  - ", "Report: ", *headings)
    lines = [line for line in content_of(mailed(hostile_digest()), "plain").split("\n") if line]
    assert len([line for line in lines if not line.startswith(ours)]) == 1  # the status


@pytest.mark.parametrize("count", [1, 40])
def test_a_few_are_all_named(mailed: Mailed, count: int) -> None:
    mail = mailed(digest_of(count))
    named = [line.partition("(")[2].partition(",")[0] for line in items_of(mail)]
    assert sorted(named) == sorted(f"c_{number}" for number in range(count))
    assert not MORE.search(content_of(mail, "plain"))
    assert len(page_of(mail).names) == count


def test_of_two_thousand_the_first_are_named_and_the_others_linked(mailed: Mailed) -> None:
    mail = mailed(digest_of(2000))
    html, text = content_of(mail, "html"), content_of(mail, "plain")
    assert MOST_BYTES * 0.95 < len(html.encode()) <= MOST_BYTES
    page = page_of(mail)
    assert len(page.names) == len(items_of(mail)) > 100
    for form in (text, page.text):
        assert len(page.names) + sum(int(one["count"].replace(",", "")) for one in MORE.finditer(form)) == 2000
        assert f"more: {REPORT}" in form


@pytest.mark.parametrize("recipient", ["Ana Ruiz", "*", ""])
def test_a_quiet_day_is_one_line(mailed: Mailed, recipient: str) -> None:
    mail = mailed(digest(recipient))
    assert mail["Subject"] == "company-activity (synapse): nothing new, 2025-11-23"
    text = content_of(mail, "plain")
    assert text.startswith("Nothing new on 2025-11-23. ")
    assert text.endswith(f" judged. Report: {REPORT}\n")
    assert text.count("\n") == 1
    page = page_of(mail)
    assert page.text.strip().endswith(text.strip())
    assert page.tags == {"html", "head", "meta", "title", "body", "p", "a"}


def test_a_report_without_an_address_is_named_and_not_linked(mailed: Mailed) -> None:
    page = page_of(mailed(replace(digest_of(1), report="/reports/r.html")))
    assert page.links == set()
    assert "Report: /reports/r.html" in page.text


def test_a_recipient_without_an_address_is_named(settings: Callable[..., NotifySettings]) -> None:
    known = settings(smtp_host="127.0.0.1", mail_from="etl@example.com")
    with pytest.raises(NotSent, match=r"^notify\.owners\.Ana Ruiz\.mail_to has no value$"):
        sent_by(DigestMail(RecipientSettings(), known, SecretSettings()), digest_of(1))
