"""Stories: a place that is prepared, and a command that is killed in it and given again."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from support.cycle.older_rules import one_rule_more, refused
from support.cycle.place import Place, serving
from support.lake.aged import age
from support.lake.history import HEADER, days_until

Items = list[Mapping[str, object]]
LAST = date(2025, 11, 20)
DAYS = days_until(LAST, 4)
OLD_DAYS = DAYS[:-1]
# Small pages and parts: a date has several of each.
SMALL = {"COMPANY_ACTIVITY__API__PAGE_SIZE": "3", "COMPANY_ACTIVITY__LANDING__PART_BYTES": "300"}
KEYED = {"COMPANY_ACTIVITY__ERASE__KEY": "a-key-for-erasures"}
FIRST_CRM = "a,Acme,DE,retail,2025-11-01\nb,Bolt,FR,,\nc,Cone,,,\n"
LATER_CRM = "a,Acme,US,retail,\nb,Bolt,FR,,\nd,First,,,\nd,Second,,,\n"


def item(company: str, day: date, users: object = 3) -> dict[str, object]:
    return {"company_id": company, "active_users": users, "events": 20, "ts": f"{day}T08:00:00Z"}


def answer(day: date, *, corrected: bool = False) -> Items:
    """What the API has of a date: five records, one of them broken; corrected, another figure and one more company."""
    items: Items = [item(company, day, number + 2) for number, company in enumerate("abcd")]
    items.append(item("e", day, "many"))
    return [*items[1:], item("a", day, 9), item("late", day)] if corrected else items


def serve_days(data: Path, days: Sequence[date], *, corrected: bool = False, more: Items | None = None) -> None:
    """Let the API have these dates."""
    data.mkdir(parents=True, exist_ok=True)
    for day in days:
        answered = {"items": [*answer(day, corrected=corrected), *(more or [])]}
        (data / f"{day}.json").write_text(json.dumps(answered), encoding="utf-8")


def drop_crm(place: Place, day: date, rows: str) -> None:
    """Let a CRM file land."""
    path = place.folder / "landing/raw/crm" / f"crm_{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + rows, encoding="utf-8")


def between(days: Sequence[date]) -> tuple[str, ...]:
    return ("--from", str(days[0]), "--to", str(days[-1]))


@dataclass(frozen=True)
class Ground:
    """Where a story takes place: the place, and what its API serves."""

    place: Place
    data: Path

    def run(self, *arguments: str, **more: str) -> int:
        return self.place.run(*arguments, **{**SMALL, **more})


@dataclass(frozen=True)
class Base:
    """How a place is prepared: what is done on another base."""

    name: str
    done: Callable[[Ground], None]
    on: Base | None = None


def lands_first(ground: Ground) -> None:
    """A CRM file has landed, the API has three dates; no run was there."""
    serve_days(ground.data, OLD_DAYS)
    drop_crm(ground.place, OLD_DAYS[0], FIRST_CRM)


def runs_first(ground: Ground) -> None:
    """Three dates are built and published."""
    assert ground.run("run", *between(OLD_DAYS)) == 0


def lands_news(ground: Ground) -> None:
    """Since then a date was corrected, a new one came, and a CRM file."""
    serve_days(ground.data, DAYS[1:2], corrected=True)
    serve_days(ground.data, DAYS[3:])
    drop_crm(ground.place, LAST, LATER_CRM)


def runs_again(ground: Ground) -> None:
    """All of that is built and published: a date has two generations."""
    assert ground.run("run", *between(DAYS[1:])) == 0


def lands_twice(ground: Ground) -> None:
    """Two dates have landed; one of them was corrected since, and another came. Nothing is staged."""
    serve_days(ground.data, DAYS[:2])
    assert ground.run("ingest", "--start", str(DAYS[0]), "--end", str(DAYS[1])) == 0
    serve_days(ground.data, DAYS[1:2], corrected=True)
    serve_days(ground.data, DAYS[2:3])


def ages(ground: Ground) -> None:
    """A year has gone by since, and a killed run has left drafts and an orphan."""
    place = ground.place.folder
    for folder in ("lake/ops/runs", "landing/raw/crm"):
        (place / folder / f".left.json.{'0' * 32}.tmp").write_text("half")
    orphan = place / f"landing/product-api-raw/date={DAYS[0]}/gen=000007/usage_{DAYS[0]}_part-00000-x.ndjson"
    orphan.parent.mkdir(parents=True)
    orphan.write_text("{}\n")
    age(place, 400)


def refuses(ground: Ground) -> None:
    """Three dates are staged by older rules, which refuse a record."""
    serve_days(ground.data, OLD_DAYS[:1], more=[refused("a", OLD_DAYS[0])])
    serve_days(ground.data, OLD_DAYS[1:])
    drop_crm(ground.place, OLD_DAYS[0], FIRST_CRM)
    with one_rule_more():
        assert ground.run("run", *between(OLD_DAYS)) == 0


LANDED_TWICE = Base("landed twice", lands_twice)
FRESH = Base("fresh", lands_first)
BUILT = Base("built", runs_first, FRESH)
NEWS = Base("news", lands_news, BUILT)
TWO_GENERATIONS = Base("two generations", runs_again, NEWS)
AGED = Base("aged", ages, TWO_GENERATIONS)
REFUSED = Base("refused", refuses)


# Points at which another story is killed: `ingest`; `migrate`; `build`; `messages`, and the first run.
FETCHED = r"landing: \w+ product-api-raw/"
DECLARED = r"sql: (?:CREATE SCHEMA|(?:CREATE|ALTER) TABLE (?!etl\.stage_)|INSERT INTO etl\.(?:migrations|publish_lock|database_id))"
PUBLISHED = (
    r"sql: (?:(?:CREATE|DROP) TABLE etl\.stage_|load staging|(?:INSERT INTO|DELETE FROM) (?!etl\.publish_ledger))"
)
TOLD = r"told: |lake: \w+ ops/(?:outbox|news)/"


@dataclass(frozen=True)
class Story:
    """A command, the base on which it is given, and what it is given besides; what it `leaves_out` another story is killed at."""

    name: str
    base: Base
    command: tuple[str, ...]
    spark: bool = True
    more: Mapping[str, str] = field(default_factory=dict)
    leaves_out: re.Pattern[str] = re.compile(f"{PUBLISHED}|{TOLD}")

    @property
    def environ(self) -> dict[str, str]:
        return {**SMALL, **self.more}


STORIES = {
    story.name: story
    for story in (
        Story("ingest", LANDED_TWICE, ("ingest", "--start", str(DAYS[0]), "--end", str(DAYS[2])), spark=False),
        Story("first", FRESH, ("run", *between(OLD_DAYS)), leaves_out=re.compile(f"{FETCHED}|{DECLARED}|{PUBLISHED}")),
        Story("build", NEWS, ("run", *between(DAYS[1:])), leaves_out=re.compile(f"{FETCHED}|{TOLD}")),
        Story("rollback", TWO_GENERATIONS, ("rollback", "--date", str(DAYS[1]), "--to-generation", "1")),
        Story("replay", REFUSED, ("replay-quarantine",)),
        Story("erase", TWO_GENERATIONS, ("erase", "a"), more=KEYED, leaves_out=re.compile(TOLD)),
        Story("export", TWO_GENERATIONS, ("export", "--since", "0")),
        Story("maintain", AGED, ("maintain",), spark=False),
        Story("migrate", FRESH, ("migrate",), leaves_out=re.compile(TOLD)),
    )
}


@dataclass(frozen=True)
class Grounds:
    """One place, with an API of its own, that is put back to any base; each base is prepared once.

    `forget` is called whenever the place has become another: a session remembers tables by their paths.
    """

    ground: Ground
    folder: Path
    bases: Path
    forget: Callable[[], None]

    def prepare(self, base: Base) -> None:
        """Put the place, and what its API serves, as the base has it: at the same path, whatever was there."""
        kept = self.bases / base.name
        if not kept.exists():
            if base.on is None:
                self._become(None)
            else:
                self.prepare(base.on)
            base.done(self.ground)
            copy_over(self.folder, kept)
        self._become(kept)

    def _become(self, kept: Path | None) -> None:
        copy_over(kept, self.folder)
        self.forget()


def copy_over(kept: Path | None, to: Path) -> None:
    """Make a folder a copy of another; of none, an empty place and an API that has no date."""
    shutil.rmtree(to, ignore_errors=True)
    if kept is not None:
        shutil.copytree(kept, to)
    for room in ("api", "place"):
        (to / room).mkdir(parents=True, exist_ok=True)


@contextmanager
def grounds_at(folder: Path, forget: Callable[[], None] = lambda: None) -> Iterator[Grounds]:
    """A place in a folder."""
    at = folder / "at"
    copy_over(None, at)
    with serving(at / "place", at / "api") as place:
        yield Grounds(Ground(place, at / "api"), at, folder / "bases", forget)
