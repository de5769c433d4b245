"""The cards of a digest, as a real server gets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
import trustme

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.digest.cards import MOST_BYTES, MOST_CARDS, DigestTeams
from company_activity.io.notify.digest.digest import KINDS, Digest
from company_activity.io.notify.digest.part import Attempt
from company_activity.settings.model import NotifySettings, RecipientSettings, Secret, SecretSettings

from support.report.digests import REPORT, STATUS, digest, digest_of, hostile_digest, item, printed, sent_by, shown_part
from support.report.hostile_names import NAMES
from support.report.receivers import HttpReceiver, Posted

TEAMS_LIMIT = 28 * 1024
ID = re.compile(r" \((c_\d+)[,)]")  # how the second run of a company's line begins
MORE = re.compile(r"and ([\d,]+) more: ")
Channel = Callable[..., DigestTeams]
Received = Callable[[Digest], list[Posted]]


@pytest.fixture
def channel(settings: Callable[..., NotifySettings]) -> Channel:
    """A channel to a URL."""
    return lambda url, **more: DigestTeams(RecipientSettings(teams_url=Secret(url)), settings(**more), SecretSettings())


@pytest.fixture
def received(receive: Callable[..., HttpReceiver], channel: Channel, trusted: trustme.CA) -> Received:
    """Sends a digest over TLS; the requests that it took."""

    def received(told: Digest) -> list[Posted]:
        receiver = receive(202, tls=trusted)
        sent = sent_by(channel(receiver.url), told)
        assert sent == [(f"{part:04d}", "127.0.0.1") for part in range(1, len(receiver.taken) + 1)]
        return receiver.taken

    return received


def card_of(posted: Posted) -> dict[str, Any]:
    """The card of a Workflows request."""
    assert posted.json["type"] == "message"
    [attachment] = posted.json["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card: dict[str, Any] = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    return card


def texts(card: dict[str, Any]) -> list[str]:
    return ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]


def names(card: dict[str, Any]) -> list[str]:
    """The first runs of the lines that have a second one."""
    return [block["inlines"][0]["text"] for block in card["body"] if len(block["inlines"]) == 2]


def ids(taken: list[Posted]) -> list[str]:
    seconds = [b["inlines"][1]["text"] for posted in taken for b in card_of(posted)["body"] if len(b["inlines"]) == 2]
    return [found[1] for text in seconds if (found := ID.match(text))]


def test_a_card_says_what_is_new(received: Received) -> None:
    [posted] = received(digest(entered=[item()], left=[item(127, "Gone", reasons=(), missing_user_days_7d=None)]))
    card = card_of(posted)
    assert texts(card) == [
        "company-activity (synapse): 1 entered and 1 left, 2025-11-23",
        "Companies of Ana Ruiz",
        STATUS,
        "Entered risk (1)",
        "Sudden Stop (c_126, ES): 31 user-days this week; 80 are usual; no active user for 7 days; "
        "54 user-days missing; at risk since 2025-11-20; renews on 2025-12-31, in 38 days",
        "Left (1)",
        "Gone (c_127, ES): was at risk from 2025-11-20; renews on 2025-12-31, in 38 days",
    ]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open the report", "url": REPORT}]


def test_a_hundred_hostile_names_arrive_as_text_and_as_nothing_else(received: Received) -> None:
    taken = received(hostile_digest())
    cards = [card_of(posted) for posted in taken]
    blocks = [block for card in cards for block in card["body"]]
    assert {block["type"] for block in blocks} == {"RichTextBlock"}
    runs = [run for block in blocks for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert not [run for run in runs if "selectAction" in run]
    assert not [card for card in cards if "actions" in card]
    kept = {c for run in runs for c in run["text"] if not c.isprintable()}
    assert kept <= {*"\u200c\u200d\u2068\u2069\xa0\u3000"}
    assert all(len(posted.body) <= MOST_BYTES for posted in taken)
    seen = [printed(name) for card in cards for name in names(card)]
    assert seen == [shown_part(NAMES[int(company_id[2:])]) for company_id in ids(taken)]
    firsts = [block["inlines"][0]["text"] for block in blocks if len(block["inlines"]) == 1]
    rest = [int(found[1].replace(",", "")) for text in firsts if (found := re.match(r"and ([\d,]+) more", text))]
    assert len(seen) + sum(rest) == 100
    assert len(seen) > 50


@pytest.mark.parametrize("count", [1, 40])
def test_a_few_are_all_named(received: Received, count: int) -> None:
    taken = received(digest_of(count))
    assert sorted(ids(taken)) == sorted(f"c_{number}" for number in range(count))
    assert len(taken) <= MOST_CARDS
    assert "more: " not in str([texts(card_of(posted)) for posted in taken])


def test_of_two_thousand_the_first_are_named_on_a_few_cards_and_the_others_linked(received: Received) -> None:
    taken = received(digest_of(2000))
    assert len(taken) == MOST_CARDS
    assert all(len(posted.body) <= MOST_BYTES < TEAMS_LIMIT * 0.8 for posted in taken)
    assert sum(len(posted.body) for posted in taken) > MOST_BYTES * (MOST_CARDS - 0.5)
    cards = [card_of(posted) for posted in taken]
    for number, card in enumerate(cards, start=1):
        assert texts(card)[0].endswith(f", 2025-11-23 ({number} of {MOST_CARDS})")
    named = ids(taken)
    assert len(set(named)) == len(named)
    rest = [int(found[1].replace(",", "")) for card in cards for text in texts(card) if (found := MORE.match(text))]
    assert len(named) + sum(rest) == 2000
    assert texts(cards[-1])[-1].endswith(f" more: {REPORT}")


def test_what_goes_on_on_the_next_card_has_its_heading_there(received: Received) -> None:
    told = digest(entered=[item(number) for number in range(2000)])
    assert [texts(card_of(posted))[3] for posted in received(told)] == ["Entered risk (2,000)"] * MOST_CARDS


def test_what_the_flow_makes_of_a_card_stays_below_the_limit_too(received: Received) -> None:
    """It puts the card into another message as a text, with each quote escaped."""
    for told in (digest_of(2000), hostile_digest()):
        for posted in received(told):
            assert len(posted.body) + posted.body.count(b'"') + posted.body.count(b"\\") < TEAMS_LIMIT


@pytest.mark.parametrize("text", ["x", '"', "\\", "😀", "\x00", "\u05d0"])
def test_however_long_everything_is_the_cards_keep_their_size_and_number(received: Received, text: str) -> None:
    endless = text * 50_000
    company = item(1, endless, country=endless, reasons=(endless,) * 50, owner=endless)
    sections = {kind: (replace(company, company_id=endless),) * 40 for kind in KINDS}
    told = Digest(endless, digest().day, endless, endless, f"https://{endless}", sections)
    taken = received(told)
    assert 0 < len(taken) <= MOST_CARDS
    assert all(len(posted.body) <= MOST_BYTES for posted in taken)


def test_a_quiet_day_is_one_line(received: Received) -> None:
    [posted] = received(digest())
    assert texts(card_of(posted)) == [
        f"Nothing new on 2025-11-23. Companies of Ana Ruiz. {STATUS} Report: {REPORT}",
    ]


def test_a_card_that_went_out_is_not_sent_again_with_the_others(
    receive: Callable[..., HttpReceiver], channel: Channel, received: Received
) -> None:
    told = digest_of(2000)
    receiver = receive(202, 202, 503, 202)
    parts = channel(receiver.url).messages(told)
    first = Attempt.at(parts, lambda part: nullcontext())
    assert (len(first.sent), [part.name for part, _ in first.failed], first.why) == (
        2, ["0003"], "127.0.0.1 answers 503",
    )  # fmt: skip
    assert len(Attempt.at(parts[2:], lambda part: nullcontext()).sent) == 2
    assert [posted.body for posted in receiver.taken] == [posted.body for posted in received(told)]


def test_a_secret_that_is_nowhere_is_told_without_it(settings: Callable[..., NotifySettings]) -> None:
    to = RecipientSettings(teams_url=Secret("secret://teams-url-of-nobody"))
    with pytest.raises(NotSent, match="no secret 'teams-url-of-nobody'"):
        sent_by(DigestTeams(to, settings(), SecretSettings()), digest_of(1))


def test_an_address_that_is_none_is_told_by_its_setting(channel: Channel) -> None:
    with pytest.raises(NotSent, match=r"^notify\.owners\.Ana Ruiz\.teams_url is no https:// URL$"):
        sent_by(channel("s3cret"), digest_of(1))
