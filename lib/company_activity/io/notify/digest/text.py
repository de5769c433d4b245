"""A digest as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from company_activity.io.notify.digest import words
from company_activity.io.notify.digest.digest import Digest


def text_of(digest: Digest, most: int) -> str:
    """The news, with so many companies of a kind at most; a line each. One line on a quiet day."""
    if digest.is_quiet:
        return f"{words.quiet_line(digest)}\n"
    return "\n".join(_lines(digest, most)) + "\n"


def _lines(digest: Digest, most: int) -> Iterator[str]:
    yield words.headline(digest)
    yield ""
    yield words.whose(digest)
    if words.status(digest):
        yield words.status(digest)
    for section in digest.first(most):
        yield ""
        yield f"{section.heading}:"
        for item in section.items:
            facts = words.facts(item, section.kind, digest)
            tail = f": {facts}" if facts else ""
            yield f"  - {words.name_of(item)} ({words.identity(item)}){tail}"
        if section.more:
            yield f"  {words.more(section.more, digest)}"
    if words.place(digest):
        yield ""
        yield f"Report: {words.place(digest)}"
