"""A digest as a text file: the local default, and for whatever watches a folder."""

from __future__ import annotations

import re
from functools import partial

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.digest.digest import Digest
from company_activity.io.notify.digest.part import Part, numbered
from company_activity.io.notify.digest.recipients import DEFAULT, EVERYONE
from company_activity.io.notify.digest.text import text_of
from company_activity.io.storage.folder import root_folder
from company_activity.settings.model import LandingSettings, NotifySettings, SecretSettings

LONGEST_NAME = 40


class DigestFile:
    """Writes to the folder `notify.file`; one that is there already is the same digest."""

    def __init__(
        self, settings: NotifySettings, secrets: SecretSettings, landing: LandingSettings
    ) -> None:
        self._place = settings.file
        self._secrets = secrets
        self._landing = landing

    def messages(self, digest: Digest) -> list[Part]:
        """One file, which names every company."""
        return numbered([partial(self._write, digest)])

    def _write(self, digest: Digest) -> str:
        """Write it; where it is."""
        if not self._place:
            raise NotSent("notify.file has no value")
        folder = root_folder(self._place, self._landing, self._secrets)
        name = name_of(digest)
        folder.create(name, text_of(digest, digest.longest))
        return folder.uri(name)


def name_of(digest: Digest) -> str:
    """The name of its file: the day, the recipient as far as a name of a file can have it, and what tells it apart.

    >>> from datetime import date
    >>> [name_of(Digest(to, date(2025, 11, 23), "local"))[:-12] for to in ("*", "Ana Ruiz/..", "")]
    ['digest-2025-11-23-everyone-', 'digest-2025-11-23-ana-ruiz-', 'digest-2025-11-23-others-']
    """
    called = {EVERYONE: "everyone", DEFAULT: "others"}.get(digest.recipient, digest.recipient)
    slug = "-".join(re.findall(r"[a-z0-9]+", called.lower()))[:LONGEST_NAME] or "owner"
    return f"digest-{digest.day}-{slug}-{digest.key[-8:]}.txt"
