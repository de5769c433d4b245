"""The webhook and the card, as a real server gets them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.message import Message
from company_activity.io.notify.teams import MOST_BYTES as MOST_CARD_BYTES
from company_activity.io.notify.teams import Teams
from company_activity.io.notify.webhook import Webhook
from company_activity.settings.model import NotifySettings, Secret, SecretSettings

from support.report.receivers import HttpReceiver, Posted

CHANNELS: dict[str, type[Webhook] | type[Teams]] = {"webhook_url": Webhook, "teams_url": Teams}


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest, settings: Callable[..., NotifySettings]) -> Callable[..., Channel]:
    """Each of the two channels, to a URL."""
    return lambda url, **more: CHANNELS[request.param](
        settings(**{request.param: Secret(url)}, **more), SecretSettings()
    )


def why_not(channel: Channel, message: Message) -> NotSent:
    """The reason that a message was not sent, which never holds a part of the address."""
    with pytest.raises(NotSent) as caught:
        channel.send(message)
    assert "s3cret" not in str(caught.value)
    assert "workflows" not in str(caught.value)
    assert caught.value.__suppress_context__ or not caught.value.__context__
    return caught.value


def test_a_webhook_gets_every_field_as_json(
    receive: Callable[..., HttpReceiver], settings: Callable[..., NotifySettings], message: Message
) -> None:
    receiver = receive(200)
    assert Webhook(settings(webhook_url=Secret(receiver.url)), SecretSettings()).send(message) == "127.0.0.1"
    [posted] = receiver.taken
    assert posted.path == "/workflows/s3cret-of-the-path?sig=s3cret-of-the-query"
    assert posted.headers["Content-Type"] == "application/json; charset=utf-8"
    assert posted.headers["Idempotency-Key"] == "20251124T030000Z-abc123.failed"
    told = posted.json
    assert (told["pipeline"], told["event"], told["failed_step"], told["dates"]) == (
        "company-activity", "failed", "stage_usage", "2025-11-23",
    )  # fmt: skip
    assert told["counts"] == {"ingest_usage": {"dates_fetched": 1, "records_landed": 3356}}
    assert told["gates"] == ["volume on 2025-11-23 refused: found 812, wanted 1640"]
    assert told["report"] == "https://reports.example/20251124T030000Z-abc123.html"


def card_of(posted: Posted) -> dict[str, Any]:
    """The card of a Workflows request."""
    assert posted.json["type"] == "message"
    [attachment] = posted.json["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    content: dict[str, Any] = attachment["content"]
    return content


def texts(card: dict[str, Any]) -> list[str]:
    return ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]


def test_teams_gets_an_adaptive_card(
    receive: Callable[..., HttpReceiver], settings: Callable[..., NotifySettings], message: Message
) -> None:
    receiver = receive(202)
    Teams(settings(teams_url=Secret(receiver.url)), SecretSettings()).send(message)
    card = card_of(receiver.taken[0])
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert texts(card) == [
        "company-activity (synapse) failed at stage usage: 2025-11-23",
        "Error: GateRefused: gate volume on 2025-11-23: found 812, wanted 1640",
        "What to do: fetch the date again",
        "Step: stage usage",
        "Dates: 2025-11-23",
        "Companies at risk: 8 on 2025-11-22",
        "Report: https://reports.example/20251124T030000Z-abc123.html",
        "Run: 20251124T030000Z-abc123 (run 2025-11-23)",
        "Began: 2025-11-24T03:00:00+00:00, took 61 s, exit code 4",
        "Gates",
        "volume on 2025-11-23 refused: found 812, wanted 1640",
        "3 passed",
        "Warnings",
        "CRM files carry columns that are not read: segment",
        "Counts",
        "ingest usage: 1 dates fetched, 3,356 records landed",
    ]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open the report", "url": message.report}]


def test_a_card_reads_nothing_hostile_as_markdown_and_stays_under_the_cap(
    receive: Callable[..., HttpReceiver], settings: Callable[..., NotifySettings], hostile: Message
) -> None:
    receiver = receive(202)
    Teams(settings(teams_url=Secret(receiver.url)), SecretSettings()).send(hostile)
    [posted] = receiver.taken
    assert len(posted.body) < MOST_CARD_BYTES == 28_000
    card = card_of(posted)
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}
    assert any("[click](javascript:alert(1)) **bold**" in text for text in texts(card))
    assert "… and" in json.dumps(posted.json, ensure_ascii=False)


def test_a_webhook_s_body_is_capped_too(
    receive: Callable[..., HttpReceiver], settings: Callable[..., NotifySettings], hostile: Message
) -> None:
    receiver = receive(202)
    Webhook(settings(webhook_url=Secret(receiver.url)), SecretSettings()).send(hostile)
    assert len(receiver.taken[0].body) < 256 * 1024


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_cannot_is_asked_again_and_then_left(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message, status: int
) -> None:
    receiver = receive(status)
    why = why_not(channel(receiver.url, max_attempts=2), message)
    assert str(why) == f"127.0.0.1 answers {status}"
    assert not why.is_refused
    assert receiver.asked == (1 if status == 500 else 2)


def test_a_server_that_is_busy_once_gets_it_at_once(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message
) -> None:
    receiver = receive(503, 202)
    channel(receiver.url, max_attempts=2).send(message)
    assert (receiver.asked, len(receiver.taken)) == (2, 1)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_message_that_is_not_wanted_is_refused(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message, status: int
) -> None:
    assert why_not(channel(receive(status).url), message).is_refused


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_that_is_gone_is_a_matter_of_the_channel(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message, status: int
) -> None:
    assert not why_not(channel(receive(status).url), message).is_refused


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message, status: int
) -> None:
    receiver = receive(status)
    assert str(why_not(channel(receiver.url), message)) == f"127.0.0.1 answers {status}"
    assert receiver.asked == 1


def test_nobody_there_is_told_without_the_address(channel: Callable[..., Channel], message: Message) -> None:
    assert "Connection refused" in str(why_not(channel("http://127.0.0.1:9/workflows/s3cret"), message))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is no https:// URL"),
        ("s3cret-workflows", "is no https:// URL"),
        ("https://[s3cret", "is no https:// URL"),
        ("https://127.0.0.1:s3cret/", "is no https:// URL"),
        ("ftp://workflows.example/s3cret", "is no https:// URL"),
        ("http://workflow.example/s3cret", "would send in clear over http://; only https:// will do"),
    ],
)
def test_an_address_that_is_none_is_told_without_it(
    channel: Callable[..., Channel], message: Message, url: str, said: str
) -> None:
    why = str(why_not(channel(url), message))
    assert said in why
    assert why.startswith("notify.")


def test_a_message_in_clear_goes_by_no_proxy(
    receive: Callable[..., HttpReceiver],
    channel: Callable[..., Channel],
    message: Message,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver, proxy = receive(), receive()
    monkeypatch.setenv("http_proxy", proxy.base)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    channel(receiver.url).send(message)
    assert (len(receiver.taken), proxy.taken) == (1, [])


def test_a_redirect_to_nowhere_is_told_as_any(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message
) -> None:
    receiver = receive(302)
    receiver.location = "http://[bad"
    assert "answers 302" in str(why_not(channel(receiver.url), message))


def test_a_certificate_that_is_not_trusted_is_refused(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message, ca: trustme.CA
) -> None:
    receiver = receive(tls=ca)
    assert "certificate verify failed" in str(why_not(channel(receiver.url), message))
    assert receiver.taken == []


def test_a_certificate_that_is_trusted_will_do(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message, trusted: trustme.CA
) -> None:
    receiver = receive(tls=trusted)
    channel(receiver.url).send(message)
    assert len(receiver.taken) == 1


def test_a_server_that_drips_its_answer_is_left(
    receive: Callable[..., HttpReceiver], channel: Callable[..., Channel], message: Message
) -> None:
    receiver = receive()
    receiver.hang = threading.Event()
    why = why_not(channel(receiver.url, time_budget_seconds=0.5), message)
    assert str(why) == "no answer within 0.5 s"


def test_a_secret_is_looked_up_when_it_is_needed(
    receive: Callable[..., HttpReceiver],
    settings: Callable[..., NotifySettings],
    message: Message,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = receive()
    channel = Webhook(settings(webhook_url=Secret("secret://hook-url")), SecretSettings())
    monkeypatch.setenv("HOOK_URL", receiver.url)
    channel.send(message)
    assert len(receiver.taken) == 1
