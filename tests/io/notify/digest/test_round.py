"""Rounds of digests over random histories: whatever is lost, refused or killed, each change is told exactly once.

The judge is `oracle.news`, which hears what real servers on loopback have taken; the files beside the lake are real.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from company_activity.errors import CompanyActivityError
from company_activity.io.notify.digest import cards, webhook
from company_activity.io.notify.digest.channels import open_readers
from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.io.notify.digest.kept import KeptNews
from company_activity.io.notify.digest.recipients import DEFAULT, EVERYONE, Reader, Readers
from company_activity.io.notify.digest.round import Occasion, Round
from company_activity.planning.news import KINDS, Episode, Today
from company_activity.records.crm.snoozed import Snooze
from company_activity.settings.model import (
    LandingSettings,
    NotifySettings,
    RecipientSettings,
    Secret,
    SecretSettings,
)

from oracle import news as judging
from oracle.model import Row
from oracle.news_histories import History
from support.report.readers import DROPS, REFUSES, TAKES, TAKES_AND_DROPS, Part, Servers, servers
from support.report.receivers import mail_receiver

SEQUENCES = 30
ROUNDS = 16
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BEGAN = datetime(2025, 6, 1, tzinfo=UTC)
ANN_MAIL, ANN_TEAMS = Reader("Ann", "mail"), Reader("Ann", "teams")
BEN, OTHERS, ALL = Reader("Ben", "webhook"), Reader(DEFAULT, "teams"), Reader(EVERYONE, "webhook")


class Killed(BaseException):
    """The process ends here."""


class MortalNews(KeptNews):
    """Files whose writer is killed at a moment that `dies` chooses, before it writes or behind it."""

    def __init__(self, lake: str, dies: Any) -> None:
        super().__init__(lake)
        self.dies = dies

    def _create(self, name: str, content: Any) -> bool:
        return bool(self._mortal(lambda: super(MortalNews, self)._create(name, content)))

    def forget(self, name: str) -> None:
        self._mortal(lambda: super(MortalNews, self).forget(name))

    def note_basis(self, basis: Any) -> None:
        self._mortal(lambda: super(MortalNews, self).note_basis(basis))

    def note_failures(self, failures: Any) -> None:
        self._mortal(lambda: super(MortalNews, self).note_failures(failures))

    def _mortal(self, write: Any) -> Any:
        if self.dies():
            raise Killed
        done = write()
        if self.dies():
            raise Killed
        return done


def known(row: Row) -> KnownEpisode:
    """A row as the lake gives it to the round."""
    episode = Episode(
        row["company_id"],
        row["started_on"],
        row["last_flagged_on"],
        row["ended_on"],
        row["ended_as"],
        tuple(row["churn_reasons"]),
        None,
        row["peak_missing_user_days"],
        row["owner"],
        f"Company {row['company_id']}",
    )
    return KnownEpisode(episode)


@dataclass
class World:
    """A lake's `ops/news/`, readers on loopback, and rounds over what the lake is said to have."""

    folder: Path
    servers: Servers
    settings: NotifySettings
    rounds: int = 0
    asked: int = 0

    @classmethod
    def at(cls, folder: Path, at: Servers, **more: Any) -> World:
        def url(name: str) -> Secret:
            return Secret(f"{at.base}/{name}")

        key = Secret(KEY)
        owners = {
            "Ann": RecipientSettings(mail_to=("ann@example.com",), teams_url=url("ann-teams")),
            "Ben": RecipientSettings(webhook_url=url("ben"), webhook_key=key),
        }
        known: dict[str, Any] = {
            "channels": (),
            "owners": owners,
            "default": RecipientSettings(teams_url=url("others")),
            "everyone": RecipientSettings(webhook_url=url("all"), webhook_key=key),
            "smtp_host": "127.0.0.1",
            "smtp_port": at.smtp_port,
            "smtp_tls": "none",
            "mail_from": "etl@example.com",
            "max_attempts": 1,
            "timeout_seconds": 5.0,
            "keep_days": 1000,
        }
        return cls(folder, at, NotifySettings(**known | more))

    @property
    def readers(self) -> Readers:
        return Readers(self.settings)

    def taken(self, reader: Reader) -> list[Part]:
        at = {ANN_MAIL: "ann@example.com", ANN_TEAMS: "ann-teams", BEN: "ben", OTHERS: "others", ALL: "all"}[reader]
        return self.servers.parts.get(at, [])

    def files(self) -> KeptNews:
        return KeptNews(str(self.folder))

    def run(self, now: judging.Round, mark: str, kept: KeptNews | None = None, later: timedelta = timedelta()) -> Round:
        """One round, as a run makes it."""
        self.rounds += 1
        readers = self.readers
        channels = open_readers(readers, SecretSettings(), LandingSettings(""))
        began = BEGAN + timedelta(hours=self.rounds) + later
        one = Round(kept or self.files(), readers, channels, "test", began)

        def ask(since: date) -> Sequence[KnownEpisode]:
            self.asked += 1
            rows = [row for row in now.episodes if row["ended_on"] is None or row["ended_on"] >= since]
            return [known(row) for row in rows]

        snoozed = {company: Snooze(company, until) for company, until in now.snoozed.items()}
        one.send_kept()
        one.tell(Occasion(Today(now.newest, 14, snoozed), mark, ask, "Status.", "https://reports.example/1"))
        return one


@pytest.fixture(scope="module")
def at() -> Iterator[Servers]:
    with servers() as found:
        yield found


@pytest.fixture
def calm(at: Servers) -> Servers:
    """Servers that take everything, and have taken nothing."""
    at.parts.clear()
    at.mood = lambda: TAKES
    return at


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company is a part of its own, on a card and in a body."""
    for module in (cards, webhook):
        monkeypatch.setattr(module, "MOST_BYTES", 1)
    monkeypatch.setattr(cards, "MOST_CARDS", 20)


@dataclass
class Ear:
    """What the judge knows of a reader: how much it has listened to, and the digest that is under way."""

    heard: int = 0
    last: Part | None = None
    begun: list[judging.Line] | None = None
    told: list[tuple[str, str]] = field(default_factory=list)
    whole: int = 0
    quiet_days: set[str] = field(default_factory=set)


@dataclass
class Hearing:
    """The judge at the readers' side."""

    world: World
    judge: judging.Judge
    ears: dict[Reader, Ear] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.ears = {reader: Ear() for reader in self.world.readers.all}

    def hear(self, now: judging.Round, was_killed: bool) -> None:
        """Listen to what a round has sent, then see that nothing is left out."""
        new = {reader: self.listened(reader) for reader in self.ears}
        for reader, parts in new.items():
            while parts and self.ears[reader].begun is not None:
                self.part(reader, parts.pop(0), now)
        due = {reader: self.judge.due(now, reader.name) for reader in self.ears}
        for reader, parts in new.items():
            ear = self.ears[reader]
            for part in parts:
                if ear.begun is None:
                    ear.begun = due.pop(reader)  # a second new one in a round is a KeyError
                self.part(reader, part, now)
        under_way = {one.reader: one.digest.number for one in self.world.files().under_way()}
        for reader, ear in self.ears.items():
            # One that the reader had, and we do not know it had, is not a new one.
            if ear.begun is None and under_way.get(reader, 0) > ear.whole:
                ear.begun = due[reader]
            if not was_killed and reader not in under_way:
                assert ear.begun is None, f"{reader} got a part, and the rest is not kept"
                assert self.judge.due(now, reader.name) == [], f"{reader} is not told"

    def listened(self, reader: Reader) -> list[Part]:
        """What a reader got since, without what came once more to the byte: it knows that it had it."""
        ear = self.ears[reader]
        taken = self.world.taken(reader)
        found = []
        for part in taken[ear.heard :]:
            if ear.last and ear.last.identity == part.identity:
                assert ear.last.raw == part.raw, "sent again, and not the same"
                self.counts["again"] += 1
            else:
                found.append(part)
            ear.last = part
        ear.heard = len(taken)
        return found

    def part(self, reader: Reader, part: Part, now: judging.Round) -> None:
        ear = self.ears[reader]
        assert ear.begun is not None
        ear.told += part.told
        self.counts["parts"] += part.parts > 1
        if part.part < part.parts:
            return
        assert sorted(ear.told) == sorted(line.said[:2] for line in ear.begun)
        assert part.is_quiet == (not ear.begun)
        if part.is_quiet:
            (day,) = {one for one in [quiet_day(part)] if one not in ear.quiet_days}
            ear.quiet_days.add(day)
            self.counts["quiet"] += 1
        self.judge.deliver(reader.name, ear.begun)
        self.counts.update(kind for _, kind in ear.told)
        ear.begun = None
        ear.told = []
        ear.whole += 1


def quiet_day(part: Part) -> str:
    """The date that a quiet digest names."""
    text = part.raw.decode()
    at = text.index("2025-", text.index("Nothing new on")) if "Nothing new on" in text else text.index("2025-")
    return text[at : at + 10]


def play(number: int, folder: Path, at: Servers) -> Counter[str]:
    """A random history, with faults in half of its rounds; what was told, and what happened."""
    random = Random(number)
    history = History(random)
    at.parts.clear()
    world = World.at(folder, at, quiet=random.choice(("line", "nothing")))
    hearing = Hearing(world, judging.Judge(world.readers.of))
    remembered: dict[str, date] = {}
    version = 0
    for _ in range(ROUNDS):
        shown = history.go_on()
        now = judging.recalled(shown, remembered)
        version += 1
        is_faulty = random.random() < 0.5
        moods = (TAKES, TAKES, REFUSES, DROPS, TAKES_AND_DROPS) if is_faulty else (TAKES,)
        at.mood = lambda moods=moods: random.choice(moods)  # type: ignore[misc]
        odds = 0.03 if random.random() < 0.5 else 0.0
        kept = MortalNews(str(folder), lambda odds=odds: random.random() < odds)
        was_killed = False
        try:
            world.run(shown, str(version), kept)
        except Killed:
            was_killed = True
            hearing.counts["killed"] += 1
        if not was_killed or world.files().snoozes() == now.snoozed:
            remembered = now.snoozed
        hearing.hear(now, was_killed)
    at.mood = lambda: TAKES
    for _ in range(2):  # what is under way, then what is due
        world.run(shown, str(version))
        hearing.hear(now, False)
    asked = world.asked
    world.run(shown, str(version))
    assert world.asked == asked, "an unchanged rerun asks nothing"
    assert list(world.files().under_way()) == []
    hearing.hear(now, False)
    hearing.judge.check_nobody_is_in_the_dark(now)
    return hearing.counts


def test_each_change_is_told_exactly_once_to_each_reader(at: Servers, tmp_path: Path, small_parts: None) -> None:
    seen = sum((play(number, tmp_path / str(number), at) for number in range(SEQUENCES)), Counter[str]())
    assert all(seen[kind] > 20 for kind in (*KINDS, "quiet", "again", "parts", "killed")), seen


# Each edge by itself.


def risk(company: str, start: int, owner: str | None = "Ann", **more: Any) -> Row:
    """A company that is at risk since a day of March."""
    known: Row = {
        "company_id": company,
        "started_on": date(2025, 3, start),
        "last_flagged_on": date(2025, 3, start),
        "ended_on": None,
        "ended_as": None,
        "churn_reasons": ["SILENT"],
        "peak_missing_user_days": 10,
        "owner": owner,
    }
    return known | more


def on(day: int, *rows: Row, **snoozed: date) -> judging.Round:
    return judging.Round(date(2025, 3, day), list(rows), snoozed)


@pytest.fixture
def world(calm: Servers, tmp_path: Path) -> World:
    return World.at(tmp_path / "lake", calm, quiet="nothing")


def told(world: World, reader: Reader) -> list[tuple[tuple[str, str], ...]]:
    return [part.told for part in world.taken(reader)]


def test_a_broken_channel_silences_no_other_one_of_its_recipient(world: World) -> None:
    urls = iter([REFUSES, REFUSES, TAKES, TAKES, TAKES, TAKES])
    ann_alone = replace(world.settings, default=RecipientSettings(), everyone=RecipientSettings())
    world.settings = ann_alone
    world.servers.mood = lambda: next(urls)  # mail, then Teams
    failed = world.run(on(5, risk("a", 4)), "1").delivery
    assert len(failed.kept) == 2
    assert "notify.owners.Ann.mail_to" in failed.kept[0]
    assert world.run(on(6, risk("a", 4), risk("b", 6)), "2").delivery.kept == []
    assert told(world, ANN_MAIL) == told(world, ANN_TEAMS) == [(("a", "entered"),), (("b", "entered"),)]


def test_one_address_that_is_refused_silences_no_other(world: World, tmp_path: Path) -> None:
    with mail_receiver() as server:
        server.refuse = {"ann@example.com": "550 no such user"}
        team = RecipientSettings(mail_to=("team@example.com",))
        ann = RecipientSettings(mail_to=("ann@example.com",))
        world.settings = replace(
            world.settings, smtp_port=server.port, owners={"Ann": ann}, default=team, everyone=RecipientSettings()
        )
        delivery = world.run(on(5, risk("a", 4), risk("b", 4, None)), "1").delivery
        assert len(delivery.kept) == 1
        assert [mail["To"] for mail in server.mails] == ["team@example.com"]


def test_what_is_given_up_is_due_again_unless_a_part_of_it_was_accepted(world: World, small_parts: None) -> None:
    world.settings = replace(world.settings, owners={}, default=RecipientSettings(), keep_days=7)
    rows = [risk("a", 4), risk("b", 4)]
    world.servers.mood = lambda: REFUSES
    assert len(world.run(on(5, *rows), "1").delivery.kept) == 1
    week = world.run(on(5, *rows), "1", later=timedelta(days=8)).delivery
    assert (len(week.given_up), len(week.kept)) == (1, 1)  # given up, made anew, refused
    moods = iter([TAKES, REFUSES, REFUSES, REFUSES])
    world.servers.mood = lambda: next(moods)
    assert len(world.run(on(5, *rows), "1", later=timedelta(days=9)).delivery.kept) == 1
    given_up = world.run(on(5, *rows), "1", later=timedelta(days=16)).delivery
    assert len(given_up.given_up) == 1
    world.servers.mood = lambda: TAKES
    assert world.run(on(6, *rows), "2", later=timedelta(days=17)).delivery.sent == []
    assert told(world, ALL) == [(("a", "entered"),)]


def test_a_recipient_that_the_settings_no_longer_name_is_let_go(world: World) -> None:
    world.servers.mood = lambda: REFUSES
    world.run(on(5, risk("b", 4, "Ben")), "1")
    world.servers.mood = lambda: TAKES
    world.settings = replace(world.settings, owners={})
    delivery = world.run(on(5, risk("b", 4, "Ben")), "1").delivery
    assert [why for why in delivery.given_up if "notify.owners.Ben.webhook_url" in why]
    assert told(world, BEN) == []
    assert told(world, OTHERS) == [(("b", "entered"),)]  # Ben's companies are told to whoever stands in


def test_who_is_told_may_change_without_a_new_reader(world: World) -> None:
    named = {**world.settings.owners, "Bo": RecipientSettings()}  # whom nobody can reach
    without = world.settings
    world.settings = replace(world.settings, owners=named)
    world.run(on(5, risk("c", 4, "Bo")), "1")
    assert told(world, OTHERS) == []
    world.settings = without
    world.run(on(5, risk("c", 4, "Bo")), "1")
    assert told(world, OTHERS) == [(("c", "entered"),)]


def test_a_quiet_day_is_one_line_however_often_it_is_run(world: World) -> None:
    world.settings = replace(world.settings, quiet="line", owners={}, default=RecipientSettings())
    for mark in ("1", "1", "2", "3"):  # a rerun, a backfill, a correction
        world.run(on(5), mark)
    assert [part.is_quiet for part in world.taken(ALL)] == [True]
    world.run(on(4), "4")  # the newest date was rolled back
    assert len(world.taken(ALL)) == 1
    world.run(on(5, risk("a", 5)), "5")
    world.run(on(6, risk("a", 5)), "6")
    assert [(part.is_quiet, part.told) for part in world.taken(ALL)] == [
        (True, ()),
        (False, (("a", "entered"),)),
        (True, ()),
    ]


def test_what_flips_on_one_day_comes_with_ids_of_its_own(world: World) -> None:
    world.settings = replace(world.settings, owners={}, default=RecipientSettings())
    for mark, rows in enumerate([[risk("a", 4)], [], [risk("a", 4)], []]):
        world.run(on(5, *rows), str(mark))
    parts = world.taken(ALL)
    assert [kind for part in parts for _, kind in part.told] == ["entered", "withdrawn", "entered"]
    assert len({part.identity for part in parts}) == 3


def test_whom_a_lead_sets_aside_is_not_told_until_that_date(world: World) -> None:
    assert world.run(on(5, risk("a", 4), a=date(2025, 3, 9)), "1").delivery.sent == []
    assert len(world.run(on(5, risk("a", 4)), "1").delivery.sent) == 3  # taken out of the list: the lake is as it was
    assert world.asked == 2


def test_where_messages_go_to_a_file_a_digest_is_one_too(world: World, tmp_path: Path) -> None:
    world.settings = replace(
        world.settings, channels=("file",), file=str(tmp_path / "out"), default=RecipientSettings()
    )
    for mark in ("1", "1"):
        world.run(on(5, risk("a", 4)), mark)
    files = {file.name[:-13]: file.read_text("utf-8") for file in (tmp_path / "out").iterdir()}
    assert sorted(files) == ["digest-2025-03-05-ann", "digest-2025-03-05-everyone"]
    assert "  - Company a (a): SILENT; at risk since 2025-03-04\n" in files["digest-2025-03-05-ann"]
    assert "All companies\n" in files["digest-2025-03-05-everyone"]


def test_who_takes_a_company_out_of_those_set_aside_hears_of_it(world: World) -> None:
    world.run(on(5, risk("a", 4), a=date(2025, 3, 28)), "1")
    assert told(world, ANN_MAIL) == []
    world.run(on(20, risk("a", 4)), "2")
    world.run(on(21, risk("a", 4)), "3")
    assert told(world, ANN_MAIL) == [(("a", "entered"),)]


def test_a_file_of_the_ledger_that_cannot_be_read_stops_the_round(world: World) -> None:
    """Whoever passed it by would tell its news again."""
    world.run(on(5, risk("a", 4)), "1")
    file = next((world.folder / "ops/news").glob("*.told.json"))
    file.write_text("{")
    with pytest.raises(CompanyActivityError, match="does not say what was told"):
        world.run(on(6, risk("a", 4)), "2")
    assert len(world.taken(ALL)) == 1


def test_a_mail_is_the_same_to_the_byte_whenever_it_is_sent(world: World) -> None:
    world.servers.mood = lambda: TAKES_AND_DROPS
    world.run(on(5, risk("a", 4)), "1")
    world.servers.mood = lambda: TAKES
    world.run(on(5, risk("a", 4)), "1")
    first, second = world.taken(ANN_MAIL)
    assert first.raw == second.raw
    assert b"Sun, 01 Jun 2025 01:00:00 +0000" in first.raw
