"""A usage API that serves one date page by page, as fast as it can: DATE RECORDS COMPANIES.

It prints its address, and ends with its standard input.
"""

from __future__ import annotations

import sys
from datetime import date
from itertools import islice

from benchmarks.harness.feed import ITEMS_A_PAGE, Feed
from support.api.usage_api import Answer, Asked, UsageApi, ok


def pages(feed: Feed, day: date) -> list[bytes]:
    """The body of each page."""
    texts = (text for text, _ in feed.items(day))
    listed = iter(lambda: list(islice(texts, ITEMS_A_PAGE)), [])
    bodies = [f'{{"items": [{", ".join(items)}], "next_page": ' for items in listed]
    last = len(bodies)
    return [f"{body}{number + 1 if number < last else 'null'}}}".encode() for number, body in enumerate(bodies, 1)]


def main(day: date, feed: Feed) -> None:
    bodies = pages(feed, day)

    def answer(asked: Asked) -> Answer:
        return ok(bodies[int(asked.query.get("page", "1")) - 1])

    with UsageApi(answer).running() as api:
        print(api.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]), Feed(companies=int(sys.argv[3]), records=int(sys.argv[2])))
