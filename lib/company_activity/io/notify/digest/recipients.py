"""Who gets which digest: an owner that the settings name, whoever stands in for the others, and everyone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from unicodedata import normalize

from company_activity.settings.model import NotifySettings, RecipientSettings

# No owner that the settings name can be called so: their JSON Schema refuses it.
DEFAULT = ""
EVERYONE = "*"
FILE = "file"
PLACES = {"mail": "mail_to", "teams": "teams_url", "webhook": "webhook_url"}


def recipient_of(owner: str | None, settings: NotifySettings) -> str:
    """Whose digest a company stands in, besides everyone's.

    >>> settings = NotifySettings(owners={"Ana Ruiz": RecipientSettings()})
    >>> [recipient_of(owner, settings) for owner in ("Ana Ruiz", "ana  ruiz ", "Bo", None)]
    ['Ana Ruiz', 'Ana Ruiz', '', '']
    """
    if owner is None or owner in settings.owners:
        return owner or DEFAULT
    alike = (name for name in settings.owners if as_compared(name) == as_compared(owner))
    return next(alike, DEFAULT)


@lru_cache(maxsize=10_000)  # asked of each episode against each owner
def as_compared(owner: str) -> str:
    """An owner's name without what two spellings of it differ in: blanks, upper case, composed letters.

    >>> as_compared(" Zoe\u0308\u00a0 MÜLLER") == as_compared("Zoë Müller")
    True
    """
    return " ".join(normalize("NFC", owner).casefold().split())


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
    return [channel for channel, place in PLACES.items() if getattr(recipient, place)]


def setting_of(recipient: str, name: str) -> str:
    """What a setting of a recipient is called.

    >>> setting_of("Ana", "teams_url"), setting_of(DEFAULT, "teams_url"), setting_of(EVERYONE, "teams_url")
    ('notify.owners.Ana.teams_url', 'notify.default.teams_url', 'notify.everyone.teams_url')
    """
    section = {DEFAULT: "default", EVERYONE: "everyone"}.get(recipient, f"owners.{recipient}")
    return f"notify.{section}.{name}"


@dataclass(frozen=True)
class Reader:
    """A recipient on one of its channels: each is told everything once, whatever becomes of the others."""

    recipient: str
    channel: str

    @property
    def name(self) -> str:
        """What tells it from every other."""
        return f"{self.channel} {self.recipient}"

    @property
    def file_name(self) -> str:
        """The same as a part of a file's name: an owner may be called anything.

        >>> Reader("Ana Ruiz", "mail").file_name
        'mail-2e4e636a6f70'
        """
        return f"{self.channel}-{hashlib.sha256(self.recipient.encode()).hexdigest()[:12]}"

    @property
    def setting(self) -> str:
        """Which setting says where it is reached.

        >>> Reader("Ana", "mail").setting, Reader(EVERYONE, FILE).setting
        ('notify.owners.Ana.mail_to', 'notify.file')
        """
        if self.channel == FILE:
            return "notify.file"
        return setting_of(self.recipient, PLACES[self.channel])


@dataclass(frozen=True)
class Readers:
    """The readers that the settings name, and who of them is told of an owner's companies.

    Where messages about runs are written to a file, so are digests: that of all companies, and each other one.

    >>> ana = RecipientSettings(mail_to=("ana@example.com",))
    >>> readers = Readers(NotifySettings(owners={"Ana": ana}, file="outbox"))
    >>> readers.of("Ana")
    ['mail Ana', 'file Ana', 'file *']
    >>> readers.of("Bo"), Readers(NotifySettings(channels=())).names
    (['file *'], [])
    """

    settings: NotifySettings

    @cached_property
    def all(self) -> tuple[Reader, ...]:
        """Each of them."""
        has_file = FILE in self.settings.channels and bool(self.settings.file)
        found = []
        for recipient, to in recipients(self.settings).items():
            found += [Reader(recipient, channel) for channel in channels_of(to)]
            if has_file and recipient != EVERYONE:
                found.append(Reader(recipient, FILE))
        if has_file:
            found.append(Reader(EVERYONE, FILE))
        return tuple(found)

    @property
    def names(self) -> list[str]:
        """The name of each."""
        return [reader.name for reader in self.all]

    def of(self, owner: str | None) -> list[str]:
        """Who is told of this owner's companies."""
        told = (recipient_of(owner, self.settings), EVERYONE)
        return [reader.name for reader in self.all if reader.recipient in told]

    def settings_of(self, reader: Reader) -> RecipientSettings:
        """Where a recipient is reached."""
        known = {DEFAULT: self.settings.default, EVERYONE: self.settings.everyone}
        known |= self.settings.owners
        return known[reader.recipient]
