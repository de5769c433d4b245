"""A digest as the HTML of a mail: no script, no picture, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from company_activity.io.notify.digest import words
from company_activity.io.notify.digest.digest import Digest, Item, Section

BODY = "font:15px/1.45 sans-serif;max-width:44em"
HEADING = "font-size:20px;margin:0 0 8px"
KIND = "font-size:16px;margin:20px 0 4px"
LIST = "margin:0;padding-left:20px"
ITEM = "margin:0 0 6px"


def html_of(digest: Digest, most: int) -> str:
    """The news, with so many companies of a kind at most. One paragraph on a quiet day."""
    parts = _quiet(digest) if digest.is_quiet else _parts(digest, most)
    title = escape(words.headline(digest))
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">{head}\n<body style="{BODY}">\n{body}\n</body></html>\n'
    )


def _quiet(digest: Digest) -> Iterator[str]:
    yield f"<p>{_linked(words.quiet_line(digest), digest)}</p>"


def _parts(digest: Digest, most: int) -> Iterator[str]:
    yield f'<h1 style="{HEADING}">{escape(words.headline(digest))}</h1>'
    yield f"<p>{escape(words.whose(digest))}</p>"
    if words.status(digest):
        yield f"<p>{escape(words.status(digest))}</p>"
    for section in digest.first(most):
        yield from _section(section, digest)
    if words.place(digest):
        yield f"<p>{_linked(f'Report: {words.place(digest)}', digest)}</p>"


def _section(section: Section, digest: Digest) -> Iterator[str]:
    yield f'<h2 style="{KIND}">{escape(section.heading)}</h2>'
    if section.items:
        yield f'<ul style="{LIST}">'
        for item in section.items:
            yield f'<li style="{ITEM}">{_item(item, section.kind, digest)}</li>'
        yield "</ul>"
    if section.more:
        yield f"<p>{_linked(words.more(section.more, digest), digest)}</p>"


def _item(item: Item, kind: str, digest: Digest) -> str:
    name = escape(words.name_of(item))
    identity = escape(words.identity(item))
    lines = [f"<strong>{name}</strong> ({identity})"]
    # No line begins with a per cent sign.
    facts = (escape(fact) for fact in words.each_fact(item, kind, digest))
    lines += [fact.replace(" %", "&nbsp;%") for fact in facts]
    return "<br>".join(lines)


def _linked(text: str, digest: Digest) -> str:
    """Escaped text that ends in the report's address, which can be followed."""
    if not digest.link:
        return escape(text)
    before = escape(text.removesuffix(digest.link))
    link = escape(digest.link)
    return f'{before}<a href="{link}">{link}</a>'
