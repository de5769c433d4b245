"""One round of digests: send what is under way, find out what is due, keep it, send it.

Whatever ends a round at whatever moment, the next one goes on from the files: news are due until a digest that tells
them went out whole, and a digest is sent as it was made, from its first part that nobody accepted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.deliver import Delivery
from company_activity.io.notify.digest.channels import DigestChannel, send_parts
from company_activity.io.notify.digest.digest import Digest, is_wanted
from company_activity.io.notify.digest.items import KnownEpisode, sections_of
from company_activity.io.notify.digest.kept import Kept, KeptNews
from company_activity.io.notify.digest.recipients import Reader, Readers
from company_activity.planning.news import News, Today, needed_from, news_for

# The episodes that are open, or ended on this date or later.
Ask = Callable[[date], Sequence[KnownEpisode]]
ONE_SERVER = (
    "mail",
    "file",
)  # for all readers: one that cannot be reached is left for the next run


@dataclass(frozen=True)
class Occasion:
    """What a round is about: the newest complete date, what stands on it, and how to find out more.

    `mark` tells the state of the episodes from every other. `ask` may take a minute: it is asked once at most.
    """

    today: Today
    mark: str
    ask: Ask
    status_line: str = ""
    report: str = ""


@dataclass
class Round:
    """One round; `delivery` says what became of it."""

    kept: KeptNews
    readers: Readers
    channels: Mapping[Reader, DigestChannel]
    environment: str
    now: datetime
    delivery: Delivery = field(default_factory=Delivery)
    _down: dict[str, str] = field(default_factory=dict)

    def send_kept(self) -> None:
        """Send what is under way, that of an older round."""
        for one in list(self.kept.under_way()):
            self._send(one)

    def tell(self, occasion: Occasion) -> None:
        """Send what is due, to those of whom nothing is under way. Nobody is asked where nothing changed.

        Raises:
            CompanyActivityError: if a file of the ledger is none.
        """
        occasion = self._remembering(occasion)
        basis = self.kept.basis()
        mark = self._mark(occasion)
        busy = {one.reader for one in self.kept.under_way()}
        due = [
            reader
            for reader in self.readers.all
            if reader not in busy and basis.get(reader.file_name) != mark
        ]
        if not due:
            return
        ledger = self.kept.ledger()
        today = occasion.today
        known = {one.episode.key: one for one in occasion.ask(needed_from(ledger, today))}
        episodes = [one.episode for one in known.values()]
        found = news_for(episodes, ledger, today, self.readers)
        for reader in due:
            news = found.get(reader.name, ())
            digest = self._digest(reader, occasion, news, known)
            is_first = self.kept.last_day(reader) < today.newest
            if news or (is_first and is_wanted(digest, self.readers.settings.quiet)):
                self.kept.put(reader, digest, news)
        self.kept.note_basis(self._still_here(basis) | {one.file_name: mark for one in due})
        for one in list(self.kept.under_way()):
            if one.reader not in busy:
                self._send(one)

    def _remembering(self, occasion: Occasion) -> Occasion:
        """The occasion, those set aside among it whom the last round knew of; noted for the next one."""
        today = occasion.today.remembering(self.kept.snoozes())
        self.kept.note_snoozes({one.company_id: one.until for one in today.snoozed.values()})
        return replace(occasion, today=today)

    def _still_here(self, basis: Mapping[str, str]) -> dict[str, str]:
        """What is noted of those that the settings name."""
        here = {reader.file_name for reader in self.readers.all}
        return {name: mark for name, mark in basis.items() if name in here}

    def _mark(self, occasion: Occasion) -> str:
        """What tells apart all that news follow from, but for what was told: episodes, date, snoozes, who is told."""
        today = occasion.today
        snoozed = sorted((one.company_id, str(one.until)) for one in today.snoozed.values())
        owners = sorted(self.readers.settings.owners)
        told = [
            occasion.mark,
            str(today.newest),
            today.news_days,
            snoozed,
            owners,
            self.readers.names,
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def _digest(
        self,
        reader: Reader,
        occasion: Occasion,
        news: Sequence[News],
        known: Mapping[tuple[str, date], KnownEpisode],
    ) -> Digest:
        day = occasion.today.newest
        return Digest(
            reader.recipient,
            day,
            self.environment,
            occasion.status_line,
            occasion.report,
            sections_of(news, known, day),
            self.now.isoformat(),
        )

    def _send(self, one: Kept) -> None:
        """Send what nobody accepted yet of a digest; note each part as it is accepted."""
        channel = self.channels.get(one.reader)
        try:
            if channel is None:
                raise NotSent("the settings no longer name it", is_refused=True)
            if one.reader.channel in self._down:
                raise NotSent(self._down[one.reader.channel])
            where = ""
            for part, where in send_parts(channel, one.digest, one.parts):
                self.kept.note_part(one, part, where, self.now)
        except NotSent as why:
            self._not_sent(one, why, is_gone=channel is None)
            return
        self.kept.close(one, self.now, "sent", is_told=True)
        self.delivery.sent.append(f"digest by {one.reader.channel}: {where or 'sent before'}")

    def _not_sent(self, one: Kept, why: NotSent, *, is_gone: bool) -> None:
        """Keep it, or give it up: then its news are due again, unless a part of it was accepted."""
        if not why.is_refused and one.reader.channel in ONE_SERVER:
            self._down[one.reader.channel] = str(why)
        told = f"digest of {one.digest.day} ({one.reader.setting}): {why}"
        keep = timedelta(days=self.readers.settings.keep_days)
        is_old = self.now - datetime.fromisoformat(one.digest.written_at) > keep
        if not is_gone and not is_old:
            self.delivery.kept.append(told)
            return
        self.delivery.given_up.append(told)
        parts = sum(1 for file in self.kept.files if file.stem == one.stem and file.part)
        basis = self.kept.basis()
        if basis.pop(one.reader.file_name, None):
            self.kept.note_basis(basis)
        self.kept.close(one, self.now, f"given up: {why}", is_told=parts > 0)
