"""Random items of one date: good records in many spellings, duplicates, conflicts, all kinds of bad ones."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from random import Random

from .case_plans import Plan, users_on

Literals = dict[str, str]

BAD_COUNTS = (
    "1.0", "1e2", "-0.0", "1.5", '"7"', "true", "NaN", "Infinity", "-Infinity", "[1]", "{}", "null", '""',
    "-1", "-12345678901234567890", "1000000001", "9223372036854775808", "1" + "0" * 400,
)  # fmt: skip
GOOD_COUNT_EDGES = ("0", "-0", "1000000000")
BAD_IDS = (
    '""', '"   "', '"PREFIX\\u0000"', '"PREFIX\\tx"', '"PREFIX\\u0085"', '"PREFIX\\ud800"', '"PREFIX\\u200bx"', '"\\u00a0"', "7", "null", "[]",
)  # fmt: skip
BAD_TIMES = (
    '"DATET24:00"', '"DATET23:60"', '"DATET23:59:60"', '"DATET10:00:00.1234567890"', '"DATET10:00:00."',
    '"DATET10"', '"DATEt10:00  Z"', '"DATET10:00z "', '"DATET10:00+14:01"', '"DATET10:00+05:60"', '"DATE "',
    '"DATET10:00+500"', '"DATE Z"', '"2023-02-29"', '"1899-12-31"', '"3000-01-01"', '"0000-01-01"',
    '"２０２４-01-01"', '"yesterday"', '""', "1704067200", "null",
)  # fmt: skip
NOT_OBJECTS = ("null", "7", '"text"', "[1, 2]", "true", "NaN", "[]")


def random_items(rng: Random, plans: tuple[Plan, ...], day: date) -> list[str]:
    """The texts of a date's items in API order."""
    texts: list[str] = []
    for plan in plans:
        users = users_on(rng, plan, day)
        if users is not None:
            texts += random_records(rng, plan, day, users)
        if rng.random() < 0.06:
            texts.append(bad_item(rng, plan.company_id, day))
    if rng.random() < 0.02:
        texts.append(rng.choice(NOT_OBJECTS))
    rng.shuffle(texts)
    return texts


def random_records(rng: Random, plan: Plan, day: date, users: int) -> list[str]:
    """The day's users over one to three records, some sent twice, some sent again with other values."""
    parts = rng.choice((1, 1, 1, 2, 3))
    moments = [random_moment(rng, day) for _ in range(parts)]
    texts: list[str] = []
    for number, moment in enumerate(moments):
        share = users // parts + (users % parts if number == 0 else 0)
        events = share * rng.randint(0, 30) + rng.choice((0, 0, 0, 5))
        texts.append(good_item(rng, plan.company_id, share, events, moment))
        if rng.random() < 0.06:
            texts.append(good_item(rng, plan.company_id, share, events, moment))
        if rng.random() < 0.03:
            texts.append(good_item(rng, plan.company_id, share + rng.randint(0, 2), events + 1, moment))
    return texts


def random_moment(rng: Random, day: date) -> datetime:
    """An instant of the day in UTC, its edges often among them."""
    midnight = datetime.combine(day, time())
    last = timedelta(days=1) - timedelta(microseconds=1)
    seconds = timedelta(seconds=rng.randrange(86400), microseconds=rng.choice((0, 0, 123456)))
    return midnight + rng.choice((timedelta(0), last, seconds, seconds, seconds))


def good_item(rng: Random, company_id: str, users: int, events: int, moment: datetime) -> str:
    """One accepted item, unless it names a field twice."""
    return render(rng, good_literals(rng, company_id, users, events, moment))


def good_literals(rng: Random, company_id: str, users: int, events: int, moment: datetime) -> Literals:
    """The JSON literal of every field: ids with something invisible around them, times in any zone."""
    around = rng.choice(("", "", "", "", " ", "   ", "\u00a0", "\u200b "))
    spelled = json.dumps(around + company_id + around, ensure_ascii=rng.random() < 0.5)
    return {
        "company_id": spelled,
        "active_users": str(users),
        "events": str(events),
        "ts": json.dumps(spell(rng, moment)),
    }


def spell(rng: Random, moment: datetime) -> str:
    """A UTC instant in one of the spellings of the grammar; sub-microsecond digits are cut by the reader."""
    minutes = rng.choice((None, 0, 0, 60, 330, -570, 840, -840))
    local = moment + timedelta(minutes=minutes or 0)
    text = local.date().isoformat()
    if minutes is None and local.time() == time() and rng.random() < 0.5:
        return text
    precision = (
        "microseconds" if local.microsecond else "seconds" if local.second else rng.choice(("minutes", "seconds"))
    )
    text += rng.choice("Tt ") + local.time().isoformat(timespec=precision)
    if precision == "microseconds":
        text = text.replace(".", rng.choice(".,")) + rng.choice(("", "9", "999"))
    return text + offset(rng, minutes)


def offset(rng: Random, minutes: int | None) -> str:
    """`±HH:MM`, `±HHMM`, `±HH`, `Z`, perhaps after a blank, or nothing."""
    if minutes is None:
        return ""
    blank = rng.choice(("", "", " "))
    if minutes == 0:
        return blank + rng.choice(("Z", "z", "+00:00", "-00:00", "+0000", "+00"))
    colon = rng.choice((":", ""))
    sign = "-" if minutes < 0 else "+"
    return f"{blank}{sign}{abs(minutes) // 60:02d}{colon}{abs(minutes) % 60:02d}"


def bad_item(rng: Random, company_id: str, day: date) -> str:
    """One item with one to three faults, or (rarely) with an edge that is none."""
    literals = good_literals(rng, company_id, rng.randint(0, 9), rng.randint(0, 90), random_moment(rng, day))
    for name in rng.sample(sorted(literals), rng.choice((1, 1, 1, 2, 3))):
        if rng.random() < 0.15:
            del literals[name]
        else:
            literals[name] = bad_literal(rng, name, company_id, day)
    return render(rng, literals)


def bad_literal(rng: Random, name: str, company_id: str, day: date) -> str:
    """A literal that breaks a rule of the field `name`; for counts, also the last that does not."""
    if name == "company_id":
        plain = company_id.replace('"', "")
        return rng.choice((*BAD_IDS, json.dumps(plain + "y" * 65))).replace("PREFIX", plain)
    if name == "ts":
        other_day = day + timedelta(days=rng.choice((-1, 1)))
        return rng.choice((*BAD_TIMES, f'"{other_day}"', '"DATET00:30+01:00"', '"DATET23:30-01:00"')).replace(
            "DATE", str(day)
        )
    return rng.choice((*BAD_COUNTS, *GOOD_COUNT_EDGES))


def render(rng: Random, literals: Literals) -> str:
    """A JSON object of the literals: any order, any blanks, sometimes further fields or a repeated key."""
    pairs = list(literals.items())
    if rng.random() < 0.08:
        pairs.append(rng.choice((("plan", '"pro"'), ("seats", "1.50"), ("tags", '["a",{"b":null}]'), ("ts_", "null"))))
    rng.shuffle(pairs)
    if pairs and rng.random() < 0.02:
        pairs.insert(0, (rng.choice(pairs)[0], rng.choice(("5", "null", '"early"'))))
    colon, comma = rng.choice(((":", ","), (": ", ", "), (" : ", " ,")))
    return "{" + comma.join(f"{json.dumps(name)}{colon}{literal}" for name, literal in pairs) + "}"
