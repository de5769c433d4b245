"""Stories of messages: those about runs, and digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from company_activity.errors import Undelivered
from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.deliver import deliver
from company_activity.io.notify.digest.channels import open_readers
from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.io.notify.digest.kept import KeptNews
from company_activity.io.notify.digest.recipients import Readers
from company_activity.io.notify.digest.round import Occasion, Round
from company_activity.io.notify.file import FileDrop
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import DONE, FOLDER, Outbox
from company_activity.io.storage.folder import open_folder
from company_activity.planning.news import Episode, Today
from company_activity.records.crm.snoozed import Snooze
from company_activity.settings.model import LandingSettings, NotifySettings, SecretSettings

from reliability.storage.stories.story import Given, Story
from support.landing.pages import DAY, NOON

KEEP = timedelta(days=7)
OLD = NOON - timedelta(days=30)


def message(run_id: str, began: str = NOON.isoformat()) -> Message:
    """A message about a run."""
    return Message(
        *(run_id, "succeeded", "test", f"run {DAY}", str(DAY), began),
        seconds=1.0,
        exit_code=0,
        failed_step="",
        error="",
        remedy="",
        counts={},
        gates=(),
        gates_passed=0,
        warnings=(),
        churn_risks=0,
        risks_on="",
        report="",
    )


@dataclass(frozen=True)
class Refusing:
    """Takes no message."""

    def send(self, message: Message) -> str:
        raise NotSent("not today", is_refused=True)


@dataclass(frozen=True)
class Journal:
    """A server beside the disk: it writes down whatever it takes."""

    file: Path

    def send(self, message: Message) -> str:
        with self.file.open("a", encoding="utf-8") as taken:
            taken.write(f"{message.as_json()}\n")
        return "there"


def outbox(given: Given) -> None:
    """Messages on channels that take them, and on one that does not, where an old one is given up."""
    channels: dict[str, Channel] = {
        "file": FileDrop(NotifySettings(file=str(given.drop)), LandingSettings(""), SecretSettings()),
        "webhook": Journal(journal_of(given)),
        "teams": Refusing(),
    }
    box = Outbox(given.lake)
    for channel in channels:
        box.put(message("run-1"), channel)
    box.put(message("run-2"), "file")
    box.put(message("run-0", OLD.isoformat()), "teams")
    delivery = deliver(box, channels, NOON, KEEP)
    told = [one for one in delivery.kept if not one.startswith("teams")]
    if told:
        raise Undelivered("; ".join(told), remedy=f"kept in {box.place}")


def journal_of(given: Given) -> Path:
    """Beside the place: no call on it is a call of the story."""
    return given.root.with_name(f"{given.root.name}-journal.txt")


def told_once(given: Given) -> Any:
    """What was dropped, what was taken, what waits. What was taken twice was twice the same."""
    taken = set(journal_of(given).read_text(encoding="utf-8").splitlines())
    dropped = {file.name: file.read_text(encoding="utf-8") for file in given.drop.glob("[!.]*")}
    waiting = [one.name for one in Outbox(given.lake).pending()]
    done = [name for name in open_folder(given.lake, FOLDER).names() if name.endswith(DONE)]
    return sorted(taken), dropped, waiting, done


def digests(given: Given) -> None:
    """A round of digests: two companies at risk, one of them set aside."""
    settings = NotifySettings(file=str(given.drop))
    readers = Readers(settings)
    one = Round(
        *(KeptNews(given.lake), readers, open_readers(readers, SecretSettings(), LandingSettings(""))),
        *("test", NOON),
    )
    one.send_kept()
    snoozed = {"b": Snooze("b", DAY + timedelta(days=9))}
    one.tell(Occasion(Today(DAY, settings.news_days, snoozed), "mark", episodes))
    if one.delivery.kept:
        raise Undelivered("; ".join(one.delivery.kept), remedy="the next run sends it")


def episodes(since: date) -> Sequence[KnownEpisode]:
    """What the lake has: three companies at risk."""
    began = DAY - timedelta(days=2)
    return [
        KnownEpisode(Episode(company, began, DAY, churn_reasons=("SILENT",), company_name=company)) for company in "abc"
    ]


def digests_told(given: Given) -> Any:
    """The digests that were dropped, and what the ledger says of whom they told."""
    kept = KeptNews(given.lake)
    assert list(kept.under_way()) == []
    dropped = {file.name: file.read_text(encoding="utf-8") for file in given.drop.glob("[!.]*")}
    return dropped, kept.ledger(), kept.basis(), kept.snoozes()


OUTBOX = Story("outbox", outbox, told_once)
DIGESTS = Story("digests", digests, digests_told)
