"""Digests under way and what each reader was told, beside the lake in `ops/news/`: create-only files.

Each is called `<channel>-<hash of the recipient>.<number>.<day>` and an ending:

- `.json`: a digest under way, with the news that it tells, as it is sent whenever it is tried;
- `.part-<n>`: its n-th part was accepted, and is never sent again; of a mail, `<n>` is the hash of an address;
- `.trying-<n>`: beside that, while the part is on its way: nobody knows yet whether it was accepted;
- `.told.json`: it went out whole: the ledger, from which follows what is not told again;
- `.quiet`: so did one without news; `.dropped`: it was given up, and its news are due again.

`basis.json` has, for each reader, what its news were last made from, `failures.json` when it was last tried in vain;
`snoozes.json`, which companies were set aside until when, as of the last round. A reader has one digest under way at
most.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from company_activity.errors import CompanyActivityError
from company_activity.io.notify.claim import claimed
from company_activity.io.notify.digest.digest import Digest
from company_activity.io.notify.digest.recipients import Reader
from company_activity.io.storage.folder import Folder, open_folder
from company_activity.planning.news import Ledger, News, told

if TYPE_CHECKING:
    from company_activity.io.storage.port import Entry

log = logging.getLogger(__name__)
FOLDER = "ops/news"
BASIS = "basis.json"
SNOOZES = "snoozes.json"
FAILURES = "failures.json"
UNDER_WAY = "json"
TOLD = "told.json"
QUIET = "quiet"
DROPPED = "dropped"
PART = "part"
TRYING = "trying"
NAME = re.compile(
    r"(?P<reader>[a-z]+-[0-9a-f]{12})\.(?P<number>\d{6})\.(?P<day>\d{4}-\d\d-\d\d)"
    r"\.(?P<ending>json|told\.json|quiet|dropped|(part|trying)-(?P<part>\d{4}|[0-9a-f]{12}))"
)
READ_AT_ONCE = 8


@dataclass(frozen=True)
class Kept:
    """A digest under way: whose, which news it tells, and which of its parts were accepted."""

    reader: Reader
    digest: Digest
    news: tuple[News, ...]
    parts: frozenset[str] = frozenset()

    @property
    def stem(self) -> str:
        """Its files' name without the ending."""
        return stem_of(self.reader, self.digest.number, self.digest.day)


@dataclass(frozen=True)
class Found:
    """A file of the folder by the parts of its name."""

    name: str
    reader: str
    number: int
    day: date
    ending: str
    part: str = ""

    @property
    def stem(self) -> str:
        return self.name.removesuffix(f".{self.ending}")


class KeptNews:
    """The folder of a lake. It is listed once; what is written is noted."""

    def __init__(self, lake: str | Folder) -> None:
        self._folder = open_folder(lake, FOLDER)
        self._found: dict[str, Found] | None = None

    @property
    def place(self) -> str:
        return self._folder.uri("")

    @property
    def files(self) -> list[Found]:
        """The files of digests, those of a reader in the order of their numbers."""
        return sorted(self._by_name().values(), key=lambda one: (one.reader, one.number, one.name))

    def _by_name(self) -> dict[str, Found]:
        if self._found is None:
            named = [found_as(name) for name in self._folder.names()]
            self._found = {one.name: one for one in named if one}
        return self._found

    def _create(self, name: str, content: Mapping[str, Any]) -> bool:
        files = self._by_name()
        is_new = self._folder.create(name, f"{json.dumps(content, ensure_ascii=False)}\n")
        if found := found_as(name):
            files[name] = found
        return is_new

    def forget(self, name: str) -> None:
        """Remove a file that nothing needs any more."""
        files = self._by_name()
        self._folder.delete(name)
        files.pop(name, None)

    def put(self, reader: Reader, digest: Digest, news: Iterable[News]) -> bool:
        """Keep a digest until it went out; it is given its number. False if another run has taken that."""
        number = 1 + max((one.number for one in self._of(reader)), default=0)
        numbered = replace(digest, number=number)
        return self._create(
            f"{stem_of(reader, number, digest.day)}.{UNDER_WAY}",
            {
                "channel": reader.channel,
                "digest": numbered.as_json(),
                "news": [one.as_json() for one in news],
            },
        )

    def under_way(self) -> Iterator[Kept]:
        """What has not gone out, the oldest of each reader first. One that cannot be read is passed by, and logged."""
        files = self.files
        accepted = self.accepted()
        ended = {one.stem for one in files if one.ending in (TOLD, QUIET, DROPPED)}
        for one in files:
            if one.stem in ended and (one.part or one.ending == UNDER_WAY):
                self.forget(one.name)  # a run ended between the two steps of `close`
            elif one.ending == UNDER_WAY:
                kept = self._read(one.name, accepted.get(one.stem, frozenset()))
                if kept:
                    yield kept

    def accepted(self) -> dict[str, frozenset[str]]:
        """The parts that were accepted, by the stem of their digest."""
        files = self._by_name()
        found: dict[str, frozenset[str]] = {}
        for one in files.values():
            is_note = one.ending == f"{PART}-{one.part}"
            if is_note and f"{one.stem}.{TRYING}-{one.part}" not in files:
                found[one.stem] = found.get(one.stem, frozenset()) | {one.part}
        return found

    def _read(self, name: str, parts: frozenset[str]) -> Kept | None:
        try:
            plain = json.loads(self._folder.read(name))
            digest = Digest.from_json(plain["digest"])
            news = tuple(map(News.from_json, plain["news"]))
            return Kept(Reader(digest.recipient, plain["channel"]), digest, news, parts)
        except (ValueError, TypeError, KeyError, FileNotFoundError) as error:
            log.warning("%s cannot be read: %s", self._folder.uri(name), type(error).__name__)
            return None

    @contextmanager
    def sending(self, kept: Kept, part: str, now: datetime) -> Iterator[None]:
        """Around the one try of a part: what was accepted is noted, whatever can be written by then.

        Raises:
            CompanyActivityError: before the try, if the note cannot be written: what nobody noted would go out again.
            NotSent: what the try raises.
        """
        with claimed(
            f"{kept.stem}.{PART}-{part}",
            f"{kept.stem}.{TRYING}-{part}",
            write=lambda name: self._create(name, {"at": now.isoformat()}),
            forget=self.forget,
        ):
            yield

    def close(self, kept: Kept, now: datetime, outcome: str, *, is_told: bool) -> None:
        """Note how it ended, then drop it. What is told enters the ledger."""
        ended: dict[str, Any] = {"at": now.isoformat(), "outcome": outcome}
        ending = DROPPED
        if is_told:
            ending = TOLD if kept.news else QUIET
        if ending == TOLD:
            ended["reader"] = kept.reader.name
            ended["news"] = [one.as_json() for one in kept.news]
        self._create(f"{kept.stem}.{ending}", ended)
        for one in self.files:
            if one.stem == kept.stem and (one.part or one.ending == UNDER_WAY):
                self.forget(one.name)

    def last_day(self, reader: Reader) -> date:
        """The newest date that a reader had a digest of, be it under way or given up."""
        return max((one.day for one in self._of(reader)), default=date.min)

    def _of(self, reader: Reader) -> list[Found]:
        return [one for one in self.files if one.reader == reader.file_name]

    def ledger(self) -> Ledger:
        """What each reader was told."""
        ledger = Ledger()
        for _, reader, news in self.told_files():
            ledger = told(ledger, {reader: news})
        return ledger

    def told_files(self) -> list[tuple[str, str, list[News]]]:
        """The files of the ledger, in order: name, reader, what it was told.

        Raises:
            CompanyActivityError: if one is no such file: whoever passed it by would tell its news again.
        """
        names = [one.name for one in self.files if one.ending == TOLD]
        with ThreadPoolExecutor(READ_AT_ONCE) as pool:
            texts = list(pool.map(self._folder.read, names))
        return [(name, *self._told_in(name, text)) for name, text in zip(names, texts, strict=True)]

    def _told_in(self, name: str, text: str) -> tuple[str, list[News]]:
        try:
            plain = json.loads(text)
            return plain["reader"], list(map(News.from_json, plain["news"]))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise CompanyActivityError(
                f"{self._folder.uri(name)} does not say what was told",
                remedy="put it back from a copy, or delete it: what it told may then be told again",
            ) from None

    def unreadable(self) -> dict[str, str]:
        """The text of each digest under way that is none, and so is never sent, by its file's name."""
        names = [one.name for one in self.files if one.ending == UNDER_WAY]
        return {
            name: self._folder.read(name) for name in names if not self._read(name, frozenset())
        }

    def cut(self, name: str, news: Collection[News]) -> None:
        """Leave only these pieces in a file of the ledger; without any it stays as a quiet one."""
        if not news:
            self._create(f"{name.removesuffix(TOLD)}{QUIET}", {})
            self.forget(name)
            return
        plain = json.loads(self._folder.read(name))
        left = plain | {"news": [one.as_json() for one in news]}
        self._folder.replace(name, f"{json.dumps(left, ensure_ascii=False)}\n")

    def entries(self) -> list[Entry]:
        """The files with their sizes."""
        return self._folder.entries()

    def rewrite(self, kept: Kept, digest: Digest, news: Iterable[News]) -> None:
        """Put other content in place of a digest of which nothing was accepted."""
        content = {
            "channel": kept.reader.channel,
            "digest": digest.as_json(),
            "news": [one.as_json() for one in news],
        }
        name = f"{kept.stem}.{UNDER_WAY}"
        self._folder.replace(name, f"{json.dumps(content, ensure_ascii=False)}\n")

    def basis(self) -> dict[str, str]:
        """What the news of each reader were last made from; none where that is not known."""
        return self._mapping(BASIS)

    def note_basis(self, basis: Mapping[str, str]) -> None:
        """Note it: without anything new there is nothing to do, and no row is read."""
        self._note_mapping(BASIS, basis)

    def failures(self) -> dict[str, str]:
        """When each reader was last tried in vain, in ISO 8601; none of those whom the last try reached."""
        return self._mapping(FAILURES)

    def note_failures(self, failures: Mapping[str, str]) -> None:
        """Note it: those who failed wait behind the others."""
        self._note_mapping(FAILURES, failures)

    def snoozes(self) -> dict[str, date]:
        """Until when companies were set aside as of the last round; none where that is not known."""
        noted = self._mapping(SNOOZES)
        try:
            return {company_id: date.fromisoformat(until) for company_id, until in noted.items()}
        except (ValueError, TypeError):
            return {}

    def note_snoozes(self, until: Mapping[str, date]) -> None:
        """Note it: who is taken out of `snoozed.csv` was set aside until that day."""
        self._note_mapping(SNOOZES, {company_id: str(day) for company_id, day in until.items()})

    def _mapping(self, name: str) -> dict[str, str]:
        try:
            plain = json.loads(self._folder.read(name))
        except (FileNotFoundError, ValueError):
            return {}
        return plain if isinstance(plain, dict) else {}

    def _note_mapping(self, name: str, noted: Mapping[str, str]) -> None:
        text = json.dumps(dict(sorted(noted.items())), indent=1, ensure_ascii=False)
        self._folder.replace(name, f"{text}\n")


def stem_of(reader: Reader, number: int, day: date) -> str:
    return f"{reader.file_name}.{number:06d}.{day}"


def found_as(name: str) -> Found | None:
    """What a file's name says; None if it is not the file of a digest.

    >>> found_as("mail-2e4e636a6f70.000017.2025-11-23.part-0002")
    Found(name='mail-2e4e636a6f70.000017.2025-11-23.part-0002', reader='mail-2e4e636a6f70', number=17, \
day=datetime.date(2025, 11, 23), ending='part-0002', part='0002')
    >>> found_as("basis.json")
    """
    found = NAME.fullmatch(name)
    if not found:
        return None
    day = date.fromisoformat(found["day"])
    return Found(
        name,
        found["reader"],
        int(found["number"]),
        day,
        found["ending"],
        found["part"] or "",
    )
