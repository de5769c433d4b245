"""What a real feed gets wrong, planted on known dates: repeats, unusual but legal items, bad records.

Nothing here changes the truth: a repeat carries the values that a reader keeps, or comes before the item that
does; a bad record stands beside the true ones. Staging that follows the rules finds just the simulated use.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from simulation.feed import Item

Place = Literal["instead", "next", "first", "last"]  # of, to or before the item that is varied


@dataclass(frozen=True)
class Oddity:
    """An item out of the ordinary: its place in its date, from 0, and the reasons to reject it, if any."""

    day: date
    item: int
    kind: str
    company_id: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variant:
    """A legal item made from a true one: where it goes and how it is made."""

    place: Place
    vary: Callable[[Item], Item]


@dataclass(frozen=True)
class Bad:
    """A record to reject, `before` days before the last date: an item with a `change`, or the `raw` value."""

    before: int
    kind: str
    reasons: tuple[str, ...]
    change: dict[str, Any] | None = None
    without: str = ""
    raw: Any = None


MIDNIGHT = "T00:00:00Z"
PLAIN: Item = {"company_id": "c_101", "active_users": 3, "events": 30, "ts": "{date}T12:00:00Z"}

VARIANTS = {
    "exact duplicate, adjacent": Variant("next", dict),
    "exact duplicate, at the end": Variant("last", dict),
    "duplicate, fields in other order": Variant("last", lambda item: dict(reversed(item.items()))),
    "duplicate, same instant with an offset": Variant("last", lambda item: at(item, plus_two(item["ts"]))),
    "duplicate, same microsecond": Variant("last", lambda item: at(item, item["ts"][:-1] + ".000000400Z")),
    "conflicting duplicate, the later is true": Variant("first", lambda item: more(item, users=5, events=50)),
    "id within blanks": Variant("instead", lambda item: {**item, "company_id": f"  {item['company_id']} "}),
    "unknown field": Variant("instead", lambda item: {**item, "plan": "größer"}),
    "unknown field with a structure": Variant("instead", lambda item: {**item, "meta": {"tags": ["a"]}}),
}

# kind, then (days before the last date, which of the date's plain items)
VARIED: dict[str, tuple[tuple[int, int], ...]] = {
    "exact duplicate, adjacent": ((0, 0), (6, 3), (25, 8), (46, 5), (67, 2)),
    "exact duplicate, at the end": ((6, 9), (13, 0), (19, 4), (38, 11), (53, 7), (81, 1)),
    "duplicate, fields in other order": ((39, 6), (74, 3)),
    "duplicate, same instant with an offset": ((16, 5), (48, 9)),
    "duplicate, same microsecond": ((23, 2),),
    "conflicting duplicate, the later is true": ((2, 4), (20, 10), (34, 1), (61, 6)),
    "id within blanks": ((4, 7), (45, 2)),
    "unknown field": ((10, 3), (54, 8)),
    "unknown field with a structure": ((31, 5),),
}

TYPE, STAMP, ID, LATE = ("WRONG_TYPE",), ("BAD_TIMESTAMP",), ("BAD_COMPANY_ID",), ("WRONG_DATE",)
BAD = (
    Bad(0, "count as text", TYPE, {"company_id": "c_102", "active_users": "12"}),
    Bad(0, "negative count", ("NEGATIVE",), {"company_id": "c_900", "active_users": -3}),
    Bad(2, "a text for an item", ("NOT_AN_OBJECT",), raw="c_104 had 12 users"),
    Bad(3, "count with a fraction", TYPE, {"company_id": "c_103", "active_users": 12.5}),
    Bad(5, "null count", ("MISSING_FIELD",), {"company_id": "c_104", "active_users": None}),
    Bad(6, "true for a count", TYPE, {"company_id": "c_105", "active_users": True}),
    Bad(8, "count above a billion", ("OUT_OF_RANGE",), {"company_id": "c_106", "events": 1_000_000_001}),
    Bad(9, "a word for a time", STAMP, {"company_id": "c_107", "ts": "yesterday"}),
    Bad(11, "time of the day before", LATE, {"company_id": "c_108", "ts": "{before}T23:59:59Z"}),
    Bad(12, "empty id", ID, {"company_id": ""}),
    Bad(13, "id of 65 characters", ID, {"company_id": "c_" + "9" * 63}),
    Bad(15, "no active_users", ("MISSING_FIELD",), {"company_id": "c_109"}, without="active_users"),
    Bad(17, "no ts", ("MISSING_FIELD",), {"company_id": "c_110"}, without="ts"),
    Bad(18, "no company_id", ("MISSING_FIELD",), {}, without="company_id"),
    Bad(20, "null for an item", ("NOT_AN_OBJECT",), raw=None),
    Bad(22, "a list for an item", ("NOT_AN_OBJECT",), raw=["c_111", 4, 40]),
    Bad(22, "a number for an item", ("NOT_AN_OBJECT",), raw=42),
    Bad(24, "count written 100.0", TYPE, {"company_id": "c_112", "events": 100.0}),
    Bad(26, "count with an exponent", TYPE, {"company_id": "c_113", "active_users": 1e-05}),
    Bad(27, "an object for a count", TYPE, {"company_id": "c_114", "events": {"clicks": 3}}),
    Bad(30, "count beyond 64 bits", ("OUT_OF_RANGE",), {"company_id": "c_115", "events": 10**30}),
    Bad(33, "a day that no calendar has", STAMP, {"company_id": "c_116", "ts": "2025-02-30T00:00:00Z"}),
    Bad(33, "hour 25", STAMP, {"company_id": "c_117", "ts": "{date}T25:00:00Z"}),
    Bad(35, "a number for a time", TYPE, {"company_id": "c_118", "ts": 1761350400}),
    Bad(36, "time of the next day", LATE, {"company_id": "c_119", "ts": "{after}T00:00:00Z"}),
    Bad(37, "time of the day before in UTC", LATE, {"company_id": "c_120", "ts": "{date}T00:30:00+02:00"}),
    Bad(40, "id of blanks", ID, {"company_id": "   "}),
    Bad(41, "id with a control character", ID, {"company_id": "c_1\u000021"}),
    Bad(42, "id that ends in a tab", ID, {"company_id": "c_112\t"}),
    Bad(43, "a number for an id", TYPE, {"company_id": 113}),
    Bad(47, "null for an id", ("MISSING_FIELD",), {"company_id": None}),
    Bad(50, "negative, other date", ("NEGATIVE", "WRONG_DATE"), {"events": -1, "ts": "{before}T10:00:00Z"}),
    Bad(55, "text count and no ts", ("MISSING_FIELD", "WRONG_TYPE"), {"events": "many"}, without="ts"),
    Bad(60, "second 60", STAMP, {"company_id": "c_135", "ts": "{date}T23:59:60Z"}),
    Bad(65, "year before 1900", STAMP, {"company_id": "c_127", "ts": "1899-12-31T00:00:00Z"}),
    Bad(70, "an empty object", ("MISSING_FIELD",), raw={}),
)


def plus_two(ts: str) -> str:
    """The same instant, given in UTC before 22:00, in the notation of two hours east.

    >>> plus_two("2025-11-23T09:00:00Z")
    '2025-11-23T11:00:00+02:00'
    """
    return f"{ts[:11]}{int(ts[11:13]) + 2:02}{ts[13:-1]}+02:00"


def at(item: Item, ts: str) -> Item:
    """The item with another ts."""
    return {**item, "ts": ts}


def more(item: Item, users: int, events: int) -> Item:
    """The item with larger counts."""
    return {**item, "active_users": item["active_users"] + users, "events": item["events"] + events}


def plant(day: date, days_before_end: int, clean: list[Item]) -> tuple[list[Any], list[Oddity]]:
    """The items of a date with its oddities among them, and where each of these stands."""
    placed: list[tuple[Any, Oddity | None]] = [(item, None) for item in clean]
    for kind, places in VARIED.items():
        for position in (position for before, position in places if before == days_before_end):
            plant_variant(placed, day, kind, position)
    for bad in (bad for bad in BAD if bad.before == days_before_end):
        item, company_id = bad_item(bad, day)
        place = 7 * (bad.before + 1) % (len(placed) + 1)
        placed.insert(place, (item, Oddity(day, 0, bad.kind, company_id, bad.reasons)))
    found = [replace(odd, item=place) for place, (_, odd) in enumerate(placed) if odd]
    return [item for item, _ in placed], found


def plant_variant(placed: list[tuple[Any, Oddity | None]], day: date, kind: str, position: int) -> None:
    """Put one legal variant where its kind belongs, made from a plain item with a ts of `T00:00:00Z`."""
    plain = [n for n, (item, odd) in enumerate(placed) if odd is None and item["ts"].endswith(MIDNIGHT)]
    if not plain:
        return
    place, variant = plain[position % len(plain)], VARIANTS[kind]
    item = placed[place][0]
    new = (variant.vary(item), Oddity(day, 0, kind, item["company_id"]))
    if variant.place == "instead":
        placed[place] = new
    else:
        placed.insert({"next": place + 1, "first": 0, "last": len(placed)}[variant.place], new)


def bad_item(bad: Bad, day: date) -> tuple[Any, str]:
    """The item to reject, and the company id it names, if it names one."""
    if bad.change is None:
        return bad.raw, ""
    item = PLAIN | bad.change
    if isinstance(item["ts"], str):
        near = {"date": day, "before": day - timedelta(days=1), "after": day + timedelta(days=1)}
        item["ts"] = item["ts"].format(**near)
    item.pop(bad.without, None)
    company_id = item.get("company_id")
    return item, company_id if isinstance(company_id, str) else ""
