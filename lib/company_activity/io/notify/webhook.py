"""A generic webhook: the message as JSON."""

from __future__ import annotations

import json

from company_activity.io.notify.channel import within
from company_activity.io.notify.http import post
from company_activity.io.notify.message import Message, fitting
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import NotifySettings, SecretSettings

MOST_BYTES = 256 * 1024


class Webhook:
    """POSTs to `notify.webhook_url`; `Idempotency-Key` is the same for the same message."""

    def __init__(self, settings: NotifySettings, secrets: SecretSettings) -> None:
        self._settings = settings
        self._secrets = secrets

    def send(self, message: Message) -> str:
        """Send it; the host that took it."""
        url = resolve(self._settings.webhook_url, self._secrets).reveal()
        body = fitting(message, body_of, MOST_BYTES)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": message.key,
        }
        return within(
            self._settings.time_budget_seconds,
            lambda: post("notify.webhook_url", url, body, headers, self._settings),
        )


def body_of(message: Message) -> bytes:
    """The message's fields, in UTF-8."""
    return json.dumps(message.as_json(), ensure_ascii=False).encode("utf-8", "replace")
