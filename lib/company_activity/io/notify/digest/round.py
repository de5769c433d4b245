"""One round of digests: send what is under way, find out what is due, keep it, send it.

Whatever ends a round at whatever moment, the next one goes on from the files: news are due until a digest that tells
them went out whole, and a digest is sent as it was made, from its first part that nobody accepted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial

from company_activity.io.notify.channel import NotSent, foreseen
from company_activity.io.notify.deliver import Delivery
from company_activity.io.notify.digest.channels import DigestChannel
from company_activity.io.notify.digest.digest import Digest, is_wanted
from company_activity.io.notify.digest.items import KnownEpisode, sections_of
from company_activity.io.notify.digest.kept import Kept, KeptNews
from company_activity.io.notify.digest.part import Attempt, Part
from company_activity.io.notify.digest.recipients import Reader, Readers
from company_activity.io.notify.patience import Patience
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

    def send_kept(self) -> None:
        """Send what is under way, that of an older round."""
        self._send_all(self.kept.under_way())

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
        self._send_all(one for one in self.kept.under_way() if one.reader not in busy)

    def _remembering(self, occasion: Occasion) -> Occasion:
        """The occasion, those set aside among it whom the last round knew of; noted for the next one."""
        before = self.kept.snoozes()
        today = occasion.today.remembering(before)
        until = {one.company_id: one.until for one in today.snoozed.values()}
        if until != before:
            self.kept.note_snoozes(until)
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

    def _send_all(self, digests: Iterable[Kept]) -> None:
        """Who failed in an earlier run waits behind the others, the one in front that was tried longest ago."""
        for one in sorted(digests, key=lambda one: self._failures.get(one.reader.file_name, "")):
            self._send(one)

    def _send(self, one: Kept) -> None:
        """Send what nobody accepted yet of a digest."""
        channel = self.channels.get(one.reader)
        if channel is None:
            self._give_up(one, "the settings no longer name it")
            return
        try:
            parts = foreseen(lambda: channel.messages(one.digest))
        except NotSent as why:
            attempt = Attempt(failed=[(Part("", str), why)])
        else:
            left = [part for part in parts if part.name not in one.parts]
            attempt = Attempt.at(left, partial(self._trying, one))
        if attempt.is_over(has_begun=bool(one.parts)):
            self._close(one, attempt)
        else:
            self._not_sent(one, attempt)

    @contextmanager
    def _trying(self, one: Kept, part: Part) -> Iterator[None]:
        """Around the one try of a part."""
        reader = one.reader
        server = reader.channel if reader.channel in ONE_SERVER else reader.name
        has_failed = reader.file_name in self._failures
        with (
            self._patience.trying(reader.channel, server, has_failed_before=has_failed),
            self.kept.sending(one, part.name, self.now),
        ):
            yield

    def _close(self, one: Kept, attempt: Attempt) -> None:
        """It is told; whoever does not take it while others do is a warning."""
        self.kept.close(one, self.now, "sent", is_told=True)
        self._note_failure(one.reader, is_failed=False)
        self.delivery.sent.append(
            f"digest by {one.reader.channel}: {attempt.where or 'sent before'}"
        )
        for why in attempt.whys:
            self.delivery.warnings.append(
                f"an address did not get the {_called(one)}, others did: {why}"
            )

    def _not_sent(self, one: Kept, attempt: Attempt) -> None:
        """Keep it, unless it is old and was tried in vain once more."""
        if attempt.is_tried:
            self._note_failure(one.reader, is_failed=True)
        keep = timedelta(days=self.readers.settings.keep_days)
        is_old = self.now - datetime.fromisoformat(one.digest.written_at) > keep
        if attempt.is_tried and is_old:
            self._give_up(one, attempt.why)
        else:
            self.delivery.kept.append(f"{_called(one)}: {attempt.why}")

    def _give_up(self, one: Kept, why: str) -> None:
        """Its news are due again, unless a part of it was accepted."""
        self.delivery.given_up.append(f"{_called(one)}: {why}")
        basis = self.kept.basis()
        if basis.pop(one.reader.file_name, None):
            self.kept.note_basis(basis)
        is_told = one.stem in self.kept.accepted()
        self.kept.close(one, self.now, f"given up: {why}", is_told=is_told)

    def _note_failure(self, reader: Reader, *, is_failed: bool) -> None:
        """Whether the last try of a reader was in vain."""
        if not is_failed and reader.file_name not in self._failures:
            return
        self._failures.pop(reader.file_name, None)
        if is_failed:
            self._failures[reader.file_name] = self.now.isoformat()
        self.kept.note_failures(self._still_here(self._failures))

    @cached_property
    def _failures(self) -> dict[str, str]:
        return self.kept.failures()

    @cached_property
    def _patience(self) -> Patience:
        return Patience(self.readers.settings.channel_budget_seconds)


def _called(one: Kept) -> str:
    return f"digest of {one.digest.day} ({one.reader.setting})"
