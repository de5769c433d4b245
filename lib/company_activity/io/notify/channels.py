"""The channels that the settings name."""

from __future__ import annotations

from collections.abc import Callable

from company_activity.io.notify.channel import Channel
from company_activity.io.notify.file import FileDrop
from company_activity.io.notify.mail import Mail
from company_activity.io.notify.teams import Teams
from company_activity.io.notify.webhook import Webhook
from company_activity.settings.model import LandingSettings, NotifySettings, SecretSettings


def open_channels(
    settings: NotifySettings,
    secrets: SecretSettings,
    landing: LandingSettings,
    warn: Callable[[str], None],
) -> dict[str, Channel]:
    """Each channel of `notify.channels` by its name; secrets are looked up when it sends.

    `warn` is told of whoever does not get a message that others of its channel got.
    """
    known: dict[str, Channel] = {
        "file": FileDrop(settings, landing, secrets),
        "mail": Mail(settings, secrets, warn),
        "teams": Teams(settings, secrets),
        "webhook": Webhook(settings, secrets),
    }
    return {name: known[name] for name in settings.channels}
