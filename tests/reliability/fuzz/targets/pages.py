"""Pages of the usage API: the form of items says what the parser says; each item comes back from its landed line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from company_activity.errors import ApiError
from company_activity.io.api import members
from company_activity.io.api.page import Page, Pagination, read_page
from company_activity.records.item import canonical
from company_activity.records.landed_line import item_of, landed_line, place_of
from company_activity.records.usage import parse_line

from reliability.fuzz.told import check_told
from support.landing.malformed import malformed_items

FORM_OF = vars(members)["form_of"]
PLACE = place_of(date(2025, 1, 1), page=1)
USUAL = '{"company_id": "c_1", "active_users": %d, "events": 20, "ts": "2025-03-31T10:00:00Z"}'
IDS = ('"é"', '"a\\u0041"', '"\\ud800"', '"\\""', "null", "NaN", "01", "1.50", '"\\x"', '" "')
ENVELOPES = (
    '{"items": [%s], "next_page": 2}',
    '{"items":[%s],"next_page":null,"total":1}',
    '{"next_page": "http://a/usage?page=2", "total_count": "120.0", "items": [ %s ]}',
    '{"items": [%s], "next_page": "token", "partial": false, "errors": []}',
    '{"error": "shard 3 is down", "items": [%s], "next_page": null, "total": {"value": 7}}',
)
WORDS = (
    *(
        b'{"items": [',
        b'], "next_page": null}',
        b'"next_page":',
        b'"items":',
        b'"total":',
        b'"total_count":',
        b'"_raw":',
    ),
    *(b'"error":', b'"errors":', b'"partial":', b'"incomplete":', b'"company_id":', b"}, {", b"},{", b"[[[["),
    *(b"NaN", b"-Infinity", b"null", b"1.50", b"1E5", b"-0", b"9" * 30, b"\\ud800", b"\\u0041", b"%s", b"\xc2\x85"),
)


def check(data: bytes) -> None:
    """Nothing but an ApiError is raised, on both ways the same; an item keeps its characters and what they say."""
    text = data.decode("utf-8", "replace")
    found = outcome(text)
    assert found == outcome_of_parser(text)
    if isinstance(found, Page):
        check_page(found)


def outcome(text: str) -> Page | str:
    """The page, or why there is none."""
    try:
        return read_page(text, 1)
    except ApiError as refused:
        return str(refused)


def outcome_of_parser(text: str) -> Page | str:
    """As `outcome`, without the form of items."""
    vars(members)["form_of"] = lambda _: None
    try:
        return outcome(text)
    finally:
        vars(members)["form_of"] = FORM_OF


def check_page(page: Page) -> None:
    """A page can be stepped to or is refused, and what lands of its items is what was sent."""
    try:
        Pagination().step(page)
    except ApiError as refused:
        check_told(refused)
    for number, item in enumerate(page.items, 1):
        assert canonical(item.text) == item.canonical
        line = landed_line(item, PLACE, number)
        assert item_of(line).canonical == item.canonical
        record = parse_line(line)
        assert (record.page, record.item) == (1, number)


def seeds() -> Iterator[bytes]:
    """Envelopes of several kinds around usual and malformed items."""
    odd = list(malformed_items(120, seed=24))
    for number, envelope in enumerate(ENVELOPES * 12):
        like = USUAL.replace('"c_1"', IDS[number % len(IDS)])
        items = [USUAL % 1, like % 1, *odd[2 * number : 2 * number + 2], USUAL % 2, USUAL % 3]
        yield (envelope % ", ".join(items[number % 3 :])).encode("utf-8", "replace")
    yield b"{}"
