"""A digest as Adaptive Cards: as many as it takes, up to a few; what does not fit is in the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from company_activity.io.notify.channel import within
from company_activity.io.notify.digest import words
from company_activity.io.notify.digest.digest import KINDS, Digest, Item, Section
from company_activity.io.notify.digest.fitting import most_that_fits, packed
from company_activity.io.notify.digest.part import Part, numbered
from company_activity.io.notify.digest.recipients import setting_of
from company_activity.io.notify.http import post
from company_activity.io.notify.teams import card_with, compact, enveloped, line_of, text_run
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import NotifySettings, RecipientSettings, SecretSettings

# Teams takes 28 KB of what the flow makes of a request, which can be a fifth more (MicrosoftDocs/msteams-docs#11274).
MOST_BYTES = 20_000
MOST_CARDS = 4
HEADINGS = 1200  # bytes that those of every kind may take on one card
Block = dict[str, Any]


class DigestTeams:
    """POSTs cards to `teams_url` of a recipient."""

    def __init__(
        self, to: RecipientSettings, settings: NotifySettings, secrets: SecretSettings
    ) -> None:
        self._url = to.teams_url
        self._settings = settings
        self._secrets = secrets

    def messages(self, digest: Digest) -> list[Part]:
        """A request for each card."""
        setting = setting_of(digest.recipient, "teams_url")
        return numbered(partial(self._send, setting, body) for body in cards_of(digest))

    def _send(self, setting: str, body: bytes) -> str:
        """Send a card; the host that took it."""
        url = resolve(self._url, self._secrets).reveal()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return within(
            self._settings.time_budget_seconds,
            lambda: post(setting, url, body, headers, self._settings),
        )


@dataclass(frozen=True)
class Line:
    """A line of a card, under which heading it stands, and its bytes with the comma behind it."""

    kind: str
    block: Block
    size: int

    @classmethod
    def of(cls, kind: str, *runs: Block) -> Line:
        block = line_of(*runs)
        return cls(kind, block, len(compact(block)) + 1)


def cards_of(digest: Digest) -> tuple[bytes, ...]:
    """The cards in the envelopes that a Workflows webhook expects, in UTF-8."""
    named = {
        kind: [_item(item, kind, digest) for item in items]
        for kind, items in digest.sections.items()
    }
    most = most_that_fits(
        digest.longest, lambda number: len(_pages(digest, named, number)) <= MOST_CARDS
    )
    pages = _pages(digest, named, most)
    return tuple(
        enveloped(_card(digest, lines, number, len(pages)))
        for number, lines in enumerate(pages, start=1)
    )


def _pages(digest: Digest, named: Mapping[str, list[Line]], most: int) -> list[list[Line]]:
    """The lines of each card, with so many companies of a kind at most."""
    lines: list[Line] = []
    for section in digest.first(most):
        lines.extend(named[section.kind][:most])
        if section.more:
            lines.append(Line.of(section.kind, text_run(words.more(section.more, digest))))
    bare = len(enveloped(_card(digest, [], MOST_CARDS, MOST_CARDS)))
    room = MOST_BYTES - bare - HEADINGS
    return [lines[page] for page in packed([line.size for line in lines], room)] or [[]]


def _item(item: Item, kind: str, digest: Digest) -> Line:
    name = text_run(words.name_of(item), weight="Bolder")
    facts = words.facts(item, kind, digest)
    tail = f": {facts}" if facts else ""
    return Line.of(kind, name, text_run(f" ({words.identity(item)}){tail}"))


def _card(digest: Digest, lines: list[Line], number: int, cards: int) -> Block:
    if digest.is_quiet:
        return card_with([line_of(text_run(words.quiet_line(digest)))], digest.link)
    page = f" ({number} of {cards})" if cards > 1 else ""
    headline = text_run(f"{words.headline(digest)}{page}", size="Large", weight="Bolder")
    body = [line_of(headline), line_of(text_run(words.whose(digest)))]
    if words.status(digest):
        body.append(line_of(text_run(words.status(digest))))
    for kind in KINDS:
        of_kind = [line.block for line in lines if line.kind == kind]
        if of_kind:
            body.append(_heading(digest, kind))
            body.extend(of_kind)
    return card_with(body, digest.link)


def _heading(digest: Digest, kind: str) -> Block:
    heading = Section(kind, digest.counts[kind], ()).heading
    return line_of(text_run(heading, weight="Bolder"), spacing="Medium")
