"""Pending messages, kept beside the lake: one create-only file per message and channel.

`<run_id>.<event>.<channel>.json` is a message; the same name with `.done` says that it went out, or
was given up, and stays, so that no message is sent twice. It is written before the message goes out,
with `.trying` beside it until the answer is known: where it cannot be written, nothing is sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from company_activity.io.notify.claim import claimed
from company_activity.io.notify.message import Message
from company_activity.io.storage.folder import Folder, open_folder

log = logging.getLogger(__name__)
FOLDER = "ops/outbox"
MESSAGE = ".json"
DONE = ".done"
TRYING = ".trying"


@dataclass(frozen=True)
class Pending:
    """A message that has not gone out on a channel."""

    name: str
    channel: str
    message: Message

    @classmethod
    def of(cls, message: Message, channel: str) -> Pending:
        return cls(f"{message.key}.{channel}", channel, message)


class Outbox:
    """The outbox of a lake."""

    def __init__(self, lake: str | Folder) -> None:
        self._folder: Folder = open_folder(lake, FOLDER)

    @property
    def place(self) -> str:
        return self._folder.uri("")

    def put(self, message: Message, channel: str) -> bool:
        """Keep a message for a channel; False if it is kept already, or done."""
        name = Pending.of(message, channel).name
        if name + DONE in self._folder.names():
            return False
        return self._folder.create(
            name + MESSAGE, json.dumps(message.as_json(), ensure_ascii=False)
        )

    def pending(self) -> Iterator[Pending]:
        """What has not gone out, oldest first."""
        names = self._folder.names()
        done = {*_without(DONE, names)} - {*_without(TRYING, names)}
        for name in sorted(_without(MESSAGE, names)):
            if name in done:
                self._folder.delete(name + MESSAGE)  # a run ended between the two steps of `close`
            elif message := self._message(name + MESSAGE):
                yield Pending(name, name.rpartition(".")[2], message)

    def _message(self, file: str) -> Message | None:
        """The message in a file; None if it is not ours, or another run has just sent it."""
        try:
            return Message.from_json(json.loads(self._folder.read(file)))
        except (ValueError, TypeError, FileNotFoundError) as error:
            log.warning("%s in the outbox cannot be read: %s", file, type(error).__name__)
            return None

    @contextmanager
    def sending(self, pending: Pending, now: datetime) -> Iterator[None]:
        """Around the one try: what has gone out is closed, whatever can be written by then.

        Raises:
            CompanyActivityError: before the try, if the note cannot be written.
            NotSent: what the try raises.
        """
        text = ending(now, "sent")
        with claimed(
            pending.name + DONE,
            pending.name + TRYING,
            write=lambda name: self._folder.create(name, text),
            forget=self._folder.delete,
        ):
            yield
        self._folder.delete(pending.name + MESSAGE)

    def close(self, pending: Pending, now: datetime, outcome: str) -> None:
        """Note how it ended, then drop the message."""
        self._folder.create(pending.name + DONE, ending(now, outcome))
        self._folder.delete(pending.name + MESSAGE)


def ending(now: datetime, outcome: str) -> str:
    """The text that says when and how a message ended."""
    return json.dumps({"at": now.isoformat(), "outcome": outcome}) + "\n"


def _without(ending: str, names: Iterable[str]) -> Iterator[str]:
    """The names that end so, without their ending."""
    return (name.removesuffix(ending) for name in names if name.endswith(ending))
