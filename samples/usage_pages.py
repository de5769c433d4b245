"""Cut usage files into the pages that an API serves, every item passed on as the text it is."""

import json
import re
from datetime import date
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs

MAX_PER_PAGE = 10_000
LIST_START = re.compile(r'\s*\{\s*"items"\s*:\s*\[\s*')
BETWEEN_ITEMS = re.compile(r"\s*,?\s*")


class RequestError(Exception):
    """A request that gets an error status, the sentence that says why, and further fields of the answer."""

    def __init__(self, status: HTTPStatus, why: str, **fields: str | None) -> None:
        super().__init__(why)
        self.status, self.fields = status, fields


def item_texts(document: str) -> list[str]:
    """The items of a usage file, each as the very text it stands in.

    >>> item_texts('{"items": [{"events": 1e2}, null], "next_page": null}')
    ['{"events": 1e2}', 'null']
    """
    json.loads(document)  # whatever is not JSON ends here, so that the scan below needs no care
    start = LIST_START.match(document)
    if start is None:
        raise ValueError('no "items" list at the start')
    decoder, at, texts = json.JSONDecoder(), start.end(), []
    while document[at] != "]":
        _, end = decoder.raw_decode(document, at)
        texts.append(document[at:end])
        between = BETWEEN_ITEMS.match(document, end)
        at = between.end() if between else end
    return texts


@lru_cache(maxsize=8)
def items_of(file: Path, _written: tuple[int, int]) -> list[str]:
    """The item texts of a file, read again only when it was written again."""
    try:
        return item_texts(file.read_text(encoding="utf-8"))
    except ValueError as error:
        why = f"{file.name} is not a usage file: {error}"
        raise RequestError(HTTPStatus.INTERNAL_SERVER_ERROR, why) from error


def dates_in(data: Path) -> list[str]:
    """The dates that a folder has usage of."""
    return sorted(file.stem for file in data.glob("????-??-??.json"))


def covered(data: Path) -> tuple[str | None, str | None]:
    """The first and the last of these dates, if there are any."""
    dates = dates_in(data)
    return (dates[0], dates[-1]) if dates else (None, None)


def page(data: Path, query: str) -> str:
    """The answer to a query: the items of a page as they stand in the file, and the next page's number."""
    given = parse_qs(query, keep_blank_values=True)
    number, per_page = whole(given, "page", 1), min(whole(given, "per_page", 1000), MAX_PER_PAGE)
    items = usage_of(data, single(given, "date", ""))
    end = number * per_page
    next_page = number + 1 if end < len(items) else None
    return f'{{"items": [{", ".join(items[end - per_page : end])}], "next_page": {json.dumps(next_page)}}}'


def usage_of(data: Path, day: str) -> list[str]:
    """The item texts of a date."""
    if not is_date(day):
        raise RequestError(HTTPStatus.BAD_REQUEST, "date must be a day written YYYY-MM-DD")
    file = data / f"{day}.json"
    if not file.is_file():
        first, last = covered(data)
        why = f"no usage of {day}: the sample covers {first} to {last}"
        raise RequestError(HTTPStatus.NOT_FOUND, why, first_date=first, last_date=last)
    return items_of(file, (file.stat().st_mtime_ns, file.stat().st_size))


def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar in the one notation that file names have.

    >>> is_date("2025-02-28"), is_date("2025-02-30"), is_date("20250228")
    (True, False, False)
    """
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def single(given: dict[str, list[str]], name: str, default: str) -> str:
    """A parameter that may stand in the query once."""
    values = given.get(name, [default])
    if len(values) > 1:
        raise RequestError(HTTPStatus.BAD_REQUEST, f"{name} is given {len(values)} times")
    return values[0]


def whole(given: dict[str, list[str]], name: str, default: int) -> int:
    """A parameter that is a whole number from 1 on."""
    text = single(given, name, str(default))
    if re.fullmatch(r"[1-9][0-9]{0,8}", text) is None:
        raise RequestError(HTTPStatus.BAD_REQUEST, f"{name} must be a whole number from 1 on")
    return int(text)
