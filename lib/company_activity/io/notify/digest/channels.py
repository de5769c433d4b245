"""The channels of recipients, and how a digest goes out on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from company_activity.io.notify.digest.cards import DigestTeams
from company_activity.io.notify.digest.digest import Digest
from company_activity.io.notify.digest.file import DigestFile
from company_activity.io.notify.digest.mail import DigestMail
from company_activity.io.notify.digest.part import Part
from company_activity.io.notify.digest.recipients import FILE, Reader, Readers, channels_of
from company_activity.io.notify.digest.webhook import DigestWebhook
from company_activity.settings.model import (
    LandingSettings,
    NotifySettings,
    RecipientSettings,
    SecretSettings,
)


class DigestChannel(Protocol):
    """One way to reach a recipient."""

    def messages(self, digest: Digest) -> Sequence[Part]:
        """The messages that a digest takes on it. NotSent if a setting is not there."""


def open_digest_channels(
    to: RecipientSettings, settings: NotifySettings, secrets: SecretSettings
) -> dict[str, DigestChannel]:
    """Each channel of a recipient by its name; secrets are looked up when it sends."""
    known: dict[str, DigestChannel] = {
        "mail": DigestMail(to, settings, secrets),
        "teams": DigestTeams(to, settings, secrets),
        "webhook": DigestWebhook(to, settings, secrets),
    }
    return {name: known[name] for name in channels_of(to)}


def open_readers(
    readers: Readers, secrets: SecretSettings, landing: LandingSettings
) -> dict[Reader, DigestChannel]:
    """The channel of each reader; secrets are looked up when it sends."""
    settings = readers.settings
    channels: dict[Reader, DigestChannel] = {}
    for reader in readers.all:
        if reader.channel == FILE:
            channels[reader] = DigestFile(settings, secrets, landing)
        else:
            of_recipient = open_digest_channels(readers.settings_of(reader), settings, secrets)
            channels[reader] = of_recipient[reader.channel]
    return channels
