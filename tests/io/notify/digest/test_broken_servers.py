"""Rounds of digests to servers that refuse, hang up, hang or crawl, and beside a disk that is full.

A broken server or address takes no other reader's digest or time, and whoever took a digest gets it once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from company_activity.errors import CompanyActivityError
from company_activity.io.notify.deliver import Delivery
from company_activity.io.notify.digest.channels import open_readers
from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.io.notify.digest.kept import KeptNews
from company_activity.io.notify.digest.recipients import Readers
from company_activity.io.notify.digest.round import Occasion, Round
from company_activity.planning.news import Episode, Today
from company_activity.settings.model import (
    LandingSettings,
    NotifySettings,
    RecipientSettings,
    Secret,
    SecretSettings,
)

from support.report.receivers import http_receiver
from support.report.rough_mail import RoughMail, rough_mail

BEGAN = datetime(2025, 3, 5, 3, tzinfo=UTC)
KEY = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
FIRST = date(2025, 3, 4)
KEEP_DAYS = 7


def address(owner: str) -> str:
    return f"{owner}@example.com"


def by_mail(*names: str) -> RecipientSettings:
    return RecipientSettings(mail_to=tuple(map(address, names)))


class FullDisk(KeptNews):
    """Files on a disk that has room for so many more; a file is removed from a full one as from any."""

    def __init__(self, lake: str, room: int) -> None:
        super().__init__(lake)
        self.room = room

    def _create(self, name: str, content: Any) -> bool:
        self._use()
        return super()._create(name, content)

    def _note_mapping(self, name: str, noted: Any) -> None:
        self._use()
        super()._note_mapping(name, noted)

    def _use(self) -> None:
        if self.room == 0:
            raise CompanyActivityError("No space left on device", remedy="")
        self.room -= 1


@dataclass
class Office:
    """Owners of a company each, which are at risk since March 4; a run a day."""

    folder: Path
    mail: RoughMail
    settings: NotifySettings
    days: int = 0
    since: dict[str, date] = field(default_factory=dict)

    def name(self, **owners: RecipientSettings) -> None:
        """Name more owners in the settings."""
        self.settings = replace(self.settings, owners={**self.settings.owners, **owners})
        for owner in owners:
            self.since.setdefault(owner, FIRST + timedelta(days=self.days))

    def run(self, kept: KeptNews | None = None) -> Delivery:
        """A run on the next day."""
        self.days += 1
        readers = Readers(self.settings)
        channels = open_readers(readers, SecretSettings(), LandingSettings(""))
        now = BEGAN + timedelta(days=self.days - 1)
        one = Round(kept or self.files(), readers, channels, "test", now)
        episodes = [KnownEpisode(Episode(f"of {owner}", on, on, owner=owner)) for owner, on in self.since.items()]
        one.send_kept()
        one.tell(Occasion(Today(now.date(), 300), str(self.days), lambda since: episodes))
        return one.delivery

    def files(self) -> KeptNews:
        return KeptNews(str(self.folder))

    def in_order(self) -> list[str]:
        """The owners in the order in which a round that knows of no failure goes through them."""
        return [one.recipient for one in sorted(Readers(self.settings).all, key=lambda one: one.file_name)]


@pytest.fixture
def mail() -> Iterator[RoughMail]:
    with rough_mail() as found:
        yield found


@pytest.fixture
def office(mail: RoughMail, tmp_path: Path) -> Office:
    settings = NotifySettings(
        channels=(),
        quiet="nothing",
        smtp_host="127.0.0.1",
        smtp_port=mail.port,
        smtp_tls="none",
        mail_from="etl@example.com",
        timeout_seconds=5.0,
        max_attempts=1,
        keep_days=KEEP_DAYS,
    )
    return Office(tmp_path, mail, settings)


def three(office: Office) -> list[str]:
    office.name(ann=by_mail("ann"), ben=by_mail("ben"), cy=by_mail("cy"))
    return office.in_order()


@pytest.mark.parametrize("said", ["451 try later", "421 too many", "554 spam"])
@pytest.mark.parametrize("at", ["", "END "])
def test_a_mail_that_is_not_taken_holds_up_no_other_one(office: Office, mail: RoughMail, at: str, said: str) -> None:
    first, *others = three(office)
    mail.answers[at + address(first)] = said
    assert len(office.run().kept) == 1
    assert mail.readers == sorted(map(address, others))
    for _ in range(KEEP_DAYS):
        assert office.run().given_up == []
    given_up = office.run()
    assert [why for why in given_up.given_up if f"notify.owners.{first}.mail_to" in why] == given_up.given_up != []
    mail.answers.clear()
    office.run()
    assert mail.readers == sorted(map(address, (first, *others)))


@pytest.mark.parametrize("said", ["421 closing", ""])
def test_a_server_that_is_down_is_asked_seldom_and_nobody_is_given_up_untried(
    office: Office, mail: RoughMail, said: str
) -> None:
    owners = three(office)
    mail.answers["CONNECT"] = said
    given_up = 0
    for day in range(3 * KEEP_DAYS):
        before = mail.connections
        delivery = office.run()
        tried = mail.connections - before
        assert tried == 1 if day == 0 else tried <= 2
        assert len(delivery.given_up) <= tried
        given_up += len(delivery.given_up)
    assert given_up >= 3
    mail.answers.clear()
    office.run()
    assert mail.readers == sorted(map(address, owners))


def test_a_mail_over_which_the_server_stumbles_holds_up_no_other_one_for_long(office: Office, mail: RoughMail) -> None:
    first, *others = three(office)
    mail.answers[f"END {address(first)}"] = ""  # it hangs up: for all we know it is down
    assert len(office.run().kept) == 3
    assert len(office.run().kept) == 1
    assert mail.readers == sorted(map(address, others))
    office.name(dan=by_mail("dan"))
    assert len(office.run().kept) == 1
    assert mail.readers == sorted(map(address, (*others, "dan")))


def test_a_slow_server_has_its_time_and_everybody_a_turn(office: Office, mail: RoughMail) -> None:
    owners = [f"o{number}" for number in range(8)]
    office.name(**{owner: by_mail(owner) for owner in owners})
    office.settings = replace(office.settings, channel_budget_seconds=0.5, keep_days=1000)
    mail.slow = 0.1
    mail.answers["END"] = "451 try later"
    for _ in owners:
        before = mail.tried.total()
        assert len(office.run().kept) == len(owners)
        assert 1 <= mail.tried.total() - before <= 6  # 0.25 s for those who failed, and 0.25 s for the others
    assert len(mail.tried) == len(owners)
    mail.answers[f"END {address('new')}"] = "250 queued"
    office.name(new=by_mail("new"))
    office.run()
    assert mail.readers == [address("new")]


def test_dead_addresses_of_webhooks_have_their_time_and_the_others_their_digest(office: Office) -> None:
    with http_receiver() as alive, http_receiver([500]) as refusing, http_receiver() as dead:
        dead.hang = Event()
        urls = {f"dead{number}": dead.url for number in range(2)} | {"alive": alive.url, "refusing": refusing.url}
        office.name(**{name: RecipientSettings(webhook_url=Secret(url), webhook_key=KEY) for name, url in urls.items()})
        office.settings = replace(office.settings, time_budget_seconds=1.0, channel_budget_seconds=2.0, keep_days=1000)
        for _ in range(3):
            before = dead.asked
            office.run()
            assert dead.asked - before <= 2
        assert (len(alive.taken), refusing.taken) == (1, [])
        assert len(office.files().failures()) == 3  # each of the others had its turn


def test_an_address_that_is_deferred_gets_the_same_mail_later_and_the_others_get_no_second_one(
    office: Office, mail: RoughMail
) -> None:
    office.name(ann=by_mail("ann", "bo", "cy"))
    mail.answers[address("bo")] = "450 later"
    delivery = office.run()
    assert (len(delivery.kept), delivery.sent) == (1, [])
    assert "refuses bo@example.com (450)" in delivery.kept[0]
    mail.answers.clear()
    again = office.run()
    assert (again.sent, again.kept, again.warnings) == (["digest by mail: bo@example.com"], [], [])
    assert mail.readers == sorted(map(address, ("ann", "bo", "cy")))
    assert len({raw for _, raw in mail.taken}) == 1
    assert office.run().sent == []
    assert len(mail.taken) == 3


def test_an_address_that_is_refused_for_good_is_a_warning_and_the_digest_is_told(
    office: Office, mail: RoughMail
) -> None:
    office.name(ann=by_mail("ann", "bo", "cy"))
    mail.answers |= {address("bo"): "550 unknown", address("cy"): "450 later"}
    assert len(office.run().kept) == 1
    mail.answers[address("cy")] = "250 welcome"
    delivery = office.run()
    assert (delivery.kept, len(delivery.sent)) == ([], 1)
    (warning,) = delivery.warnings
    assert "refuses bo@example.com (550)" in warning
    assert "notify.owners.ann.mail_to" in warning
    tried = mail.tried[address("bo")]
    assert office.run().warnings == []
    assert (mail.readers, mail.tried[address("bo")]) == (sorted(map(address, ("ann", "cy"))), tried)


def test_who_took_a_digest_gets_no_second_one_when_the_settings_name_others(office: Office, mail: RoughMail) -> None:
    office.name(ann=by_mail("bo", "ann"))
    mail.answers[address("bo")] = "450 later"
    office.run()
    office.name(ann=by_mail("ann", "cy"))
    office.run()
    assert mail.readers == sorted(map(address, ("ann", "cy")))


@pytest.mark.parametrize("room", range(12))
def test_whenever_the_disk_becomes_full_nobody_gets_a_digest_twice(office: Office, mail: RoughMail, room: int) -> None:
    office.name(ann=by_mail("ann", "bo"), ben=by_mail("ben"))
    mail.answers["END"] = "451 later"
    office.run()  # under way, and tried
    mail.answers.clear()
    for left in (room, 0, 0):
        with suppress(CompanyActivityError):
            office.run(FullDisk(str(office.folder), left))
    assert max(Counter(mail.readers).values(), default=0) <= 1
    office.run()
    assert Counter(mail.readers) == dict.fromkeys(map(address, ("ann", "bo", "ben")), 1)


def test_a_mail_is_what_it_was(office: Office, mail: RoughMail) -> None:
    """All addresses see each other, as if it were one mail."""
    office.name(ann=by_mail("ann", "bo"))
    office.run()
    (_, first), (_, second) = mail.taken
    assert first == second
    assert message_from_bytes(first)["To"] == "ann@example.com, bo@example.com"
