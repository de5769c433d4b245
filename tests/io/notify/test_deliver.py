"""The outbox: each message once per channel, whatever fails in between."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import CompanyActivityError, SettingsError
from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.deliver import deliver
from company_activity.io.notify.mail import Mail
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox
from company_activity.io.notify.patience import Patience
from company_activity.io.storage.folder import Folder
from company_activity.settings.model import NotifySettings, SecretSettings

from support.report.rough_mail import rough_mail

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


def test_one_that_is_left_without_a_try_is_not_given_up(outbox: Outbox, message: Message) -> None:
    for number in (2, 3):
        outbox.put(run(message, number), "teams")
    channel = Channel(NotSent("down"))
    delivery = deliver(outbox, {"teams": channel}, NOW + 2 * WEEK, WEEK)
    assert [len(delivery.given_up), len(delivery.kept), channel.asked] == [1, 1, 1]
    assert len(deliver(outbox, {"teams": channel}, NOW + 2 * WEEK, WEEK).sent) == 1


def test_a_mail_server_that_defers_one_message_takes_the_next(outbox: Outbox, message: Message) -> None:
    with rough_mail() as server:
        settings = NotifySettings(
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_tls="none",
            mail_from="e@x.example",
            mail_to=("a@x.example",),
        )
        for number in (2, 3, 4):
            outbox.put(run(message, number), "mail")
        server.defer = 1
        delivery = deliver(outbox, {"mail": Mail(settings, SecretSettings())}, NOW, WEEK)
        assert (len(delivery.kept), len(delivery.sent), len(server.taken)) == (1, 2, 2)


def test_a_channel_that_crawls_has_its_time_and_the_others_theirs(outbox: Outbox, message: Message) -> None:
    now = [0.0]

    class Crawls(Channel):
        def send(self, message: Message) -> str:
            now[0] += 50.0
            return super().send(message)

    crawls, quick = Crawls(*[NotSent("451", is_refused=True)] * 9), Channel()
    for number in range(1, 10):
        for name in ("mail", "teams"):
            outbox.put(run(message, number), name)
    patience = Patience(300.0, clock=lambda: now[0])
    delivery = deliver(outbox, {"mail": crawls, "teams": quick}, NOW + 3 * WEEK, WEEK, patience)
    assert (crawls.asked, len(quick.sent)) == (3, 9)
    assert (len(delivery.given_up), len(delivery.kept)) == (3, 6)
    assert "notify.channel_budget_seconds (300) is used up" in delivery.kept[0]


@pytest.mark.parametrize("room", range(5))
def test_whenever_the_disk_becomes_full_nothing_is_sent_twice(
    outbox: Outbox, message: Message, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (2, 3):
        outbox.put(run(message, number), "teams")
    channel = Channel(NotSent("host answers 503"))
    deliver(outbox, {"teams": channel}, NOW, WEEK)
    left = iter([True] * room)
    create = Folder.create

    def create_while_there_is_room(folder: Folder, name: str, text: str) -> bool:
        if not next(left, False):
            raise CompanyActivityError("No space left on device", remedy="")
        return create(folder, name, text)

    with monkeypatch.context() as full:
        full.setattr(Folder, "create", create_while_there_is_room)
        for _ in range(3):
            with suppress(CompanyActivityError):
                deliver(outbox, {"teams": channel}, NOW, WEEK)
    assert len(channel.sent) == room // 2
    deliver(outbox, {"teams": channel}, NOW, WEEK)
    assert len(channel.sent) == len(set(channel.sent)) == 2


def test_a_kill_while_a_message_is_on_its_way_sends_it_again(outbox: Outbox, message: Message) -> None:
    outbox.put(message, "teams")
    channel = Channel(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        deliver(outbox, {"teams": channel}, NOW, WEEK)
    assert deliver(outbox, {"teams": channel}, NOW, WEEK).sent == ["teams: there"]
    assert list(outbox.pending()) == []


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
