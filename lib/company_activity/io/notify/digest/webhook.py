"""A digest as JSON to a webhook, by the published schema `digest.schema.json`, and signed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from company_activity.errors import SettingsError
from company_activity.io.notify.channel import NotSent, within
from company_activity.io.notify.digest.digest import KINDS, Digest, Item
from company_activity.io.notify.digest.fitting import most_that_fits, packed
from company_activity.io.notify.digest.part import Part, numbered
from company_activity.io.notify.digest.recipients import setting_of
from company_activity.io.notify.digest.signature import key_of, signed
from company_activity.io.notify.http import post
from company_activity.io.notify.message import PIPELINE
from company_activity.io.notify.teams import compact
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import NotifySettings, RecipientSettings, SecretSettings

SCHEMA_VERSION = 1  # whoever changes a member raises it, here and in digest.schema.json
MOST_BYTES = 256 * 1024
MOST_PARTS = 20
TEXT = 1000  # characters of one text
REASONS = 10


class DigestWebhook:
    """POSTs to `webhook_url` of a recipient, signed with its `webhook_key`."""

    def __init__(
        self,
        to: RecipientSettings,
        settings: NotifySettings,
        secrets: SecretSettings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._to = to
        self._settings = settings
        self._secrets = secrets
        self._clock = clock

    def messages(self, digest: Digest) -> list[Part]:
        """A request for each part."""
        return numbered(
            partial(self._send, digest.recipient, id_of(digest, part), body)
            for part, body in enumerate(bodies_of(digest), start=1)
        )

    def _send(self, recipient: str, webhook_id: str, body: bytes) -> str:
        """Send a part, signed as of now; the host that took it."""
        url = resolve(self._to.webhook_url, self._secrets).reveal()
        setting = setting_of(recipient, "webhook_url")
        headers = {"Content-Type": "application/json; charset=utf-8"}
        headers |= signed(self._key(recipient), webhook_id, int(self._clock()), body)
        return within(
            self._settings.time_budget_seconds,
            lambda: post(setting, url, body, headers, self._settings),
        )

    def _key(self, recipient: str) -> bytes:
        """
        Raises:
            NotSent: if there is no key: what names customers goes out signed, or not at all.
        """
        setting = setting_of(recipient, "webhook_key")
        if not self._to.webhook_key:
            raise NotSent(f"{setting} has no value")
        try:
            return key_of(resolve(self._to.webhook_key, self._secrets))
        except SettingsError as error:
            raise NotSent(f"{setting}: {error.what}") from None
        except ValueError as error:
            raise NotSent(f"{setting} {error}") from None


@dataclass(frozen=True)
class News:
    """A company in plain values, the kind of news it is, and its bytes with the comma behind it."""

    kind: str
    plain: dict[str, Any]
    size: int

    @classmethod
    def of(cls, kind: str, item: Item) -> News:
        plain = _plain(item)
        return cls(kind, plain, len(compact(plain)) + 1)


def id_of(digest: Digest, part: int) -> str:
    """What tells one body from every other: the same when it is sent again."""
    return f"{digest.key}-{part}"


def bodies_of(digest: Digest) -> tuple[bytes, ...]:
    """The bodies, in UTF-8. Texts are those of the tables, not neutral: escape them where you show them."""
    news = {
        kind: [News.of(kind, item) for item in items] for kind, items in digest.sections.items()
    }
    most = most_that_fits(
        digest.longest, lambda number: len(_parts(digest, news, number)) <= MOST_PARTS
    )
    parts = _parts(digest, news, most)
    return tuple(
        compact(_body(digest, told, number, len(parts)))
        for number, told in enumerate(parts, start=1)
    )


def _parts(digest: Digest, news: Mapping[str, list[News]], most: int) -> list[list[News]]:
    """The news of each body, with so many companies of a kind at most."""
    told = [one for section in digest.first(most) for one in news[section.kind][:most]]
    room = MOST_BYTES - len(compact(_body(digest, [], MOST_PARTS, MOST_PARTS)))
    return [told[part] for part in packed([one.size for one in told], room)] or [[]]


def _body(digest: Digest, news: list[News], part: int, parts: int) -> dict[str, Any]:
    """One body; `counts` are of the whole digest, `sections` hold the companies of this part."""
    return {
        "schema_version": SCHEMA_VERSION,
        "event": "digest",
        "id": id_of(digest, part),
        "part": part,
        "parts": parts,
        "pipeline": PIPELINE,
        "recipient": _text(digest.recipient),
        "day": str(digest.day),
        "environment": _text(digest.environment),
        "status_line": _text(digest.status_line),
        "report": _text(digest.report),
        "counts": digest.counts,
        "sections": {kind: [one.plain for one in news if one.kind == kind] for kind in KINDS},
    }


def _plain(item: Item) -> dict[str, Any]:
    """A company in plain values, none of them endless."""
    short = replace(
        item,
        company_id=_text(item.company_id),
        company_name=_text(item.company_name),
        country=_text_or_none(item.country),
        owner=_text_or_none(item.owner),
        reasons=tuple(_text(reason) for reason in item.reasons[:REASONS]),
    )
    return short.as_json()


def _text(text: str) -> str:
    return text[:TEXT]


def _text_or_none(text: str | None) -> str | None:
    return None if text is None else _text(text)
