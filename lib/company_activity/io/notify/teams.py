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
    """The envelope that a Workflows webhook expects, in UTF-8."""
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card_of(message)}
    envelope = {"type": "message", "attachments": [card]}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def card_of(message: Message) -> dict[str, Any]:
    """The card. Every text is a TextRun: those, unlike TextBlock and FactSet, are never read as Markdown."""
    colour = "Good" if message.event == "succeeded" else "Attention"
    headline = _run(message.headline, size="Large", weight="Bolder", color=colour)
    body = [_line(headline)]
    for name, value in message.facts:
        body.append(_line(_run(f"{name}: ", weight="Bolder"), _run(value)))
    for name, lines in message.lists:
        body.append(_line(_run(name, weight="Bolder"), spacing="Medium"))
        body.extend(_line(_run(line), spacing="None") for line in lines)
    card = {"$schema": SCHEMA, "type": "AdaptiveCard", "version": "1.4", "body": body}
    if message.report.startswith("https://"):
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": "Open the report", "url": message.report}
        ]
    return card | {"msteams": {"width": "Full"}}


def _line(*runs: dict[str, Any], spacing: str = "Small") -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": list(runs)}


def _run(text: str, **look: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **look}
