"""A file per message: the local default, and for whatever watches a folder."""

from __future__ import annotations

import json

from company_activity.errors import CompanyActivityError
from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.message import Message
from company_activity.io.storage.folder import root_folder
from company_activity.settings.model import LandingSettings, NotifySettings, SecretSettings


class FileDrop:
    """Writes to the folder `notify.file`; one that is there already is the same message."""

    def __init__(
        self, settings: NotifySettings, landing: LandingSettings, secrets: SecretSettings
    ) -> None:
        self._place = settings.file
        self._landing = landing
        self._secrets = secrets

    def send(self, message: Message) -> str:
        """Write it; where it is."""
        if not self._place:
            raise NotSent("notify.file has no value")
        folder = root_folder(self._place, self._landing, self._secrets)
        name = f"{message.run_id}-{message.event}.json"
        text = json.dumps(message.as_json(), indent=2, ensure_ascii=False)
        try:
            folder.create(name, f"{text}\n")
        except CompanyActivityError as error:
            raise NotSent(error.what) from None
        return folder.uri(name)
