"""Who gets which digest: an owner that the settings name, whoever stands in for the others, and everyone."""

from __future__ import annotations

from company_activity.settings.model import NotifySettings, RecipientSettings

# No owner that the settings name can be called so: their JSON Schema refuses it.
DEFAULT = ""
EVERYONE = "*"


def recipient_of(owner: str | None, settings: NotifySettings) -> str:
    """Whose digest a company stands in, besides everyone's.

    >>> settings = NotifySettings(owners={"Ana Ruiz": RecipientSettings()})
    >>> recipient_of("Ana Ruiz", settings), recipient_of("Bo", settings), recipient_of(None, settings)
    ('Ana Ruiz', '', '')
    """
    if owner is not None and owner in settings.owners:
        return owner
    return DEFAULT


def recipients(settings: NotifySettings) -> dict[str, RecipientSettings]:
    """Each recipient that has a channel, and its settings.

    >>> somewhere = RecipientSettings(mail_to=("ana@example.com",))
    >>> list(recipients(NotifySettings(owners={"Ana": somewhere, "Bo": RecipientSettings()}, everyone=somewhere)))
    ['Ana', '*']
    """
    known = {**settings.owners, DEFAULT: settings.default, EVERYONE: settings.everyone}
    return {name: found for name, found in known.items() if channels_of(found)}


def channels_of(recipient: RecipientSettings) -> list[str]:
    """The channels that a recipient has.

    >>> channels_of(RecipientSettings(mail_to=("ana@example.com",)))
    ['mail']
    """
    places = {
        "mail": recipient.mail_to,
        "teams": recipient.teams_url,
        "webhook": recipient.webhook_url,
    }
    return [channel for channel, place in places.items() if place]


def setting_of(recipient: str, name: str) -> str:
    """What a setting of a recipient is called.

    >>> setting_of("Ana", "teams_url"), setting_of(DEFAULT, "teams_url"), setting_of(EVERYONE, "teams_url")
    ('notify.owners.Ana.teams_url', 'notify.default.teams_url', 'notify.everyone.teams_url')
    """
    section = {DEFAULT: "default", EVERYONE: "everyone"}.get(recipient, f"owners.{recipient}")
    return f"notify.{section}.{name}"
