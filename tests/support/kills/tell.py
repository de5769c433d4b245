"""One round of messages and digests as a process of its own, as the step `notify` takes it: to be killed, and taken again.

Its arguments: the lake, the address and the port of the servers. 6 if anything stays.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from company_activity.io.notify.channels import open_channels
from company_activity.io.notify.deliver import deliver
from company_activity.io.notify.digest.channels import open_readers
from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.io.notify.digest.kept import KeptNews
from company_activity.io.notify.digest.recipients import Readers
from company_activity.io.notify.digest.round import Occasion, Round
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox
from company_activity.planning.news import Episode, Today
from company_activity.records.crm.snoozed import Snooze
from company_activity.settings.model import (
    LandingSettings,
    NotifySettings,
    RecipientSettings,
    Secret,
    SecretSettings,
)

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEWEST = date(2025, 11, 20)
NOW = datetime(2025, 11, 21, 3, tzinfo=UTC)
RUN = "20251121T030000Z-0a1b2c3d"
MESSAGE = Message(RUN, "succeeded", "test", "run", str(NEWEST), "2025-11-21T03:00:00+00:00", 61.0)


def settings_at(base: str, smtp_port: int) -> NotifySettings:
    """Three channels for messages about runs; two owners, all others and everyone for digests."""

    def url(name: str) -> Secret:
        return Secret(f"{base}/{name}")

    owners = {
        "Ann": RecipientSettings(mail_to=("ann@example.com", "bob@example.com"), teams_url=url("ann")),
        "Ben": RecipientSettings(webhook_url=url("ben"), webhook_key=Secret(KEY)),
    }
    return NotifySettings(
        channels=("mail", "teams", "webhook"),
        mail_from="etl@example.com",
        mail_to=("cs@example.com",),
        teams_url=url("teams"),
        webhook_url=url("webhook"),
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_tls="none",
        owners=owners,
        everyone=RecipientSettings(webhook_url=url("all"), webhook_key=Secret(KEY)),
        max_attempts=1,
        timeout_seconds=5.0,
    )


def episode(company: str, owner: str) -> KnownEpisode:
    """A company that is at risk since three days."""
    began = NEWEST - timedelta(days=3)
    return KnownEpisode(
        Episode(company, began, NEWEST, churn_reasons=("SILENT",), owner=owner, company_name=f"Company {company}")
    )


def tell(lake: str, settings: NotifySettings) -> list[str]:
    """Send the message, and the digests that are due; what stays."""
    nowhere, secrets = LandingSettings(""), SecretSettings()
    channels = open_channels(settings, secrets, nowhere, print)
    outbox = Outbox(lake)
    for channel in channels:
        outbox.put(MESSAGE, channel)
    delivery = deliver(outbox, channels, NOW, timedelta(days=7))

    def ask(since: date) -> Sequence[KnownEpisode]:
        return [episode("a", "Ann"), episode("b", "Ben"), episode("c", "Ann")]

    readers = Readers(settings)
    one = Round(KeptNews(lake), readers, open_readers(readers, secrets, nowhere), "test", NOW, delivery)
    one.send_kept()
    snoozed = {"c": Snooze("c", NEWEST + timedelta(days=9))}
    one.tell(Occasion(Today(NEWEST, 14, snoozed), "mark", ask, "Status.", "https://reports.example/1"))
    return delivery.kept


def main(arguments: Sequence[str]) -> int:
    lake, base, port = arguments
    return 6 if tell(lake, settings_at(base, int(port))) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
