"""Microsoft Teams: an Adaptive Card to a Workflows webhook."""

from __future__ import annotations

import json
from typing import Any

from company_activity.io.notify.channel import within
from company_activity.io.notify.http import post
from company_activity.io.notify.message import Message, fitting
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import NotifySettings, SecretSettings

MOST_BYTES = 28 * 1000  # Teams refuses 28 KB and more
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


class Teams:
    """POSTs a card to `notify.teams_url`."""

    def __init__(self, settings: NotifySettings, secrets: SecretSettings) -> None:
        self._settings = settings
        self._secrets = secrets

    def send(self, message: Message) -> str:
        """Send it; the host that took it."""
        url = resolve(self._settings.teams_url, self._secrets).reveal()
        body = fitting(message, body_of, MOST_BYTES)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return within(
            self._settings.time_budget_seconds,
            lambda: post("notify.teams_url", url, body, headers, self._settings),
        )


def body_of(message: Message) -> bytes:
    """The envelope with the card, in UTF-8."""
    return enveloped(card_of(message))


def enveloped(card: dict[str, Any]) -> bytes:
    """A card in the envelope that a Workflows webhook expects, in UTF-8."""
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    envelope = {"type": "message", "attachments": [attachment]}
    return compact(envelope)


def compact(value: Any) -> bytes:
    """JSON without blanks, in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def card_of(message: Message) -> dict[str, Any]:
    """The run as a card."""
    colour = "Good" if message.event == "succeeded" else "Attention"
    headline = text_run(message.headline, size="Large", weight="Bolder", color=colour)
    body = [line_of(headline)]
    for name, value in message.facts:
        body.append(line_of(text_run(f"{name}: ", weight="Bolder"), text_run(value)))
    for name, lines in message.lists:
        body.append(line_of(text_run(name, weight="Bolder"), spacing="Medium"))
        body.extend(line_of(text_run(line), spacing="None") for line in lines)
    return card_with(body, message.report)


def card_with(body: list[dict[str, Any]], report: str) -> dict[str, Any]:
    """A card of these lines, with a button where the report has an address."""
    card = {"$schema": SCHEMA, "type": "AdaptiveCard", "version": "1.4", "body": body}
    if report.startswith("https://"):
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the report", "url": report}]
    return card | {"msteams": {"width": "Full"}}


def line_of(*runs: dict[str, Any], spacing: str = "Small") -> dict[str, Any]:
    """A line of text runs: those, unlike TextBlock and FactSet, are never read as Markdown."""
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": list(runs)}


def text_run(text: str, **look: str) -> dict[str, Any]:
    """Text of one look in a line."""
    return {"type": "TextRun", "text": text, **look}
