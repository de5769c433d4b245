"""The outbox: each message once per channel, whatever fails in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import SettingsError
from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.deliver import deliver
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox

NOW = datetime(2025, 11, 25, 3, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


class Channel:
    """Takes messages, or fails as it is told."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.sent: list[str] = []
        self.asked = 0

    def send(self, message: Message) -> str:
        self.asked += 1
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        self.sent.append(message.run_id)
        return "there"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(str(tmp_path))


def run(message: Message, number: int) -> Message:
    return replace(message, run_id=f"2025112{number}T030000Z-abc123", began_at=f"2025-11-2{number}T03:00:00+00:00")


def test_a_message_goes_out_once_per_channel(outbox: Outbox, message: Message) -> None:
    channels = {"teams": Channel(), "mail": Channel()}
    for channel in channels:
        assert outbox.put(message, channel)
    assert sorted(deliver(outbox, channels, NOW, WEEK).sent) == ["mail: there", "teams: there"]
    assert deliver(outbox, channels, NOW, WEEK).sent == []
    assert not outbox.put(message, "teams")
    assert deliver(outbox, channels, NOW, WEEK).sent == []
    assert [len(channel.sent) for channel in channels.values()] == [1, 1]


def test_success_and_failure_of_one_run_are_two_messages(outbox: Outbox, message: Message) -> None:
    assert outbox.put(message, "mail")
    assert outbox.put(replace(message, event="succeeded"), "mail")


def test_what_cannot_be_sent_stays_for_the_next_run(outbox: Outbox, message: Message) -> None:
    outbox.put(message, "teams")
    channel = Channel(NotSent("host answers 503"))
    first = deliver(outbox, {"teams": channel}, NOW, WEEK)
    assert first.kept == ["teams (20251124T030000Z-abc123.failed): host answers 503"]
    assert deliver(outbox, {"teams": channel}, NOW, WEEK).sent == ["teams: there"]
    assert channel.sent == ["20251124T030000Z-abc123"]


def test_the_oldest_goes_first_and_a_channel_that_is_down_is_asked_once(outbox: Outbox, message: Message) -> None:
    for number in (4, 2, 3):
        outbox.put(run(message, number), "teams")
    channel = Channel(NotSent("down"))
    assert len(deliver(outbox, {"teams": channel}, NOW, WEEK).kept) == 3
    assert channel.asked == 1
    deliver(outbox, {"teams": channel}, NOW, WEEK)
    assert [run_id[:8] for run_id in channel.sent] == ["20251122", "20251123", "20251124"]


def test_a_message_that_is_refused_does_not_hold_up_the_next(outbox: Outbox, message: Message) -> None:
    for number in (2, 3):
        outbox.put(run(message, number), "teams")
    channel = Channel(NotSent("answers 400", is_refused=True))
    delivery = deliver(outbox, {"teams": channel}, NOW, WEEK)
    assert (len(delivery.sent), len(delivery.kept)) == (1, 1)


def test_a_message_that_nobody_takes_for_a_week_is_given_up(outbox: Outbox, message: Message) -> None:
    outbox.put(message, "teams")
    channel = Channel(NotSent("answers 400", is_refused=True))
    delivery = deliver(outbox, {"teams": channel}, NOW + WEEK, WEEK)
    assert delivery.given_up == ["teams (20251124T030000Z-abc123.failed): answers 400"]
    assert list(outbox.pending()) == []


def test_a_channel_that_is_no_longer_wanted_loses_its_messages(outbox: Outbox, message: Message) -> None:
    outbox.put(message, "teams")
    delivery = deliver(outbox, {}, NOW, WEEK)
    assert delivery.given_up == ["teams (20251124T030000Z-abc123.failed): notify.channels no longer names it"]
    assert not outbox.put(message, "teams")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SettingsError("no secret 'teams-url'; tried the environment"), "no secret 'teams-url'; tried the environment"),
        (ValueError("https://host/s3cret"), "ValueError"),
    ],
)
def test_what_a_channel_did_not_foresee_keeps_the_message_and_the_secret(
    outbox: Outbox, message: Message, error: Any, said: str
) -> None:
    outbox.put(message, "teams")
    assert deliver(outbox, {"teams": Channel(error)}, NOW, WEEK).kept[0].endswith(said)


def test_a_run_that_ends_between_sending_and_noting_sends_again_after_noting_not(
    outbox: Outbox, message: Message, tmp_path: Path
) -> None:
    outbox.put(message, "teams")
    [pending] = outbox.pending()
    outbox.close(pending, NOW, "sent")
    left = tmp_path / "ops/outbox" / f"{pending.name}.json"
    left.write_text("{}", encoding="utf-8")  # as if the message had not been dropped
    assert list(outbox.pending()) == []
    assert not left.exists()


def test_a_foreign_file_in_the_outbox_holds_nothing_up(outbox: Outbox, message: Message, tmp_path: Path) -> None:
    outbox.put(message, "teams")
    (tmp_path / "ops/outbox/0.json").write_text("not ours", encoding="utf-8")
    assert deliver(outbox, {"teams": Channel()}, NOW, WEEK).sent == ["teams: there"]
